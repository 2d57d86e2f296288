//! Programs that come line by line: from a person, or on standard input.
//!
//! Contract: no line is read before the commands on the lines before it have run. A person's
//! mistakes and interrupts only cost the line; the end of the input ends the shell.

use crate::ast::Bytes;
use crate::edit::terminal::RawTerminal;
use crate::edit::{Answer, Editor};
use crate::error::{Outcome, Unwind};
use crate::history::History;
use crate::input::read_line;
use crate::lexer::{Lexer, Source};
use crate::options::Flag;
use crate::parser::Parser;
use crate::shell::{Shell, write_error};
use crate::signal;
use crate::text::os;
use std::path::Path;

/// Where the lines come from.
enum Origin<'editor> {
    /// Standard input as it is.
    Plain,
    /// A person at a terminal.
    Person(&'editor mut Editor),
}

/// The lines of one command.
struct Lines<'shell, 'editor> {
    shell: &'shell mut Shell,
    origin: Origin<'editor>,
    interrupted: bool,
}

impl Source for Lines<'_, '_> {
    fn next_line(&mut self, continuation: bool) -> Option<Bytes> {
        if let Origin::Person(editor) = &mut self.origin {
            let prompt = self.shell.prompt(continuation);
            match ask(self.shell, editor, &prompt) {
                Some(Answer::Line(line)) => return Some([line.as_bytes(), b"\n"].concat()),
                Some(Answer::Interrupt) => {
                    self.interrupted = true;
                    return None;
                }
                Some(Answer::End) => return None,
                // No terminal after all: read as from a file.
                None => {}
            }
        }
        if self.shell.is_interactive() {
            let prompt = self.shell.prompt(continuation);
            write_error(prompt.as_bytes());
        }
        let line = read_line(self.shell).ok()?;
        let mut text = line.text;
        if line.ended {
            text.push(b'\n');
        }
        if self.shell.has(Flag::Verbose) {
            write_error(&text);
        }
        (!text.is_empty()).then_some(text)
    }
}

/// Asks a person for a line; nothing if there is no terminal to ask at.
fn ask(shell: &Shell, editor: &mut Editor, prompt: &str) -> Option<Answer> {
    let plain = shell.variables.get("TERM") == Some(b"dumb");
    let mut terminal = RawTerminal::new(plain).ok()?;
    editor.read_line(&mut terminal, prompt, shell).ok()
}

/// How reading and running a command line ended.
enum Next {
    /// The next one begins at this line.
    Line(u32),
    /// The person gave the line up.
    Interrupted,
    /// There is no more.
    End,
}

/// So many ends of the input in a row are believed, whatever is in the way of leaving: the terminal
/// may be gone.
const MOST_ENDS: u32 = 10;

/// Runs an interactive shell until its input ends; gives the status to exit with.
pub fn run(shell: &mut Shell) -> i32 {
    for number in [signal::INT, signal::QUIT, signal::TERM] {
        if let Err(reason) = shell.traps.catch(number) {
            shell.complain(reason);
        }
    }
    if let Err(reason) = shell.start_job_control() {
        shell.complain(reason);
    }
    let mut editor = Editor::new(open_history(shell));
    let mut ends = 0;
    loop {
        shell.announce_jobs();
        let warned = std::mem::take(&mut shell.warned_of_jobs);
        match shell.run_one(1, Origin::Person(&mut editor), warned) {
            Err(Unwind::Exit) => return shell.finish(),
            Ok(Next::End) if ends == MOST_ENDS || shell.may_end() => {
                write_error(b"exit\n");
                return shell.finish();
            }
            Ok(Next::End) => ends += 1,
            Ok(Next::Interrupted) => shell.status = 128 + signal::INT,
            // The terminal has shown ^C and the cursor still stands after it.
            Err(Unwind::Abandon) if shell.status == 128 + signal::INT => write_error(b"\n"),
            _ => ends = 0,
        }
    }
}

fn open_history(shell: &Shell) -> History {
    let Some(path) = shell
        .variables
        .get("HISTFILE")
        .filter(|path| !path.is_empty())
    else {
        return History::default();
    };
    History::open(Path::new(os(path))).unwrap_or_else(|error| {
        shell.complain(format!("HISTFILE: {error}"));
        History::default()
    })
}

impl Shell {
    /// Runs the commands on standard input.
    pub fn run_standard_input(&mut self) -> Outcome {
        let mut line = 1;
        loop {
            match self.run_one(line, Origin::Plain, false)? {
                Next::Line(next) => line = next,
                Next::Interrupted | Next::End => return Ok(()),
            }
        }
    }

    /// Reads and runs one command line. `warned` tells that the one before was an `exit` that
    /// warned of stopped jobs; a second one in a row then leaves.
    fn run_one(&mut self, line: u32, origin: Origin<'_>, warned: bool) -> Outcome<Next> {
        let aliases = self.aliases.clone();
        let mut source = Lines {
            shell: self,
            origin,
            interrupted: false,
        };
        let mut lexer = Lexer::from_source(&mut source, "sh", line);
        lexer.set_aliases(aliases);
        let parsed = Parser::new(&mut lexer).complete_command();
        let next = lexer.line();
        let interrupted = source.interrupted;
        // Signals that came while nobody ran anything.
        self.run_traps()?;
        self.warned_of_jobs = warned;
        match parsed {
            _ if interrupted => return Ok(Next::Interrupted),
            Ok(None) => return Ok(Next::End),
            Ok(Some(_)) if self.has(Flag::NoExec) && !self.is_interactive() => {}
            Ok(Some(list)) => self.list(&list)?,
            Err(error) => self.syntax_error(&error)?,
        }
        // Any other command makes the warning old.
        self.warned_of_jobs &= !warned;
        Ok(Next::Line(next))
    }

    /// Whether the end of the input ends this interactive shell.
    fn may_end(&mut self) -> bool {
        if self.has(Flag::IgnoreEof) {
            self.complain("use exit to leave (set -o ignoreeof)");
            return false;
        }
        !self.warn_of_stopped_jobs()
    }
}
