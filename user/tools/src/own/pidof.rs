//! pidof: the numbers of the processes that run a program.
//!
//! Source: pidof(8) of sysvinit and procps.

use lexopt::prelude::*;

use super::process::{self, Process};
use super::{Context, Failure};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: pidof [-s] [-q] [-o PID]... NAME...
Print the numbers of the processes whose program is called NAME, the newest first.
  -s      only one
  -q      print nothing, only give the status
  -o PID  leave that one out; %PPID is the parent of pidof
";

/// Prints them.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let (mut single, mut quiet) = (false, false);
    let mut omitted = vec![i32::try_from(std::process::id()).unwrap_or(0)];
    let mut names = Vec::new();
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('s') | Long("single-shot") => single = true,
            Short('q') | Long("quiet") => quiet = true,
            Short('o') | Long("omit-pid") => {
                let word = arguments.value()?.string()?;
                omitted.push(match word.as_str() {
                    "%PPID" => {
                        rustix::process::getppid().map_or(0, rustix::process::Pid::as_raw_pid)
                    }
                    digits => digits
                        .parse()
                        .map_err(|_| Failure::Usage(format!("illegal omit pid value ({word})")))?,
                });
            }
            Long("help") => return Err(Failure::Help),
            Value(name) => names.push(name.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    if names.is_empty() {
        return Err(Failure::Usage("which program?".into()));
    }
    let mut found: Vec<i32> = process::all()?
        .iter()
        .filter(|process| process.state != 'Z' && !omitted.contains(&process.pid))
        .filter(|process| names.iter().any(|name| runs(process, name)))
        .map(|process| process.pid)
        .collect();
    found.reverse();
    if single {
        found.truncate(1);
    }
    if found.is_empty() {
        return Ok(1);
    }
    if !quiet {
        let words: Vec<String> = found.iter().map(i32::to_string).collect();
        println!("{}", words.join(" "));
    }
    Ok(0)
}

/// A name with a slash must be the whole path; one without is compared with the program's name,
/// also that of a script behind its interpreter.
fn runs(process: &Process, name: &str) -> bool {
    let base = |path: &str| path.rsplit('/').next().unwrap_or("").to_string();
    let mut words = process
        .arguments
        .iter()
        .map(|word| word.trim_start_matches('-'));
    let first = words.next().unwrap_or("");
    if name.contains('/') {
        return first == name
            || std::fs::read_link(format!("/proc/{}/exe", process.pid))
                .is_ok_and(|program| program.as_os_str() == name);
    }
    let script = words
        .next()
        .filter(|word| word.contains('/') && base(word) != base(first));
    let is_script = script.is_some_and(|word| base(word) == name && process.name == name);
    base(first) == name || is_script || (process.arguments.is_empty() && process.name == name)
}
