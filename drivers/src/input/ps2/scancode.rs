//! What the bytes of a PS/2 keyboard mean.
//!
//! A key is told by a code, with 0xe0 in front for the keys that later keyboards added. In set 1
//! a release has the top bit set; in set 2 the byte 0xf0 goes in front. Pause is a sequence of
//! its own behind 0xe1; Print Screen comes wrapped in shifts that nobody pressed. Set 2 is
//! brought to the numbers of set 1, so both have the same key map.
//!
//! Source: IBM PS/2 Hardware Interface Technical Reference, "Keyboards (101- and 102-key)".

/// Which set the keyboard speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// Set 1, also what the i8042 translates set 2 into.
    One,
    /// Set 2.
    Two,
}

/// Added to the code of a key that is told behind 0xe0.
pub const EXTENDED: u16 = 0x80;
/// Places in a key map.
pub const KEYMAP_LENGTH: usize = 512;
/// Where Pause is in the map: its own sequence ends in the code of Num Lock, so it is given the
/// place of Ctrl+Pause.
const PAUSE: u16 = EXTENDED + 0x46;

/// A key went down or up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stroke {
    /// Its place in the key map.
    pub scancode: u16,
    /// Down.
    pub pressed: bool,
}

/// Where in a sequence the last byte left us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Prefix {
    #[default]
    None,
    Extended,
    /// Behind 0xe1: so many codes are still to come.
    Pause(u8),
}

/// Reads bytes, gives strokes.
#[derive(Clone, Copy, Debug)]
pub struct Decoder {
    set: Set,
    prefix: Prefix,
    /// Set 2: the byte before was 0xf0.
    release: bool,
}

impl Decoder {
    /// At the beginning of a sequence.
    pub fn new(set: Set) -> Self {
        Self {
            set,
            prefix: Prefix::None,
            release: false,
        }
    }

    /// Takes the next byte; gives a stroke when it ends one.
    pub fn take(&mut self, byte: u8) -> Option<Stroke> {
        match (self.set, byte) {
            (_, 0xe0) => self.prefix = Prefix::Extended,
            (_, 0xe1) => self.prefix = Prefix::Pause(2),
            (Set::Two, 0xf0) => self.release = true,
            (Set::One, _) => return self.end(byte & 0x7f, byte & 0x80 == 0),
            (Set::Two, _) => {
                let pressed = !core::mem::take(&mut self.release);
                return self.end(to_set_one(byte), pressed);
            }
        }
        None
    }

    /// A code has come, in the numbers of set 1; 0 for one that no key has.
    fn end(&mut self, code: u8, pressed: bool) -> Option<Stroke> {
        let prefix = core::mem::take(&mut self.prefix);
        let scancode = match prefix {
            Prefix::Pause(left @ 2..) => {
                self.prefix = Prefix::Pause(left - 1);
                return None;
            }
            Prefix::Pause(_) => PAUSE,
            // Not keys: the shifts around Print Screen and the grey keys.
            Prefix::Extended if matches!(code, 0x2a | 0x36) => return None,
            // Too many keys are down, or the keyboard reports a failure.
            _ if matches!(code, 0 | 0x7f) => return None,
            Prefix::Extended => EXTENDED + u16::from(code),
            Prefix::None => u16::from(code),
        };
        Some(Stroke { scancode, pressed })
    }
}

/// Whether more bytes follow this one in a sequence of either set.
pub fn is_prefix(byte: u8) -> bool {
    matches!(byte, 0xe0 | 0xe1 | 0xf0)
}

/// The set 1 code of a set 2 code, as the i8042 translates it.
fn to_set_one(code: u8) -> u8 {
    match code {
        0x83 => 0x41,
        0x84 => 0x54,
        _ => SET_TWO.get(usize::from(code)).copied().unwrap_or(0),
    }
}

#[rustfmt::skip]
const SET_TWO: [u8; 128] = [
    0x00, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
    0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
    0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
    0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
    0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
    0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
];

/// What the keys mean (`KEY_*`), by their place; 0 where there is no key.
pub fn keymap() -> alloc::vec::Vec<u16> {
    let mut map = alloc::vec![0; KEYMAP_LENGTH];
    // Linux numbered its keys by set 1.
    for (code, key) in map.iter_mut().enumerate().take(0x54).skip(1) {
        *key = code as u16;
    }
    for (place, key) in PLAIN {
        map[usize::from(*place)] = *key;
    }
    for (place, key) in BEHIND_E0 {
        map[usize::from(EXTENDED + *place)] = *key;
    }
    map
}

