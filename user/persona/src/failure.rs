//! Why a subcommand failed: a sentence for the person, and a status for the script.

use std::fmt::{self, Display, Formatter};

/// A failure.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit status: 2 for a command line that makes no sense, 126 and 127 as shells have
    /// them for a command that cannot be run or found, else 1.
    pub status: i32,
    /// What went wrong and what to do, without the program's name.
    pub text: String,
}

impl Failure {
    /// What was to be done failed.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            status: 1,
            text: text.into(),
        }
    }

    /// The command line makes no sense.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self {
            status: 2,
            text: text.into(),
        }
    }

    /// A command could not be started.
    pub(crate) fn start(command: &std::ffi::OsStr, error: &std::io::Error) -> Self {
        let status = match error.kind() {
            std::io::ErrorKind::NotFound => 127,
            _ => 126,
        };
        Self {
            status,
            text: format!("{}: {}", command.display(), reason(error)),
        }
    }
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// Wraps an error of a call: `what` says what could not be done.
pub(crate) fn cannot<E: Into<std::io::Error>>(what: impl Display) -> impl FnOnce(E) -> Failure {
    move |error| Failure::new(format!("{what}: {}", reason(&error.into())))
}

/// The sentence of an error without the number that the standard library adds to it.
pub(crate) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
