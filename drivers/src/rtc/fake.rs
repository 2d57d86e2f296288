//! A clock chip for tests: registers, a second that a test lets pass, and an interrupt line.

use std::sync::{Arc, Mutex};

use super::cmos::{Events, Port, acknowledge};
use super::periodic::{Expired, Timer, Timers};

/// The chip; a clone is the same one.
#[derive(Clone)]
pub struct Chip(Arc<Mutex<Inside>>);

struct Inside {
    registers: [u8; 128],
    /// So many reads of status A find an update in progress.
    updates: usize,
    /// So many reads of the seconds find another one.
    unsteady: u8,
    /// A second that passes at one of the next accesses.
    surprise: Option<usize>,
}

pub const BINARY: u8 = 4;
pub const TWENTY_FOUR_HOURS: u8 = 2;
const FIELDS: [usize; 7] = [0x00, 0x02, 0x04, 0x07, 0x08, 0x09, 0x32];

impl Chip {
    /// With status B and seconds, minutes, hours, day, month, year and century as they are in the
    /// registers.
    pub fn new(format: u8, fields: [u8; 7]) -> Self {
        let mut registers = [0; 128];
        for (index, value) in FIELDS.into_iter().zip(fields) {
            registers[index] = value;
        }
        registers[0x0b] = format;
        Self(Arc::new(Mutex::new(Inside {
            registers,
            updates: 0,
            unsteady: 0,
            surprise: None,
        })))
    }

    pub fn register(&self, index: usize) -> u8 {
        self.0.lock().unwrap().registers[index]
    }

    pub fn set_register(&self, index: usize, value: u8) {
        self.0.lock().unwrap().registers[index] = value;
    }

    pub fn be_updating(&self, reads: usize) {
        self.0.lock().unwrap().updates = reads;
    }

    pub fn be_unsteady(&self, reads: u8) {
        self.0.lock().unwrap().unsteady = reads;
    }

    /// Lets a second pass after so many more accesses.
    pub fn surprise_after(&self, accesses: usize) {
        self.0.lock().unwrap().surprise = Some(accesses);
    }

    /// Lets a second pass.
    pub fn tick(&self) {
        self.0.lock().unwrap().tick();
    }

    /// Whether the chip asks for an interrupt.
    pub fn interrupts(&self) -> bool {
        let inside = self.0.lock().unwrap();
        inside.registers[0x0b] & inside.registers[0x0c] & 0x70 != 0
    }

    /// What an interrupt handler does.
    pub fn handle(&self) -> Events {
        acknowledge(self)
    }
}

impl Inside {
    fn number(&self, value: u8) -> u8 {
        match self.registers[0x0b] & BINARY {
            0 => (value >> 4) * 10 + (value & 15),
            _ => value,
        }
    }

    /// Adds one to a field, which goes from `first` to `last`; whether it began again.
    fn step(&mut self, index: usize, first: u8, last: u8) -> bool {
        let number = self.number(self.registers[index]);
        let next = if number >= last { first } else { number + 1 };
        self.registers[index] = match self.registers[0x0b] & BINARY {
            0 => ((next / 10) << 4) | (next % 10),
            _ => next,
        };
        number >= last
    }

    fn step_hour(&mut self) -> bool {
        if self.registers[0x0b] & TWENTY_FOUR_HOURS != 0 {
            return self.step(4, 0, 23);
        }
        let afternoon = self.registers[4] & 0x80;
        self.registers[4] &= 0x7f;
        self.step(4, 1, 12);
        let noon = self.number(self.registers[4]) == 12;
        let afternoon = if noon { afternoon ^ 0x80 } else { afternoon };
        self.registers[4] |= afternoon;
        noon && afternoon == 0
    }

    fn days(&self) -> u8 {
        let (year, month) = (
            self.number(self.registers[9]),
            self.number(self.registers[8]),
        );
        let leap = year.is_multiple_of(4)
            && (year != 0 || self.number(self.registers[0x32]).is_multiple_of(4));
        [
            31,
            28 + u8::from(leap),
            31,
            30,
            31,
            30,
            31,
            31,
            30,
            31,
            30,
            31,
        ][usize::from(month - 1)]
    }

    fn tick(&mut self) {
        if self.registers[0x0b] & 0x80 != 0 {
            return;
        }
        let days = self.days();
        let _ = self.step(0, 0, 59)
            && self.step(2, 0, 59)
            && self.step_hour()
            && self.step(7, 1, days)
            && self.step(8, 1, 12)
            && self.step(9, 0, 99)
            && self.step(0x32, 0, 99);
        self.registers[0x0c] |= 0x10;
        let matches = |(time, alarm): (usize, usize)| {
            let alarm = self.registers[alarm];
            alarm & 0xc0 == 0xc0 || alarm == self.registers[time]
        };
        if [(0, 1), (2, 3), (4, 5)].into_iter().all(matches) {
            self.registers[0x0c] |= 0x20;
        }
    }

    fn access(&mut self) {
        match &mut self.surprise {
            Some(0) => {
                self.surprise = None;
                self.tick();
            }
            Some(left) => *left -= 1,
            None => {}
        }
    }
}

impl Port for Chip {
    fn read(&self, index: u8) -> u8 {
        let mut inside = self.0.lock().unwrap();
        inside.access();
        match index {
            0x0a if inside.updates > 0 => {
                inside.updates -= 1;
                0x80
            }
            0x00 if inside.unsteady > 0 => {
                inside.unsteady -= 1;
                inside.registers[0] + inside.unsteady + 1
            }
            0x0c => std::mem::take(&mut inside.registers[0x0c]),
            index => inside.registers[usize::from(index)],
        }
    }

    fn write(&self, index: u8, value: u8) {
        let mut inside = self.0.lock().unwrap();
        inside.access();
        inside.registers[usize::from(index)] = value;
    }
}

/// The timers of all clocks, which a test lets expire; a clone is the same.
#[derive(Clone, Default)]
pub struct FakeTimers(Arc<Mutex<Vec<FakeTimer>>>);

/// A timer: who is told, and its period while it is on.
#[derive(Clone)]
struct FakeTimer {
    expired: Expired,
    period: Arc<Mutex<Option<u64>>>,
}

impl FakeTimers {
    /// The periods of those that are on.
    pub fn periods(&self) -> Vec<u64> {
        let timers = self.0.lock().unwrap();
        let period = |timer: &FakeTimer| *timer.period.lock().unwrap();
        timers.iter().filter_map(period).collect()
    }

    /// Each that is on expires, so often.
    pub fn expire(&self, count: u64) {
        let timers = self.0.lock().unwrap().clone();
        for timer in timers {
            let on = timer.period.lock().unwrap().is_some();
            if on {
                (timer.expired)(count);
            }
        }
    }
}

impl Timers for FakeTimers {
    fn timer(&self, expired: Expired) -> Box<dyn Timer> {
        let period = Arc::default();
        let timer = FakeTimer { expired, period };
        self.0.lock().unwrap().push(timer.clone());
        Box::new(timer)
    }
}

impl Timer for FakeTimer {
    fn start(&self, nanoseconds: u64) {
        *self.period.lock().unwrap() = Some(nanoseconds);
    }

    fn stop(&self) {
        *self.period.lock().unwrap() = None;
    }
}
