//! The text of `/proc/dev_ns`: what the files give and what they take.
//!
//! | file            | read gives                                                     | write takes |
//! | --------------- | -------------------------------------------------------------- | ----------- |
//! | `active_ns_pid` | `%d\n`, the init pid of the namespace in front                 | a pid       |
//! | `ns_tag`        | `active: %d timestamp: %ld tag: %s\n`, of the one in front     | `pid:TAG`   |
//! | `list`          | a line for each namespace, see [`list`](mod@list)              | nothing     |
//!
//! Only a process of the root namespace may open them ([`open`]), write to the first two
//! ([`Write::apply`]) and read the third; the first two are read by whoever has them open.
//!
//! What only a kernel can do comes as closures: the copy from the program's memory, and the
//! namespace that a process is in.

mod list;
mod text;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::error::{EFAULT, EINVAL, EPERM, Refused, SwitchError};
use crate::foreground::Foreground;
use crate::namespace::{Jiffies, Namespace};

pub use list::list;
pub use text::{Malformed, Request, WRITE_MAX, parse};

/// A file that is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// `active_ns_pid`: who is in front.
    ActiveNsPid,
    /// `ns_tag`: the tags.
    NsTag,
}

/// Why a file was not opened, read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcError {
    /// The caller is not in the root device namespace.
    NotRoot,
    /// Nothing was written, or more than fits.
    BadLength,
    /// The program's memory could not be read.
    BadPointer,
    /// The text is none that the file takes.
    Malformed(Malformed),
    /// There is no living process of this number.
    NoProcess,
    /// The foreground could not be asked.
    Refused(Refused),
}

impl ProcError {
    /// The number a program sees: EPERM, EFAULT, EINVAL, or that of [`Refused::errno`].
    pub fn errno(self) -> i32 {
        match self {
            Self::NotRoot => EPERM,
            Self::BadLength | Self::BadPointer => EFAULT,
            Self::Malformed(_) | Self::NoProcess => EINVAL,
            Self::Refused(refused) => refused.errno(),
        }
    }
}

impl fmt::Display for ProcError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRoot => out.write_str(
                "only a process of the root device namespace may do this; do it from there",
            ),
            Self::BadLength => write!(out, "write between 1 and {WRITE_MAX} bytes at once"),
            Self::BadPointer => out.write_str("the text to write cannot be read; pass its address"),
            Self::Malformed(malformed) => malformed.fmt(out),
            Self::NoProcess => out.write_str(
                "there is no living process of this number; give one of the root pid namespace",
            ),
            Self::Refused(refused) => refused.fmt(out),
        }
    }
}

impl core::error::Error for ProcError {}

impl From<Refused> for ProcError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<SwitchError> for ProcError {
    /// A process that has ended since it was found is none that lives.
    fn from(error: SwitchError) -> Self {
        match error {
            SwitchError::NoProcess => Self::NoProcess,
            SwitchError::Refused(refused) => Self::Refused(refused),
        }
    }
}

/// Whether a process of the namespace `caller` may open a file of the folder, `list` included.
///
/// # Errors
/// [`ProcError::NotRoot`].
pub fn open(caller: &Namespace) -> Result<(), ProcError> {
    if caller.is_root() {
        Ok(())
    } else {
        Err(ProcError::NotRoot)
    }
}

/// All that the file holds now. Waits for a switch that is under way, so that what it says fits
/// together.
///
/// # Errors
/// [`ProcError::Refused`].
pub fn read(file: File, foreground: &Foreground) -> Result<Vec<u8>, ProcError> {
    let text = foreground.settled(|active| match file {
        File::ActiveNsPid => text::active_ns_pid(active),
        File::NsTag => text::ns_tag(active),
    })?;
    Ok(text)
}

/// A write to one of the files.
#[derive(Clone, Copy)]
pub struct Write<'a, Copy, Find> {
    /// The device namespace of the process that writes, not of the one that opened the file.
    pub caller: &'a Namespace,
    /// How many bytes it writes.
    pub length: usize,
    /// Fills the buffer, which has that length, from the program's memory; false when that is
    /// not possible.
    pub copy: Copy,
    /// The device namespace of the living process (a zombie is none) with this number in the
    /// root pid namespace.
    pub find: Find,
    /// The time of the switch.
    pub now: Jiffies,
}

impl<Copy, Find> Write<'_, Copy, Find>
where
    Copy: FnOnce(&mut [u8]) -> bool,
    Find: FnOnce(u32) -> Option<Arc<Namespace>>,
{
    /// Does it; returns how many bytes were taken, always the whole length.
    ///
    /// # Errors
    /// In the order of [`ProcError`]'s cases.
    pub fn apply(self, file: File, foreground: &Foreground) -> Result<usize, ProcError> {
        open(self.caller)?;
        if !(1..=WRITE_MAX).contains(&self.length) {
            return Err(ProcError::BadLength);
        }
        let mut buffer = [0; WRITE_MAX];
        let text = &mut buffer[..self.length];
        if !(self.copy)(text) {
            return Err(ProcError::BadPointer);
        }
        let request = parse(file, text).map_err(ProcError::Malformed)?;
        let namespace = (self.find)(request.pid).ok_or(ProcError::NoProcess)?;
        match file {
            File::ActiveNsPid => {
                foreground.switch(&namespace, self.now)?;
            }
            File::NsTag => namespace.set_tag(request.tag),
        }
        Ok(self.length)
    }
}
