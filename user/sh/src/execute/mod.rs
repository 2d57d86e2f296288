//! Running the tree: lists, pipelines, and what a command of each kind does.
//!
//! Contract: after every call `status` is that of the last command run. Subshells, background
//! commands and the parts of a pipeline are forks of this process, which is sound because a shell
//! has one thread. Source: POSIX.1-2017 XCU 2.9, 2.12.

mod compound;
mod pipeline;
mod program;
mod simple;

pub use program::Content;

use crate::ast::{AndOr, Command, Connector, List, Pipeline};
use crate::error::{Outcome, SyntaxError, Unwind};
use crate::lexer::Lexer;
use crate::options::Flag;
use crate::parser::Parser;
use crate::shell::{Shell, write_error};

/// How deep functions, sourced files, `eval` and traps may be nested.
const DEEPEST_CALLS: u32 = 1000;

/// What this process does after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// It goes on.
    Continue,
    /// It exits, so that a program may take its place instead of being a child.
    Exit,
}

impl Shell {
    /// Runs a list.
    pub fn list(&mut self, list: &List) -> Outcome {
        for item in &list.items {
            if item.background {
                self.background(&item.and_or)?;
            } else {
                self.and_or(&item.and_or, After::Continue)?;
            }
            self.run_traps()?;
        }
        Ok(())
    }

    /// Runs a list after which this process exits.
    pub fn run_last(&mut self, list: &List) -> Outcome {
        match list.items.split_last() {
            Some((last, before)) if !last.background => {
                self.list(&List {
                    items: before.to_vec(),
                })?;
                self.and_or(&last.and_or, After::Exit)?;
                self.run_traps()
            }
            _ => self.list(list),
        }
    }

    /// Whether nothing needs this process once its last command has started.
    pub(super) fn may_be_replaced(&self) -> bool {
        self.traps.is_empty() && !self.is_interactive()
    }

    fn and_or(&mut self, and_or: &AndOr, after: After) -> Outcome {
        let count = and_or.rest.len();
        let after_first = if count == 0 { after } else { After::Continue };
        self.pipeline(&and_or.first, count > 0, after_first)?;
        for (index, (connector, pipeline)) in and_or.rest.iter().enumerate() {
            if (self.status == 0) == (*connector == Connector::And) {
                let last = index + 1 == count;
                self.pipeline(pipeline, !last, if last { after } else { After::Continue })?;
            }
        }
        Ok(())
    }

    /// Runs a pipeline. In a condition, a failure does not count for `set -e`.
    fn pipeline(&mut self, pipeline: &Pipeline, condition: bool, after: After) -> Outcome {
        let exempt = condition || pipeline.negated;
        self.conditions += u32::from(exempt);
        let after = if exempt { After::Continue } else { after };
        let result = match pipeline.commands.as_slice() {
            [command] => self.command(command, after),
            commands => self.run_pipeline(pipeline, commands),
        };
        self.conditions -= u32::from(exempt);
        result?;
        if pipeline.negated {
            self.status = i32::from(self.status == 0);
        }
        Ok(())
    }

    /// Runs one command.
    pub fn command(&mut self, command: &Command, after: After) -> Outcome {
        match command {
            Command::Simple(simple) => self.simple(simple, after),
            Command::Compound(compound, redirects) => self.compound(compound, redirects),
            Command::Function(name, body) => {
                self.functions.insert(name.clone(), body.clone());
                self.status = 0;
                Ok(())
            }
        }
    }

    /// Ends the shell under `set -e` if the last command failed where that counts.
    fn check_failure(&mut self) -> Outcome {
        if self.status != 0 && self.conditions == 0 && self.has(Flag::ErrorExit) {
            return Err(Unwind::Exit);
        }
        Ok(())
    }

    /// Runs a program given as text; `name` says in errors where it comes from.
    pub fn run_text(&mut self, text: Vec<u8>, name: &str) -> Outcome {
        let mut lexer = Lexer::new(text, name, 1);
        self.run_lexer(&mut lexer, After::Continue)
    }

    /// Runs all commands of a lexer, one line at a time.
    pub fn run_lexer(&mut self, lexer: &mut Lexer<'_>, after: After) -> Outcome {
        self.enter_call()?;
        let result = self.run_lines(lexer, after);
        self.calls -= 1;
        result
    }

    /// Counts a function, a sourced file, an `eval` or a trap being entered; each uses our stack,
    /// so a program that nests them for ever is stopped.
    fn enter_call(&mut self) -> Outcome {
        if self.calls == DEEPEST_CALLS {
            return self.fail(
                2,
                format!("functions, files and traps are nested more than {DEEPEST_CALLS} deep"),
            );
        }
        self.calls += 1;
        Ok(())
    }

    fn run_lines(&mut self, lexer: &mut Lexer<'_>, after: After) -> Outcome {
        self.status = if lexer.is_blank() { 0 } else { self.status };
        loop {
            lexer.set_aliases(self.aliases.clone());
            let start = lexer.position();
            let parsed = Parser::new(lexer).complete_command();
            if self.has(Flag::Verbose) {
                write_error(lexer.text_since(start));
            }
            match parsed {
                Ok(None) => return Ok(()),
                Ok(Some(_)) if self.has(Flag::NoExec) && !self.is_interactive() => {}
                Ok(Some(list)) if after == After::Exit && lexer.is_blank() => {
                    return self.run_last(&list);
                }
                Ok(Some(list)) => self.list(&list)?,
                Err(error) => return self.syntax_error(&error),
            }
        }
    }

    /// Shows a syntax error and gives the program up.
    pub fn syntax_error(&mut self, error: &SyntaxError) -> Outcome {
        write_error(format!("{error}\n").as_bytes());
        self.status = 2;
        Err(Unwind::Abandon)
    }
}
