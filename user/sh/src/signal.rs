//! Signals by name and number.
//!
//! Contract: the numbers are those of Linux on x86-64 (signal(7)); names are accepted with and
//! without `SIG` and in either case.

/// Signal numbers and names.
const NAMES: [(i32, &str); 31] = [
    (1, "HUP"),
    (2, "INT"),
    (3, "QUIT"),
    (4, "ILL"),
    (5, "TRAP"),
    (6, "ABRT"),
    (7, "BUS"),
    (8, "FPE"),
    (9, "KILL"),
    (10, "USR1"),
    (11, "SEGV"),
    (12, "USR2"),
    (13, "PIPE"),
    (14, "ALRM"),
    (15, "TERM"),
    (16, "STKFLT"),
    (17, "CHLD"),
    (18, "CONT"),
    (19, "STOP"),
    (20, "TSTP"),
    (21, "TTIN"),
    (22, "TTOU"),
    (23, "URG"),
    (24, "XCPU"),
    (25, "XFSZ"),
    (26, "VTALRM"),
    (27, "PROF"),
    (28, "WINCH"),
    (29, "IO"),
    (30, "PWR"),
    (31, "SYS"),
];

/// Interrupt from the keyboard.
pub const INT: i32 = 2;
/// Quit from the keyboard.
pub const QUIT: i32 = 3;
/// An access to memory that is not there.
pub const BUS: i32 = 7;
/// An access to memory that is not allowed.
pub const SEGV: i32 = 11;
/// Write to a pipe nobody reads.
pub const PIPE: i32 = 13;
/// Request to end.
pub const TERM: i32 = 15;
/// A child changed state.
pub const CHLD: i32 = 17;
/// Go on after a stop.
pub const CONT: i32 = 18;
/// Stop from the keyboard.
pub const TSTP: i32 = 20;
/// A background process read from the terminal.
pub const TTIN: i32 = 21;
/// A background process wrote to the terminal.
pub const TTOU: i32 = 22;

/// The highest standard signal.
pub const HIGHEST: i32 = 31;

/// All signals with their names.
pub fn all() -> impl Iterator<Item = (i32, &'static str)> {
    NAMES.into_iter()
}

/// The name of a signal, without `SIG`.
pub fn name(number: i32) -> Option<&'static str> {
    NAMES
        .iter()
        .find(|(candidate, _)| *candidate == number)
        .map(|(_, name)| *name)
}

/// The number for a name or a number written out; 0 is `EXIT`.
pub fn parse(text: &[u8]) -> Option<i32> {
    let text = std::str::from_utf8(text).ok()?;
    if let Ok(number) = text.parse::<i32>() {
        return (0..=64).contains(&number).then_some(number);
    }
    let upper = text.to_ascii_uppercase();
    let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
    if bare == "EXIT" {
        return Some(0);
    }
    let bare = if bare == "POLL" { "IO" } else { bare };
    NAMES
        .iter()
        .find(|(_, name)| *name == bare)
        .map(|(number, _)| *number)
}

/// What is said of a program that a signal ended, in bash's words.
pub fn describe(number: i32) -> String {
    let known = match number {
        1 => "Hangup",
        2 => "Interrupt",
        3 => "Quit",
        4 => "Illegal instruction",
        5 => "Trace/breakpoint trap",
        6 => "Aborted",
        7 => "Bus error",
        8 => "Floating point exception",
        9 => "Killed",
        10 => "User defined signal 1",
        11 => "Segmentation fault",
        12 => "User defined signal 2",
        13 => "Broken pipe",
        14 => "Alarm clock",
        15 => "Terminated",
        16 => "Stack fault",
        19 => "Stopped (signal)",
        20 => "Stopped",
        21 => "Stopped (tty input)",
        22 => "Stopped (tty output)",
        24 => "CPU time limit exceeded",
        25 => "File size limit exceeded",
        26 => "Virtual timer expired",
        27 => "Profiling timer expired",
        29 => "I/O possible",
        30 => "Power failure",
        31 => "Bad system call",
        _ => return format!("Signal {number}"),
    };
    known.to_owned()
}
