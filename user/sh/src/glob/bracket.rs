//! Bracket expressions: `[abc]`, `[a-z]`, `[!x]`, `[[:digit:]]`.
//!
//! Contract: a `[` without its `]` is an ordinary character, as POSIX.1-2017 XBD 9.3.5 and XCU
//! 2.13.1 say; a quoted character in a bracket is only itself.

use super::Marked;

/// A set of characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bracket {
    negated: bool,
    members: Vec<Member>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Member {
    /// All characters from the first to the second.
    Range(char, char),
    /// A class such as `[:alpha:]`.
    Class(Class),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Alnum,
    Alpha,
    Blank,
    Cntrl,
    Digit,
    Graph,
    Lower,
    Print,
    Punct,
    Space,
    Upper,
    Xdigit,
}

impl Bracket {
    /// Parses what follows a `[`; gives the set and what follows its `]`.
    pub(super) fn parse(source: &[Marked]) -> Option<(Bracket, &[Marked])> {
        let mut rest = source;
        let negated = matches!(rest.first(), Some((b'!' | b'^', true)));
        if negated {
            rest = &rest[1..];
        }
        let mut members = Vec::new();
        let mut first = true;
        loop {
            let &(byte, live) = rest.first()?;
            if byte == b']' && live && !first {
                return Some((Bracket { negated, members }, &rest[1..]));
            }
            first = false;
            if let Some((class, after)) = class(rest) {
                members.push(Member::Class(class));
                rest = after;
                continue;
            }
            let (low, after) = character(rest)?;
            rest = after;
            let dash = matches!(rest.first(), Some((b'-', true)));
            let to_end = matches!(rest.get(1), None | Some((b']', true)));
            if dash && !to_end {
                let (high, after) = character(&rest[1..])?;
                members.push(Member::Range(low, high));
                rest = after;
            } else {
                members.push(Member::Range(low, low));
            }
        }
    }

    /// Whether the set, negation counted, holds a character.
    pub(super) fn contains(&self, wanted: char) -> bool {
        let found = self.members.iter().any(|member| match member {
            Member::Range(low, high) => (*low..=*high).contains(&wanted),
            Member::Class(class) => class.contains(wanted),
        });
        found != self.negated
    }
}

/// The character at the start of `source`, with a live backslash taken off.
fn character(source: &[Marked]) -> Option<(char, &[Marked])> {
    let source = match source {
        [(b'\\', true), rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    let bytes: Vec<u8> = source.iter().take(4).map(|&(byte, _)| byte).collect();
    let (character, length) = super::first_character(&bytes)?;
    Some((character, &source[length..]))
}

/// A `[:class:]` at the start of `source`.
fn class(source: &[Marked]) -> Option<(Class, &[Marked])> {
    let [(b'[', true), (b':', true), rest @ ..] = source else {
        return None;
    };
    let length = rest.iter().position(|&(byte, _)| byte == b':')?;
    let name: Vec<u8> = rest[..length].iter().map(|&(byte, _)| byte).collect();
    let [(b':', true), (b']', true), after @ ..] = &rest[length..] else {
        return None;
    };
    Some((Class::from_name(&name)?, after))
}

impl Class {
    fn from_name(name: &[u8]) -> Option<Class> {
        Some(match name {
            b"alnum" => Class::Alnum,
            b"alpha" => Class::Alpha,
            b"blank" => Class::Blank,
            b"cntrl" => Class::Cntrl,
            b"digit" => Class::Digit,
            b"graph" => Class::Graph,
            b"lower" => Class::Lower,
            b"print" => Class::Print,
            b"punct" => Class::Punct,
            b"space" => Class::Space,
            b"upper" => Class::Upper,
            b"xdigit" => Class::Xdigit,
            _ => return None,
        })
    }

    fn contains(self, c: char) -> bool {
        match self {
            Class::Alnum => c.is_alphanumeric(),
            Class::Alpha => c.is_alphabetic(),
            Class::Blank => c == ' ' || c == '\t',
            Class::Cntrl => c.is_control(),
            Class::Digit => c.is_ascii_digit(),
            Class::Graph => !c.is_control() && !c.is_whitespace(),
            Class::Lower => c.is_lowercase(),
            Class::Print => !c.is_control(),
            Class::Punct => c.is_ascii_punctuation(),
            Class::Space => c.is_whitespace(),
            Class::Upper => c.is_uppercase(),
            Class::Xdigit => c.is_ascii_hexdigit(),
        }
    }
}
