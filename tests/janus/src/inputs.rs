//! An input device's file: finding it by its name, its commands, its events.

use abi_tests::check::Failure;
use abi_tests::{sys, works};
use libc::*;
use std::ffi::CString;

/// The machine's own keyboard.
pub const KEYBOARD: &str = "AT Translated Set 2 keyboard";
/// Its mouse.
pub const MOUSE: &str = "ImExPS/2 Generic Explorer Mouse";
/// A pointer with places.
pub const TABLET: &str = "QEMU Virtio Tablet";

/// What there is in place of the first two on a machine without PS/2.
const IN_PLACE: [(&str, &str); 2] = [
    (KEYBOARD, "QEMU Virtio Keyboard"),
    (MOUSE, "QEMU Virtio Mouse"),
];

/// An address where nothing is.
pub const NOWHERE: usize = 8;

/// The type of what parts packets.
pub const EV_SYN: u16 = 0;
/// Of keys.
pub const EV_KEY: u16 = 1;
/// Of movements.
pub const EV_REL: u16 = 2;
/// Of places.
pub const EV_ABS: u16 = 3;
/// Of lights.
pub const EV_LED: u16 = 0x11;
/// Of repetition.
pub const EV_REP: u16 = 0x14;
/// Events were lost.
pub const SYN_DROPPED: u16 = 3;
/// A.
pub const KEY_A: u16 = 30;
/// B.
pub const KEY_B: u16 = 48;

/// Type, code and value.
pub type Event = (u16, u16, i32);

/// The end of a packet.
pub const REPORT: Event = (EV_SYN, 0, 0);

/// A key goes down (1) or up (0): a whole packet.
pub fn key(code: u16, value: i32) -> [Event; 2] {
    [(EV_KEY, code, value), REPORT]
}

/// `struct input_event`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Record {
    /// When, on the clock that was chosen.
    pub seconds: i64,
    /// And microseconds.
    pub microseconds: i64,
    /// Its type.
    pub kind: u16,
    /// Its code.
    pub code: u16,
    /// Its value.
    pub value: i32,
}

/// Bytes of an event.
pub const RECORD: usize = size_of::<Record>();

/// A command that fills `size` bytes.
pub const fn get(number: u8, size: usize) -> u32 {
    2 << 30 | (size as u32) << 16 | (b'E' as u32) << 8 | number as u32
}

/// A command that reads `size` bytes.
pub const fn set(number: u8, size: usize) -> u32 {
    1 << 30 | (size as u32) << 16 | (b'E' as u32) << 8 | number as u32
}

/// `EVIOCGRAB`.
pub const GRAB: u32 = set(0x90, 4);
/// `EVIOCREVOKE`.
pub const REVOKE: u32 = set(0x91, 4);
/// `EVIOCGKEY` with room for all keys.
pub const KEYS: u32 = get(0x18, 96);
/// `EVIOCGLED`.
pub const LEDS: u32 = get(0x19, 8);

/// An open file of a device.
pub struct File {
    /// Its descriptor.
    pub number: i32,
}

impl Drop for File {
    fn drop(&mut self) {
        sys!(SYS_close, self.number);
    }
}

/// Opens the device with this name, or what there is in its place, to be read without waiting. A
/// machine without any input devices leaves the case out.
pub fn open(name: &str) -> Result<File, Failure> {
    let other = IN_PLACE.into_iter().find(|(usual, _)| *usual == name);
    let other = other.and_then(|(_, other)| find(other));
    match (find(name).or(other), sys!(SYS_access, c"/dev/input", F_OK)) {
        (Some(file), _) => Ok(file),
        (None, 0) => Err(Failure::Wrong(format!("no device is called {name:?}"))),
        (None, _) => Err(Failure::Skipped),
    }
}

/// Whether the machine has the keyboard and the mouse of a PC, and not those in their place.
pub fn has_ps2() -> bool {
    find(KEYBOARD).is_some()
}

/// The name of the device that [`open`] opens by this name.
pub fn name_of(usual: &str) -> &str {
    let mut pairs = IN_PLACE.iter();
    let other = pairs.find(|(own, _)| *own == usual && find(own).is_none());
    other.map_or(usual, |(_, other)| other)
}

fn find(name: &str) -> Option<File> {
    for number in 0..32 {
        let path = CString::new(format!("/dev/input/event{number}")).unwrap_or_default();
        let number = sys!(SYS_open, path.as_c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if number < 0 {
            continue;
        }
        let file = File {
            number: number as i32,
        };
        let mut text = [0u8; 128];
        let length = sys!(SYS_ioctl, file.number, get(6, 128), &mut text);
        if text.get(..(length - 1).max(0) as usize) == Some(name.as_bytes()) {
            return Some(file);
        }
    }
    None
}

impl File {
    /// Writes these events.
    pub fn write(&self, events: &[Event]) -> isize {
        let records: Vec<Record> = events
            .iter()
            .map(|&(kind, code, value)| Record {
                kind,
                code,
                value,
                ..Record::default()
            })
            .collect();
        let bytes = records.len() * RECORD;
        sys!(SYS_write, self.number, records.as_slice(), bytes)
    }

    /// Writes these events, all of which must be taken.
    pub fn put(&self, events: &[Event]) -> Result<(), Failure> {
        let seen = self.write(events);
        if seen == (events.len() * RECORD) as isize {
            return Ok(());
        }
        let seen = abi_tests::check::result_text(seen);
        Err(Failure::Wrong(format!("{events:?} written: saw {seen}")))
    }

    /// All records that can be read.
    pub fn records(&self) -> Vec<Record> {
        let mut all = Vec::new();
        let mut some = [Record::default(); 64];
        loop {
            let count = sys!(SYS_read, self.number, &mut some, size_of_val(&some));
            if count <= 0 {
                return all;
            }
            all.extend_from_slice(&some[..count as usize / RECORD]);
        }
    }

    /// All events that can be read.
    pub fn events(&self) -> Vec<Event> {
        let records = self.records();
        let event = |record: &Record| (record.kind, record.code, record.value);
        records.iter().map(event).collect()
    }

    /// What poll(2) says at once.
    pub fn poll(&self) -> i16 {
        let mut entry = pollfd {
            fd: self.number,
            events: POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM,
            revents: 0,
        };
        sys!(SYS_poll, &mut entry, 1, 0);
        entry.revents
    }

    /// The keys that are down.
    pub fn keys(&self) -> Result<Vec<u16>, Failure> {
        self.bits::<12>(KEYS)
    }

    /// The lights that are on.
    pub fn leds(&self) -> Result<Vec<u16>, Failure> {
        self.bits::<1>(LEDS)
    }

    /// The numbers whose bits a command gives.
    pub fn bits<const WORDS: usize>(&self, command: u32) -> Result<Vec<u16>, Failure> {
        let mut words = [0u64; WORDS];
        works!(SYS_ioctl, self.number, command, &mut words);
        let has = |number: &u16| {
            let word = words.get(usize::from(*number) / 64);
            word.is_some_and(|word| word >> (number % 64) & 1 == 1)
        };
        Ok((0..WORDS as u16 * 64).filter(has).collect())
    }
}
