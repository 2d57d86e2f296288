//! The PS/2 keyboard as an input device.

use abi::input::{BUS_I8042, EV_MSC, InputId, LED_CAPSL, LED_NUML, LED_SCROLLL, MSC_SCAN};
use alloc::vec::Vec;

use super::scancode::{Decoder, KEYMAP_LENGTH, Set, is_prefix, keymap};
use super::{ACKNOWLEDGED, Line, Pending, RESEND, Received};
use crate::input::bits::{Bits, FewBits};
use crate::input::device::{Device, Event, Identity};

const SET_LIGHTS: u8 = 0xed;
/// How often a byte is sent again that the keyboard did not understand.
const RESEND_LIMIT: u8 = 3;

/// A keyboard.
pub struct Keyboard<L> {
    line: L,
    set: Set,
    decoder: Decoder,
    /// Bytes were lost, so what comes next may be the rest of a sequence.
    out_of_step: bool,
    pending: Pending,
    lights: Lights,
}

/// Setting the lights takes two bytes, each of which the keyboard acknowledges among its keys.
#[derive(Default)]
struct Lights {
    wanted: u8,
    /// What awaits its acknowledgement.
    sent: Option<u8>,
    resent: u8,
    /// The lights have changed since the command was sent.
    again: bool,
}

impl<L: Line> Keyboard<L> {
    /// A keyboard that reports already.
    pub fn new(line: L, set: Set) -> Self {
        Self {
            line,
            set,
            decoder: Decoder::new(set),
            out_of_step: false,
            pending: Pending::default(),
            lights: Lights::default(),
        }
    }

    fn send(&mut self, byte: u8) {
        self.lights.sent = self.line.send(byte).then_some(byte);
    }

    fn send_lights(&mut self) {
        self.lights.resent = 0;
        if self.lights.sent.is_some() {
            self.lights.again = true;
        } else {
            self.send(SET_LIGHTS);
        }
    }

    /// Bytes are lost, among them perhaps releases of keys and an answer to the lights.
    fn lose(&mut self, bytes: usize) {
        self.decoder = Decoder::new(self.set);
        self.out_of_step = bytes > 0;
        if self.lights.sent.take().is_some() {
            self.send_lights();
        }
        self.pending.push(Event::LOST);
    }

    fn take(&mut self, byte: u8) {
        if self.take_answer(byte) {
            return;
        }
        if self.out_of_step {
            // The next code is not to be trusted, for what stood in front of it may be lost; a
            // press that is dropped here has a release that nobody waits for.
            self.out_of_step = is_prefix(byte);
            return;
        }
        if let Some(stroke) = self.decoder.take(byte) {
            let scancode = stroke.scancode;
            self.pending
                .push(Event::new(EV_MSC, MSC_SCAN, i32::from(scancode)));
            self.pending
                .push(Event::key(scancode, i32::from(stroke.pressed)));
            self.pending.push(Event::REPORT);
        }
    }

    /// Whether the byte was an answer to what was sent.
    fn take_answer(&mut self, byte: u8) -> bool {
        match (byte, self.lights.sent) {
            (ACKNOWLEDGED, Some(SET_LIGHTS)) => {
                self.lights.again = false;
                self.send(self.lights.wanted);
            }
            (ACKNOWLEDGED, Some(_)) => {
                self.lights.sent = None;
                if self.lights.again {
                    self.send_lights();
                }
            }
            (RESEND, Some(sent)) if self.lights.resent < RESEND_LIMIT => {
                self.lights.resent += 1;
                self.send(sent);
            }
            (RESEND, Some(_)) => self.lights.sent = None,
            _ => return false,
        }
        true
    }
}

impl<L: Line> Device for Keyboard<L> {
    fn identity(&self) -> Identity {
        // The product is the set that comes, but 1 for any that the chip translates.
        let (name, product, version) = match self.set {
            Set::One => ("AT Translated Set 2 keyboard", 1, 0xab41),
            Set::Two => ("AT Raw Set 2 keyboard", 2, 0xab83),
        };
        let keymap: Vec<u16> = keymap();
        debug_assert_eq!(keymap.len(), KEYMAP_LENGTH);
        Identity {
            name: name.into(),
            phys: Some("isa0060/serio0/input0".into()),
            id: InputId {
                bus: BUS_I8042,
                vendor: 1,
                product,
                version,
            },
            keys: Bits::of(keymap.iter().copied().filter(|key| *key != 0)),
            miscellaneous: FewBits::of([MSC_SCAN]),
            leds: FewBits::of([LED_NUML, LED_CAPSL, LED_SCROLLL]),
            repeats: true,
            keymap: Some(keymap),
            ..Identity::default()
        }
        .note_types()
    }

