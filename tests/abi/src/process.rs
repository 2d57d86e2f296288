//! Children for tests: forked, waited for, and never left behind.

use crate::check::{self, Failure, Outcome};
use crate::{raw, sys};

/// Ends this process at once with `status`, running no exit handlers.
pub fn leave(status: i32) -> ! {
    loop {
        sys!(libc::SYS_exit_group, status);
    }
}

/// Forks a child that runs `body` and exits with what it returns. Gives the child's pid.
pub fn spawn(body: impl FnOnce() -> i32) -> Result<i32, Failure> {
    spawn_by(raw::fork, body)
}

/// The same, with a child that `fork` makes. One that is not permitted skips the case.
pub fn spawn_by(fork: impl FnOnce() -> isize, body: impl FnOnce() -> i32) -> Result<i32, Failure> {
    match fork() {
        0 => leave(body()),
        pid if pid > 0 => Ok(pid as i32),
        error if error == -(libc::EPERM as isize) => Err(Failure::Skipped),
        error => Err(Failure::Wrong(format!(
            "fork: saw {}",
            crate::check::result_text(error)
        ))),
    }
}

/// Waits for `pid` and gives its raw wait status.
pub fn wait(pid: i32) -> Result<i32, Failure> {
    let mut status = 0i32;
    let seen = sys!(libc::SYS_wait4, pid, &mut status, 0, 0);
    match seen == pid as isize {
        true => Ok(status),
        false => Err(Failure::Wrong(format!(
            "wait4: saw {}",
            crate::check::result_text(seen)
        ))),
    }
}

/// Runs `body` in a child and gives its raw wait status.
pub fn status_of(body: impl FnOnce() -> i32) -> Result<i32, Failure> {
    wait(spawn(body)?)
}

/// Runs a whole case in a child (after giving up privileges, say) and passes on what it says.
pub fn inside_child(body: impl FnOnce() -> Outcome) -> Outcome {
    inside_child_of(raw::fork, body)
}

/// The same, with a child that `fork` makes: 0 in the child, its pid in the parent, or an error.
pub fn inside_child_of(fork: impl FnOnce() -> isize, body: impl FnOnce() -> Outcome) -> Outcome {
    let mut ends = [0i32; 2];
    sys!(libc::SYS_pipe2, &mut ends, libc::O_CLOEXEC);
    let pid = spawn_by(fork, || {
        let text = encode(body());
        sys!(libc::SYS_write, ends[1], text.as_bytes(), text.len());
        0
    })?;
    sys!(libc::SYS_close, ends[1]);
    let mut text = [0u8; 4096];
    let length = sys!(libc::SYS_read, ends[0], &mut text, text.len()).max(0) as usize;
    sys!(libc::SYS_close, ends[0]);
    let status = wait(pid)?;
    let notes = decode(&text[..length], status)?;
    if !notes.is_empty() {
        check::note(notes);
    }
    Ok(())
}

/// What a child writes about its case, notes included.
pub fn encode(outcome: Outcome) -> String {
    match outcome {
        Ok(()) => format!("o{}", check::take_notes()),
        Err(Failure::Skipped) => String::from("s"),
        Err(Failure::Wrong(said)) => format!("f{said}"),
    }
}

/// Reads back what a child wrote about its case: the notes of one that is well; `status` is how
/// it ended.
pub fn decode(text: &[u8], status: i32) -> Result<String, Failure> {
    match text.split_first() {
        Some((b'o', notes)) => Ok(String::from_utf8_lossy(notes).into_owned()),
        Some((b's', _)) => Err(Failure::Skipped),
        Some((_, said)) => Err(Failure::Wrong(String::from_utf8_lossy(said).into_owned())),
        None => Err(Failure::Wrong(format!("the case {}", ending(status)))),
    }
}

/// How a process ended, in words.
pub fn ending(status: i32) -> String {
    match status & 0x7f {
        0 => format!("exited with status {}", status >> 8 & 0xff),
        signal => format!("died of signal {signal}"),
    }
}

/// Lets other processes run for `milliseconds`.
pub fn pause(milliseconds: i64) {
    let time = [milliseconds / 1000, milliseconds % 1000 * 1_000_000];
    sys!(libc::SYS_nanosleep, &time, 0);
}

/// The monotonic clock in nanoseconds.
pub fn now() -> i64 {
    let mut time = [0i64; 2];
    sys!(libc::SYS_clock_gettime, libc::CLOCK_MONOTONIC, &mut time);
    time[0] * 1_000_000_000 + time[1]
}

/// Waits until `done` says so, at most five seconds; tells whether it did.
pub fn until(mut done: impl FnMut() -> bool) -> bool {
    let limit = now() + 5_000_000_000;
    while !done() {
        if now() > limit {
            return false;
        }
        pause(1);
    }
    true
}

/// The state letter of `pid` in /proc (`S` sleeping, `T` stopped, `Z` dead …), or `?`.
pub fn state(pid: i32) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ")
        .next()
        .and_then(|rest| rest.chars().next())
        .unwrap_or('?')
}

/// Waits until `pid` sleeps in the kernel, so that what is done next meets it there.
pub fn until_asleep(pid: i32) -> bool {
    until(|| state(pid) == 'S')
}
