//! A text of bounded length on the stack, for where nothing may be allocated.
use core::fmt::{self, Write};

/// A text of at most `BYTES` bytes; what does not fit is cut.
pub struct LineBuffer<const BYTES: usize> {
    bytes: [u8; BYTES],
    length: usize,
}

impl<const BYTES: usize> LineBuffer<BYTES> {
    /// An empty text.
    pub const fn new() -> Self {
        Self {
            bytes: [0; BYTES],
            length: 0,
        }
    }

    /// Appends formatted text, as far as it fits.
    pub fn write(&mut self, arguments: fmt::Arguments<'_>) {
        // The only error is that the text was cut, which is what this buffer promises to do.
        let _cut = self.write_fmt(arguments);
    }

    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl<const BYTES: usize> Write for LineBuffer<BYTES> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let part = text.len().min(BYTES - self.length);
        self.bytes[self.length..self.length + part].copy_from_slice(&text.as_bytes()[..part]);
        self.length += part;
        if part == text.len() {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}
