//! What a case says when something is not as Linux has it, and the table of cases.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Why a case did not pass.
#[derive(Debug)]
pub enum Failure {
    /// The kernel answered something else; the text says what was seen and what was expected.
    Wrong(String),
    /// The case cannot run here (it needs a privilege or a device). Nothing is printed.
    Skipped,
}

/// What a case returns.
pub type Outcome = Result<(), Failure>;

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::Wrong(format!("a library call failed: {error}"))
    }
}

/// What the case that runs in this process has found worth showing.
static NOTES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Puts a value that Linux and Janus must agree on into the case's `ok` line: an error number's
/// name, flags, the order of some answers. Nothing that differs from run to run.
pub fn note(text: impl Into<String>) {
    notes().push(text.into());
}

/// Takes what was noted so far, with commas between.
pub fn take_notes() -> String {
    std::mem::take(&mut *notes()).join(", ")
}

fn notes() -> MutexGuard<'static, Vec<String>> {
    NOTES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One case: a name inside its family and what it does, in a process and a folder of its own.
pub struct Case {
    /// The name after `family::`.
    pub name: &'static str,
    /// Runs the case.
    pub run: fn() -> Outcome,
}

/// The name of an error number, for messages: `ENOENT`, or the number if it is a rare one.
pub fn error_name(errno: i32) -> String {
    macro_rules! names {
        ($($name:ident),* $(,)?) => {
            match errno {
                $(libc::$name => stringify!($name).to_owned(),)*
                other => format!("errno {other}"),
            }
        };
    }
    names!(
        EPERM,
        ENOENT,
        ESRCH,
        EINTR,
        EIO,
        ENXIO,
        E2BIG,
        ENOEXEC,
        EBADF,
        ECHILD,
        EAGAIN,
        ENOMEM,
        EACCES,
        EFAULT,
        ENOTBLK,
        EBUSY,
        EEXIST,
        EXDEV,
        ENODEV,
        ENOTDIR,
        EISDIR,
        EINVAL,
        ENFILE,
        EMFILE,
        ENOTTY,
        ETXTBSY,
        EFBIG,
        ENOSPC,
        ESPIPE,
        EROFS,
        EMLINK,
        EPIPE,
        EDOM,
        ERANGE,
        EDEADLK,
        ENAMETOOLONG,
        ENOLCK,
        ENOSYS,
        ENOTEMPTY,
        ELOOP,
        ENODATA,
        ETIME,
        EOVERFLOW,
        EOPNOTSUPP,
        ETIMEDOUT,
        EOWNERDEAD,
        ENOTRECOVERABLE,
        ENOTSOCK,
        EPROTO,
    )
}

/// A raw result in words: the number, or the name of the error.
pub fn result_text(result: isize) -> String {
    match result {
        -4095..=-1 => error_name(-result as i32),
        value => value.to_string(),
    }
}

/// `fails!(ENOENT, SYS_open, c"missing", O_RDONLY)`: the call must answer that error.
#[macro_export]
macro_rules! fails {
    ($errno:expr, $($call:tt)*) => {{
        let seen = $crate::sys!($($call)*);
        if seen != -($errno as isize) {
            return Err($crate::check::Failure::Wrong(format!(
                "{}: saw {}, expected {}",
                stringify!($($call)*).replace("SYS_", ""),
                $crate::check::result_text(seen),
                $crate::check::error_name($errno),
            )));
        }
    }};
}

/// `let fd = works!(SYS_open, c"file", O_RDONLY);`: the call must succeed; gives its result.
#[macro_export]
macro_rules! works {
    ($($call:tt)*) => {{
        let seen = $crate::sys!($($call)*);
        if (-4095..0).contains(&seen) {
            return Err($crate::check::Failure::Wrong(format!(
                "{}: saw {}, expected success",
                stringify!($($call)*).replace("SYS_", ""),
                $crate::check::result_text(seen),
            )));
        }
        seen
    }};
}

/// `gives!(5, SYS_write, fd, b"hello", 5)`: the call must return exactly that.
#[macro_export]
macro_rules! gives {
    ($value:expr, $($call:tt)*) => {{
        let seen = $crate::sys!($($call)*);
        let expected = $value as isize;
        if seen != expected {
            return Err($crate::check::Failure::Wrong(format!(
                "{}: saw {}, expected {}",
                stringify!($($call)*).replace("SYS_", ""),
                $crate::check::result_text(seen),
                expected,
            )));
        }
    }};
}

/// `same!(seen, expected)`: the two must be equal.
#[macro_export]
macro_rules! same {
    ($seen:expr, $expected:expr) => {{
        let (seen, expected) = ($seen, $expected);
        if seen != expected {
            return Err($crate::check::Failure::Wrong(format!(
                "{}: saw {:?}, expected {:?}",
                stringify!($seen),
                seen,
                expected,
            )));
        }
    }};
}

/// `holds!(count > 3)`: the condition must be true; an optional text says what was seen.
#[macro_export]
macro_rules! holds {
    ($condition:expr) => {
        $crate::holds!($condition, "not so")
    };
    ($condition:expr, $($said:tt)*) => {
        if !$condition {
            return Err($crate::check::Failure::Wrong(format!(
                "{}: {}",
                stringify!($condition),
                format_args!($($said)*),
            )));
        }
    };
}

/// Lists the cases of a file: `cases![one, two];` makes its `CASES`.
#[macro_export]
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        /// The cases of this file.
        pub const CASES: &[$crate::check::Case] =
            &[$($crate::check::Case { name: stringify!($name), run: $name }),*];
    };
}
