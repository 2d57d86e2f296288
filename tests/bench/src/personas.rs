//! What personas cost: to make one, and to switch between two of few and of many.

use crate::measure::{good, mean};
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

/// Starts one whose first process runs `body`.
fn start(body: impl FnOnce()) -> Result<isize, String> {
    let flags = CLONE_NEWPID | SIGCHLD;
    let pid = good("clone", sys!(SYS_clone, flags, 0, 0, 0, 0))?;
    if pid == 0 {
        body();
        leave(0);
    }
    Ok(pid)
}

fn wait(pid: isize) -> Result<(), String> {
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
