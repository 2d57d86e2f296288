//! Words and quotes.
//!
//! Contract: what was quoted stays marked as such in the parts, and nothing is expanded here.
//! Source: POSIX.1-2017 XCU 2.2.

use super::{Lexer, ends_word};
use crate::ast::{Bytes, Part, Word};
use crate::error::SyntaxError;

/// Where a run of parts stands; it decides which quotes are live and what ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// An ordinary word: ends at a blank or an operator.
    Word,
    /// Inside `${…}` outside double quotes: ends at `}`.
    Brace,
    /// Inside `${…}` inside double quotes: ends at `}`, single quotes are text.
    QuotedBrace,
    /// Between double quotes: ends at `"`.
    DoubleQuotes,
    /// The body of a here-document: ends with the text.
    Here,
    /// Inside `$((…))`: ends at the `))` that closes it.
    Arithmetic,
}

impl Place {
    fn is_double_quoted(self) -> bool {
        !matches!(self, Place::Word | Place::Brace)
    }

    fn ends_at(self, byte: u8) -> bool {
        match self {
            Place::Word => ends_word(byte),
            Place::Brace | Place::QuotedBrace => byte == b'}',
            Place::DoubleQuotes => byte == b'"',
            Place::Here | Place::Arithmetic => false,
        }
    }

    /// What a backslash quotes here; before anything else it is text.
    fn escapes(self, byte: u8) -> bool {
        match self {
            Place::Word | Place::Brace => true,
            Place::Here => b"$`\\".contains(&byte),
            Place::QuotedBrace => b"$`\"\\}".contains(&byte),
            Place::DoubleQuotes | Place::Arithmetic => b"$`\"\\".contains(&byte),
        }
    }
}

impl Lexer<'_> {
    /// A word that begins at the current byte.
    pub(super) fn word(&mut self) -> Result<Word, SyntaxError> {
        Ok(Word {
            parts: self.parts(Place::Word)?,
        })
    }

    /// Parts up to what ends `place`; the ending byte is left for the caller.
    pub(super) fn parts(&mut self, place: Place) -> Result<Vec<Part>, SyntaxError> {
        self.enter()?;
        let mut parts = Vec::new();
        let mut parentheses = 0_u32;
        while let Some(byte) = self.peek() {
            if place.ends_at(byte) {
                break;
            }
            if place == Place::Arithmetic {
                match byte {
                    b'(' => parentheses += 1,
                    b')' if parentheses == 0 => break,
                    b')' => parentheses -= 1,
                    _ => {}
                }
            }
            self.part(place, byte, &mut parts)?;
        }
        self.leave();
        Ok(parts)
    }

    fn part(&mut self, place: Place, byte: u8, parts: &mut Vec<Part>) -> Result<(), SyntaxError> {
        match byte {
            b'\\' => self.backslash(place, parts),
            b'\'' if !place.is_double_quoted() => parts.push(Part::Quoted(self.single_quotes()?)),
            // In arithmetic, quotes mean nothing and are dropped.
            b'"' if place == Place::Arithmetic => self.bump(),
            b'"' if place == Place::QuotedBrace || !place.is_double_quoted() => {
                parts.push(self.double_quotes()?);
            }
            b'$' => match self.dollar(place)? {
                Some(part) => parts.push(part),
                None => push_text(parts, b'$', false),
            },
            b'`' => parts.push(self.backquotes(place)?),
            _ => {
                self.bump();
                push_text(parts, byte, false);
            }
        }
        Ok(())
    }

    fn backslash(&mut self, place: Place, parts: &mut Vec<Part>) {
        self.bump();
        match self.peek_raw() {
            Some(next) if place.escapes(next) => {
                self.bump();
                push_text(parts, next, true);
            }
            _ => push_text(parts, b'\\', true),
        }
    }

    fn single_quotes(&mut self) -> Result<Bytes, SyntaxError> {
        let opened = self.line;
        self.bump();
        let mut text = Bytes::new();
        loop {
            match self.peek_raw() {
                None => return Err(self.error_at(opened, "no closing ' for the one opened here")),
                Some(b'\'') => break,
                Some(byte) => text.push(byte),
            }
            self.bump();
        }
        self.bump();
        Ok(text)
    }

    fn double_quotes(&mut self) -> Result<Part, SyntaxError> {
        let opened = self.line;
        self.bump();
        let parts = self.parts(Place::DoubleQuotes)?;
        if self.peek() != Some(b'"') {
            return Err(self.error_at(opened, "no closing \" for the one opened here"));
        }
        self.bump();
        Ok(Part::DoubleQuoted(parts))
    }
}

/// Adds a byte of text to the last part of its kind, or begins one.
pub(super) fn push_text(parts: &mut Vec<Part>, byte: u8, quoted: bool) {
    match (parts.last_mut(), quoted) {
        (Some(Part::Literal(text)), false) | (Some(Part::Quoted(text)), true) => text.push(byte),
        (_, false) => parts.push(Part::Literal(vec![byte])),
        (_, true) => parts.push(Part::Quoted(vec![byte])),
    }
}
