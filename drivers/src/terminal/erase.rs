//! Editing the line being typed: erase a character, a word or the whole line, and what the
//! screen shows of it.
use super::discipline::LineDiscipline;
use super::is_control;
use super::output::TAB;
use abi::raw::general::{ECHO, ECHOCTL, ECHOE, ECHOK, ECHOKE, ECHOPRT, VERASE, VKILL};

/// What an editing key erases.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Erase {
    /// The last character (`VERASE`).
    Character,
    /// The last word (`VWERASE`).
    Word,
    /// The line (`VKILL`).
    Line,
}

/// Whether a word goes on with a character that begins with this byte: letters, digits and `_`,
/// Latin-1 letters and all that UTF-8 encodes in several bytes.
const fn is_of_word(first: u8) -> bool {
    first.is_ascii_alphanumeric()
        || first == b'_'
        || (first >= 0xc0 && first != 0xd7 && first != 0xf7)
}

impl LineDiscipline {
    /// Erases from the line being typed, and from the screen as the echo flags ask.
    pub(super) fn erase(&mut self, what: Erase) {
        if self.input.len_being_typed() == 0 {
            return;
        }
        if what == Erase::Line && !self.wipes_killed_lines() {
            self.kill_without_wiping();
            return;
        }
        let mut in_word = false;
        while let Some(start) = self.last_character_start() {
            let first = self.input.typed(start);
            if what == Erase::Word {
                let of_word = is_of_word(first);
                if in_word && !of_word {
                    break;
                }
                in_word |= of_word;
            }
            self.erase_character(start, what);
            if what == Erase::Character {
                break;
            }
        }
        if self.input.len_being_typed() == 0 && self.termios().local(ECHO) {
            self.finish_erasing();
        }
    }

    fn wipes_killed_lines(&self) -> bool {
        self.termios().local(ECHO | ECHOE | ECHOK | ECHOKE)
    }

    fn kill_without_wiping(&mut self) {
        self.input.truncate_typed(0);
        if !self.termios().local(ECHO) {
            return;
        }
        self.finish_erasing();
        if let Some(key) = self.termios().character(VKILL) {
            self.echo(key);
        }
        if self.termios().local(ECHOK) {
            self.echo_plain(b'\n');
        }
    }

    /// Where the last whole character of the line being typed begins.
    fn last_character_start(&self) -> Option<usize> {
        let mut start = self.input.len_being_typed().checked_sub(1)?;
        while start > 0 && self.is_continuation(self.input.typed(start)) {
            start -= 1;
        }
        // A lone continuation byte at the start of the line is no whole character: it stays.
        if self.is_continuation(self.input.typed(start)) {
            None
        } else {
            Some(start)
        }
    }

    /// Takes the last character, which begins at `start`, out of the line and off the screen.
    fn erase_character(&mut self, start: usize, what: Erase) {
        let end = self.input.len_being_typed();
        let first = self.input.typed(start);
        if self.termios().local(ECHO) {
            if self.termios().local(ECHOPRT) {
                self.show_erased(start, end);
            } else if what == Erase::Character && !self.termios().local(ECHOE) {
                if let Some(key) = self.termios().character(VERASE) {
                    self.echo(key);
                }
            } else if first == b'\t' {
                self.echo_back(self.width_of_tab(start));
            } else {
                self.wipe(first);
            }
        }
        self.input.truncate_typed(start);
    }

    /// Shows an erased character on paper (`ECHOPRT`): between `\` and `/`, in the order erased.
    fn show_erased(&mut self, start: usize, end: usize) {
        if !self.erasing {
            self.echo_plain(b'\\');
            self.erasing = true;
        }
        self.echo(self.input.typed(start));
        for offset in start + 1..end {
            let byte = self.input.typed(offset);
            self.echo_plain(byte);
        }
    }

    /// Wipes a character off the screen: one column, two for a control character shown as `^X`.
    fn wipe(&mut self, byte: u8) {
        let columns = match (is_control(byte), self.termios().local(ECHOCTL)) {
            (true, true) => 2,
            (true, false) => 0,
            (false, _) => 1,
        };
        for _ in 0..columns {
            self.output.push_slice(b"\x08 \x08");
            self.column = self.column.saturating_sub(1);
        }
    }

    /// How many columns the tab at `offset` of the line being typed moved the cursor.
    fn width_of_tab(&self, offset: usize) -> usize {
        let mut columns = 0;
        let mut start_column = self.line_start_column;
        for before in (0..offset).rev() {
            let byte = self.input.typed(before);
            if byte == b'\t' {
                // After an earlier tab the cursor stood on a tab stop, wherever the line began.
                start_column = 0;
                break;
            }
            if is_control(byte) {
                columns += if self.termios().local(ECHOCTL) { 2 } else { 0 };
            } else if !self.is_continuation(byte) {
                columns += 1;
            }
        }
        TAB - (start_column + columns) % TAB
    }

    /// Ends a run of erased characters shown on paper.
    pub(super) fn finish_erasing(&mut self) {
        if self.erasing {
            self.echo_plain(b'/');
            self.erasing = false;
        }
    }
}
