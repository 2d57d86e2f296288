//! A person's hands on the keyboard: keys, chords and text.
//!
//! QEMU gives the keys to whichever keyboard the guest's drivers use (virtio's once its driver is
//! up, else the i8042's) and drops what its queue cannot hold, so text goes in small batches with
//! a rest in between. Text is typed on a keyboard with the layout of the United States.

use std::time::Duration;

use qapi::qmp::{InputKeyEvent, input_send_event};

use super::{InputEvent, Key, Qmp};
use crate::{Error, Result};

/// So many events go at a time: a PS/2 keyboard's queue holds sixteen bytes.
const BATCH: usize = 6;
/// The rest between two batches, for the guest to drain its queue.
const REST: Duration = Duration::from_millis(20);

impl Qmp {
    /// Sends input events a few at a time, with a rest in between.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub fn input(&mut self, events: &[InputEvent]) -> Result<()> {
        for (index, batch) in events.chunks(BATCH).enumerate() {
            if index > 0 {
                std::thread::sleep(REST);
            }
            self.burst(batch)?;
        }
        Ok(())
    }

    /// Sends input events all at once, in one command.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub fn burst(&mut self, events: &[InputEvent]) -> Result<()> {
        let command = input_send_event {
            device: None,
            head: None,
            events: events.to_vec(),
        };
        self.execute(&command).map(drop)
    }

    /// Presses `key` and holds it.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub fn press(&mut self, key: Key) -> Result<()> {
        self.burst(&[press(key)])
    }

    /// Lets go of `key`.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub fn release(&mut self, key: Key) -> Result<()> {
        self.burst(&[release(key)])
    }

    /// Presses the keys in this order and lets go of them in the other: one key, or a chord such
    /// as Alt and F2.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub fn chord(&mut self, keys: &[Key]) -> Result<()> {
        let down = keys.iter().map(|&key| press(key));
        let up = keys.iter().rev().map(|&key| release(key));
        self.input(&down.chain(up).collect::<Vec<_>>())
    }

    /// Types `text`; a newline is the Enter key.
    ///
    /// # Errors
    /// As [`Qmp::execute`]; also for a character that is not on the keyboard, before anything is
    /// typed.
    pub fn type_text(&mut self, text: &str) -> Result<()> {
        let mut events = Vec::new();
        for character in text.chars() {
            let Some(keys) = keys_of(character) else {
                return Err(Error::Unknown {
                    what: "character to type",
                    given: character.into(),
                    known: "the keys of a US keyboard: ASCII, newline and tab",
                });
            };
            events.extend(keys.iter().map(|&key| press(key)));
            events.extend(keys.iter().rev().map(|&key| release(key)));
        }
        self.input(&events)
    }
}

/// The event of `key` going down.
pub fn press(key: Key) -> InputEvent {
    key_event(key, true)
}

/// The event of `key` going up.
pub fn release(key: Key) -> InputEvent {
    key_event(key, false)
}

fn key_event(key: Key, down: bool) -> InputEvent {
    let key = key.into();
    InputKeyEvent { down, key }.into()
}

/// The rows of the keyboard from which a character comes with the key of the same place, plain
/// and with Shift.
const PLAIN: &str = "`1234567890-=[]\\;',./";
const SHIFTED: &str = "~!@#$%^&*()_+{}|:\"<>?";
const KEYS: [Key; 21] = [
    Key::grave_accent,
    Key::_1,
    Key::_2,
    Key::_3,
    Key::_4,
    Key::_5,
    Key::_6,
    Key::_7,
    Key::_8,
    Key::_9,
    Key::_0,
    Key::minus,
    Key::equal,
    Key::bracket_left,
    Key::bracket_right,
    Key::backslash,
    Key::semicolon,
    Key::apostrophe,
    Key::comma,
    Key::dot,
    Key::slash,
];

/// The keys that type `character`, Shift first where it is wanted; none where no key does.
pub fn keys_of(character: char) -> Option<Vec<Key>> {
    let shifted = |key: Key| vec![Key::shift, key];
    match character {
        '\n' => Some(vec![Key::ret]),
        '\t' => Some(vec![Key::tab]),
        ' ' => Some(vec![Key::spc]),
        'a'..='z' => character.to_string().parse().ok().map(|key| vec![key]),
        'A'..='Z' => {
            let small = character.to_ascii_lowercase().to_string();
            small.parse().ok().map(shifted)
        }
        _ => match (PLAIN.find(character), SHIFTED.find(character)) {
            (Some(place), _) => Some(vec![KEYS[place]]),
            (_, Some(place)) => Some(shifted(KEYS[place])),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ascii_character_has_its_keys() {
        for character in ' '..='~' {
            let keys = keys_of(character).unwrap_or_else(|| panic!("`{character}` has no key"));
            assert!(matches!(keys[..], [_] | [Key::shift, _]), "{keys:?}");
        }
        assert_eq!(keys_of('Q'), Some(vec![Key::shift, Key::q]));
        assert_eq!(keys_of('?'), Some(vec![Key::shift, Key::slash]));
        assert_eq!(keys_of('0'), Some(vec![Key::_0]));
        assert_eq!(keys_of('é'), None);
    }
}
