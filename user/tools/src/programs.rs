//! The programs that are no tools but lie in the same file: process 1, the shell, the terminal,
//! those that fill the screen, and those that speak binder.
//!
//! Each is a library with a `main` of its own; some are also a small program for the host's tests. In
//! the guest, whose files lie in memory, one file has what all of them share (the C library, the
//! standard library) once. They go by the name they were called by, so only links lead to them.

use std::ffi::OsString;
use std::time::Duration;

use pictures::Reading;

use crate::own::calendar::{Date, Zone};
use crate::own::moment;

/// What a program does: its words, its own name first, to its exit status.
pub type Main = fn(Vec<OsString>) -> i32;

/// Name and main function, by name.
pub const PROGRAMS: &[(&str, Main)] = &[
    ("clock", clock),
    ("hello", binder::hello),
    ("init", init::main),
    ("paint", pictures::paint),
    ("palette", pictures::palette),
    ("service", binder::service),
    ("servicemanager", binder::servicemanager),
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

/// The clock, with the calendar and the zone that `date` goes by.
fn clock(words: Vec<OsString>) -> i32 {
    let zone = Zone::local();
    pictures::clock(words, || {
        let (seconds, nanoseconds) = moment::now();
        let date = Date::new(seconds, nanoseconds, &zone);
        Reading {
            time: date.time_of_day(),
            date: date.format("%A, %-d %B %Y"),
            rest: Duration::from_secs(1) - Duration::from_nanos(nanoseconds.into()),
        }
    })
}
