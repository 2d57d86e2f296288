//! Running a script: its interpreter gets it as an argument. The `#!` line itself is taken
//! apart in `formats::script`. Source: execve(2), "Interpreter scripts".

use alloc::vec::Vec;

use formats::script::Script;

use super::Arguments;

/// The interpreter's arguments: itself, the argument of the line, the script, and the
/// script's own arguments but for its name.
pub fn arguments(script: &Script<'_>, original: &Arguments) -> Vec<Vec<u8>> {
    let mut arguments = Vec::with_capacity(original.arguments.len() + 2);
    arguments.push(script.interpreter.to_vec());
    arguments.extend(script.argument.map(<[u8]>::to_vec));
    arguments.push(original.file_name.clone());
    arguments.extend(original.arguments.iter().skip(1).cloned());
    arguments
}
