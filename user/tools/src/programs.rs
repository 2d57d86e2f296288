//! The programs that are no tools but lie in the same file: process 1, the shell, the terminal,
//! and those that fill the screen.
//!
//! Each is a library with a `main` of its own; some are also a small program for the host's tests. In
//! the guest, whose files lie in memory, one file has what all of them share (the C library, the
//! standard library) once. They go by the name they were called by, so only links lead to them.

use std::ffi::OsString;

/// What a program does: its words, its own name first, to its exit status.
pub type Main = fn(Vec<OsString>) -> i32;

/// Name and main function, by name.
pub const PROGRAMS: &[(&str, Main)] = &[
    ("init", init::main),
    ("palette", pictures::palette),
    ("sh", sh::main),
    ("term", term::main),
];

/// The main function of the program `name`.
pub fn find(name: &str) -> Option<Main> {
    PROGRAMS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, main)| *main)
}
