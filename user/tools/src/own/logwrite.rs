//! logwrite: writes to a log that logcat shows.
//!
//! Contract: each message is one entry, with Android's priority and tag in front. Without operands
//! each line of the standard input is a message.
//!
//! Source: logger(1) and Android's `log`; `abi::logger`.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, IoSlice, Write};
use std::path::Path;

use lexopt::prelude::*;

use super::logcat::{PRIORITIES, path_of};
use super::{Context, Failure};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: logwrite [-b LOG] [-p PRIORITY] [-t TAG] [MESSAGE...]
Write MESSAGE, or each line of standard input, to a log.
  -b LOG       main (the usual one), system, radio or events
  -p PRIORITY  V, D, I (the usual one), W, E or F
  -t TAG       who says so; logwrite if not given
";

struct Request {
    log: String,
    priority: u8,
    tag: String,
    words: Vec<String>,
}

/// Writes the operands, or what there is to read.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let request = parse(context)?;
    let path = path_of(&request.log)?;
    let opened = OpenOptions::new().write(true).open(&path);
    let mut log = opened.map_err(|error| Failure::of(&path, &error))?;
    if !request.words.is_empty() {
        let message = request.words.join(" ");
        say(context, &mut log, &path, &request, message.as_bytes())?;
        return Ok(0);
    }
    for line in io::stdin().lock().split(b'\n') {
        say(context, &mut log, &path, &request, &line?)?;
    }
    Ok(0)
}

fn parse(context: &mut Context) -> Result<Request, Failure> {
    let mut request = Request {
        log: "main".into(),
        priority: priority("I")?,
        tag: "logwrite".into(),
        words: Vec::new(),
    };
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('b') | Long("buffer") => request.log = arguments.value()?.string()?,
            Short('p') | Long("priority") => {
                request.priority = priority(&arguments.value()?.string()?)?;
            }
            Short('t') | Long("tag") => request.tag = arguments.value()?.string()?,
            Long("help") => return Err(Failure::Help),
            Value(word) => request.words.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(request)
}

/// The number of a priority's letter.
fn priority(text: &str) -> Result<u8, Failure> {
    let upper = text.to_ascii_uppercase();
    let known = PRIORITIES
        .iter()
        .position(|letter| upper == letter.to_string());
    let known = known.filter(|number| (2..8).contains(number));
    let number = known.and_then(|number| u8::try_from(number).ok());
    number.ok_or_else(|| Failure::Usage(format!("there is no priority '{text}' (V D I W E F)")))
}

/// Writes one entry, in one call: another may write in between.
fn say(
    context: &Context,
    log: &mut File,
    path: &Path,
    request: &Request,
    message: &[u8],
) -> Result<(), Failure> {
    let tag = request.tag.as_bytes();
    let parts = [&[request.priority], tag, b"\0", message, b"\0"];
    let written = log.write_vectored(&parts.map(IoSlice::new));
    let written = written.map_err(|error| Failure::of(path, &error))?;
    if written < parts.iter().map(|part| part.len()).sum::<usize>() {
        context.complain("the message was too long for an entry and is cut");
    }
    Ok(())
}
