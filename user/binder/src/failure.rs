//! Why a program ends with another status than 0.

use std::fmt::Display;

use rsbinder::StatusCode;

/// A failure, or what is told by the exit status alone.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The help was asked for; no failure at all.
    Help,
    /// The answer is no, and has been printed: status 1.
    No,
    /// The command line makes no sense: status 2.
    Usage(String),
    /// What was to be done could not be done: status 1.
    Failed(String),
}

impl Failure {
    /// Wraps an error: `what` says what could not be done.
    pub fn cannot<E: Display>(what: impl Display) -> impl FnOnce(E) -> Self {
        move |error| Self::Failed(format!("{what}: {}", error.to_string().trim_end()))
    }

    /// The service manager could not be asked.
    pub fn no_manager(code: StatusCode) -> Self {
        Self::Failed(match code {
            StatusCode::DeadObject => "there is no service manager here; start one with \
                 'servicemanager &'"
                .into(),
            other => format!("the service manager does not answer: {other}"),
        })
    }
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error.to_string())
    }
}
