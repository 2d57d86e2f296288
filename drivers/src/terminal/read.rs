//! What a reader gets: a line in canonical mode, bytes by `VMIN` and `VTIME` otherwise.
use super::discipline::LineDiscipline;
use abi::raw::general::{EXTPROC, ICANON, VMIN, VTIME};
use abi::terminal::DISABLED;
use core::time::Duration;

/// When a read is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadRule {
    /// After one line, or as much of it as the reader has room for.
    Line,
    /// By counts and times.
    Bytes {
        /// Bytes to wait for, at least 1, as far as the reader has room.
        minimum: usize,
        /// How long to wait for the first byte; none: as long as it takes.
        first: Option<Duration>,
        /// How long to wait for each further byte; none: as long as it takes.
        between: Option<Duration>,
    },
}

/// What a read of a line gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineRead {
    /// Bytes put into the buffer.
    pub count: usize,
    /// Whether the line ended; the read is complete then, even with no byte (end of file).
    pub ended: bool,
}

impl LineDiscipline {
    /// When a read that starts now will be complete.
    pub fn read_rule(&self) -> ReadRule {
        if self.is_canonical() {
            return ReadRule::Line;
        }
        let minimum = usize::from(self.termios().c_cc[VMIN as usize]);
        let tenths = u64::from(self.termios().c_cc[VTIME as usize]);
        let time = Duration::from_millis(tenths * 100);
        if minimum == 0 {
            return ReadRule::Bytes {
                minimum: 1,
                first: Some(time),
                between: None,
            };
        }
        let between = if tenths == 0 { None } else { Some(time) };
        ReadRule::Bytes {
            minimum,
            first: None,
            between,
        }
    }

    /// Whether something can be read at once: a line, or any byte without lines.
    pub fn has_input(&self) -> bool {
        if self.is_canonical() {
            self.input.len_of_lines() > 0
        } else {
            self.input.len() > 0
        }
    }

    /// Whether `poll(2)` calls the terminal readable: as [`Self::has_input`], but with `VMIN`
    /// bytes where only their number completes a read.
    pub fn is_readable(&self) -> bool {
        let (minimum, time) = (
            self.termios().c_cc[VMIN as usize],
            self.termios().c_cc[VTIME as usize],
        );
        if self.is_canonical() || minimum == 0 || time != 0 {
            return self.has_input();
        }
        self.input.len() >= usize::from(minimum)
    }

    /// Bytes that can be read at once (`FIONREAD`), marks of an end of file not counted.
    pub fn input_waiting(&self) -> usize {
        if self.termios().local(ICANON) && !self.termios().local(EXTPROC) {
            self.input.len_of_lines() - self.input.count_ends_of_file()
        } else {
            self.input.len()
        }
    }

    /// Takes bytes as they came, as many as `buffer` holds.
    pub fn read(&mut self, buffer: &mut [u8]) -> usize {
        let mut count = 0;
        while count < buffer.len() {
            let Some((byte, _)) = self.input.pop() else {
                break;
            };
            buffer[count] = byte;
            count += 1;
        }
        count
    }

    /// Takes a complete line, or what `buffer` holds of it; none when there is no complete line.
    pub fn read_line(&mut self, buffer: &mut [u8]) -> Option<LineRead> {
        if self.input.len_of_lines() == 0 {
            return None;
        }
        let mut count = 0;
        while count < buffer.len() && self.input.len_of_lines() > 0 {
            match self.input.pop() {
                Some((DISABLED, true)) => return Some(LineRead { count, ended: true }),
                Some((byte, ended)) => {
                    buffer[count] = byte;
                    count += 1;
                    if ended {
                        return Some(LineRead { count, ended });
                    }
                }
                None => break,
            }
        }
        Some(LineRead {
            count,
            ended: false,
        })
    }

    /// Drops the mark of an end of file that follows right behind what filled a reader's buffer,
    /// so that one key press does not end two reads.
    pub fn skip_end_of_file(&mut self) {
        if self.input.len_of_lines() > 0 && self.input.front() == Some((DISABLED, true)) {
            self.input.pop();
        }
    }
}
