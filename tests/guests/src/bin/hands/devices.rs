//! The event devices. Source: linux/input.h.

use std::fs::File;
use std::io::{ErrorKind, Read, Result, Write};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use abi_tests::sys;
use guests::event::{self, EV_KEY, EV_LED, EV_REP, EV_SYN, Event};
use guests::{checked, orders};

/// How long packets are waited for.
const LIMIT: Duration = Duration::from_secs(20);

/// A command that fills `size` bytes, and one that reads them.
const fn get(number: u32, size: usize) -> u32 {
    2 << 30 | (size as u32) << 16 | 0x4500 | number
}
const fn set(number: u32, size: usize) -> u32 {
    1 << 30 | (size as u32) << 16 | 0x4500 | number
}

const GET_ID: u32 = get(0x02, 8);
const SET_REPEAT: u32 = set(0x03, 8);
const SET_MEANING: u32 = set(0x04, 8);
const GET_NAME: u32 = get(0x06, TEXT_BYTES);
const GET_KEYS: u32 = get(0x18, KEY_BYTES);
const GET_LAMPS: u32 = get(0x19, KEY_BYTES);
const SET_MASK: u32 = set(0x93, 16);
const TEXT_BYTES: usize = 128;
const KEY_BYTES: usize = 96;

/// Every device and the packets that came.
pub struct Devices {
    /// The devices, by their numbers.
    pub files: Vec<File>,
    /// What has come of each device's next packet.
    begun: Vec<Vec<Event>>,
    packets: Vec<String>,
}

impl Devices {
    /// Opens all there are.
    pub fn open() -> Result<Self> {
        let files = event::open_all()?;
        Ok(Self {
            begun: vec![Vec::new(); files.len()],
            files,
            packets: Vec::new(),
        })
    }

    /// Reads all there is to read.
    pub fn read(&mut self) -> Result<()> {
        for number in 0..self.files.len() {
            let mut bytes = [0; 1536];
            loop {
                match self.files[number].read(&mut bytes) {
                    Ok(length) => {
                        Event::all_of(&bytes[..length]).for_each(|event| self.note(number, event));
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, device: usize, event: Event) {
        let begun = &mut self.begun[device];
        if !event.is_report() {
            begun.push(event);
            return;
        }
        let is_of_lamps = |event: &Event| event.kind == EV_LED;
        if begun.is_empty() || !begun.iter().all(is_of_lamps) {
            let words: Vec<String> = begun
                .iter()
                .map(|event| format!("{}.{}={}", event.kind, event.code, event.value))
                .collect();
            let end = if event.value == 0 { "" } else { "!" };
            self.packets
                .push(format!("{device}:{}{end}", words.join(",")));
        }
        begun.clear();
    }

    /// The packets, once there are `count`, or in vain waited for.
    pub fn packets(&mut self, count: usize) -> Result<String> {
        let deadline = Instant::now() + LIMIT;
        loop {
            self.read()?;
            let left = deadline.saturating_duration_since(Instant::now());
            if self.packets.len() >= count || left.is_zero() {
                break;
            }
            orders::wait(self.files.iter(), Some(left))?;
        }
        Ok(std::mem::take(&mut self.packets).join(" "))
    }

    /// What each device is.
    pub fn describe(&self) -> Result<String> {
        let mut words = Vec::new();
        for file in &self.files {
            let (mut id, mut name) = ([0u16; 4], [0u8; TEXT_BYTES]);
            checked(sys!(libc::SYS_ioctl, file.as_raw_fd(), GET_ID, &mut id))?;
            let length = sys!(libc::SYS_ioctl, file.as_raw_fd(), GET_NAME, &mut name);
            let name = &name[..checked(length)?.saturating_sub(1)];
            let [bus, vendor, product, _version] = id;
            words.push(format!(
                "{} {bus:x}:{vendor:x}:{product:x}",
                String::from_utf8_lossy(name)
            ));
        }
        Ok(words.join("; "))
    }

    /// The keys that are down.
    pub fn held(&self) -> Result<String> {
        self.bits(GET_KEYS)
    }

    /// The lamps that are on.
    pub fn lamps(&self) -> Result<String> {
        self.bits(GET_LAMPS)
    }

    fn bits(&self, command: u32) -> Result<String> {
        let mut words = Vec::new();
        for (number, file) in self.files.iter().enumerate() {
            let mut bits = [0u8; KEY_BYTES];
            checked(sys!(libc::SYS_ioctl, file.as_raw_fd(), command, &mut bits))?;
            let codes = (0..KEY_BYTES * 8).filter(|code| bits[code / 8] >> (code % 8) & 1 == 1);
            let codes: Vec<String> = codes.map(|code| code.to_string()).collect();
            if !codes.is_empty() {
                words.push(format!("{number}:{}", codes.join(",")));
            }
        }
        Ok(words.join(" "))
    }

    /// Writes that a key goes down or up, as if each device had sent it.
    pub fn press(&mut self, code: u16, value: u16) -> Result<String> {
        self.write(&[Event::new(EV_KEY, code, value.into())])
    }

    fn write(&mut self, events: &[Event]) -> Result<String> {
        let report = Event::new(EV_SYN, 0, 0);
        for file in &mut self.files {
            for event in events.iter().chain([&report]) {
                file.write_all(&event.bytes())?;
            }
        }
        Ok("written".into())
    }

    /// Gives a key another meaning, wherever that can be done; says where.
    pub fn set_meaning(&self, code: u16, key: u16) -> Result<String> {
        let pair = [u32::from(code), u32::from(key)];
        Ok(self.where_taken(SET_MEANING, &pair))
    }

    /// Sets the milliseconds before a held key repeats, and from one repetition to the next; says
    /// where.
    pub fn repeat(&self, times: [u16; 2]) -> Result<String> {
        Ok(self.where_taken(SET_REPEAT, &times.map(u32::from)))
    }

    /// The same by events.
    pub fn rate(&mut self, [delay, period]: [u16; 2]) -> Result<String> {
        let events = [(0, delay), (1, period)];
        self.write(&events.map(|(code, value)| Event::new(EV_REP, code, value.into())))
    }

    fn where_taken(&self, command: u32, argument: &[u32; 2]) -> String {
        let taken = self.files.iter().enumerate().filter(|(_, file)| {
            let returned = sys!(libc::SYS_ioctl, file.as_raw_fd(), command, argument);
            returned == 0
        });
        let numbers: Vec<String> = taken.map(|(number, _)| number.to_string()).collect();
        format!("at {}", numbers.join(","))
    }

    /// Chooses to see events of keys, or none.
    pub fn hear_keys(&self, hear: bool) -> Result<String> {
        let codes = [if hear { 0xff } else { 0u8 }; KEY_BYTES];
        let mask = [
            u64::from(EV_KEY) | (KEY_BYTES as u64) << 32,
            codes.as_ptr() as u64,
        ];
        for file in &self.files {
            checked(sys!(libc::SYS_ioctl, file.as_raw_fd(), SET_MASK, &mask))?;
        }
        Ok("chosen".into())
    }
}
