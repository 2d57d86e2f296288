//! hostname: shows the name of this machine, and sets it.
//!
//! Source: hostname(1), uname(2), sethostname(2).

use std::path::PathBuf;

use lexopt::prelude::*;

use super::{Context, Failure};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: hostname [-s | -d | -f]
       hostname NAME | -F FILE
Show the name of this machine, or set it.
  -s, -d   only up to the first dot; only what follows it
  -f       the whole name
  -F FILE  set it to the first line of FILE
";

/// Shows or sets it.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let mut part = None;
    let mut new_name = None;
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short(letter @ ('s' | 'd' | 'f')) => part = Some(letter),
            Long("help") => return Err(Failure::Help),
            Short('F') | Long("file") => {
                let file = PathBuf::from(arguments.value()?);
                let text =
                    std::fs::read_to_string(&file).map_err(|error| Failure::of(&file, &error))?;
                let mut lines = text.lines().map(str::trim);
                let name = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
                let name = name.ok_or_else(|| {
                    Failure::Message(format!("{}: holds no name", file.display()))
                })?;
                new_name = Some(name.to_string());
            }
            Value(name) => new_name = Some(name.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    if let Some(name) = new_name {
        rustix::system::sethostname(name.as_bytes()).map_err(|error| match error {
            rustix::io::Errno::PERM => {
                Failure::Message("you must be root to change the host name".into())
            }
            other => other.into(),
        })?;
        return Ok(0);
    }
    let system = rustix::system::uname();
    let name = system.nodename().to_string_lossy();
    let (first, rest) = name.split_once('.').unwrap_or((&name, ""));
    println!(
        "{}",
        match part {
            Some('s') => first,
            Some('d') => rest,
            _ => &name,
        }
    );
    Ok(0)
}
