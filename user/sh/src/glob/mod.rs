//! Patterns: `*`, `?` and `[…]`, for `case`, `${x#…}` and file names.
//!
//! Contract: [`Pattern`] holds a compiled pattern; quoted characters are literal in it. A match
//! never takes more than time proportional to pattern times text (one point to come back to is
//! enough for `*`), so no pattern can hang the shell. Characters are UTF-8 where the text is,
//! else single bytes. Source: POSIX.1-2017 XCU 2.13.

mod bracket;
mod path;
#[cfg(test)]
mod tests;

use crate::ast::Bytes;
use bracket::Bracket;
pub use path::expand_path;

/// One unit of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Unit {
    /// Exactly this byte.
    Byte(u8),
    /// `?`: any one character.
    AnyCharacter,
    /// `*`: any text.
    AnyText,
    /// `[…]`: one character of a set.
    Bracket(Bracket),
}

/// A compiled pattern.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pattern {
    units: Vec<Unit>,
}

/// A byte of a pattern's source, and whether it may be special.
pub type Marked = (u8, bool);

impl Pattern {
    /// Compiles bytes of which some are quoted (`false`: literal).
    pub fn new(source: &[Marked]) -> Pattern {
        let mut units = Vec::new();
        let mut rest = source;
        while let Some((&(byte, live), after)) = rest.split_first() {
            rest = after;
            let unit = match (byte, live) {
                (b'*', true) => Unit::AnyText,
                (b'?', true) => Unit::AnyCharacter,
                (b'[', true) => match Bracket::parse(after) {
                    Some((bracket, after_bracket)) => {
                        rest = after_bracket;
                        Unit::Bracket(bracket)
                    }
                    None => Unit::Byte(byte),
                },
                (b'\\', true) if !after.is_empty() => {
                    rest = after.get(1..).unwrap_or_default();
                    Unit::Byte(after.first().map_or(byte, |&(next, _)| next))
                }
                _ => Unit::Byte(byte),
            };
            if unit != Unit::AnyText || units.last() != Some(&Unit::AnyText) {
                units.push(unit);
            }
        }
        Pattern { units }
    }

    /// The text this pattern stands for, if nothing in it is special.
    pub fn as_text(&self) -> Option<Bytes> {
        self.units
            .iter()
            .map(|unit| {
                if let Unit::Byte(byte) = unit {
                    Some(*byte)
                } else {
                    None
                }
            })
            .collect()
    }

    /// Whether the first unit is the literal `byte`.
    fn starts_with(&self, byte: u8) -> bool {
        self.units.first() == Some(&Unit::Byte(byte))
    }

    /// Whether the whole of `text` matches.
    pub fn matches(&self, text: &[u8]) -> bool {
        let (mut unit, mut at) = (0, 0);
        // Where the last `*` stands and how far its text reaches so far.
        let mut star: Option<(usize, usize)> = None;
        loop {
            match self.units.get(unit) {
                Some(Unit::AnyText) => {
                    star = Some((unit, at));
                    unit += 1;
                    continue;
                }
                Some(other) => {
                    if let Some(length) = other.match_length(&text[at..]) {
                        (unit, at) = (unit + 1, at + length);
                        continue;
                    }
                }
                None if at == text.len() => return true,
                None => {}
            }
            match star {
                Some((star_unit, reach)) if reach < text.len() => {
                    star = Some((star_unit, reach + 1));
                    (unit, at) = (star_unit + 1, reach + 1);
                }
                _ => return false,
            }
        }
    }

    /// How long the prefix of `text` is that matches: the longest or the shortest one.
    pub fn match_prefix(&self, text: &[u8], longest: bool) -> Option<usize> {
        let mut ends = 0..=text.len();
        let fits = |end: &usize| self.matches(&text[..*end]);
        if longest {
            ends.rfind(fits)
        } else {
            ends.find(fits)
        }
    }

    /// Where the suffix of `text` starts that matches: the longest or the shortest one.
    pub fn match_suffix(&self, text: &[u8], longest: bool) -> Option<usize> {
        let mut starts = 0..=text.len();
        let fits = |start: &usize| self.matches(&text[*start..]);
        if longest {
            starts.find(fits)
        } else {
            starts.rfind(fits)
        }
    }
}

impl Unit {
    /// How many bytes at the start of `text` this unit takes.
    fn match_length(&self, text: &[u8]) -> Option<usize> {
        let (character, length) = first_character(text)?;
        match self {
            Unit::Byte(byte) => (text.first() == Some(byte)).then_some(1),
            Unit::AnyCharacter => Some(length),
            Unit::Bracket(bracket) => bracket.contains(character).then_some(length),
            Unit::AnyText => None,
        }
    }
}

/// The first character of a text and its length in bytes; bytes that are not UTF-8 count singly.
pub fn first_character(text: &[u8]) -> Option<(char, usize)> {
    let first = *text.first()?;
    let expected = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some((char::from(first), 1)),
    };
    let decoded = text
        .get(..expected)
        .and_then(|bytes| std::str::from_utf8(bytes).ok());
    Some(
        decoded
            .and_then(|text| text.chars().next())
            .map_or((char::from(first), 1), |c| (c, expected)),
    )
}
