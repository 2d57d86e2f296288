//! persona: the crate of that name as a program.

use std::ffi::OsString;

use super::{Context, Failure};

/// What `--help` would print; the crate has a menu of its own for that.
pub const HELP: &str = "Usage: persona COMMAND [ARG...]; 'persona help' shows the menu\n";

/// Hands over.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let words: Vec<OsString> = context.arguments.raw_args()?.collect();
    Ok(persona::main(&words))
}
