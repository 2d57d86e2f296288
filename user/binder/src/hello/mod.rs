//! `hello`: a service and its client, the example of how programs talk over binder.
//!
//! `hello serve` registers a name and answers (`serve`); the other subcommands look the name up
//! and call (`client`). The interface between the two is in `aidl/hello/`; the code that packs and
//! unpacks its parcels is made from it when this crate is built.

mod client;
mod serve;

use std::ffi::OsString;

use lexopt::prelude::*;

use crate::Failure;
use crate::device::{Device, device_help};

/// The two ends of the interface.
mod interface {
    rsbinder::include_aidl!("hello", self::hello::{IGuest, IHello});
}
use interface::{IGuest, IHello};

/// What `--help` prints.
pub const HELP: &str = concat!(
    "\
Usage: hello [-d DEVICE] [-n NAME] [-w] COMMAND [ARGUMENT...]
An example of a binder service and its client; the service manager must be running.
  serve       be the service, under the name 'hello'
  say TEXT    send a text; the service sends it back
  greet WHO   pass an object of our own; the service asks it for its name
  note TEXT   send a text without waiting for an answer
  notes       print what was sent that way
  watch       say so when the service has died
  -n NAME     another name than 'hello'
  -w          wait until the service is there
",
    device_help!()
);

/// The service that is meant.
struct Target {
    device: Device,
    name: String,
    /// Whether a client waits for it.
    wait: bool,
}

/// What is done.
enum Command {
    Serve,
    Say(String),
    Greet(String),
    Note(String),
    Notes,
    Watch,
}

/// Does what the words say.
pub fn main(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let mut target = Target {
        device: Device::usual(),
        name: "hello".into(),
        wait: false,
    };
    let mut words = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('d') | Long("device") => target.device = Device::named(&mut arguments)?,
            Short('n') | Long("name") => target.name = arguments.value()?.string()?,
            Short('w') | Long("wait") => target.wait = true,
            Long("help") | Short('h') => return Err(Failure::Help),
            Value(word) => words.push(word),
            other => return Err(other.unexpected().into()),
        }
    }
    match command(words)? {
        Command::Serve => serve::run(&target),
        Command::Say(text) => client::say(&target, &text),
        Command::Greet(who) => client::greet(&target, who),
        Command::Note(text) => client::note(&target, &text),
        Command::Notes => client::notes(&target),
        Command::Watch => client::watch(&target),
    }
}

/// The subcommand with its text, which may be several words.
fn command(words: Vec<OsString>) -> Result<Command, Failure> {
    let mut words = words.into_iter().map(|word| word.string());
    let Some(command) = words.next().transpose()? else {
        return Err(Failure::Usage("what shall be done?".into()));
    };
    let text = words.collect::<Result<Vec<_>, _>>()?.join(" ");
    Ok(match (command.as_str(), text.is_empty()) {
        ("serve", true) => Command::Serve,
        ("say", false) => Command::Say(text),
        ("greet", false) => Command::Greet(text),
        ("note", false) => Command::Note(text),
        ("notes", true) => Command::Notes,
        ("watch", true) => Command::Watch,
        _ => {
            let text = format!("'{command}' is no command, or other words must follow it");
            return Err(Failure::Usage(text));
        }
    })
}
