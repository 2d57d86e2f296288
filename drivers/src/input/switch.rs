//! The keys that switch personas.
//!
//! A modifier and F1…F12 mean the persona in slot n; the modifier and Escape, the one that was in
//! front before. The core looks for them among the keys of the hardware, in front of every grab
//! and every program, so no program sees, swallows or fakes them.
//!
//! On the kernel's command line `switch=alt` (the default), `switch=ctrl+alt` and so on choose
//! the modifiers, and `switch=off` leaves all keys to programs.

use abi::input::{
    KEY_ESC, KEY_F1, KEY_F10, KEY_F11, KEY_F12, KEY_LEFTALT, KEY_LEFTCTRL, KEY_LEFTMETA,
    KEY_LEFTSHIFT, KEY_RIGHTALT, KEY_RIGHTCTRL, KEY_RIGHTMETA, KEY_RIGHTSHIFT,
};

/// Where the keys lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The persona in this slot, from 1.
    Slot(usize),
    /// The one that was in front before.
    Previous,
}

/// A modifier by its name, and the two keys that are one.
type Modifier = (&'static str, [u16; 2]);

const MODIFIERS: [Modifier; 4] = [
    ("alt", [KEY_LEFTALT, KEY_RIGHTALT]),
    ("ctrl", [KEY_LEFTCTRL, KEY_RIGHTCTRL]),
    ("shift", [KEY_LEFTSHIFT, KEY_RIGHTSHIFT]),
    ("meta", [KEY_LEFTMETA, KEY_RIGHTMETA]),
];

/// Which modifiers must be down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwitchKeys {
    /// A bit for each of [`MODIFIERS`]; without any, no keys switch.
    wanted: u8,
}

impl Default for SwitchKeys {
    /// Alt.
    fn default() -> Self {
        Self { wanted: 1 }
    }
}

impl SwitchKeys {
    /// Reads what follows `switch=`. None: it makes no sense.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "off" {
            return Some(Self { wanted: 0 });
        }
        let mut wanted = 0;
        for name in text.split('+') {
            let index = MODIFIERS.iter().position(|(known, _)| *known == name)?;
            wanted |= 1 << index;
        }
        Some(Self { wanted })
    }

    /// Where `key` leads while the keys that `is_down` tells are down.
    pub fn target(self, key: u16, is_down: impl Fn(u16) -> bool) -> Option<Target> {
        let target = match key {
            KEY_ESC => Target::Previous,
            KEY_F1..=KEY_F10 => Target::Slot(usize::from(key - KEY_F1) + 1),
            KEY_F11 | KEY_F12 => Target::Slot(usize::from(key - KEY_F11) + 11),
            _ => return None,
        };
        let mut modifiers = MODIFIERS.iter().enumerate();
        let all = modifiers.all(|(index, (_, keys))| {
            self.wanted >> index & 1 == 0 || keys.iter().any(|key| is_down(*key))
        });
        (self.wanted != 0 && all).then_some(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(keys: SwitchKeys, key: u16, down: &[u16]) -> Option<Target> {
        keys.target(key, |asked| down.contains(&asked))
    }

    #[test]
    fn alt_and_a_function_key_is_a_slot() {
        let keys = SwitchKeys::default();
        assert_eq!(with(keys, KEY_F1, &[KEY_LEFTALT]), Some(Target::Slot(1)));
        assert_eq!(with(keys, KEY_F10, &[KEY_RIGHTALT]), Some(Target::Slot(10)));
        assert_eq!(with(keys, KEY_F12, &[KEY_LEFTALT]), Some(Target::Slot(12)));
        assert_eq!(with(keys, KEY_ESC, &[KEY_LEFTALT]), Some(Target::Previous));
        assert_eq!(with(keys, KEY_F1, &[KEY_LEFTCTRL]), None);
        assert_eq!(with(keys, 30, &[KEY_LEFTALT]), None);
    }

    #[test]
    fn the_command_line_chooses() {
        let both = SwitchKeys::parse("ctrl+alt").unwrap();
        assert_eq!(with(both, KEY_F1, &[KEY_LEFTALT]), None);
        assert_eq!(
            with(both, KEY_F1, &[KEY_LEFTALT, KEY_RIGHTCTRL]),
            Some(Target::Slot(1))
        );
        assert_eq!(
            with(SwitchKeys::parse("off").unwrap(), KEY_F1, &[KEY_LEFTALT]),
            None
        );
        assert_eq!(SwitchKeys::parse("alt"), Some(SwitchKeys::default()));
        assert!(SwitchKeys::parse("").is_none() && SwitchKeys::parse("alt+hyper").is_none());
    }
}
