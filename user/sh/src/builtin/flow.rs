//! Commands that steer: `:` `true` `false` `break` `continue` `return` `exit` `eval` `.` `exec`.
//! Source: their pages in POSIX.1-2017 XCU 2.14.

use crate::ast::Bytes;
use crate::error::{Outcome, Unwind};
use crate::execute::After;
use crate::lexer::Lexer;
use crate::shell::{Shell, error_text};
use crate::text::{number, os, shown};
use std::path::Path;

/// `:` and `true`.
pub fn succeed(_: &mut Shell, _: &[Bytes]) -> Outcome<i32> {
    Ok(0)
}

/// `false`.
pub fn fail(_: &mut Shell, _: &[Bytes]) -> Outcome<i32> {
    Ok(1)
}

/// `break [n]`.
pub fn break_loop(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let levels = levels(shell, "break", arguments)?;
    shell.status = 0;
    if levels == 0 {
        Ok(0)
    } else {
        Err(Unwind::Break(levels))
    }
}

/// `continue [n]`.
pub fn continue_loop(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let levels = levels(shell, "continue", arguments)?;
    shell.status = 0;
    if levels == 0 {
        Ok(0)
    } else {
        Err(Unwind::Continue(levels))
    }
}

/// How many loops are meant: no more than there are.
fn levels(shell: &mut Shell, name: &str, arguments: &[Bytes]) -> Outcome<u32> {
    let wanted = match arguments.get(1) {
        None => 1,
        Some(text) => match number::<u32>(text).filter(|levels| *levels > 0) {
            Some(levels) => levels,
            None => {
                return shell.fail(
                    2,
                    format!("{name}: {}: expected a number from 1", shown(text)),
                );
            }
        },
    };
    Ok(wanted.min(shell.loops))
}

/// `return [status]`.
pub fn return_from(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let status = status(shell, "return", arguments)?;
    if shell.returns == 0 {
        return Ok(shell.misuse("return", "not in a function or a sourced file; use exit"));
    }
    shell.status = status;
    Err(Unwind::Return)
}

/// `exit [status]`.
pub fn exit(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let status = status(shell, "exit", arguments)?;
    if shell.is_interactive() && shell.warn_of_stopped_jobs() {
        return Ok(1);
    }
    shell.status = status;
    Err(Unwind::Exit)
}

fn status(shell: &mut Shell, name: &str, arguments: &[Bytes]) -> Outcome<i32> {
    match arguments.get(1) {
        None => Ok(shell.status),
        Some(text) => match number::<i32>(text) {
            Some(status) => Ok(status & 0xff),
            None => shell.fail(2, format!("{name}: {}: expected a number", shown(text))),
        },
    }
}

/// `eval words…`.
pub fn eval(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let words = arguments.get(1..).unwrap_or_default();
    let words = if words.first().is_some_and(|word| word == b"--") {
        &words[1..]
    } else {
        words
    };
    shell.run_text(words.join(&b' '), "eval")?;
    Ok(shell.status)
}

/// `. file [arguments…]`.
pub fn dot(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let Some(name) = arguments.get(1) else {
        return Ok(shell.misuse(".", "expected a file to read commands from"));
    };
    let Some(file) = find_readable(shell, name) else {
        return shell.fail(1, format!(".: {}: not found", shown(name)));
    };
    let text = match std::fs::read(os(&file)) {
        Ok(text) => text,
        Err(error) => return shell.fail(1, format!(".: {}: {}", shown(&file), error_text(error))),
    };
    let own = arguments.get(2..).filter(|rest| !rest.is_empty());
    let outer = own.map(|own| std::mem::replace(&mut shell.arguments, own.to_vec()));
    let result = shell.run_file(text, &shown(&file));
    if let Some(outer) = outer {
        shell.arguments = outer;
    }
    result.map(|()| shell.status)
}

/// The file `.` reads: a path, or a name along PATH and then here.
fn find_readable(shell: &Shell, name: &[u8]) -> Option<Bytes> {
    if name.contains(&b'/') {
        return Some(name.to_vec());
    }
    let in_path = shell
        .path_folders()
        .into_iter()
        .map(|folder| [folder.as_slice(), b"/", name].concat());
    in_path
        .chain([name.to_vec()])
        .find(|file| Path::new(os(file)).is_file())
}

impl Shell {
    /// Runs the text of a file in this shell; `return` ends it.
    pub fn run_file(&mut self, text: Bytes, name: &str) -> Outcome {
        let outer = self.script.replace(name.to_owned());
        let line = self.line;
        self.returns += 1;
        let result = self.run_lexer(&mut Lexer::new(text, name, 1), After::Continue);
        self.returns -= 1;
        self.script = outer;
        self.line = line;
        match result {
            Err(Unwind::Return) => Ok(()),
            other => other,
        }
    }
}

/// `exec [program arguments…]`; its redirections are kept by the caller.
pub fn exec(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let program = arguments.get(1..).unwrap_or_default();
    let program = if program.first().is_some_and(|word| word == b"--") {
        &program[1..]
    } else {
        program
    };
    if program.is_empty() {
        return Ok(0);
    }
    shell.status = shell.replace(program);
    if shell.is_interactive() {
        Ok(shell.status)
    } else {
        Err(Unwind::Exit)
    }
}
