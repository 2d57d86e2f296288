//! `#!` lines. Source: execve(2), "Interpreter scripts".

use alloc::vec::Vec;

use super::Arguments;
use crate::error::{Errno, Result};

/// Longest first line, as on Linux (BINPRM_BUF_SIZE).
const LINE_MAX: usize = 256;

/// What a script's first line says.
pub struct Script {
    /// The interpreter's path.
    pub interpreter: Vec<u8>,
    /// The rest of the line as one argument, if there is one.
    pub argument: Option<Vec<u8>>,
}

/// Reads the first line of a file that starts with `#!`; none for other files.
///
/// # Errors
/// ENOEXEC when the line names no interpreter or its path is cut off.
pub fn parse(head: &[u8]) -> Result<Option<Script>> {
    let Some(line) = head.strip_prefix(b"#!") else {
        return Ok(None);
    };
    let line = &line[..line.len().min(LINE_MAX - 2)];
    let is_blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let end = line.iter().position(|byte| *byte == b'\n' || *byte == 0);
    let text = trim(&line[..end.unwrap_or(line.len())]);
    let name_end = text.iter().position(is_blank);
    if text.is_empty() || (end.is_none() && name_end.is_none()) {
        return Err(Errno::ENOEXEC);
    }
    let (interpreter, rest) = text.split_at(name_end.unwrap_or(text.len()));
    let rest = trim(rest);
    Ok(Some(Script {
        interpreter: interpreter.to_vec(),
        argument: (!rest.is_empty()).then(|| rest.to_vec()),
    }))
}

fn trim(text: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| *byte != b' ' && *byte != b'\t';
    let Some(start) = text.iter().position(is_text) else {
        return &[];
    };
    let end = text
        .iter()
        .rposition(is_text)
        .map_or(start, |last| last + 1);
    &text[start..end]
}

/// The interpreter's arguments: itself, the argument of the line, the script, and the
/// script's own arguments but for its name.
pub fn arguments(script: &Script, original: &Arguments) -> Vec<Vec<u8>> {
    let mut arguments = Vec::with_capacity(original.arguments.len() + 2);
    arguments.push(script.interpreter.clone());
    arguments.extend(script.argument.clone());
    arguments.push(original.file_name.clone());
    arguments.extend(original.arguments.iter().skip(1).cloned());
    arguments
}
