//! What is written to the files, and what they say of the namespace in front.
//!
//! A written text ends at the first NUL byte; white space around it, as the kernel's `isspace` has it,
//! does not count. What stands before the first colon is a number in base 10 with an optional
//! sign; what stands after it is the tag, spaces included.

use alloc::vec::Vec;
use core::fmt;

use crate::namespace::Namespace;
use crate::proc::File;
use crate::tag::Tag;

/// The most bytes that can be written at once.
pub const WRITE_MAX: usize = 15;

/// What a written text asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// A process, by its number in the root pid namespace. Not 0.
    pub pid: u32,
    /// What follows the colon; empty without one.
    pub tag: Tag,
}

/// Why a written text asks for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// What stands before the colon, or the whole, is no number of a process.
    NotAPid,
    /// `ns_tag` was given no colon.
    NoColon,
}

impl fmt::Display for Malformed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NotAPid => "the text must begin with the number of a process; write such as 12",
            Self::NoColon => "a tag is set with the number of a process, a colon and the tag; write such as 12:demo",
        })
    }
}

/// Reads a text written to `file`.
///
/// # Errors
/// See [`Malformed`]; a program sees EINVAL for each.
pub fn parse(file: File, written: &[u8]) -> Result<Request, Malformed> {
    let end = written.iter().position(|byte| *byte == 0);
    let text = strip(&written[..end.unwrap_or(written.len())]);
    let colon = text.iter().position(|byte| *byte == b':');
    let (number, tag) = match colon {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[][..]),
    };
    let pid = pid(number).ok_or(Malformed::NotAPid)?;
    if colon.is_none() && file == File::NsTag {
        return Err(Malformed::NoColon);
    }
    let tag = Tag::new(tag);
    Ok(Request { pid, tag })
}

/// What the file `active_ns_pid` says.
pub(super) fn active_ns_pid(active: &Namespace) -> Vec<u8> {
    alloc::format!("{}\n", active.init_pid()).into_bytes()
}

/// What the file `ns_tag` says. The tag is printed as it is, whatever its bytes.
pub(super) fn ns_tag(active: &Namespace) -> Vec<u8> {
    let (pid, timestamp) = (active.init_pid(), active.timestamp().0.cast_signed());
    let mut text = alloc::format!("active: {pid} timestamp: {timestamp} tag: ").into_bytes();
    text.extend_from_slice(active.tag().as_bytes());
    text.push(b'\n');
    text
}

/// A positive number of C's `int`. Others can be written, but no process has one.
fn pid(number: &[u8]) -> Option<u32> {
    // Rust's number is C's: base 10, one sign, digits, nothing else.
    let number: i32 = core::str::from_utf8(number).ok()?.parse().ok()?;
    u32::try_from(number).ok().filter(|pid| *pid != 0)
}

/// Without the white space at both ends.
fn strip(text: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !is_space(*byte);
    let Some(start) = text.iter().position(is_text) else {
        return &[];
    };
    let end = text.iter().rposition(is_text).unwrap_or(start);
    &text[start..=end]
}

/// `isspace` as Linux's kernel has it: C's, and the no-break space of Latin-1.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | 0xa0)
}
