//! `persona stop [-t SECONDS] NAME`: SIGTERM to the init, SIGKILL when it takes too long. With
//! the init the kernel ends all other processes of the persona.

use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Signal, pidfd_send_signal};

use crate::failure::{Failure, cannot};
use crate::{Done, known, menu};

/// How long an init may take to end if nobody says otherwise.
const GRACE: Duration = Duration::from_secs(5);
/// How long the kernel may take to end what was killed.
const PATIENCE: Duration = Duration::from_secs(10);

/// Ends a persona.
pub fn run(arguments: &[OsString]) -> Result<Done, Failure> {
    let (name, grace) = parse(arguments)?;
    let personas = known::all()?;
    let persona = known::find(&personas, name)?;
    if persona.is_root() {
        return Err(Failure::usage(
            "root is the machine itself; 'poweroff' switches it off",
        ));
    }
    let init = known::hold(persona)?;
    let asked = !grace.is_zero();
    if asked {
        signal(init.as_fd(), Signal::TERM)?;
    }
    let obeyed = asked && has_ended(init.as_fd(), grace)?;
    if !obeyed {
        signal(init.as_fd(), Signal::KILL)?;
        if !has_ended(init.as_fd(), PATIENCE)? {
            return Err(Failure::new(format!(
                "{name}: process {} did not even end of SIGKILL; dmesg may tell why",
                persona.device.init_pid
            )));
        }
    }
    let mut text = match (asked, obeyed) {
        (true, false) => format!(
            "{name} did not end within {} s of SIGTERM, so it was killed",
            grace.as_secs_f64()
        ),
        (false, _) => format!("{name} was killed"),
        _ => format!("{name} has ended"),
    };
    if persona.device.is_active {
        text += "; root is in the foreground now";
    }
    Ok(Done::said(text + "\n"))
}

fn parse(arguments: &[OsString]) -> Result<(&str, Duration), Failure> {
    let (name, grace) = match arguments {
        [option, seconds, name] | [name, option, seconds] if option == "-t" => {
            let seconds = seconds.to_string_lossy();
            let grace = seconds_in(&seconds).ok_or_else(|| {
                Failure::usage(format!("-t {seconds}: how many seconds is that?"))
            })?;
            (name, grace)
        }
        [name] => (name, GRACE),
        _ => return Err(menu::misused("stop")),
    };
    match name.to_str() {
        Some(name) if !name.starts_with('-') => Ok((name, grace)),
        _ => Err(menu::misused("stop")),
    }
}

fn seconds_in(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

fn signal(init: BorrowedFd<'_>, signal: Signal) -> Result<(), Failure> {
    match pidfd_send_signal(init, signal) {
        // It has ended by itself meanwhile.
        Ok(()) | Err(Errno::SRCH) => Ok(()),
        Err(error) => Err(cannot("cannot send a signal to its init")(error)),
    }
}

/// Waits for the end of a process, at most so long.
fn has_ended(init: BorrowedFd<'_>, limit: Duration) -> Result<bool, Failure> {
    let too_long = || Failure::usage("nobody can wait that long; -t takes fewer seconds");
    let deadline = Instant::now().checked_add(limit).ok_or_else(too_long)?;
    loop {
        let rest = deadline.saturating_duration_since(Instant::now());
        let rest = Timespec::try_from(rest).map_err(|_| too_long())?;
        let mut watched = [PollFd::from_borrowed_fd(init, PollFlags::IN)];
        match poll(&mut watched, Some(&rest)) {
            Ok(ready) => return Ok(ready > 0),
            Err(Errno::INTR) => {}
            Err(error) => return Err(cannot("cannot wait for its end")(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grace_stands_before_or_behind_the_name() {
        let parsed = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            parse(&words).map(|(name, grace)| (name.to_owned(), grace.as_millis()))
        };
        assert_eq!(parsed(&["demo"]), Ok(("demo".into(), 5000)));
        assert_eq!(parsed(&["-t", "0.5", "demo"]), Ok(("demo".into(), 500)));
        assert_eq!(parsed(&["demo", "-t", "0"]), Ok(("demo".into(), 0)));
        for wrong in [
            &["-t", "demo"][..],
            &[],
            &["-x"],
            &["-t", "soon", "demo"],
            &["-t", "-1", "demo"],
            &["-t", "1e300", "demo"],
        ] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }
}
