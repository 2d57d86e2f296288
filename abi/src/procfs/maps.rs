//! `/proc/PID/maps`: one line for each mapping.
use super::text::Text;
use core::fmt::{Result, Write};

/// Where the name begins in a line that has one.
const NAME_COLUMN: usize = 73;

/// One mapping of an address space.
#[derive(Clone, Copy, Debug)]
pub struct Mapping<'a> {
    /// First address.
    pub start: u64,
    /// Address after the last.
    pub end: u64,
    /// Whether it can be read.
    pub read: bool,
    /// Whether it can be written.
    pub write: bool,
    /// Whether it can be executed.
    pub execute: bool,
    /// Whether writes are seen by others.
    pub shared: bool,
    /// Where in the file it begins, in bytes.
    pub offset: u64,
    /// Device of the file, major and minor.
    pub device: (u32, u32),
    /// Inode of the file; 0 without one.
    pub inode: u64,
    /// The file's path or a name like `[stack]`; empty when there is none.
    pub name: &'a [u8],
}

impl Mapping<'_> {
    /// Writes the line.
    pub fn write(&self, text: &mut Text) -> Result {
        let line_start = text.len();
        let flag = |set, letter| if set { letter } else { '-' };
        write!(
            text,
            "{:08x}-{:08x} {}{}{}{} {:08x} {:02x}:{:02x} {} ",
            self.start,
            self.end,
            flag(self.read, 'r'),
            flag(self.write, 'w'),
            flag(self.execute, 'x'),
            if self.shared { 's' } else { 'p' },
            self.offset,
            self.device.0,
            self.device.1,
            self.inode,
        )?;
        if !self.name.is_empty() {
            text.pad(line_start, NAME_COLUMN)?;
            text.escaped(self.name, b"\n")?;
        }
        text.write_str("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::written;
    use super::*;

    #[test]
    fn lines_are_those_of_linux() {
        let file = Mapping {
            start: 0x555d_0c4c_1000,
            end: 0x555d_0c4c_6000,
            read: true,
            write: false,
            execute: true,
            shared: false,
            offset: 0x2000,
            device: (0xfe, 0),
            inode: 161_701,
            name: b"/usr/bin/cat",
        };
        assert_eq!(
            written(|text| file.write(text)),
            "555d0c4c1000-555d0c4c6000 r-xp 00002000 fe:00 161701                     /usr/bin/cat\n"
        );
        let anonymous = Mapping {
            start: 0x1000,
            end: 0x2000,
            inode: 0,
            name: b"",
            ..file
        };
        assert_eq!(
            written(|text| anonymous.write(text)),
            "00001000-00002000 r-xp 00002000 fe:00 0 \n"
        );
    }
}
