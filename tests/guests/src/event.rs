//! Input events and the files they are read from. Source: linux/input.h.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use abi_tests::sys;

use crate::checked;

/// The type of what divides events into packets.
pub const EV_SYN: u16 = 0;
/// The type of keys and buttons.
pub const EV_KEY: u16 = 1;
/// The type of lamps.
pub const EV_LED: u16 = 0x11;
/// The type of the repetition's times.
pub const EV_REP: u16 = 0x14;

/// The length of a struct input_event, and where its type is, behind the time.
const EVENT_BYTES: usize = 24;
const KIND: usize = 16;
/// EVIOCGRAB.
const GRAB: u32 = 0x4004_4590;

/// An event without its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its type, `EV_*`.
    pub kind: u16,
    /// Its code.
    pub code: u16,
    /// Its value.
    pub value: i32,
}

impl Event {
    /// An event.
    pub fn new(kind: u16, code: u16, value: i32) -> Self {
        Self { kind, code, value }
    }

    /// Whether it ends a packet.
    pub fn is_report(self) -> bool {
        (self.kind, self.code) == (EV_SYN, 0)
    }

    /// The whole events in `bytes`.
    pub fn all_of(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.chunks_exact(EVENT_BYTES).map(|event| {
            let half = |at: usize| u16::from_ne_bytes([event[at], event[at + 1]]);
            let value = u32::from(half(KIND + 4)) | u32::from(half(KIND + 6)) << 16;
            Self::new(half(KIND), half(KIND + 2), value.cast_signed())
        })
    }

    /// As it is written, without a time.
    pub fn bytes(self) -> [u8; EVENT_BYTES] {
        let mut event = [0; EVENT_BYTES];
        event[KIND..KIND + 2].copy_from_slice(&self.kind.to_ne_bytes());
        event[KIND + 2..KIND + 4].copy_from_slice(&self.code.to_ne_bytes());
        event[KIND + 4..].copy_from_slice(&self.value.to_ne_bytes());
        event
    }
}

/// Opens every `/dev/input/eventN`, in the order of their numbers, to be read without waiting.
///
/// # Errors
/// When the folder or a device cannot be opened.
pub fn open_all() -> io::Result<Vec<File>> {
    let number = |path: &PathBuf| {
        let name = path.file_name()?.to_str()?;
        name.strip_prefix("event")?.parse::<u32>().ok()
    };
    let mut paths: Vec<_> = std::fs::read_dir("/dev/input")?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()?;
    paths.retain(|path| number(path).is_some());
    paths.sort_by_key(number);
    let open = |path| {
        let mut options = File::options();
        options.read(true).write(true);
        options.custom_flags(libc::O_NONBLOCK).open(path)
    };
    paths.iter().map(open).collect()
}

/// Grabs every device, or lets go of it; says so.
///
/// # Errors
/// EBUSY where somebody has grabbed it, EINVAL where nobody has.
pub fn grab(files: &[File], grab: bool) -> io::Result<String> {
    for file in files {
        let wanted = u32::from(grab);
        checked(sys!(libc::SYS_ioctl, file.as_raw_fd(), GRAB, wanted))?;
    }
    Ok(if grab { "grabbed" } else { "released" }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_as_it_is_written() {
        let event = Event::new(EV_KEY, 0x110, -3);
        let bytes = [event.bytes(), Event::new(EV_SYN, 0, 0).bytes()].concat();
        let read: Vec<_> = Event::all_of(&bytes[..47]).collect();
        assert_eq!(read, [event]);
        assert!(Event::all_of(&bytes).last().is_some_and(Event::is_report));
    }
}
