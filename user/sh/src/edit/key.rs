//! Keys out of the bytes a terminal sends.
//!
//! Contract: UTF-8 characters, control keys, and the escape sequences of ECMA-48 terminals (xterm's
//! control sequences, VT220 keys); what is not known is read to its end and dropped.

use super::terminal::{Received, Terminal};
use std::io;
use std::time::Duration;

/// How long the rest of an escape sequence may take. The Escape key alone sends only its start.
const SEQUENCE_PAUSE: Duration = Duration::from_millis(100);

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Character(char),
    /// Ctrl and a small letter.
    Control(char),
    Enter,
    Tab,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    WordLeft,
    WordRight,
    /// Alt-D.
    CutWord,
    /// Alt-Backspace.
    CutWordBack,
    /// Anything else.
    Unknown,
}

/// The next key; nothing when the terminal is gone.
pub(super) fn read_key(terminal: &mut impl Terminal) -> io::Result<Option<Key>> {
    let byte = match terminal.read(None)? {
        Received::Byte(byte) => byte,
        Received::End | Received::Timeout => return Ok(None),
    };
    Ok(Some(match byte {
        b'\r' | b'\n' => Key::Enter,
        b'\t' => Key::Tab,
        8 | 127 => Key::Backspace,
        27 => escape(terminal)?,
        1..=26 => Key::Control(char::from(byte - 1 + b'a')),
        0..=31 => Key::Unknown,
        _ => character(terminal, byte)?,
    }))
}

fn escape(terminal: &mut impl Terminal) -> io::Result<Key> {
    let Received::Byte(byte) = terminal.read(Some(SEQUENCE_PAUSE))? else {
        return Ok(Key::Unknown);
    };
    Ok(match byte {
        b'[' => sequence(terminal)?,
        b'O' => match terminal.read(Some(SEQUENCE_PAUSE))? {
            Received::Byte(last) => cursor_key(last, false),
            _ => Key::Unknown,
        },
        b'b' => Key::WordLeft,
        b'f' => Key::WordRight,
        b'd' => Key::CutWord,
        8 | 127 => Key::CutWordBack,
        _ => Key::Unknown,
    })
}

/// After `ESC [`: parameters and a final byte.
fn sequence(terminal: &mut impl Terminal) -> io::Result<Key> {
    let mut parameters = Vec::new();
    loop {
        let Received::Byte(byte) = terminal.read(Some(SEQUENCE_PAUSE))? else {
            return Ok(Key::Unknown);
        };
        match byte {
            b'0'..=b'?' if parameters.len() < 16 => parameters.push(byte),
            // The Linux console's function keys: one more byte belongs to them.
            b'[' if parameters.is_empty() => {
                terminal.read(Some(SEQUENCE_PAUSE))?;
                return Ok(Key::Unknown);
            }
            b'~' => {
                return Ok(match parameters.as_slice() {
                    b"1" | b"7" => Key::Home,
                    b"4" | b"8" => Key::End,
                    b"3" => Key::Delete,
                    _ => Key::Unknown,
                });
            }
            // Ctrl and Alt with an arrow: `1;5C`, `1;3C`.
            other => {
                return Ok(cursor_key(
                    other,
                    parameters.ends_with(b";5") || parameters.ends_with(b";3"),
                ));
            }
        }
    }
}

fn cursor_key(byte: u8, by_word: bool) -> Key {
    match byte {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' if by_word => Key::WordRight,
        b'D' if by_word => Key::WordLeft,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        _ => Key::Unknown,
    }
}

/// A character that begins with `first`; bytes that are not UTF-8 are dropped.
fn character(terminal: &mut impl Terminal, first: u8) -> io::Result<Key> {
    let length = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let mut bytes = vec![first];
    while bytes.len() < length {
        match terminal.read(Some(SEQUENCE_PAUSE))? {
            Received::Byte(byte) => bytes.push(byte),
            _ => return Ok(Key::Unknown),
        }
    }
    let decoded = std::str::from_utf8(&bytes)
        .ok()
        .and_then(|text| text.chars().next());
    Ok(decoded.map_or(Key::Unknown, Key::Character))
}
