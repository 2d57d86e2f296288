//! One device as the core keeps it: its driver, its state, and the packet that is being put
//! together.
//!
//! Two sets of keys are kept. `physical` are those that a finger holds down, as the hardware names
//! them; `state.keys` those that the persona in front knows to be down, by what they mean. A key
//! that was pressed before the persona came to the front, or that switched personas, is in the
//! first only: its release concerns nobody.
//!
//! Programs may change what keys mean, but not which of them switch: those are told by what the
//! hardware's own map says ([`Unit::printed`]).

use abi::input::{EV_KEY, EV_LED, EV_MSC, EV_REP, MSC_SCAN};
use alloc::boxed::Box;
use alloc::vec::Vec;

use super::bits::KeyBits;
use super::device::{Device, Event};
use super::settings::Settings;
use super::state::{Route, State};

/// Events that a packet holds before a part of it is delivered.
const PACKET: usize = 64;
const NANOSECONDS_PER_MILLISECOND: u64 = 1_000_000;

/// A device.
pub struct Unit {
    pub hardware: Box<dyn Device>,
    pub state: State,
    /// Keys that a finger holds down, as the hardware names them.
    physical: KeyBits,
    /// What the keys meant before any program gave them another meaning.
    own_map: Option<Vec<u16>>,
    pub packet: Vec<Event>,
    /// What the keyboard sent, until it is known whether the key behind it is shown.
    scan: Option<Event>,
    repeating: Option<Repeating>,
}

/// A key that is held down.
#[derive(Clone, Copy)]
struct Repeating {
    key: u16,
    /// When it repeats next, in nanoseconds since boot.
    at: u64,
}

/// What to do after an event of the hardware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing yet.
    Nothing,
    /// The packet is to be delivered.
    Deliver,
    /// A key went down, which the hardware names so: it may be one that switches. If it is not,
    /// [`Unit::press`] it.
    Pressed(u16),
}

impl Unit {
    /// A device with nothing pressed.
    pub fn new(hardware: Box<dyn Device>) -> Self {
        let identity = hardware.identity();
        Self {
            hardware,
            own_map: identity.keymap.clone(),
            state: State::new(identity),
            physical: KeyBits::EMPTY,
            packet: Vec::with_capacity(PACKET + 2),
            scan: None,
            repeating: None,
        }
    }

    /// Takes an event of the hardware.
    pub fn take(&mut self, event: Event, now: u64) -> After {
        match (event.kind, event.code) {
            (EV_KEY, code) => self.take_key(code, event.value, now),
            (EV_MSC, MSC_SCAN) => {
                self.scan = Some(event);
                After::Nothing
            }
            _ if event == Event::LOST => self.take_loss(now),
            _ if event.is_report() => {
                self.scan = None;
                After::Deliver
            }
            _ => self.show(event, now),
        }
    }

    fn take_key(&mut self, code: u16, value: i32, now: u64) -> After {
        let was_down = self.physical.has(code);
        self.physical.set(code, value != 0);
        if value == 1 && !was_down {
            return After::Pressed(code);
        }
        match self.state.meaning(code) {
            None => self.show_scan(now),
            // Repetitions are made here, of what the persona in front knows to be down.
            Some(key) if value == 0 && self.state.keys.has(key) => {
                self.show(Event::key(key, 0), now)
            }
            Some(_) => self.hide(),
        }
    }

    /// The key that went down switches nothing.
    pub fn press(&mut self, code: u16, now: u64) -> After {
        match self.state.meaning(code) {
            None => self.show_scan(now),
            Some(key) => self.show(Event::key(key, 1), now),
        }
    }

    /// A key without a meaning is told by its code alone, so that it can be given one.
    fn show_scan(&mut self, now: u64) -> After {
        let scan = self.scan.take();
        scan.map_or(After::Nothing, |scan| self.show(scan, now))
    }

    /// The key that the hardware names `code`, as its own map has it: what is printed on it.
    pub fn printed(&self, code: u16) -> Option<u16> {
        match &self.own_map {
            None => Some(code),
            Some(map) => map.get(usize::from(code)).copied().filter(|key| *key != 0),
        }
    }

    /// Whether a finger holds down the key on which `key` is printed.
    pub fn is_held(&self, key: u16) -> bool {
        let mut held = self.physical.iter();
        held.any(|code| self.printed(code) == Some(key))
    }

