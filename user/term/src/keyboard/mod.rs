//! Keys to the bytes that a terminal sends.
//!
//! Contract: key events go in, in the order of the keyboard; what comes out is to be written to
//! the shell, or done by the terminal itself. Repeated keys come from the kernel.
//!
//! Source: xterm's ctlseqs, "PC-Style Function Keys" and "VT220-Style Function Keys"; ECMA-48.

mod layout;
mod sequence;

use alacritty_terminal::term::TermMode;
use screen::{KeyCode, LedCode};

/// What a key means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// These bytes for the shell.
    Bytes(Vec<u8>),
    /// A look at what has scrolled away.
    Look(Look),
    /// A lamp of the keyboard is on or off now.
    Lamp(LedCode, bool),
    /// Nothing, yet.
    Nothing,
}

/// Where to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// A page back.
    PageUp,
    /// A page on.
    PageDown,
    /// At the oldest line.
    Top,
    /// At the present.
    Bottom,
}

/// The keys that are held, by side: left, right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Held([bool; 2]);

impl Held {
    fn any(self) -> bool {
        self.0[0] || self.0[1]
    }
}

/// The modifiers while a key is pressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modifiers {
    /// Shift.
    pub shift: bool,
    /// Alt, the left one.
    pub alt: bool,
    /// Control.
    pub control: bool,
}

/// The state of the keyboard.
#[derive(Clone, Debug, Default)]
pub struct Keyboard {
    shift: Held,
    control: Held,
    /// The left one is Alt, the right one AltGr.
    alt: Held,
    caps_lock: bool,
    num_lock: bool,
}

impl Keyboard {
    /// Takes a key event in: `value` is 0 for up, 1 for down, 2 for repeated.
    pub fn key(&mut self, key: KeyCode, value: i32, mode: TermMode) -> Meaning {
        if self.hold(key, value != 0) || value == 0 {
            return Meaning::Nothing;
        }
        if let Some(meaning) = self.lock(key, value) {
            return meaning;
        }
        let modifiers = Modifiers {
            shift: self.shift.any(),
            alt: self.alt.0[0],
            control: self.control.any(),
        };
        if let Some(look) = look_of(key, modifiers) {
            return Meaning::Look(look);
        }
        let bytes = sequence::keypad(key, self.num_lock, mode)
            .or_else(|| sequence::of(key, modifiers, mode))
            .or_else(|| self.letter(key, modifiers));
        bytes.map_or(Meaning::Nothing, Meaning::Bytes)
    }

    /// Whether the letters are capitals without Shift.
    pub fn caps_lock(&self) -> bool {
        self.caps_lock
    }

    /// Whether the keypad types digits.
    pub fn num_lock(&self) -> bool {
        self.num_lock
    }

    /// Notes a modifier. True: the key is one.
    fn hold(&mut self, key: KeyCode, down: bool) -> bool {
        let (held, side) = match key {
            KeyCode::KEY_LEFTSHIFT => (&mut self.shift, 0),
            KeyCode::KEY_RIGHTSHIFT => (&mut self.shift, 1),
            KeyCode::KEY_LEFTCTRL => (&mut self.control, 0),
            KeyCode::KEY_RIGHTCTRL => (&mut self.control, 1),
            KeyCode::KEY_LEFTALT => (&mut self.alt, 0),
            KeyCode::KEY_RIGHTALT => (&mut self.alt, 1),
            _ => return false,
        };
        held.0[side] = down;
        true
    }

    /// Turns a lock, once for each press.
    fn lock(&mut self, key: KeyCode, value: i32) -> Option<Meaning> {
        let (lock, lamp) = match key {
            KeyCode::KEY_CAPSLOCK => (&mut self.caps_lock, LedCode::LED_CAPSL),
            KeyCode::KEY_NUMLOCK => (&mut self.num_lock, LedCode::LED_NUML),
            _ => return None,
        };
        if value != 1 {
            return Some(Meaning::Nothing);
        }
        *lock = !*lock;
        Some(Meaning::Lamp(lamp, *lock))
    }

    /// The character that a key types, with what the modifiers make of it.
    fn letter(&self, key: KeyCode, modifiers: Modifiers) -> Option<Vec<u8>> {
        let (plain, shifted) = layout::characters(key)?;
        let third = self.alt.0[1].then(|| layout::third(plain)).flatten();
        let shift = modifiers.shift != (self.caps_lock && plain.is_ascii_lowercase());
        let character = match third {
            Some(letter) if shift => letter.to_uppercase().next().unwrap_or(letter),
            Some(letter) => letter,
            None if shift => shifted,
            None => plain,
        };
        let mut bytes = Vec::new();
        // What the right Alt does not type, it sends as the left one would.
        if modifiers.alt || self.alt.0[1] && third.is_none() {
            bytes.push(0x1b);
        }
        match modifiers
            .control
            .then(|| control(plain, character))
            .flatten()
        {
            Some(code) => bytes.push(code),
            None => bytes.extend(character.encode_utf8(&mut [0; 4]).bytes()),
        }
        Some(bytes)
    }
}

/// The control code of a key: of what it types, or else of what it types without Shift.
fn control(plain: char, character: char) -> Option<u8> {
    [character, plain].into_iter().find_map(|character| {
        Some(match character {
            'a'..='z' | 'A'..='Z' | '[' | '\\' | ']' | '^' | '_' => character as u8 & 0x1f,
            '@' | ' ' | '2' | '`' => 0,
            '3'..='7' => character as u8 - b'3' + 0x1b,
            '8' | '?' => 0x7f,
            '/' | '-' => 0x1f,
            _ => return None,
        })
    })
}

fn look_of(key: KeyCode, modifiers: Modifiers) -> Option<Look> {
    let only_shift = modifiers
        == Modifiers {
            shift: true,
            ..Modifiers::default()
        };
    if !only_shift {
        return None;
    }
    Some(match key {
        KeyCode::KEY_PAGEUP => Look::PageUp,
        KeyCode::KEY_PAGEDOWN => Look::PageDown,
        KeyCode::KEY_HOME => Look::Top,
        KeyCode::KEY_END => Look::Bottom,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
