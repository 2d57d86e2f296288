//! Small conversions between the shell's bytes and the types of the standard library.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Bytes as the operating system's kind of text.
pub fn os(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}

/// Bytes for a message; what is not UTF-8 shows as replacement characters.
pub fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A whole number, without surrounding blanks or a plus sign.
pub fn number<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}