    /// A release may be among what was lost, so all keys go up: one that is down all the same
    /// can be pressed again, but one that stuck would stay so.
    fn take_loss(&mut self, now: u64) -> After {
        self.physical = KeyBits::EMPTY;
        self.scan = None;
        let held = self.state.keys;
        for key in held.iter() {
            self.show(Event::key(key, 0), now);
        }
        After::Deliver
    }

    /// The last event concerns nobody.
    pub fn hide(&mut self) -> After {
        self.scan = None;
        After::Nothing
    }

    /// Adds an event to the packet, if it changes anything, and does what it asks of the device.
    pub fn show(&mut self, mut event: Event, now: u64) -> After {
        let route = self.state.accept(&mut event);
        let scan = self.scan.take();
        if route == Route::Nowhere {
            return After::Nothing;
        }
        if event.kind == EV_KEY {
            self.note_repeat(event, now);
        }
        if route == Route::Both {
            self.tell_hardware(event);
        }
        self.packet.extend(scan);
        self.packet.push(event);
        if self.packet.len() >= PACKET {
            After::Deliver
        } else {
            After::Nothing
        }
    }

    fn tell_hardware(&mut self, event: Event) {
        match event.kind {
            EV_LED => self.hardware.set_led(event.code, event.value != 0),
            EV_REP => self.tell_repeat(),
            _ => {}
        }
    }

    fn note_repeat(&mut self, event: Event, now: u64) {
        let [delay, period] = self.state.repeat;
        match event.value {
            1 if self.state.identity.repeats && delay > 0 && period > 0 => {
                self.repeating = Some(Repeating {
                    key: event.code,
                    at: now + u64::from(delay) * NANOSECONDS_PER_MILLISECOND,
                });
            }
            0 => self.repeating = None,
            _ => {}
        }
    }

    /// When the held key repeats next.
    pub fn next_repetition(&self) -> Option<u64> {
        self.repeating.map(|repeating| repeating.at)
    }

    /// The key that repeats now, if it is time.
    pub fn repeat(&mut self, now: u64) -> Option<u16> {
        let repeating = self.repeating.filter(|repeating| repeating.at <= now)?;
        let period = u64::from(self.state.repeat[1]);
        let at = now + period * NANOSECONDS_PER_MILLISECOND;
        let goes_on = period > 0 && self.state.keys.has(repeating.key);
        self.repeating = goes_on.then_some(Repeating { at, ..repeating });
        self.state.keys.has(repeating.key).then_some(repeating.key)
    }

    /// The persona in front leaves: the device is as it came. Returns what it had changed.
    pub fn take_changes(&mut self) -> Option<Box<Settings>> {
        let changes = self.state.take_changes()?;
        self.tell_repeat();
        Some(changes)
    }

    /// A persona comes to the front that has changed something.
    pub fn put_changes(&mut self, changes: Box<Settings>) {
        self.state.put_changes(changes);
        self.tell_repeat();
    }

    fn tell_repeat(&mut self) {
        let [delay, period] = self.state.repeat;
        self.hardware.set_repeat(delay, period);
    }

    /// The persona in front has left it: nobody knows of any key or place now.
    pub fn forget(&mut self) {
        // Also where its persona was none that could have kept it.
        self.take_changes();
        self.state.set_places(|_| None);
        self.state.keys = KeyBits::EMPTY;
        self.packet.clear();
        self.scan = None;
        self.repeating = None;
    }

    /// Gives the key at `place` of the map another meaning. None: it has no such place. A key
    /// that nothing means any more goes up.
    pub fn set_meaning(&mut self, place: usize, key: u16) -> Option<()> {
        self.state.identity.keymap.as_ref()?.get(place)?;
        self.state.set_own_aside();
        let identity = &mut self.state.identity;
        let map = identity.keymap.as_mut()?;
        let old = core::mem::replace(map.get_mut(place)?, key);
        if map.contains(&old) && old != 0 {
            identity.keys.set(key, key != 0);
            return Some(());
        }
        if self.state.keys.has(old) {
            self.show(Event::key(old, 0), 0);
        }
        self.state.identity.keys.set(old, false);
        self.state.identity.keys.set(key, key != 0);
        Some(())
    }
}
