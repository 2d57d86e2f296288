//! Backslash sequences of `echo -e`, `printf` and its `%b` (POSIX.1-2017 XBD 5, XCU `printf`).

use crate::ast::Bytes;

/// How an octal number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Octal {
    /// `\0ddd`: `echo` and `%b`.
    AfterZero,
    /// `\ddd`: the format of `printf`.
    Plain,
}

/// The text with its sequences replaced, and whether `\c` ended it.
pub fn interpret(text: &[u8], octal: Octal) -> (Bytes, bool) {
    let mut out = Bytes::new();
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match sequence(after, octal) {
            Sequence::Byte(value, length) => {
                out.push(value);
                rest = &after[length..];
            }
            Sequence::Stop => return (out, true),
            Sequence::None => out.push(b'\\'),
        }
    }
    (out, false)
}

/// What follows a backslash.
pub enum Sequence {
    /// A byte, written in so many bytes after the backslash.
    Byte(u8, usize),
    /// `\c`: no more output.
    Stop,
    /// No sequence: the backslash is itself.
    None,
}

/// Reads what follows a backslash.
pub fn sequence(text: &[u8], octal: Octal) -> Sequence {
    let Some(&letter) = text.first() else {
        return Sequence::None;
    };
    let simple = |value| Sequence::Byte(value, 1);
    match letter {
        b'a' => simple(7),
        b'b' => simple(8),
        b'e' => simple(0x1b),
        b'f' => simple(12),
        b'n' => simple(b'\n'),
        b'r' => simple(b'\r'),
        b't' => simple(b'\t'),
        b'v' => simple(11),
        b'\\' => simple(b'\\'),
        b'c' => Sequence::Stop,
        b'x' => digits(&text[1..], 16, 2).map_or(Sequence::None, |(value, length)| {
            Sequence::Byte(value, length + 1)
        }),
        b'0' if octal == Octal::AfterZero => digits(&text[1..], 8, 3)
            .map_or(simple(0), |(value, length)| {
                Sequence::Byte(value, length + 1)
            }),
        b'0'..=b'7' if octal == Octal::Plain => digits(text, 8, 3)
            .map_or(Sequence::None, |(value, length)| {
                Sequence::Byte(value, length)
            }),
        b'"' | b'\'' if octal == Octal::Plain => simple(letter),
        _ => Sequence::None,
    }
}

/// A number of at most `longest` digits, and how many there were. Octal numbers keep eight bits.
fn digits(text: &[u8], radix: u32, longest: usize) -> Option<(u8, usize)> {
    let digit = |byte: &u8| char::from(*byte).to_digit(radix);
    let digits: Vec<u32> = text.iter().take(longest).map_while(digit).collect();
    let value = digits
        .iter()
        .fold(0_u32, |value, digit| value * radix + digit);
    (!digits.is_empty()).then_some(((value & 0xff) as u8, digits.len()))
}
