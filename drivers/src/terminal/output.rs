//! Output processing (`OPOST` and its flags) and the echo, which goes through the same door.
//!
//! The column is followed so that tabs can be expanded and erased exactly.
use super::discipline::LineDiscipline;
use super::is_control;
use abi::raw::general::{ECHOCTL, IUTF8, OCRNL, OLCUC, ONLCR, ONLRET, ONOCR, OPOST, TABDLY, XTABS};

/// Output that programs may not fill, so that typing is still echoed while they write.
const ECHO_RESERVE: usize = 256;

/// Distance of tab stops.
pub(super) const TAB: usize = 8;

/// What output processing makes of one byte.
enum Processed {
    /// Nothing.
    Nothing,
    /// This byte.
    Byte(u8),
    /// A carriage return and a line feed.
    NewLine,
    /// So many spaces.
    Spaces(usize),
}

impl LineDiscipline {
    /// Whether `byte` continues a multi-byte character (`IUTF8`).
    pub(super) fn is_continuation(&self, byte: u8) -> bool {
        self.termios().input(IUTF8) && byte & 0xc0 == 0x80
    }

    /// Bytes of output a program may still add.
    pub fn write_room(&self) -> usize {
        if self.is_stopped() {
            0
        } else {
            self.output.room().saturating_sub(ECHO_RESERVE)
        }
    }

    /// Takes what a program writes, as far as there is room, and returns how many of `bytes` it
    /// took; 0 means that the writer has to wait until output was sent or started again.
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        if !self.termios().output(OPOST) {
            let count = bytes.len().min(self.write_room());
            return self.output.push_slice(&bytes[..count]);
        }
        let mut taken = 0;
        while taken < bytes.len() {
            let count = match self.write_run(&bytes[taken..]) {
                0 => usize::from(self.write_byte(bytes[taken])),
                count => count,
            };
            if count == 0 {
                break;
            }
            taken += count;
        }
        taken
    }

    /// Copies the run of bytes at the start of `bytes` that processing leaves alone.
    fn write_run(&mut self, bytes: &[u8]) -> usize {
        if self.termios().output(OLCUC) {
            return 0;
        }
        let limit = bytes.len().min(self.write_room());
        let run = bytes[..limit]
            .iter()
            .take_while(|&&byte| !is_control(byte))
            .count();
        self.column += match self.termios().input(IUTF8) {
            true => bytes[..run]
                .iter()
                .filter(|&&byte| !self.is_continuation(byte))
                .count(),
            false => run,
        };
        self.output.push_slice(&bytes[..run])
    }

    /// Processes one byte of a program; false when there is no room for what becomes of it.
    fn write_byte(&mut self, byte: u8) -> bool {
        if self.write_room() < TAB {
            return false;
        }
        self.put_processed(byte);
        true
    }

    /// Processes `byte` and puts the result into the output; what does not fit is dropped, so
    /// writers check the room first and only an echo may be lost.
    fn put_processed(&mut self, byte: u8) {
        match self.process(byte) {
            Processed::Nothing => {}
            Processed::Byte(byte) => {
                self.output.push(byte);
            }
            Processed::NewLine => {
                self.output.push_slice(b"\r\n");
            }
            Processed::Spaces(count) => {
                self.output.push_slice(&[b' '; TAB][..count]);
            }
        }
    }

    fn process(&mut self, byte: u8) -> Processed {
        let termios = *self.termios();
        match byte {
            b'\n' if termios.output(ONLCR) => {
                self.set_column(0);
                Processed::NewLine
            }
            b'\n' => {
                let column = if termios.output(ONLRET) {
                    0
                } else {
                    self.column
                };
                self.set_column(column);
                Processed::Byte(byte)
            }
            b'\r' if termios.output(ONOCR) && self.column == 0 => Processed::Nothing,
            b'\r' if termios.output(OCRNL) => {
                if termios.output(ONLRET) {
                    self.set_column(0);
                }
                Processed::Byte(b'\n')
            }
            b'\r' => {
                self.set_column(0);
                Processed::Byte(byte)
            }
            b'\t' => {
                let spaces = TAB - self.column % TAB;
                self.column += spaces;
                let expand = termios.c_oflag & TABDLY == XTABS;
                if expand {
                    Processed::Spaces(spaces)
                } else {
                    Processed::Byte(byte)
                }
            }
            0x08 => {
                self.column = self.column.saturating_sub(1);
                Processed::Byte(byte)
            }
            _ => Processed::Byte(self.process_printable(byte)),
        }
    }

    fn process_printable(&mut self, byte: u8) -> u8 {
        if is_control(byte) {
            return byte;
        }
        if !self.is_continuation(byte) {
            self.column += 1;
        }
        if self.termios().output(OLCUC) {
            byte.to_ascii_uppercase()
        } else {
            byte
        }
    }

    fn set_column(&mut self, column: usize) {
        self.column = column;
        self.line_start_column = column;
    }

    /// Echoes a byte as it is (through output processing).
    pub(super) fn echo_plain(&mut self, byte: u8) {
        if self.termios().output(OPOST) {
            self.put_processed(byte);
        } else {
            self.output.push(byte);
        }
    }

    /// Echoes a byte, a control character as `^X` when `ECHOCTL` asks for it.
    pub(super) fn echo(&mut self, byte: u8) {
        if self.termios().local(ECHOCTL) && is_control(byte) && byte != b'\t' {
            self.output.push_slice(&[b'^', byte ^ 0x40]);
            self.column += 2;
        } else {
            self.echo_plain(byte);
        }
    }

    /// Moves the cursor `count` columns back without wiping anything.
    pub(super) fn echo_back(&mut self, count: usize) {
        for _ in 0..count {
            self.output.push(0x08);
            self.column = self.column.saturating_sub(1);
        }
    }
}
