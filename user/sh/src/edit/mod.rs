//! The line editor: what happens between a prompt and Enter.
//!
//! Contract: [`Editor::read_line`] shows the prompt, lets a person edit a line with the usual keys
//! and gives it back; the terminal is as it was before, whatever happens. It speaks to the
//! [`Terminal`] trait only, so the tests type into a fake one. Works on a terminal without any
//! escape sequences, and on one that does not know its size.
//!
//! The rooms: `key` makes keys of bytes, `line` is the text and its cursor, `screen` draws,
//! `search` is Ctrl-R, `tab` is completion, `terminal` is the real terminal.
//! The keys are those of Emacs mode in POSIX shells (GNU readline's manual, chapter 1).

mod key;
mod line;
mod screen;
mod search;
mod tab;
pub mod terminal;
#[cfg(test)]
mod tests;

use crate::history::History;
use key::{Key, read_key};
use line::Line;
use screen::Screen;
use std::io;
pub use tab::{Completer, Completion};
pub use terminal::Terminal;

/// What a person answered to a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A line, without its end.
    Line(String),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D on an empty line, or the terminal is gone.
    End,
}

/// A line editor with its memory.
#[derive(Debug)]
pub struct Editor {
    /// The lines entered before.
    history: History,
    /// What was last cut, for Ctrl-Y.
    cut: String,
}

/// What a key leads to.
enum Step {
    Continue,
    Done(Answer),
}

/// One line being edited.
struct Session<'editor, T: Terminal> {
    editor: &'editor mut Editor,
    terminal: &'editor mut T,
    completer: &'editor dyn Completer,
    screen: Screen,
    line: Line,
    /// What was typed before going back in history.
    draft: Option<String>,
    /// Which line of the history is shown, counted from the latest; 0 is the one being typed.
    back: usize,
}

impl Editor {
    /// An editor that remembers these lines.
    pub fn new(history: History) -> Editor {
        Editor {
            history,
            cut: String::new(),
        }
    }

    /// Prompts and reads a line.
    pub fn read_line<T: Terminal>(
        &mut self,
        terminal: &mut T,
        prompt: &str,
        completer: &dyn Completer,
    ) -> io::Result<Answer> {
        let screen = Screen::new(prompt, terminal.width(), terminal.is_plain());
        let mut session = Session {
            editor: self,
            terminal,
            completer,
            screen,
            line: Line::default(),
            draft: None,
            back: 0,
        };
        let answer = session.run()?;
        if let Answer::Line(line) = &answer {
            self.history.add(line);
        }
        Ok(answer)
    }
}

impl<T: Terminal> Session<'_, T> {
    fn run(&mut self) -> io::Result<Answer> {
        let first = self.screen.first_draw();
        self.terminal.write(&first)?;
        loop {
            let Some(key) = read_key(self.terminal)? else {
                self.terminal.write(b"\n")?;
                return Ok(Answer::End);
            };
            if let Step::Done(answer) = self.press(key)? {
                return Ok(answer);
            }
        }
    }

    fn press(&mut self, key: Key) -> io::Result<Step> {
        match key {
            Key::Character(character) => self.type_character(character)?,
            Key::Enter => return self.leave("", Answer::Line(self.line.text())),
            Key::Control('c') => return self.leave("^C", Answer::Interrupt),
            Key::Control('d') if self.line.is_empty() => return self.leave("", Answer::End),
            Key::Control('r') => return self.search(),
            Key::Control('l') => {
                let clear = self.screen.clear();
                self.terminal.write(&clear)?;
                self.draw()?;
            }
            Key::Tab => self.complete()?,
            Key::Up | Key::Control('p') => self.browse(self.back + 1)?,
            Key::Down | Key::Control('n') => self.browse(self.back.saturating_sub(1))?,
            other => {
                if self.edit(other) {
                    self.draw()?;
                } else {
                    self.beep()?;
                }
            }
        }
        Ok(Step::Continue)
    }

    /// Keys that change the line or move in it; false if there was nothing to do.
    fn edit(&mut self, key: Key) -> bool {
        let line = &mut self.line;
        match key {
            Key::Left | Key::Control('b') => line.left(),
            Key::Right | Key::Control('f') => line.right(),
            Key::Home | Key::Control('a') => line.home(),
            Key::End | Key::Control('e') => line.end(),
            Key::WordLeft => line.word_left(),
            Key::WordRight => line.word_right(),
            Key::Backspace => line.backspace(),
            Key::Delete | Key::Control('d') => line.delete(),
            Key::Control('t') => line.transpose(),
            Key::Control('k') => self.keep_cut(|line| line.cut_to_end()),
            Key::Control('u') => self.keep_cut(|line| line.cut_to_start()),
            Key::Control('w') => self.keep_cut(|line| line.cut_word_back(char::is_whitespace)),
            Key::CutWordBack => self.keep_cut(|line| line.cut_word_back(|c| !c.is_alphanumeric())),
            Key::CutWord => self.keep_cut(|line| line.cut_word()),
            Key::Control('y') => {
                line.insert(&self.editor.cut);
                !self.editor.cut.is_empty()
            }
            _ => false,
        }
    }

    fn keep_cut(&mut self, cut: impl FnOnce(&mut Line) -> String) -> bool {
        let text = cut(&mut self.line);
        let any = !text.is_empty();
        if any {
            self.editor.cut = text;
        }
        any
    }

    fn type_character(&mut self, character: char) -> io::Result<()> {
        let at_end = self.line.at_end();
        self.line.insert_character(character);
        // The usual case needs no drawing: the character alone.
        let appended = if at_end {
            self.screen.append(character)
        } else {
            None
        };
        match appended {
            Some(bytes) => self.terminal.write(&bytes),
            None => self.draw(),
        }
    }

    /// Shows the line that was entered so many lines before.
    fn browse(&mut self, back: usize) -> io::Result<()> {
        let text = match back {
            0 => self.draft.take().filter(|_| self.back > 0),
            _ => self.editor.history.back(back).map(str::to_owned),
        };
        let Some(text) = text else {
            return self.beep();
        };
        if self.back == 0 {
            self.draft = Some(self.line.text());
        }
        self.back = back;
        self.line = Line::new(&text);
        self.draw()
    }

    fn draw(&mut self) -> io::Result<()> {
        self.screen.set_width(self.terminal.width());
        let bytes = self.screen.draw(&self.line.text(), self.line.cursor());
        self.terminal.write(&bytes)
    }

    /// Ends the line on the screen, with a mark after it.
    fn leave(&mut self, mark: &str, answer: Answer) -> io::Result<Step> {
        if !self.line.at_end() {
            self.line.end();
            self.draw()?;
        }
        self.terminal.write(format!("{mark}\n").as_bytes())?;
        Ok(Step::Done(answer))
    }

    fn beep(&mut self) -> io::Result<()> {
        self.terminal.write(b"\x07")
    }
}
