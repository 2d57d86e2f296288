//! The text being edited and its cursor: no terminal in sight.
//!
//! Contract: the cursor is a count of characters and never past the end; a motion or change that
//! does nothing says so by `false` or an empty string.

/// A line of text with a cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    characters: Vec<char>,
    cursor: usize,
}

impl Line {
    /// A text with the cursor at its end.
    pub(super) fn new(text: &str) -> Line {
        let characters: Vec<char> = text.chars().collect();
        Line {
            cursor: characters.len(),
            characters,
        }
    }

    pub(super) fn text(&self) -> String {
        self.characters.iter().collect()
    }

    /// The text before the cursor.
    pub(super) fn before(&self) -> String {
        self.characters[..self.cursor].iter().collect()
    }

    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(super) fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    pub(super) fn at_end(&self) -> bool {
        self.cursor == self.characters.len()
    }

    pub(super) fn insert_character(&mut self, character: char) {
        self.characters.insert(self.cursor, character);
        self.cursor += 1;
    }

    pub(super) fn insert(&mut self, text: &str) {
        text.chars()
            .for_each(|character| self.insert_character(character));
    }

    /// Replaces what lies between `start` and the cursor.
    pub(super) fn replace_back_to(&mut self, start: usize, text: &str) {
        self.cut(start.min(self.cursor), self.cursor);
        self.insert(text);
    }

    pub(super) fn move_to(&mut self, cursor: usize) -> bool {
        let cursor = cursor.min(self.characters.len());
        let moved = cursor != self.cursor;
        self.cursor = cursor;
        moved
    }

    pub(super) fn left(&mut self) -> bool {
        self.move_to(self.cursor.saturating_sub(1))
    }

    pub(super) fn right(&mut self) -> bool {
        self.move_to(self.cursor + 1)
    }

    pub(super) fn home(&mut self) -> bool {
        self.move_to(0)
    }

    pub(super) fn end(&mut self) -> bool {
        self.move_to(self.characters.len())
    }

    pub(super) fn word_left(&mut self) -> bool {
        self.move_to(self.word_start(|c| !c.is_alphanumeric()))
    }

    pub(super) fn word_right(&mut self) -> bool {
        self.move_to(self.word_end())
    }

    pub(super) fn backspace(&mut self) -> bool {
        self.left() && self.delete()
    }

    pub(super) fn delete(&mut self) -> bool {
        let any = !self.at_end();
        if any {
            self.characters.remove(self.cursor);
        }
        any
    }

    /// Swaps the two characters before the cursor, or those around it.
    pub(super) fn transpose(&mut self) -> bool {
        let length = self.characters.len();
        if length < 2 || self.cursor == 0 {
            return false;
        }
        let second = self.cursor.min(length - 1);
        self.characters.swap(second - 1, second);
        self.cursor = second + 1;
        true
    }

    pub(super) fn cut_to_end(&mut self) -> String {
        self.cut(self.cursor, self.characters.len())
    }

    pub(super) fn cut_to_start(&mut self) -> String {
        self.cut(0, self.cursor)
    }

    /// Cuts the word before the cursor; `is_gap` tells what separates words.
    pub(super) fn cut_word_back(&mut self, is_gap: impl Fn(char) -> bool) -> String {
        self.cut(self.word_start(is_gap), self.cursor)
    }

    pub(super) fn cut_word(&mut self) -> String {
        self.cut(self.cursor, self.word_end())
    }

    fn cut(&mut self, start: usize, end: usize) -> String {
        self.cursor = start;
        self.characters.drain(start..end).collect()
    }

    fn word_start(&self, is_gap: impl Fn(char) -> bool) -> usize {
        let mut at = self.cursor;
        while at > 0 && is_gap(self.characters[at - 1]) {
            at -= 1;
        }
        while at > 0 && !is_gap(self.characters[at - 1]) {
            at -= 1;
        }
        at
    }

    fn word_end(&self) -> usize {
        let length = self.characters.len();
        let mut at = self.cursor;
        while at < length && !self.characters[at].is_alphanumeric() {
            at += 1;
        }
        while at < length && self.characters[at].is_alphanumeric() {
            at += 1;
        }
        at
    }
}
