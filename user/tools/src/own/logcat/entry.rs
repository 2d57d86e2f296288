//! An entry of a log: its header, and the text that Android's programs put behind it.
//!
//! In front of the header, readers who see all personas get where the entry is from. Behind it,
//! the logs of text hold a byte for how urgent it is, a tag and a message, each of the two with a
//! 0 at its end; `events` holds a number and a value that names its own kind. Whatever is neither
//! is shown as it stands.
//!
//! Source: `abi::logger`; Android's `liblog` (`logprint.c`, `log_event_write.c`).

use abi::logger::{EntryHeader, HEADER_1, NAMESPACE_HEADER, NamespaceHeader};
use zerocopy::{FromBytes, IntoBytes};

/// The letters of the priorities, by number.
pub const PRIORITIES: [char; 9] = ['?', '?', 'V', 'D', 'I', 'W', 'E', 'F', 'S'];

/// What one read gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose it is, where one sees all.
    pub origin: Option<NamespaceHeader>,
    /// Who wrote it, and when.
    pub header: EntryHeader,
    /// What was written.
    pub payload: Vec<u8>,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// A letter of [`PRIORITIES`].
    pub priority: char,
    /// Empty where it has none.
    pub tag: String,
    /// Without line feeds at its end.
    pub message: String,
}

impl Entry {
    /// Takes apart what a read gave: with the origin if `aware`. None: it is too short.
    pub fn parse(bytes: &[u8], aware: bool) -> Option<Self> {
        let (origin, rest) = if aware {
            let (origin, rest) = bytes.split_at_checked(NAMESPACE_HEADER)?;
            (Some(NamespaceHeader::read_from_bytes(origin).ok()?), rest)
        } else {
            (None, bytes)
        };
        let (head, payload) = rest.split_at_checked(HEADER_1)?;
        let mut header = EntryHeader::default();
        header.as_mut_bytes()[..HEADER_1].copy_from_slice(head);
        Some(Self {
            origin,
            header,
            payload: payload.to_vec(),
        })
    }

    /// When it was written, to be compared.
    pub fn moment(&self) -> (i32, i32) {
        (self.header.seconds, self.header.nanoseconds)
    }

    /// The process and the thread: as the root sees them, where one sees all.
    pub fn writer(&self) -> (i32, i32) {
        match self.origin {
            Some(origin) => (origin.root_pid, origin.root_tid),
            None => (self.header.pid, self.header.tid),
        }
    }

    /// The persona as one would write it to `ns_tag`: the pid of its init, and its tag.
    pub fn persona(&self) -> Option<String> {
        let origin = self.origin?;
        let tag: &[u8] = &origin.tag;
        let tag = tag.split(|byte| *byte == 0).next().unwrap_or(&[]);
        Some(match tag {
            [] => origin.init_pid.to_string(),
            tag => format!("{}:{}", origin.init_pid, tag.escape_ascii()),
        })
    }

    /// What it says; `events` are numbers.
    pub fn said(&self, events: bool) -> Said {
        let text = || text_of(&self.payload);
        let event = || event_of(&self.payload).filter(|_| events);
        event().or_else(text).unwrap_or_else(|| Said {
            priority: 'I',
            tag: String::new(),
            message: shown(&self.payload),
        })
    }
}

/// Text as it may go to a terminal: each character that would do something there is shown by its
/// escape, but line feeds and tabs.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut safe = String::new();
    for character in text.trim_end_matches(['\n', '\0']).chars() {
        if character.is_control() && !matches!(character, '\n' | '\t') {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

fn text_of(payload: &[u8]) -> Option<Said> {
    let (priority, rest) = payload.split_first()?;
    let letter = PRIORITIES.get(usize::from(*priority))?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    Some(Said {
        priority: *letter,
        tag: shown(&rest[..end]),
        message: shown(&rest[end + 1..]),
    })
}

fn event_of(payload: &[u8]) -> Option<Said> {
    let (number, mut rest) = payload.split_first_chunk()?;
    let mut message = String::new();
    value_of(&mut rest, &mut message, 0)?;
    // Android's programs end an event with a line feed or with nothing.
    matches!(rest, [] | [b'\n']).then(|| Said {
        priority: 'I',
        tag: i32::from_le_bytes(*number).to_string(),
        message,
    })
}

/// Appends the value that `bytes` begins with, and takes it away. None: it is none.
fn value_of(bytes: &mut &[u8], text: &mut String, depth: u32) -> Option<()> {
    /// Lists in lists; programs write a few at most.
    const DEPTH_MAX: u32 = 8;
    fn take<const LENGTH: usize>(bytes: &mut &[u8]) -> Option<[u8; LENGTH]> {
        let (taken, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(*taken)
    }
    let [kind] = take(bytes)?;
    match kind {
        0 => text.push_str(&i32::from_le_bytes(take(bytes)?).to_string()),
        1 => text.push_str(&i64::from_le_bytes(take(bytes)?).to_string()),
        2 => {
            let length = usize::try_from(i32::from_le_bytes(take(bytes)?)).ok()?;
            let (string, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            text.push_str(&shown(string));
        }
        3 if depth < DEPTH_MAX => {
            let [count] = take(bytes)?;
            text.push('[');
            for place in 0..count {
                if place > 0 {
                    text.push(',');
                }
                value_of(bytes, text, depth + 1)?;
            }
            text.push(']');
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(payload: &[u8]) -> Entry {
        Entry {
            origin: None,
            header: EntryHeader::default(),
            payload: payload.to_vec(),
        }
    }

    fn said(payload: &[u8], events: bool) -> (char, String, String) {
        let said = entry(payload).said(events);
        (said.priority, said.tag, said.message)
    }

    #[test]
    fn headers_are_taken_apart() {
        let mut bytes = Vec::new();
        for number in [41_i32, 50, 51] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(b"de\0\0\x02\0\0\0");
        for number in [2_i32, 3, 100, 7] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(b"hi");
        let aware = Entry::parse(&bytes, true).unwrap();
        assert_eq!(aware.persona().as_deref(), Some("41:de"));
        assert_eq!((aware.writer(), aware.moment()), ((50, 51), (100, 7)));
        assert_eq!(aware.payload, b"hi");
        let plain = Entry::parse(&bytes[16..], false).unwrap();
        assert_eq!((plain.writer(), plain.persona()), ((2, 3), None));
        assert_eq!(Entry::parse(&bytes[..35], true), None);
    }

    #[test]
    fn text_has_a_priority_a_tag_and_a_message() {
        let word = |priority, tag: &str, message: &str| (priority, tag.into(), message.into());
        assert_eq!(said(b"\x05app\0all\0", false), word('W', "app", "all"));
        assert_eq!(
            said(b"\x06\0two\nlines\n\0", false),
            word('E', "", "two\nlines")
        );
        assert_eq!(said(b"as it is\n", false), word('I', "", "as it is"));
        assert_eq!(said(b"\x1b[2J", false), word('I', "", "\\u{1b}[2J"));
        assert_eq!(said(b"", false), word('I', "", ""));
    }

    #[test]
    fn events_have_a_number_and_a_value() {
        let list = b"\x0a\0\0\0\x03\x02\x00\x07\0\0\0\x02\x02\0\0\0ok\n";
        assert_eq!(said(list, true), ('I', "10".into(), "[7,ok]".into()));
        let cut = &list[..list.len() - 3];
        assert_eq!(said(cut, true).1, "", "what is no event is text");
        // Lists without end.
        assert_eq!(said(&[3; 100], true).1, "");
    }
}
