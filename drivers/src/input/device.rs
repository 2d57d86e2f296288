//! What any input device can do, and what it tells of itself.
//!
//! A device makes events; the core decides what they mean. Drivers know neither clients nor
//! personas.

use abi::input::{
    AbsInfo, EV_ABS, EV_KEY, EV_LED, EV_MSC, EV_REL, EV_REP, EV_SND, EV_SW, EV_SYN, InputId,
};
use alloc::collections::BTreeMap;
use alloc::string::String;

use super::bits::{Bits, FewBits, KeyBits};

/// What a device reports, or is told: a type (`EV_*`), a code of that type, and a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its type.
    pub kind: u16,
    /// Which key, axis, light … of that type.
    pub code: u16,
    /// Its new value, or by how much it moved.
    pub value: i32,
}

impl Event {
    /// An event.
    pub const fn new(kind: u16, code: u16, value: i32) -> Self {
        Self { kind, code, value }
    }

    /// A key or button: 1 pressed, 0 released, 2 repeated.
    pub const fn key(code: u16, value: i32) -> Self {
        Self::new(EV_KEY, code, value)
    }

    /// The end of a packet.
    pub const REPORT: Self = Self::new(EV_SYN, abi::input::SYN_REPORT, 0);

    /// Some events were lost: nobody knows which keys are down now.
    pub const LOST: Self = Self::new(EV_SYN, abi::input::SYN_DROPPED, 0);

    /// Whether this is the end of a packet.
    pub fn is_report(&self) -> bool {
        self.kind == EV_SYN && self.code == abi::input::SYN_REPORT
    }
}

/// What a device tells of itself.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// What a person reads.
    pub name: String,
    /// Where it is attached.
    pub phys: Option<String>,
    /// What tells it from others of its make.
    pub uniq: Option<String>,
    /// Bus and makers' numbers.
    pub id: InputId,
    /// `INPUT_PROP_*`.
    pub properties: FewBits,
    /// Types of events. Kept by [`Identity::note_types`].
    pub types: FewBits,
    /// Keys and buttons.
    pub keys: KeyBits,
    /// Relative axes.
    pub relative: FewBits,
    /// `MSC_*`.
    pub miscellaneous: FewBits,
    /// Lights.
    pub leds: FewBits,
    /// Sounds.
    pub sounds: FewBits,
    /// Switches.
    pub switches: FewBits,
    /// Absolute axes.
    pub axes: BTreeMap<u16, AbsInfo>,
    /// Whether held keys are repeated.
    pub repeats: bool,
    /// What its keys mean, by what it sends, where that can be changed.
    pub keymap: Option<alloc::vec::Vec<u16>>,
}

impl Identity {
    /// Writes the types that follow from the codes.
    pub fn note_types(mut self) -> Self {
        let types = [
            (EV_SYN, true),
            (EV_KEY, !self.keys.is_empty()),
            (EV_REL, !self.relative.is_empty()),
            (EV_ABS, !self.axes.is_empty()),
            (EV_MSC, !self.miscellaneous.is_empty()),
            (EV_SW, !self.switches.is_empty()),
            (EV_LED, !self.leds.is_empty()),
            (EV_SND, !self.sounds.is_empty()),
            (EV_REP, self.repeats),
        ];
        self.types = Bits::of(
            types
                .into_iter()
                .filter(|(_, has)| *has)
                .map(|(kind, _)| kind),
        );
        self
    }

    /// The codes of type `kind` that it has, as words; type 0 stands for the types. None where
    /// Linux knows no such list.
    pub fn codes(&self, kind: u16) -> Option<alloc::vec::Vec<u64>> {
        Some(match kind {
            EV_SYN => self.types.words().into(),
            EV_KEY => self.keys.words().into(),
            EV_REL => self.relative.words().into(),
            EV_ABS => FewBits::of(self.axes.keys().copied()).words().into(),
            EV_MSC => self.miscellaneous.words().into(),
            EV_LED => self.leds.words().into(),
            EV_SND => self.sounds.words().into(),
            abi::input::EV_FF => alloc::vec![0; 2],
            EV_SW => self.switches.words().into(),
            _ => return None,
        })
    }

    /// Whether it is a mouse or a tablet to who wants a pointer: it moves, and has a button.
    pub fn is_pointer(&self) -> bool {
        use abi::input::{ABS_X, ABS_Y, BTN_LEFT, BTN_TOUCH, REL_WHEEL, REL_X, REL_Y};
        let moves = self.relative.has(REL_X) && self.relative.has(REL_Y);
        let points = self.axes.contains_key(&ABS_X) && self.axes.contains_key(&ABS_Y);
        let clicks = self.keys.has(BTN_LEFT) || self.keys.has(BTN_TOUCH);
        (moves && self.keys.has(BTN_LEFT)) || (points && clicks) || self.relative.has(REL_WHEEL)
    }

    /// Whether it is a keyboard to who wants one: it has the keys of the first rows.
    pub fn is_keyboard(&self) -> bool {
        (1..32).all(|key| self.keys.has(key))
    }
}

/// An input device.
pub trait Device: Send {
    /// What it is. Asked once, before the first event is taken.
    fn identity(&self) -> Identity;

    /// Acknowledges its interrupt, if it has one of its own. Called before events are taken, and
    /// also when none are to be taken now.
    fn acknowledge(&mut self) {}

    /// Takes the oldest event that has arrived. [`Event::LOST`] stands where some are missing.
    fn next_event(&mut self) -> Option<Event>;

    /// Lights or darkens a light.
    fn set_led(&mut self, led: u16, on: bool);

    /// Says how fast held keys are to repeat, in milliseconds. Nothing is to be done where the
    /// core repeats them.
    fn set_repeat(&mut self, _delay: u32, _period: u32) {}
}