#[rustfmt::skip]
const PLAIN: &[(u16, u16)] = &[
    (0x54, 99), (0x56, 86), (0x57, 87), (0x58, 88), (0x59, 117), (0x64, 183), (0x65, 184),
    (0x66, 185), (0x67, 186), (0x68, 187), (0x69, 188), (0x6a, 189), (0x6b, 190), (0x6c, 191),
    (0x6d, 192), (0x6e, 193), (0x70, 93), (0x73, 89), (0x76, 194), (0x79, 92), (0x7b, 94),
    (0x7d, 124), (0x7e, 121),
];

#[rustfmt::skip]
const BEHIND_E0: &[(u16, u16)] = &[
    (0x10, 165), (0x19, 163), (0x1c, 96), (0x1d, 97), (0x20, 113), (0x21, 140), (0x22, 164),
    (0x24, 166), (0x2e, 114), (0x30, 115), (0x32, 172), (0x35, 98), (0x37, 99), (0x38, 100),
    (0x46, 119), (0x47, 102), (0x48, 103), (0x49, 104), (0x4b, 105), (0x4d, 106), (0x4f, 107),
    (0x50, 108), (0x51, 109), (0x52, 110), (0x53, 111), (0x5b, 125), (0x5c, 126), (0x5d, 127),
    (0x5e, 116), (0x5f, 142), (0x63, 143), (0x65, 217), (0x66, 156), (0x67, 173), (0x68, 128),
    (0x69, 159), (0x6a, 158), (0x6b, 157), (0x6c, 155), (0x6d, 226),
];

#[cfg(test)]
mod tests {
    use super::*;
    use abi::input::{KEY_A, KEY_F11, KEY_PAUSE, KEY_RIGHTALT, KEY_SYSRQ};
    use proptest::prelude::*;

    fn keys(set: Set, bytes: &[u8]) -> Vec<(u16, bool)> {
        let map = keymap();
        let mut decoder = Decoder::new(set);
        let strokes = bytes.iter().filter_map(|byte| decoder.take(*byte));
        strokes
            .map(|stroke| (map[usize::from(stroke.scancode)], stroke.pressed))
            .collect()
    }

    #[test]
    fn plain_keys_in_both_sets() {
        let stroke = [(KEY_A, true), (KEY_A, false)];
        assert_eq!(keys(Set::One, &[0x1e, 0x9e]), stroke);
        assert_eq!(keys(Set::Two, &[0x1c, 0xf0, 0x1c]), stroke);
        assert_eq!(keys(Set::Two, &[0x78, 0x83]), [(KEY_F11, true), (65, true)]);
    }

    #[test]
    fn keys_behind_e0_in_both_sets() {
        let stroke = [(KEY_RIGHTALT, true), (KEY_RIGHTALT, false)];
        assert_eq!(keys(Set::One, &[0xe0, 0x38, 0xe0, 0xb8]), stroke);
        assert_eq!(keys(Set::Two, &[0xe0, 0x11, 0xe0, 0xf0, 0x11]), stroke);
    }

    #[test]
    fn print_screen_comes_without_its_shifts() {
        let stroke = [(KEY_SYSRQ, true), (KEY_SYSRQ, false)];
        let one = [0xe0, 0x2a, 0xe0, 0x37, 0xe0, 0xb7, 0xe0, 0xaa];
        assert_eq!(keys(Set::One, &one), stroke);
        let two = [0xe0, 0x12, 0xe0, 0x7c, 0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12];
        assert_eq!(keys(Set::Two, &two), stroke);
    }

    #[test]
    fn pause_is_one_key() {
        let stroke = [(KEY_PAUSE, true), (KEY_PAUSE, false)];
        assert_eq!(
            keys(Set::One, &[0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5]),
            stroke
        );
        assert_eq!(
            keys(Set::Two, &[0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77]),
            stroke
        );
    }

    proptest! {
        /// Whatever came before, the decoder finds back: six bytes end every sequence.
        #[test]
        fn no_bytes_confuse_it_for_long(bytes: Vec<u8>, two: bool) {
            let set = if two { Set::Two } else { Set::One };
            let mut decoder = Decoder::new(set);
            for byte in bytes {
                if let Some(stroke) = decoder.take(byte) {
                    prop_assert!(usize::from(stroke.scancode) < KEYMAP_LENGTH);
                }
            }
            (0..3).for_each(|_| { decoder.take(0x1c); });
            prop_assert!(decoder.take(0x1c).is_some_and(|stroke| stroke.pressed));
        }
    }
}
