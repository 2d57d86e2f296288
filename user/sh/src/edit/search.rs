//! Ctrl-R: looking back through the history for a text.
//!
//! Contract: each character narrows the search, Ctrl-R goes further back, Backspace widens it;
//! Enter runs what was found, Ctrl-G or Ctrl-C gives the old line back, any other key edits what
//! was found.

use super::key::{Key, read_key};
use super::line::Line;
use super::{Answer, Session, Step, Terminal};
use std::io;

impl<T: Terminal> Session<'_, T> {
    pub(super) fn search(&mut self) -> io::Result<Step> {
        let before = self.line.clone();
        let prompt = self.screen.set_prompt("");
        let mut wanted = String::new();
        // How far back the line shown is.
        let mut back = 0;
        let mut found = true;
        let key = loop {
            let failed = if found { "" } else { "failed " };
            self.screen
                .set_prompt(&format!("({failed}search `{wanted}'): "));
            self.draw()?;
            let Some(key) = read_key(self.terminal)? else {
                break Key::Enter;
            };
            let from = match key {
                Key::Character(character) => {
                    wanted.push(character);
                    back.max(1)
                }
                Key::Backspace => {
                    wanted.pop();
                    1
                }
                Key::Control('r') => back + 1,
                other => break other,
            };
            found = false;
            if let Some((position, text)) = self.editor.history.find(&wanted, from) {
                found = true;
                back = position;
                let cursor = text
                    .find(&wanted)
                    .map_or(0, |at| text[..at].chars().count());
                self.line = Line::new(text);
                self.line.move_to(cursor);
            }
        };
        self.screen.set_prompt(&prompt);
        if matches!(key, Key::Control('g' | 'c')) {
            self.line = before;
            self.draw()?;
            return Ok(Step::Continue);
        }
        self.draw()?;
        match key {
            Key::Enter => self.leave("", Answer::Line(self.line.text())),
            other => self.press(other),
        }
    }
}
