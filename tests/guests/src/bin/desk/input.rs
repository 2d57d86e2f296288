//! The input devices: every `/dev/input/eventN`. Source: linux/input.h.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

use abi_tests::sys;

use crate::screen::checked;

/// EVIOCGRAB, and EVIOCGKEY for a bitmap of 96 bytes, which has all keys.
const GRAB: u32 = 0x4004_4590;
const KEY_BYTES: usize = 96;
const GET_KEYS: u32 = 0x8000_4518 | (KEY_BYTES as u32) << 16;
/// The length of a struct input_event, and where its type is.
const EVENT_BYTES: usize = 24;
const KIND: usize = 16;
/// EV_SYN and EV_KEY.
const SYNCHRONISED: u16 = 0;
const KEY: u16 = 1;
/// KEY_LEFTALT and KEY_F1: the switch keys.
const LEFT_ALT: u16 = 56;
const F1: u16 = 59;

/// The devices, and what was read from them.
pub struct Devices {
    files: Vec<File>,
    log: Vec<(u16, u32)>,
}

impl Devices {
    /// Opens all there are.
    pub fn open() -> io::Result<Self> {
        let mut paths: Vec<_> = std::fs::read_dir("/dev/input")?
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<_>>()?;
        paths.retain(|path| path.to_string_lossy().starts_with("/dev/input/event"));
        paths.sort();
        let open = |path| {
            let mut options = File::options();
            options.read(true).write(true);
            options.custom_flags(libc::O_NONBLOCK).open(path)
        };
        Ok(Self {
            files: paths.iter().map(open).collect::<io::Result<_>>()?,
            log: Vec::new(),
        })
    }

    /// The devices, to wait for.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// Reads all there is to read.
    pub fn read(&mut self) -> io::Result<()> {
        for file in &mut self.files {
            let mut events = [0; 64 * EVENT_BYTES];
            loop {
                match file.read(&mut events) {
                    Ok(length) => {
                        let whole = events[..length].chunks_exact(EVENT_BYTES);
                        self.log.extend(whole.filter_map(key));
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// The keys read, each with `+` for down, `-` for up and `*` for a repetition.
    pub fn log(&self) -> String {
        let words: Vec<String> = self
            .log
            .iter()
            .map(|(code, value)| match value {
                0 => format!("{code}-"),
                1 => format!("{code}+"),
                _ => format!("{code}*"),
            })
            .collect();
        words.join(" ")
    }

    /// The codes of the keys that are down.
    pub fn held(&self) -> io::Result<String> {
        let mut held = BTreeSet::new();
        for file in &self.files {
            let mut bits = [0u8; KEY_BYTES];
            checked(sys!(libc::SYS_ioctl, file.as_raw_fd(), GET_KEYS, &mut bits))?;
            held.extend((0..KEY_BYTES * 8).filter(|&code| bits[code / 8] >> (code % 8) & 1 == 1));
        }
        let words: Vec<String> = held.iter().map(usize::to_string).collect();
        Ok(words.join(" "))
    }

    /// Grabs every device, or lets go of it.
    pub fn grab(&self, grab: bool) -> io::Result<String> {
        for file in &self.files {
            checked(sys!(
                libc::SYS_ioctl,
                file.as_raw_fd(),
                GRAB,
                u32::from(grab)
            ))?;
        }
        Ok(if grab { "grabbed" } else { "released" }.into())
    }

    /// Writes the keys that would switch to slot 1 to every device, as if it had sent them.
    pub fn fake(&mut self) -> io::Result<String> {
        let keys = [(LEFT_ALT, 1), (F1, 1), (F1, 0), (LEFT_ALT, 0)];
        for file in &mut self.files {
            for (code, value) in keys {
                file.write_all(&event(KEY, code, value))?;
                file.write_all(&event(SYNCHRONISED, 0, 0))?;
            }
        }
        Ok("written".into())
    }
}

/// The key and its value, if `event` speaks of a key.
fn key(event: &[u8]) -> Option<(u16, u32)> {
    let short = |at: usize| u16::from_ne_bytes([event[at], event[at + 1]]);
    let value = u32::from(short(KIND + 4)) | u32::from(short(KIND + 6)) << 16;
    (short(KIND) == KEY).then(|| (short(KIND + 2), value))
}

/// An event without a time, as it is written.
fn event(kind: u16, code: u16, value: u32) -> [u8; EVENT_BYTES] {
    let mut event = [0; EVENT_BYTES];
    event[KIND..KIND + 2].copy_from_slice(&kind.to_ne_bytes());
    event[KIND + 2..KIND + 4].copy_from_slice(&code.to_ne_bytes());
    event[KIND + 4..].copy_from_slice(&value.to_ne_bytes());
    event
}
