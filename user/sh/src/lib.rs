//! The built-in shell of Janus: a POSIX shell with line editing and job control.
//!
//! An ordinary static Linux program: it knows nothing of Janus but the system calls. The path of a
//! command through the rooms: `lexer` and `parser` make a tree (`ast`), `execute` walks it, asking
//! `expand` for arguments and `redirect` for descriptors; `builtin` has the commands of the shell
//! itself, `job` its children; `edit`, `history` and `complete` serve the person who types.
//! Source: POSIX.1-2017, volume Shell and Utilities (XCU), chapters 2 and 4.

mod arithmetic;
mod ast;
mod builtin;
mod complete;
mod descriptor;
mod edit;
mod error;
mod execute;
mod expand;
mod glob;
mod history;
mod input;
mod interactive;
mod job;
mod lexer;
mod options;
mod parser;
mod print;
mod prompt;
mod redirect;
mod shell;
mod signal;
mod start;
mod text;
mod trap;
mod variables;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// Runs the shell as `words` say, its own name first. Returns its status.
pub fn main(words: Vec<OsString>) -> i32 {
    // A built-in command that wants a process of its own is this program under its name.
    if let Some((name, rest)) = words.split_first()
        && name == persona::PROGRAM
    {
        return persona::main(rest);
    }
    start::run(words.into_iter().map(OsString::into_vec).collect()) & 0xff
}
