//! The input devices: every `/dev/input/eventN`. Source: linux/input.h.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::os::fd::AsRawFd;

use abi_tests::sys;
use guests::checked;
use guests::event::{self, EV_KEY, EV_SYN, Event};

/// EVIOCGKEY for a bitmap of 96 bytes, which has all keys.
const KEY_BYTES: usize = 96;
const GET_KEYS: u32 = 0x8000_4518 | (KEY_BYTES as u32) << 16;
/// KEY_LEFTALT and KEY_F1: the switch keys.
const LEFT_ALT: u16 = 56;
const F1: u16 = 59;
/// KEY_A.
const A: u16 = 30;
/// As many pieces as writev(2) takes, and so long that together they are what one call moves.
const PIECES: usize = 1024;
const PIECE_BYTES: usize = 2 << 20;

/// The devices, and what was read from them.
pub struct Devices {
    files: Vec<File>,
    log: Vec<Event>,
}

impl Devices {
    /// Opens all there are.
    pub fn open() -> io::Result<Self> {
        Ok(Self {
            files: event::open_all()?,
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
            let mut events = [0; 1536];
            loop {
                match file.read(&mut events) {
                    Ok(length) => {
                        let all = Event::all_of(&events[..length]);
                        self.log.extend(all.filter(|event| event.kind == EV_KEY));
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
            .map(|Event { code, value, .. }| match value {
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
        event::grab(&self.files, grab)
    }

    /// Writes the keys that would switch to slot 1 to every device, as if it had sent them.
    pub fn fake(&mut self) -> io::Result<String> {
        let keys = [(LEFT_ALT, 1), (F1, 1), (F1, 0), (LEFT_ALT, 0)];
        for file in &mut self.files {
            for (code, value) in keys {
                file.write_all(&Event::new(EV_KEY, code, value).bytes())?;
                file.write_all(&Event::new(EV_SYN, 0, 0).bytes())?;
            }
        }
        Ok("written".into())
    }

    /// Writes strokes of A to every device, two gigabytes in a call, until it is killed. The
    /// memory is much less: one piece of it is named a thousand times.
    pub fn flood(&self) -> io::Result<Infallible> {
        let report = Event::new(EV_SYN, 0, 0);
        let stroke = [
            Event::new(EV_KEY, A, 1),
            report,
            Event::new(EV_KEY, A, 0),
            report,
        ];
        let stroke = stroke.map(Event::bytes).concat();
        let piece = stroke.repeat(PIECE_BYTES / stroke.len());
        let pieces = vec![IoSlice::new(&piece); PIECES];
        loop {
            for mut file in &self.files {
                if file.write_vectored(&pieces)? == 0 {
                    return Err(ErrorKind::WriteZero.into());
                }
            }
        }
    }
}
