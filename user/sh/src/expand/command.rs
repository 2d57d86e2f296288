//! Command substitution: `$(…)`.
//!
//! Contract: newlines at the end of the output are dropped, NUL bytes too (no argument can hold
//! one). The commands run in a subshell; a lone built-in command that can change nothing is run in
//! this process instead, which no script can tell but the clock. Source: POSIX.1-2017 XCU 2.6.3.

use crate::ast::{Bytes, Command, Form, List, Part, Simple, TestKind, Word};
use crate::builtin;
use crate::error::{Outcome, Unwind};
use crate::execute::After;
use crate::shell::{Shell, error_text};
use rustix::pipe::{PipeFlags, pipe_with};
use std::os::fd::OwnedFd;

impl Shell {
    /// The output of the commands.
    pub(super) fn substitute(&mut self, list: &List) -> Outcome<Bytes> {
        let mut output = match self.pure_command(list) {
            Some(simple) => self.run_captured(&simple)?,
            None => self.run_piped(list)?,
        };
        output.retain(|&byte| byte != 0);
        while output.last() == Some(&b'\n') {
            output.pop();
        }
        self.substitution_status = Some(self.status);
        Ok(output)
    }

    /// The command, if it is the only one and surely leaves the shell as it is.
    fn pure_command(&self, list: &List) -> Option<Simple> {
        let [item] = list.items.as_slice() else {
            return None;
        };
        let first = &item.and_or.first;
        if item.background || !item.and_or.rest.is_empty() || first.negated {
            return None;
        }
        let [Command::Simple(simple)] = first.commands.as_slice() else {
            return None;
        };
        if !simple.assignments.is_empty() || !simple.redirects.is_empty() {
            return None;
        }
        let name = std::str::from_utf8(simple.words.first()?.as_literal()?).ok()?;
        let pure = builtin::find(name)?.is_pure && !self.functions.contains_key(name);
        (pure && simple.words.iter().all(word_is_pure)).then(|| simple.clone())
    }

    fn run_captured(&mut self, simple: &Simple) -> Outcome<Bytes> {
        let outer = self.capture.replace(Bytes::new());
        let conditions = self.conditions;
        // `set -e` ends the subshell it stands for, which ends here anyway.
        self.conditions += 1;
        let result = self.simple(simple, After::Continue);
        self.conditions = conditions;
        let output = std::mem::replace(&mut self.capture, outer).unwrap_or_default();
        match result {
            // What would end the subshell does not end us: its status is all we see.
            Ok(()) | Err(Unwind::Abandon | Unwind::Exit) => Ok(output),
            Err(other) => Err(other),
        }
    }

    fn run_piped(&mut self, list: &List) -> Outcome<Bytes> {
        let (reader, writer) = match pipe_with(PipeFlags::CLOEXEC) {
            Ok(ends) => ends,
            Err(error) => {
                return self.fail(2, format!("cannot make a pipe: {}", error_text(error)));
            }
        };
        let child = self.fork_subshell(|shell| {
            if let Err(error) = crate::descriptor::place(writer, 1) {
                return shell.fail(2, format!("cannot write to a pipe: {error}"));
            }
            shell.run_last(list)
        })?;
        let output = read_all(&reader);
        drop(reader);
        self.status = self.wait_for(child);
        match output {
            Ok(output) => Ok(output),
            Err(error) => self.fail(2, format!("cannot read from a pipe: {}", error_text(error))),
        }
    }
}

fn read_all(reader: &OwnedFd) -> rustix::io::Result<Bytes> {
    let mut output = Bytes::new();
    let mut buffer = [0; 4096];
    loop {
        match rustix::io::read(reader, &mut buffer) {
            Ok(0) => return Ok(output),
            Ok(length) => output.extend_from_slice(&buffer[..length]),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

fn word_is_pure(word: &Word) -> bool {
    word.parts.iter().all(part_is_pure)
}

/// Whether an expansion changes nothing: it must not assign and must not end the shell.
fn part_is_pure(part: &Part) -> bool {
    match part {
        Part::Literal(_) | Part::Quoted(_) | Part::Command(_) => true,
        Part::DoubleQuoted(parts) => parts.iter().all(part_is_pure),
        // It may hold an assignment.
        Part::Arithmetic(_) => false,
        Part::Parameter(parameter) => match &parameter.form {
            Form::Plain | Form::Length => true,
            Form::Test {
                kind: TestKind::Assign | TestKind::Error,
                ..
            } => false,
            Form::Test { word, .. } => word_is_pure(word),
            Form::Strip { pattern, .. } => word_is_pure(pattern),
        },
    }
}
