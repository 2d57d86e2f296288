//! kill: sends a signal to processes.
//!
//! Source: kill(1) of POSIX and of util-linux, kill(2), signal(7).

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::{Context, Failure, reason};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: kill [-s SIGNAL | -n NUMBER | -SIGNAL] PID...
       kill -l [SIGNAL | STATUS]...
Send SIGNAL (TERM) to each process. A PID of 0 is everyone in this process group, a negative one
everyone in that group; write -- before it. Signal 0 only asks whether the process is there.
  -l   list the signals, or tell name from number and number from name
Real-time signals are not among them.
";

const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "POLL", "PWR", "SYS",
];

/// Sends what was asked for.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let words = context.words(Failure::Usage)?;
    let mut rest = words.iter().map(String::as_str).peekable();
    let mut signal = 15;
    match rest.peek().copied() {
        Some("--help") => return Err(Failure::Help),
        Some("-l" | "-L" | "--list") => {
            rest.next();
            return list(rest);
        }
        Some("-s" | "-n" | "--signal") => {
            rest.next();
            let name = rest
                .next()
                .ok_or_else(|| Failure::Usage("-s needs a signal".into()))?;
            signal = known(name)?;
        }
        Some("--") => {}
        Some(word) if word.starts_with('-') && word.len() > 1 => {
            signal = known(&word[1..])?;
            rest.next();
        }
        _ => {}
    }
    if rest.peek() == Some(&"--") {
        rest.next();
    }
    if rest.peek().is_none() {
        return Err(Failure::Usage("not enough arguments".into()));
    }
    let mut status = 0;
    for target in rest {
        if let Err(message) = send(target, signal) {
            context.complain(message);
            status = 1;
        }
    }
    Ok(status)
}

fn known(name: &str) -> Result<i32, Failure> {
    number(name).ok_or_else(|| Failure::Usage(format!("unknown signal: {name}")))
}

fn send(target: &str, signal: i32) -> Result<(), String> {
    let pid: i32 = target
        .parse()
        .map_err(|_| format!("failed to parse argument: '{target}'"))?;
    // Signal 0 is no signal: it only asks.
    let signal = Signal::try_from(signal).ok();
    nix::sys::signal::kill(Pid::from_raw(pid), signal)
        .map_err(|error| format!("({pid}) - {}", reason(&error.into())))
}

/// The number of a signal given by name, with or without SIG, or by number.
pub fn number(text: &str) -> Option<i32> {
    if let Ok(number) = text.parse::<usize>() {
        return (number <= SIGNALS.len())
            .then(|| i32::try_from(number).ok())
            .flatten();
    }
    let upper = text.to_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let index = SIGNALS.iter().position(|known| *known == name)?;
    i32::try_from(index + 1).ok()
}

fn name(number: i32) -> Option<&'static str> {
    SIGNALS
        .get(usize::try_from(number).ok()?.checked_sub(1)?)
        .copied()
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> Result<i32, Failure> {
    let mut any = false;
    for word in words {
        any = true;
        match word.parse::<i32>() {
            // The status of a process that a signal ended is 128 more.
            Ok(value) => match name(if value > 128 { value - 128 } else { value }) {
                Some(name) => println!("{name}"),
                None => return Err(Failure::Usage(format!("unknown signal: {word}"))),
            },
            Err(_) => println!("{}", known(word)?),
        }
    }
    if !any {
        for (index, row) in SIGNALS.chunks(5).enumerate() {
            let cells = row.iter().enumerate();
            let line: Vec<String> = cells
                .map(|(column, name)| format!("{:2} {name:10}", index * 5 + column + 1))
                .collect();
            println!("{}", line.join(" ").trim_end());
        }
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        assert_eq!(number("SIGKILL"), Some(9));
        assert_eq!(number("term"), Some(15));
        assert_eq!(number("0"), Some(0));
        assert_eq!(number("32"), None);
        assert_eq!(number("NOPE"), None);
        assert_eq!(name(31), Some("SYS"));
        assert_eq!(name(0), None);
    }

    #[test]
    fn the_list_agrees_with_the_system() {
        for (index, name) in SIGNALS.iter().enumerate() {
            let number = i32::try_from(index + 1).expect("few");
            let known = Signal::try_from(number).expect("a signal").as_str();
            assert!(
                known == format!("SIG{name}") || *name == "POLL",
                "{known} {name}"
            );
        }
    }
}
