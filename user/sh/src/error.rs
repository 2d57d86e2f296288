//! The ways a command can end early, and the error a script's author reads.
//!
//! Contract: whatever stops the ordinary walk through the tree travels up as [`Unwind`]; the exit
//! status itself is always in the shell's `status`, set before the value is returned.

use std::fmt;

/// Why the walk through the tree stopped before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unwind {
    /// `break n`: leave that many loops.
    Break(u32),
    /// `continue n`: leave n - 1 loops and begin the next round of the one after.
    Continue(u32),
    /// `return`: leave the function or the sourced file.
    Return,
    /// `exit`, or `set -e`: leave the shell.
    Exit,
    /// The command cannot go on: a script ends, an interactive shell prompts again.
    Abandon,
}

/// What running a part of the tree gives.
pub type Outcome<T = ()> = Result<T, Unwind>;

/// Text that is not a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where the text comes from: a file name, or the shell's own name.
    pub source: String,
    /// The line, from 1.
    pub line: u32,
    /// What was found and what was expected.
    pub message: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{}:{}: syntax error: {}",
            self.source, self.line, self.message
        )
    }
}
