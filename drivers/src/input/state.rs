//! What a device's keys, lights and axes are at now, and which events change it.
//!
//! An event that changes nothing is none: a key that is down does not go down again. So whoever
//! has seen all events, or asked for the state once, knows it.
//!
//! Source: Linux's `Documentation/input/event-codes.rst`; its input core for what is passed on.

use abi::input::{
    AbsInfo, EV_ABS, EV_FF, EV_KEY, EV_LED, EV_MSC, EV_PWR, EV_REL, EV_REP, EV_SND, EV_SW, EV_SYN,
    REP_DELAY, REP_PERIOD, SYN_CONFIG, SYN_MT_REPORT,
};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use super::bits::{FewBits, KeyBits};
use super::device::{Event, Identity};
use super::settings::Settings;

/// Milliseconds before a held key repeats, and from one repetition to the next, as on Linux.
const REPEAT_DEFAULT: [u32; 2] = [250, 33];

/// Where an event goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Nowhere: it changes nothing, or the device has no such thing.
    Nowhere,
    /// To the readers.
    Readers,
    /// To the device, and to the readers.
    Both,
}

/// What a device has, and what it is at.
pub struct State {
    /// What it has. Programs may change the ranges of axes and the meaning of keys.
    pub identity: Identity,
    /// What programs said of axes that it lacks. Linux keeps that, and gives it back.
    pub said_of_axes: BTreeMap<u16, AbsInfo>,
    /// Keys that are down for the persona in front.
    pub keys: KeyBits,
    /// Lights that are on.
    pub leds: FewBits,
    /// Sounds that sound.
    pub sounds: FewBits,
    /// Switches that are closed.
    pub switches: FewBits,
    /// Milliseconds before a held key repeats, and from one repetition to the next.
    pub repeat: [u32; 2],
    /// What the device came with, while the persona in front has changed something.
    pub(super) set_aside: Option<Box<Settings>>,
}

impl State {
    /// Everything up and off.
    pub fn new(identity: Identity) -> Self {
        let repeat = if identity.repeats {
            REPEAT_DEFAULT
        } else {
            [0; 2]
        };
        Self {
            identity,
            said_of_axes: BTreeMap::new(),
            keys: KeyBits::EMPTY,
            leds: FewBits::EMPTY,
            sounds: FewBits::EMPTY,
            switches: FewBits::EMPTY,
            repeat,
            set_aside: None,
        }
    }

    /// Notes what the event changes, and says where it goes. The value of an axis may change: it
    /// loses its noise.
    pub fn accept(&mut self, event: &mut Event) -> Route {
        let Event { kind, code, value } = *event;
        let has = &self.identity;
        if kind != EV_SYN && !has.types.has(kind) {
            return Route::Nowhere;
        }
        let is_on = value != 0;
        match kind {
            EV_SYN if matches!(code, SYN_CONFIG | SYN_MT_REPORT) => Route::Readers,
            EV_KEY if has.keys.has(code) => {
                if value != 2 && !change(self.keys.has(code), is_on) {
                    return Route::Nowhere;
                }
                if value != 2 {
                    self.keys.set(code, is_on);
                }
                Route::Readers
            }
            EV_REL if has.relative.has(code) && value != 0 => Route::Readers,
            EV_ABS => self.move_axis(event),
            EV_MSC if has.miscellaneous.has(code) => Route::Both,
            EV_SW if has.switches.has(code) && change(self.switches.has(code), is_on) => {
                self.switches.set(code, is_on);
                Route::Readers
            }
            EV_LED if has.leds.has(code) && change(self.leds.has(code), is_on) => {
                self.leds.set(code, is_on);
                Route::Both
            }
            EV_SND if has.sounds.has(code) => {
                self.sounds.set(code, is_on);
                Route::Both
            }
            EV_REP => self.set_repeat(code, value),
            EV_FF | EV_PWR => Route::Both,
            _ => Route::Nowhere,
        }
    }

    fn move_axis(&mut self, event: &mut Event) -> Route {
        let Some(axis) = self.identity.axes.get_mut(&event.code) else {
            return Route::Nowhere;
        };
        event.value = without_noise(event.value, axis.value, axis.fuzz);
        if axis.value == event.value {
            return Route::Nowhere;
        }
        axis.value = event.value;
        Route::Readers
    }

    fn set_repeat(&mut self, code: u16, value: i32) -> Route {
        let place = match code {
            REP_DELAY => 0,
            REP_PERIOD => 1,
            _ => return Route::Nowhere,
        };
        match u32::try_from(value) {
            Ok(value) if value != self.repeat[place] => {
                self.set_own_aside();
                self.repeat[place] = value;
                Route::Both
            }
            _ => Route::Nowhere,
        }
    }

    /// What is said of an axis, had or lacked. None: the device has no axes at all.
    pub fn axis(&self, axis: u16) -> Option<AbsInfo> {
        let (had, lacked) = (&self.identity.axes, &self.said_of_axes);
        let said = had.get(&axis).or_else(|| lacked.get(&axis));
        (!had.is_empty()).then(|| said.copied().unwrap_or_default())
    }

    /// Where the axes are.
    pub fn places(&self) -> impl Iterator<Item = (u16, i32)> + '_ {
        let axes = self.identity.axes.iter();
        axes.map(|(axis, range)| (*axis, range.value))
    }

    /// Puts the axes where `place` says; to 0, where they begin, if it does not know.
    pub fn set_places(&mut self, place: impl Fn(u16) -> Option<i32>) {
        for (axis, range) in &mut self.identity.axes {
            range.value = place(*axis).unwrap_or(0);
        }
    }

    /// Notes what a program says of an axis. A device without axes keeps nothing.
    pub fn set_axis(&mut self, axis: u16, range: AbsInfo) {
        self.set_own_aside();
        if let Some(known) = self.identity.axes.get_mut(&axis) {
            *known = range;
        } else if !self.identity.axes.is_empty() {
            self.said_of_axes.insert(axis, range);
        }
    }

    /// What a key that the device reports by `code` means. None: nothing.
    pub fn meaning(&self, code: u16) -> Option<u16> {
        match &self.identity.keymap {
            None => Some(code),
            Some(map) => map.get(usize::from(code)).copied().filter(|key| *key != 0),
        }
    }
}

fn change(before: bool, now: bool) -> bool {
    before != now
}

/// The value less the noise that the device is known for: near the old one, the old one counts
/// more.
fn without_noise(value: i32, old: i32, fuzz: i32) -> i32 {
    if fuzz == 0 {
        return value;
    }
    let (value, old, fuzz) = (i64::from(value), i64::from(old), i64::from(fuzz));
    let distance = (value - old).abs();
    let smoothed = if distance < fuzz / 2 {
        old
    } else if distance < fuzz {
        (old * 3 + value) / 4
    } else if distance < fuzz * 2 {
        (old + value) / 2
    } else {
        value
    };
    i32::try_from(smoothed).unwrap_or(i32::MAX)
}
