//! The parts of an ioctl command: direction, size, type and number.

/// A command as programs pass it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command(pub u32);

impl Command {
    /// Bytes at the argument.
    pub fn size(self) -> usize {
        (self.0 >> 16 & 0x3fff) as usize
    }

    /// The command without its size, for those whose size is the program's choice.
    pub fn without_size(self) -> u32 {
        self.0 & !(0x3fff << 16)
    }

    /// Who writes: `IOC_READ`, `IOC_WRITE`.
    pub fn direction(self) -> u32 {
        self.0 >> 30
    }

    /// Whose command it is.
    pub fn kind(self) -> u8 {
        (self.0 >> 8) as u8
    }

    /// Its number among those.
    pub fn number(self) -> u8 {
        self.0 as u8
    }
}

/// A command of evdev that reads, without its size.
pub const fn read(number: u8) -> u32 {
    abi::input::IOC_READ << 30 | (b'E' as u32) << 8 | number as u32
}
