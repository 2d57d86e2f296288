//! `service`: what is registered with the service manager, and calls by hand, as on Android.
//!
//! `service list` prints each name with the interface behind it. `service call NAME CODE …` makes
//! a parcel of the words that follow, sends it with this code and prints the answer in hexadecimal
//! (`dump`): what makes sense is in the interface's AIDL, whose methods count from 1.
//!
//! Source: the `service` command of Android's shell, its words and its output. Ours: the status of
//! `check` is 1 where the answer is no; arguments that no shell can give (`nfd`, `afd`, `intent`)
//! are not known, and no list of the objects in an answer is printed after it.

mod dump;
mod words;

use std::io::Write;

use lexopt::prelude::*;
use rsbinder::{Parcel, SIBinder, StatusCode, TransactionCode, hub};

use crate::Failure;
use crate::device::{Device, device_help};

/// What `--help` prints.
pub const HELP: &str = concat!(
    "\
Usage: service [-d DEVICE] list
       service [-d DEVICE] check NAME
       service [-d DEVICE] call NAME CODE [WORD...]
See which binder services have a name here, and call one by hand.
  list   print each name with its interface
  check  ask for one name; the status is 1 if it is not there
  call   call the method CODE, a number from 1, and print the answer; each WORD is one of
         i32 N, i64 N, f N, d N, s16 TEXT, null
",
    device_help!()
);

/// Does what the words say.
pub fn main(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let mut device = Device::usual();
    let command = loop {
        match arguments.next()? {
            Some(Short('d') | Long("device")) => device = Device::named(&mut arguments)?,
            Some(Long("help") | Short('h')) => return Err(Failure::Help),
            Some(Value(word)) => break word.string()?,
            Some(other) => return Err(other.unexpected().into()),
            None => return Err(Failure::Usage("list, check or call?".into())),
        }
    };
    // A number below zero is no option.
    let rest = arguments.raw_args()?.map(|word| word.string());
    let rest: Vec<String> = rest.collect::<Result<_, _>>()?;
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let known = ["list", "check", "call"].contains(&command.as_str());
    match (command.as_str(), rest.as_slice()) {
        ("list", []) => list(&device),
        ("check", [name]) => check(&device, name),
        ("call", [name, code, words @ ..]) => call(&device, name, code, words),
        _ if known => Err(Failure::Usage(format!("{command}: other words are wanted"))),
        _ => Err(Failure::Usage(format!("there is no 'service {command}'"))),
    }
}

/// Opens the device and finds the service manager. Nobody will call us, so no thread serves.
fn connect(device: &Device) -> Result<(), Failure> {
    device.open(0)?;
    hub::default().map(|_| ()).map_err(Failure::no_manager)
}

/// The service of that name, if there is one.
fn find(name: &str) -> Result<Option<SIBinder>, Failure> {
    hub::try_get_service(name).map_err(Failure::cannot(format!("cannot ask for {name}")))
}

fn list(device: &Device) -> Result<(), Failure> {
    connect(device)?;
    let names = hub::try_list_services(hub::DUMP_FLAG_PRIORITY_ALL)
        .map_err(Failure::cannot("cannot ask for the names"))?;
    let mut text = format!("Found {} services:\n", names.len());
    for (number, name) in names.iter().enumerate() {
        // One that has ended since the list was made has no interface.
        let interface = find(name)?.map(|binder| binder.descriptor().to_owned());
        text += &format!("{number}\t{name}: [{}]\n", interface.unwrap_or_default());
    }
    print(&text)
}

fn check(device: &Device, name: &str) -> Result<(), Failure> {
    connect(device)?;
    let found = find(name)?.is_some();
    let word = if found { "found" } else { "not found" };
    print(&format!("Service {name}: {word}\n"))?;
    if found { Ok(()) } else { Err(Failure::No) }
}

fn call(device: &Device, name: &str, code: &str, words: &[&str]) -> Result<(), Failure> {
    let code: TransactionCode = words::number("CODE", code)?;
    let words = words::parse(words)?;
    connect(device)?;
    let missing = || Failure::Failed(format!("Service {name} does not exist"));
    let binder = find(name)?.ok_or_else(missing)?;
    let reply = transact(&binder, code, &words);
    print(&format!("Result: Parcel({})\n", dump::answer(reply)))
}

/// The call; what went wrong before the service answered counts as its answer.
fn transact(
    binder: &SIBinder,
    code: TransactionCode,
    words: &[words::Word],
) -> Result<Vec<u8>, StatusCode> {
    let proxy = binder.as_proxy().ok_or(StatusCode::InvalidOperation)?;
    let mut data = proxy.prepare_transact(true)?;
    for word in words {
        word.write(&mut data)?;
    }
    let reply = proxy.submit_transact(code, &data, 0)?;
    reply.map_or(Ok(Vec::new()), |mut reply| bytes(&mut reply))
}

/// The bytes of a parcel.
fn bytes(parcel: &mut Parcel) -> Result<Vec<u8>, StatusCode> {
    const WORD: usize = size_of::<u32>();
    let mut bytes = Vec::with_capacity(parcel.data_size());
    parcel.set_data_position(0);
    while parcel.data_avail() >= WORD {
        bytes.extend(parcel.read_u32()?.to_le_bytes());
    }
    let rest = parcel.data_avail();
    if rest > 0 && parcel.data_size() >= WORD {
        // What is not a whole word is read as the end of one.
        parcel.set_data_position(parcel.data_size() - WORD);
        bytes.extend(&parcel.read_u32()?.to_le_bytes()[WORD - rest..]);
    }
    Ok(bytes)
}

/// Prints, where nobody may be listening any more.
fn print(text: &str) -> Result<(), Failure> {
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(Failure::cannot("cannot print"))
}
