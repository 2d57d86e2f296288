//! Fields in the making: bytes with marks, and how they are split.
//!
//! Contract: only bytes that came from an expansion outside quotes are separators; a quoted empty
//! string keeps its field alive. Source: POSIX.1-2017 XCU 2.6.5.

use crate::ast::Bytes;

/// Where a byte came from; it decides what may still happen to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Written in the program without quotes: may be a pattern character.
    Literal,
    /// Quoted in any way: stays as it is.
    Quoted,
    /// The result of an expansion outside quotes: may separate fields and be a pattern character.
    Expanded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Byte(u8, Mark),
    /// A place where something was quoted, even if it was empty.
    Quotes,
}

/// One field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    units: Vec<Unit>,
}

impl Field {
    /// The text without the marks.
    pub fn text(&self) -> Bytes {
        self.units().map(|(byte, _)| byte).collect()
    }

    /// The bytes and their marks.
    pub fn units(&self) -> impl Iterator<Item = (u8, Mark)> {
        self.units.iter().filter_map(|unit| match unit {
            Unit::Byte(byte, mark) => Some((*byte, *mark)),
            Unit::Quotes => None,
        })
    }

    /// A field of text from one source.
    pub fn new(text: &[u8], mark: Mark) -> Field {
        Field {
            units: text.iter().map(|&byte| Unit::Byte(byte, mark)).collect(),
        }
    }
}

/// The fields a word expands to, before splitting. Only `$@` makes more than one.
pub(super) struct Fields {
    done: Vec<Field>,
    current: Field,
    /// Whether `$@` makes separate fields here; in an assignment it does not.
    pub(super) separate: bool,
    /// Whether a quoted `$@` without arguments was seen since quotes last opened.
    vanished: bool,
}

/// Where double quotes opened.
pub(super) struct QuoteStart {
    fields: usize,
    units: usize,
}

impl Fields {
    pub(super) fn new(separate: bool) -> Fields {
        Fields {
            done: Vec::new(),
            current: Field::default(),
            separate,
            vanished: false,
        }
    }

    pub(super) fn push(&mut self, text: &[u8], mark: Mark) {
        self.current
            .units
            .extend(text.iter().map(|&byte| Unit::Byte(byte, mark)));
    }

    /// Text that was quoted by itself, perhaps empty.
    pub(super) fn push_quoted(&mut self, text: &[u8]) {
        self.current.units.push(Unit::Quotes);
        self.push(text, Mark::Quoted);
    }

    /// The value of a parameter, which may be empty; between quotes that still makes a field.
    pub(super) fn push_value(&mut self, text: &[u8], quoted: bool) {
        if quoted {
            self.push_quoted(text);
        } else {
            self.push(text, Mark::Expanded);
        }
    }

    /// Ends the field being made and begins the next.
    pub(super) fn next_field(&mut self) {
        self.done.push(std::mem::take(&mut self.current));
    }

    /// Double quotes open; gives what [`Fields::end_quotes`] wants back.
    pub(super) fn begin_quotes(&mut self) -> QuoteStart {
        self.vanished = false;
        QuoteStart {
            fields: self.done.len(),
            units: self.current.units.len(),
        }
    }

    /// Double quotes close: they make a field even if nothing is in them, unless all there was is
    /// a `$@` without arguments.
    pub(super) fn end_quotes(&mut self, start: QuoteStart) {
        let empty = self.done.len() == start.fields && self.current.units.len() == start.units;
        if empty && !self.vanished {
            self.current.units.push(Unit::Quotes);
        }
    }

    /// Notes that a quoted `$@` had no arguments.
    pub(super) fn note_vanished(&mut self) {
        self.vanished = true;
    }

    /// The fields; an empty one is left for splitting to drop.
    pub(super) fn finish(mut self) -> Vec<Field> {
        self.next_field();
        self.done
    }

    /// All in one, where separate fields were not wanted.
    pub(super) fn into_single(self) -> Field {
        self.current
    }
}

/// Splits a field at the separators it has outside quotes; drops it if nothing is left.
pub fn split(field: Field, separators: &[u8]) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut current = Field::default();
    let mut started = false;
    // After a blank ended a field, one other separator still belongs to the same gap.
    let mut in_gap = false;
    for unit in field.units {
        match unit {
            Unit::Byte(byte, Mark::Expanded) if separators.contains(&byte) => {
                let blank = b" \t\n".contains(&byte);
                if started || (!blank && !in_gap) {
                    fields.push(std::mem::take(&mut current));
                    in_gap = blank;
                } else if !blank {
                    in_gap = false;
                }
                started = false;
            }
            _ => {
                current.units.push(unit);
                started = true;
                in_gap = false;
            }
        }
    }
    if started {
        fields.push(current);
    }
    fields
}
