//! Tab: completing the word before the cursor.
//!
//! Contract: as much as all candidates share is filled in; if that is nothing more, they are
//! listed. What the candidates are is the [`Completer`]'s affair.

use super::screen::visible_width;
use super::{Session, Terminal};
use std::io;

/// At most so many candidates are listed.
const LISTED: usize = 200;

/// What the word before the cursor may become.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    /// Where the word begins, in characters.
    pub start: usize,
    /// What each candidate would put in its place, quoted as the place needs it.
    pub replacements: Vec<String>,
    /// The candidates as they are listed.
    pub shown: Vec<String>,
    /// What follows a candidate that is the only one, such as a blank.
    pub after: String,
}

/// Someone who knows what a word may become.
pub trait Completer {
    /// The candidates for the end of `before`, which is the line up to the cursor.
    fn complete(&self, before: &str) -> Completion;
}

impl<T: Terminal> Session<'_, T> {
    pub(super) fn complete(&mut self) -> io::Result<()> {
        let before = self.line.before();
        let completion = self.completer.complete(&before);
        let Some(common) = common_start(&completion.replacements) else {
            return self.beep();
        };
        let typed: String = before.chars().skip(completion.start).collect();
        if let [only] = completion.replacements.as_slice() {
            let after = if only.ends_with('/') {
                ""
            } else {
                &completion.after
            };
            self.line
                .replace_back_to(completion.start, &format!("{only}{after}"));
            return self.draw();
        }
        if common.chars().count() > typed.chars().count() {
            self.line.replace_back_to(completion.start, &common);
            return self.draw();
        }
        self.list(&completion.shown)
    }

    /// Lists candidates in columns below the line, and draws the line again below them.
    fn list(&mut self, candidates: &[String]) -> io::Result<()> {
        let cursor = self.line.cursor();
        if self.line.end() {
            self.draw()?;
        }
        let text = columns(candidates, self.screen.width());
        self.terminal.write(format!("\n{text}").as_bytes())?;
        self.screen.start_over();
        self.line.move_to(cursor);
        self.draw()
    }
}

/// What all texts begin with; nothing if there is no text.
fn common_start(texts: &[String]) -> Option<String> {
    let (first, rest) = texts.split_first()?;
    let mut common: &str = first;
    for text in rest {
        let shared = common
            .chars()
            .zip(text.chars())
            .take_while(|(one, other)| one == other);
        let length: usize = shared.map(|(character, _)| character.len_utf8()).sum();
        common = &common[..length];
    }
    Some(common.to_owned())
}

/// Texts in columns, sorted downwards.
fn columns(texts: &[String], width: usize) -> String {
    let listed = &texts[..texts.len().min(LISTED)];
    let cell = listed
        .iter()
        .map(|text| visible_width(text))
        .max()
        .unwrap_or(0)
        + 2;
    let across = (width / cell).max(1);
    let rows = listed.len().div_ceil(across);
    let mut out = String::new();
    for row in 0..rows {
        let mut line = String::new();
        for text in listed.iter().skip(row).step_by(rows) {
            line.push_str(text);
            line.push_str(&" ".repeat(cell - visible_width(text)));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    if texts.len() > listed.len() {
        out.push_str(&format!("... and {} more\n", texts.len() - listed.len()));
    }
    out
}
