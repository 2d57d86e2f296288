//! Programs that come line by line: from a person, or on standard input.

use crate::ast::Bytes;
use crate::error::{Outcome, Unwind};
use crate::input::read_line;
use crate::lexer::{Lexer, Source};
use crate::options::Flag;
use crate::parser::Parser;
use crate::shell::{Shell, write_error};
use crate::signal;

/// Lines of standard input, without prompts.
struct Lines<'shell> {
    shell: &'shell Shell,
}

impl Source for Lines<'_> {
    fn next_line(&mut self, continuation: bool) -> Option<Bytes> {
        if self.shell.is_interactive() {
            write_error(if continuation { b"> " } else { b"# " });
        }
        let line = read_line(self.shell).ok()?;
        let mut text = line.text;
        if line.ended {
            text.push(b'\n');
        }
        (!text.is_empty()).then_some(text)
    }
}

/// Runs an interactive shell until its input ends.
pub fn run(shell: &mut Shell) -> i32 {
    for number in [signal::INT, signal::QUIT, signal::TERM] {
        if let Err(reason) = shell.traps.catch(number) {
            shell.complain(reason);
        }
    }
    if let Err(reason) = shell.start_job_control() {
        shell.complain(reason);
    }
    loop {
        shell.announce_jobs();
        match shell.run_one(1) {
            Ok(None) | Err(Unwind::Exit) => return shell.finish(),
            _ => {}
        }
    }
}

impl Shell {
    /// Runs the commands on standard input.
    pub fn run_standard_input(&mut self) -> Outcome {
        let mut line = 1;
        while let Some(next) = self.run_one(line)? {
            line = next;
        }
        Ok(())
    }

    /// Reads and runs one command line; gives the number of the next line, nothing at the end.
    fn run_one(&mut self, line: u32) -> Outcome<Option<u32>> {
        let aliases = self.aliases.clone();
        let mut source = Lines { shell: self };
        let mut lexer = Lexer::from_source(&mut source, "sh", line);
        lexer.set_aliases(aliases);
        let parsed = Parser::new(&mut lexer).complete_command();
        let next = lexer.line();
        match parsed {
            Ok(None) => Ok(None),
            Ok(Some(_)) if self.has(Flag::NoExec) && !self.is_interactive() => Ok(Some(next)),
            Ok(Some(list)) => self.list(&list).map(|()| Some(next)),
            Err(error) => self.syntax_error(&error).map(|()| None),
        }
    }
}
