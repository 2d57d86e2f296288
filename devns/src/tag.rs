//! A namespace's tag: at most four bytes, chosen by a person.

use core::fmt;

/// The most bytes a tag has.
pub const TAG_LENGTH: usize = 4;

/// A tag: up to four bytes, none of them NUL. It need not be text.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Tag([u8; TAG_LENGTH]);

impl Tag {
    /// The first four bytes of `text`, or as many as there are before a NUL.
    pub fn new(text: &[u8]) -> Self {
        let mut bytes = [0; TAG_LENGTH];
        let given = text.iter().take_while(|byte| **byte != 0);
        bytes
            .iter_mut()
            .zip(given)
            .for_each(|(to, from)| *to = *from);
        Self(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        let end = self.0.iter().position(|byte| *byte == 0);
        &self.0[..end.unwrap_or(TAG_LENGTH)]
    }

    /// The bytes filled up with NUL, as log entries carry them.
    pub fn padded(self) -> [u8; TAG_LENGTH] {
        self.0
    }

    /// The tag with these bytes, what follows a NUL being dropped.
    pub(crate) fn from_padded(bytes: [u8; TAG_LENGTH]) -> Self {
        Self::new(&bytes)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Tag(\"{}\")", self.as_bytes().escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_cut_to_four_bytes_and_at_a_nul() {
        assert_eq!(Tag::new(b"persona").as_bytes(), b"pers");
        assert_eq!(Tag::new(b"a\0b").as_bytes(), b"a");
        assert_eq!(Tag::new(b"a\0b").padded(), [b'a', 0, 0, 0]);
        assert_eq!(Tag::new(b""), Tag::default());
        assert_eq!(Tag::new(b" \xff:").as_bytes(), b" \xff:");
        assert_eq!(format!("{:?}", Tag::new(b"a\n")), "Tag(\"a\\n\")");
    }
}
