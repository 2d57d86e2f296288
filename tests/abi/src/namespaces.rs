//! Namespaces: made, entered, and what is seen inside and outside.
//!
//! A host where the tests may not make them (no privilege) prints nothing for these cases.

use abi_tests::check::{Case, Failure, Outcome};
use abi_tests::process::{inside_child_of, spawn_by};
use abi_tests::{sys, works};
use libc::*;

mod call_flags;
mod handles;
mod init;
mod mount_views;
mod nested;
mod numbers;
mod pid_calls;
mod process_file;
mod terminal;
mod unshared;

/// The tables of this family.
pub const TABLES: &[&[Case]] = &[
    call_flags::CASES,
    unshared::CASES,
    handles::CASES,
    numbers::CASES,
    pid_calls::CASES,
    terminal::CASES,
    nested::CASES,
    init::CASES,
    process_file::CASES,
    mount_views::CASES,
];

/// The arguments of clone3, eight bytes each, as its first version has them and beyond.
const FLAGS: usize = 0;
const PIDFD: usize = 1;
const EXIT_SIGNAL: usize = 4;

/// fork(2) with these flags of clone(2) besides.
fn fork_with(flags: i32) -> isize {
    sys!(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0)
}

/// Runs `body` as process 1 of a new pid namespace, with what else `flags` ask for, and passes on
/// what it says.
fn inside(flags: i32, body: impl FnOnce() -> Outcome) -> Outcome {
    inside_child_of(|| fork_with(flags | CLONE_NEWPID), body)
}

/// Starts process 1 of a new pid namespace; gives the number it has here.
fn start_init(body: impl FnOnce() -> i32) -> Result<i32, Failure> {
    spawn_by(|| fork_with(CLONE_NEWPID), body)
}

/// A child that waits to be killed.
fn sleep_for_good() -> i32 {
    loop {
        sys!(SYS_pause);
    }
}

/// Mounts a /proc of the caller's pid namespace on the new folder `proc`. The caller must have
/// mounts of its own.
fn mount_proc() -> Outcome {
    works!(SYS_mkdir, c"proc", 0o755);
    works!(SYS_mount, c"proc", c"proc", c"proc", 0, 0);
    Ok(())
}

/// The value of a line of a `status` file.
fn status_line(file: &str, key: &str) -> Result<String, Failure> {
    let text = std::fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.map(|rest| rest.trim_start_matches(':').trim().to_owned())
        .ok_or_else(|| Failure::Wrong(format!("{file} has no line {key}: {text}")))
}

/// Where a symbolic link leads.
fn link(path: impl AsRef<std::path::Path>) -> Result<String, Failure> {
    Ok(std::fs::read_link(path)?.to_string_lossy().into_owned())
}
