//! What personas cost: to make one, and to switch between two of few and of many.

use crate::measure::{clock, good, mean};
use abi_tests::process::leave;
use abi_tests::sys;
use libc::*;
use std::ffi::CStr;

/// The file by which one switches.
const ACTIVE: &CStr = c"/proc/dev_ns/active_ns_pid";

/// Whether this kernel has personas.
pub fn are_there() -> bool {
    sys!(SYS_access, ACTIVE, F_OK) == 0
}

/// The display.
const DISPLAY: &CStr = c"/dev/fb0";

/// Whether this machine has a display.
pub fn has_display() -> bool {
    sys!(SYS_access, DISPLAY, F_OK) == 0
}

/// Starts one whose first process runs `body`.
pub fn start(body: impl FnOnce()) -> Result<isize, String> {
    let flags = CLONE_NEWPID | SIGCHLD;
    let pid = good("clone", sys!(SYS_clone, flags, 0, 0, 0, 0))?;
    if pid == 0 {
        body();
        leave(0);
    }
    Ok(pid)
}

/// Waits for its end.
pub fn wait(pid: isize) -> Result<(), String> {
    good("wait4", sys!(SYS_wait4, pid, 0, 0, 0)).map(|_| ())
}

/// A persona whose only process ends at once.
pub fn create_and_destroy() -> Result<i64, String> {
    mean(50, || wait(start(|| ())?))
}

/// A switch, by a write, while there are `count` personas, the root among them. Of many it takes a
/// few instructions more only because there are more processes to find the one named among.
pub fn switch_among(count: usize) -> Result<i64, String> {
    let sleep = || loop {
        sys!(SYS_pause);
    };
    let mut others = Vec::new();
    while others.len() + 1 < count {
        others.push(start(sleep)?);
    }
    let file = good("open", sys!(SYS_open, ACTIVE, O_WRONLY | O_CLOEXEC))?;
    let one = others.first().map_or(String::from("1"), isize::to_string);
    let write = |text: &str| good("write", sys!(SYS_write, file, text.as_bytes(), text.len()));
    let both = mean(500, || write(&one).and_then(|_| write("1")).map(|_| ()));
    sys!(SYS_close, file);
    for pid in others {
        good("kill", sys!(SYS_kill, pid, SIGKILL))?;
        wait(pid)?;
    }
    Ok(both? / 2)
}

/// A switch, by a write, between two personas that have a screen each. Between switches the
/// display has time to show the picture: what it does by itself is not measured.
pub fn switch_screens() -> Result<i64, String> {
    let mut pipe = [0_i32; 2];
    good("pipe", sys!(SYS_pipe, &mut pipe))?;
    let own = good("open", sys!(SYS_open, DISPLAY, O_RDWR | O_CLOEXEC))?;
    let other = start(|| {
        let opened = sys!(SYS_open, DISPLAY, O_RDWR) >= 0;
        sys!(SYS_write, pipe[1], &[u8::from(opened)], 1);
        loop {
            sys!(SYS_pause);
        }
    })?;
    let mut opened = [0_u8];
    good("read", sys!(SYS_read, pipe[0], &mut opened, 1))?;
    let cost = if opened == [1] {
        one_by_one(&[other.to_string(), "1".into()])
    } else {
        Err("the other persona got no screen".into())
    };
    for file in [own, pipe[0] as isize, pipe[1] as isize] {
        sys!(SYS_close, file);
    }
    good("kill", sys!(SYS_kill, other, SIGKILL))?;
    wait(other)?;
    cost
}

/// The least that a switch takes, of many to each of `names` in turn, with a pause after each. The
/// first to each is not counted: the display knows less of a screen that it has not shown yet.
fn one_by_one(names: &[String]) -> Result<i64, String> {
    const ROUNDS: usize = 20;
    const PAUSE: [i64; 2] = [0, 100_000_000];
    let file = good("open", sys!(SYS_open, ACTIVE, O_WRONLY | O_CLOEXEC))?;
    let switch = |name: &String| -> Result<i64, String> {
        let before = clock(CLOCK_MONOTONIC);
        good("write", sys!(SYS_write, file, name.as_bytes(), name.len()))?;
        let cost = clock(CLOCK_MONOTONIC) - before;
        sys!(SYS_nanosleep, &PAUSE, 0);
        Ok(cost)
    };
    names.iter().try_for_each(|name| switch(name).map(|_| ()))?;
    let mut least = i64::MAX;
    for name in names.iter().cycle().take(ROUNDS * names.len()) {
        least = least.min(switch(name)?);
    }
    sys!(SYS_close, file);
    Ok(least)
}
