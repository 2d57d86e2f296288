//! A growing text that may hold any bytes, for names need not be UTF-8.
use alloc::vec::Vec;
use core::fmt::{Error, Result, Write};

/// A text under construction. Running out of memory is an error of the write, not a panic.
#[derive(Default)]
pub struct Text(Vec<u8>);

impl Text {
    /// An empty text.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Appends bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result {
        self.0.try_reserve(bytes.len()).map_err(|_| Error)?;
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    /// Appends bytes, those in `special` as a backslash and three octal digits.
    pub fn escaped(&mut self, bytes: &[u8], special: &[u8]) -> Result {
        for &byte in bytes {
            if special.contains(&byte) {
                write!(self, "\\{byte:03o}")?;
            } else {
                self.bytes(&[byte])?;
            }
        }
        Ok(())
    }

    /// Appends spaces until the text, counted from byte `start`, is `width` long.
    pub fn pad(&mut self, start: usize, width: usize) -> Result {
        while self.0.len() < start + width {
            self.bytes(b" ")?;
        }
        Ok(())
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> Result {
        self.bytes(text.as_bytes())
    }
}

/// What `write` makes, for the tests of the formats.
#[cfg(test)]
pub(super) fn written(write: impl FnOnce(&mut Text) -> Result) -> String {
    let mut text = Text::new();
    write(&mut text).unwrap();
    String::from_utf8(text.into_bytes()).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_bytes_become_octal() {
        assert_eq!(
            written(|text| text.escaped(b"a b\n\\", b" \n\\")),
            "a\\040b\\012\\134"
        );
    }
}