    /// A key comes as what the keyboard sent; the core looks up what it means.
    fn next_event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.pending.pop() {
                return Some(event);
            }
            match self.line.receive()? {
                Received::Byte(byte) => self.take(byte),
                Received::Lost(bytes) => self.lose(bytes),
            }
        }
    }

    fn set_led(&mut self, led: u16, on: bool) {
        let bit = match led {
            LED_SCROLLL => 1,
            LED_NUML => 2,
            LED_CAPSL => 4,
            _ => return,
        };
        let wanted = self.lights.wanted;
        self.lights.wanted = if on { wanted | bit } else { wanted & !bit };
        self.send_lights();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::ps2::fake::FakeLine;
    use std::sync::Arc;

    fn keyboard() -> (Keyboard<Arc<FakeLine>>, Arc<FakeLine>) {
        let line = Arc::new(FakeLine::default());
        (Keyboard::new(Arc::clone(&line), Set::One), line)
    }

    #[test]
    fn a_stroke_is_a_packet() {
        let (mut keyboard, line) = keyboard();
        line.say(&[0xe0, 0x48]);
        let packet: Vec<_> = std::iter::from_fn(|| keyboard.next_event()).collect();
        let scan = Event::new(EV_MSC, MSC_SCAN, 0xc8);
        assert_eq!(packet, [scan, Event::key(0xc8, 1), Event::REPORT]);
        assert!(keyboard.identity().is_keyboard());
    }

    #[test]
    fn lights_are_sent_between_keys() {
        let (mut keyboard, line) = keyboard();
        keyboard.set_led(LED_CAPSL, true);
        assert_eq!(line.heard(), [SET_LIGHTS]);
        keyboard.set_led(LED_NUML, true);
        line.say(&[0x1e, ACKNOWLEDGED, 0x9e]);
        assert_eq!(std::iter::from_fn(|| keyboard.next_event()).count(), 6);
        assert_eq!(line.heard(), [6], "both lights go at once");
        line.say(&[RESEND, ACKNOWLEDGED]);
        assert_eq!(keyboard.next_event(), None);
        assert_eq!(line.heard(), [6]);
        keyboard.set_led(LED_CAPSL, false);
        assert_eq!(line.heard(), [SET_LIGHTS]);
    }

    #[test]
    fn after_a_loss_the_rest_of_a_sequence_means_nothing() {
        let (mut keyboard, line) = keyboard();
        keyboard.set_led(LED_CAPSL, true);
        line.heard();
        line.say(&[0xe0]);
        line.lose(5);
        // The tail of what was lost, then a whole stroke.
        line.say(&[0xe0, 0x48, 0x1e]);
        let seen: Vec<_> = std::iter::from_fn(|| keyboard.next_event()).collect();
        let scan = Event::new(EV_MSC, MSC_SCAN, 0x1e);
        let expected = [Event::LOST, scan, Event::key(0x1e, 1), Event::REPORT];
        assert_eq!(seen, expected);
        assert_eq!(line.heard(), [SET_LIGHTS], "its answer was lost");
    }

    #[test]
    fn a_keyboard_that_was_full_begins_again_with_a_whole_stroke() {
        let (mut keyboard, line) = keyboard();
        // It could keep the first half of a sequence, and not the second.
        line.say(&[0xe0]);
        line.lose(0);
        line.say(&[0x1e]);
        let seen: Vec<_> = std::iter::from_fn(|| keyboard.next_event()).collect();
        assert_eq!((seen[0], seen[2]), (Event::LOST, Event::key(0x1e, 1)));
    }

    #[test]
    fn a_keyboard_that_understands_nothing_is_left_in_peace() {
        let (mut keyboard, line) = keyboard();
        keyboard.set_led(LED_CAPSL, true);
        line.say(&[RESEND; 20]);
        while keyboard.next_event().is_some() {}
        assert_eq!(line.heard().len(), 1 + usize::from(RESEND_LIMIT));
    }
}
