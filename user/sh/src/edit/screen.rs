//! Drawing: what to send so that the terminal shows the prompt, the line and the cursor.
//!
//! Contract: works in columns and rows of the prompt's own lines and never asks the terminal where
//! it is. Two ways: with escape sequences (ECMA-48 CUU, CUF, ED), a long line takes several rows;
//! on a plain terminal only carriage returns and blanks are sent, and a long line scrolls sideways
//! in one row.

/// The width that is assumed when the terminal does not know its own, as a serial line does not.
pub(super) const UNKNOWN_WIDTH: usize = 80;

/// The narrowest width that is believed.
const NARROWEST: usize = 4;

/// What is on the screen.
#[derive(Debug)]
pub(super) struct Screen {
    /// The prompt's lines but the last, shown once.
    heading: String,
    /// The prompt's last line, redrawn with the text.
    prompt: String,
    prompt_width: usize,
    width: usize,
    plain: bool,
    /// The row of the cursor, counted from the prompt's.
    row: usize,
    /// How many columns the prompt and the text take, on a plain terminal those in view.
    drawn: usize,
}

impl Screen {
    /// A screen for a prompt. `width` 0 means that it is not known.
    pub(super) fn new(prompt: &str, width: usize, plain: bool) -> Screen {
        let (heading, last) = match prompt.rfind('\n') {
            Some(at) => prompt.split_at(at + 1),
            None => ("", prompt),
        };
        let mut screen = Screen {
            heading: heading.to_owned(),
            prompt: last.to_owned(),
            prompt_width: visible_width(last),
            width: 0,
            plain,
            row: 0,
            drawn: 0,
        };
        screen.set_width(width);
        screen
    }

    /// The terminal may have changed its size.
    pub(super) fn set_width(&mut self, width: usize) {
        self.width = if width == 0 {
            UNKNOWN_WIDTH
        } else {
            width.max(NARROWEST)
        };
    }

    /// The width lines are drawn for.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The prompt alone.
    pub(super) fn first_draw(&mut self) -> Vec<u8> {
        let heading = std::mem::take(&mut self.heading);
        self.drawn = self.prompt_width;
        self.row = self.row_of(self.drawn, true);
        [heading.as_bytes(), self.prompt.as_bytes()].concat()
    }

    /// The output is below what was drawn; the next drawing begins there.
    pub(super) fn start_over(&mut self) {
        self.row = 0;
        self.drawn = 0;
    }

    /// Replaces the prompt, as a search does while it runs; gives the old one.
    pub(super) fn set_prompt(&mut self, prompt: &str) -> String {
        self.prompt_width = visible_width(prompt);
        std::mem::replace(&mut self.prompt, prompt.to_owned())
    }

    /// Empties the screen.
    pub(super) fn clear(&mut self) -> Vec<u8> {
        self.start_over();
        if self.plain {
            b"\n".to_vec()
        } else {
            b"\x1b[H\x1b[2J".to_vec()
        }
    }

    /// What shows one more character at the end; nothing if all must be drawn.
    pub(super) fn append(&mut self, character: char) -> Option<Vec<u8>> {
        let columns = character_width(character);
        let fits = !self.plain || self.drawn + columns < self.width;
        // A character of two columns does not straddle the margin, so count anew there.
        if columns != 1 || !fits {
            return None;
        }
        self.drawn += columns;
        self.row = self.row_of(self.drawn, true);
        Some(character.to_string().into_bytes())
    }

    /// What draws the prompt and a text with the cursor before character `cursor`.
    pub(super) fn draw(&mut self, text: &str, cursor: usize) -> Vec<u8> {
        if self.plain {
            self.draw_plain(text, cursor)
        } else {
            self.draw_rows(text, cursor)
        }
    }

    fn draw_rows(&mut self, text: &str, cursor: usize) -> Vec<u8> {
        let mut out = String::new();
        if self.row > 0 {
            out.push_str(&format!("\x1b[{}A", self.row));
        }
        out.push_str("\r\x1b[J");
        out.push_str(&self.prompt);
        let mut column = self.prompt_width;
        let mut target = column;
        for (index, character) in text.chars().enumerate() {
            let columns = character_width(character);
            // The terminal moves a wide character to the next row if it does not fit whole.
            if columns == 2 && column % self.width == self.width - 1 {
                column += 1;
            }
            if index == cursor {
                target = column;
            }
            push_visible(&mut out, character);
            column += columns;
        }
        let at_end = cursor >= text.chars().count();
        if at_end {
            target = column;
        }
        let last_row = self.row_of(column, true);
        self.row = self.row_of(target, at_end);
        self.drawn = column;
        if !at_end {
            if last_row > self.row {
                out.push_str(&format!("\x1b[{}A", last_row - self.row));
            }
            out.push('\r');
            if !target.is_multiple_of(self.width) {
                out.push_str(&format!("\x1b[{}C", target % self.width));
            }
        }
        out.into_bytes()
    }

    /// The row of a column count. At the end of the text, a full row is not left: terminals wrap
    /// only when the next character comes.
    fn row_of(&self, column: usize, at_end: bool) -> usize {
        if at_end && column > 0 {
            (column - 1) / self.width
        } else {
            column / self.width
        }
    }

    fn draw_plain(&mut self, text: &str, cursor: usize) -> Vec<u8> {
        let characters: Vec<char> = text.chars().collect();
        let room = self
            .width
            .saturating_sub(self.prompt_width + 1)
            .max(NARROWEST - 1);
        let columns = |part: &[char]| part.iter().map(|&c| character_width(c)).sum::<usize>();
        let mut start = 0;
        while columns(&characters[start..cursor]) > room {
            start += 1;
        }
        let mut end = characters.len();
        while columns(&characters[start..end]) > room {
            end -= 1;
        }
        let mut out = format!("\r{}", self.prompt);
        characters[start..end]
            .iter()
            .for_each(|&c| push_visible(&mut out, c));
        let used = self.prompt_width + columns(&characters[start..end]);
        out.push_str(&" ".repeat(self.drawn.saturating_sub(used)));
        self.drawn = used;
        // A cursor at the end of what was drawn, with nothing blanked after it, is in its place.
        out.push('\r');
        out.push_str(&self.prompt);
        characters[start..cursor]
            .iter()
            .for_each(|&c| push_visible(&mut out, c));
        out.into_bytes()
    }
}

/// Control characters show as `^X`.
fn push_visible(out: &mut String, character: char) {
    if character.is_ascii_control() {
        out.push('^');
        out.push(char::from((character as u8) ^ 0x40));
    } else {
        out.push(character);
    }
}

/// How many columns a character takes.
pub(super) fn character_width(character: char) -> usize {
    match u32::from(character) {
        0..=0x1f | 0x7f => 2,
        // Combining marks, zero-width spaces and joiners, variation selectors.
        0x300..=0x36f | 0x200b..=0x200f | 0x20d0..=0x20ff | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f => 0,
        // Wide in Unicode's East Asian Width: Hangul, CJK, Kana, full-width forms, emoji.
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff => {
            2
        }
        0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f900..=0x1f9ff => 2,
        0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// The columns of a text, escape sequences of colours left out.
pub(super) fn visible_width(text: &str) -> usize {
    let mut width = 0;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\x1b' {
            width += if character.is_ascii_control() {
                0
            } else {
                character_width(character)
            };
            continue;
        }
        if characters.next() == Some('[') {
            // The sequence ends with the first byte from `@` to `~`.
            characters.by_ref().find(|end| ('@'..='~').contains(end));
        }
    }
    width
}
