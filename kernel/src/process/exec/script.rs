//! Running a script: its interpreter gets it as an argument. The `#!` line itself is taken
//! apart in `formats::script`. Source: execve(2), "Interpreter scripts".

use formats::script::Script;

use super::Strings;
use crate::error::Result;

/// The interpreter's arguments: itself, the argument of the line, the script's path, and the
/// script's own arguments but for its name.
///
/// # Errors
/// ENOMEM.
pub fn arguments(script: &Script<'_>, path: &[u8], original: &Strings) -> Result<Strings> {
    let mut arguments = Strings::new();
    arguments.push(script.interpreter)?;
    if let Some(argument) = script.argument {
        arguments.push(argument)?;
    }
    arguments.push(path)?;
    arguments.extend(original, 1)?;
    Ok(arguments)
}
