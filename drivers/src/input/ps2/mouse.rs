//! The PS/2 mouse as an input device: three bytes a movement, four with a wheel.
//!
//! Source: IBM PS/2 Hardware Interface Technical Reference; Microsoft's IntelliMouse protocol.

use abi::input::{
    BTN_EXTRA, BTN_LEFT, BTN_MIDDLE, BTN_RIGHT, BTN_SIDE, BUS_I8042, EV_REL, InputId, REL_WHEEL,
    REL_X, REL_Y,
};

use super::{Line, Pending, Received};
use crate::input::bits::{Bits, FewBits};
use crate::input::device::{Device, Event, Identity};

/// Set in every first byte, and so the way to find one.
const ALWAYS_SET: u8 = 0x08;

/// What the mouse calls its protocol, and who speaks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Plain,
    Wheel,
    FiveButtons,
}

/// A mouse.
pub struct Mouse<L> {
    line: L,
    protocol: Protocol,
    bytes: [u8; 4],
    count: usize,
    /// Bytes still to come of a packet whose beginning is lost.
    skip: usize,
    pending: Pending,
}

impl<L: Line> Mouse<L> {
    /// A mouse that reports already, and names its protocol by this number
    /// ([`super::controller::Found::mouse`]).
    pub fn new(line: L, number: u8) -> Self {
        Self {
            line,
            protocol: match number {
                3 => Protocol::Wheel,
                4 => Protocol::FiveButtons,
                _ => Protocol::Plain,
            },
            bytes: [0; 4],
            count: 0,
            skip: 0,
            pending: Pending::default(),
        }
    }

    fn length(&self) -> usize {
        if self.protocol == Protocol::Plain {
            3
        } else {
            4
        }
    }

    /// The mouse speaks in whole packets only, so the number of lost bytes tells how far into
    /// one it is now.
    fn lose(&mut self, lost: usize) {
        let length = self.length();
        // Where there is something to skip, nothing is counted.
        let ahead = (self.count + length - self.skip + lost) % length;
        self.skip = (length - ahead) % length;
        self.count = 0;
        self.pending.push(Event::LOST);
    }

    fn take(&mut self, byte: u8) {
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        if self.count == 0 && byte & ALWAYS_SET == 0 {
            return;
        }
        self.bytes[self.count] = byte;
        self.count += 1;
        if self.count == self.length() {
            self.count = 0;
            self.report();
        }
    }

    fn report(&mut self) {
        let [flags, x, y, last] = self.bytes;
        let delta = |low: u8, sign: u8| i32::from(low) - (i32::from(flags & sign != 0) << 8);
        let held = |byte: u8, bit: u8| i32::from(byte & bit != 0);
        self.pending.push(Event::key(BTN_LEFT, held(flags, 1)));
        self.pending.push(Event::key(BTN_MIDDLE, held(flags, 4)));
        self.pending.push(Event::key(BTN_RIGHT, held(flags, 2)));
        self.pending.push(Event::new(EV_REL, REL_X, delta(x, 0x10)));
        self.pending
            .push(Event::new(EV_REL, REL_Y, -delta(y, 0x20)));
        match self.protocol {
            Protocol::Plain => {}
            Protocol::Wheel => {
                let turned = -i32::from(last as i8);
                self.pending.push(Event::new(EV_REL, REL_WHEEL, turned));
            }
            Protocol::FiveButtons => {
                let turned = -i32::from(((last << 4) as i8) >> 4);
                self.pending.push(Event::new(EV_REL, REL_WHEEL, turned));
                self.pending.push(Event::key(BTN_SIDE, held(last, 0x10)));
                self.pending.push(Event::key(BTN_EXTRA, held(last, 0x20)));
            }
        }
        self.pending.push(Event::REPORT);
    }
}

impl<L: Line> Device for Mouse<L> {
    fn identity(&self) -> Identity {
        let (name, product) = match self.protocol {
            Protocol::Plain => ("PS/2 Generic Mouse", 1),
            Protocol::Wheel => ("ImPS/2 Generic Wheel Mouse", 5),
            Protocol::FiveButtons => ("ImExPS/2 Generic Explorer Mouse", 6),
        };
        let mut identity = Identity {
            name: name.into(),
            phys: Some("isa0060/serio1/input0".into()),
            id: InputId {
                bus: BUS_I8042,
                vendor: 2,
                product,
                version: 0,
            },
            properties: FewBits::of([0]),
            keys: Bits::of([BTN_LEFT, BTN_RIGHT, BTN_MIDDLE]),
            relative: Bits::of([REL_X, REL_Y]),
            ..Identity::default()
        };
        identity
            .relative
            .set(REL_WHEEL, self.protocol != Protocol::Plain);
        for button in [BTN_SIDE, BTN_EXTRA] {
            identity
                .keys
                .set(button, self.protocol == Protocol::FiveButtons);
        }
        identity.note_types()
    }

    fn next_event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.pending.pop() {
                return Some(event);
            }
            match self.line.receive()? {
                Received::Byte(byte) => self.take(byte),
                Received::Lost(count) => self.lose(count),
            }
        }
    }

    fn set_led(&mut self, _led: u16, _on: bool) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::ps2::fake::FakeLine;
    use std::sync::Arc;

    fn events(number: u8, bytes: &[u8]) -> Vec<Event> {
        let line = Arc::new(FakeLine::default());
        line.say(bytes);
        let mut mouse = Mouse::new(line, number);
        let all = std::iter::from_fn(|| mouse.next_event());
        all.filter(|event| event.value != 0 || event.is_report())
            .collect()
    }

    #[test]
    fn movements_have_nine_bits_and_y_points_down() {
        let moved = events(0, &[0x38, 0xff, 0x01]);
        let expected = [
            Event::new(EV_REL, REL_X, -1),
            Event::new(EV_REL, REL_Y, 255),
            Event::REPORT,
        ];
        assert_eq!(moved, expected);
    }

    #[test]
    fn the_wheel_and_the_side_buttons() {
        let turned = events(3, &[0x09, 0, 0, 0xff]);
        let expected = [
            Event::key(BTN_LEFT, 1),
            Event::new(EV_REL, REL_WHEEL, 1),
            Event::REPORT,
        ];
        assert_eq!(turned, expected);
        let five = events(4, &[0x08, 0, 0, 0x21]);
        let expected = [
            Event::new(EV_REL, REL_WHEEL, -1),
            Event::key(BTN_EXTRA, 1),
            Event::REPORT,
        ];
        assert_eq!(five, expected);
    }

    #[test]
    fn a_stray_byte_does_not_shift_what_follows() {
        let moved = events(0, &[0x00, 0x02, 0x08, 5, 0]);
        assert_eq!(moved, [Event::new(EV_REL, REL_X, 5), Event::REPORT]);
    }

    #[test]
    fn lost_bytes_end_a_packet_and_the_next_whole_one_counts() {
        let line = Arc::new(FakeLine::default());
        let mut mouse = Mouse::new(Arc::clone(&line), 3);
        // Two bytes of a packet, then the rest of it, a whole one and three more bytes are lost,
        // then one more; the last byte of the third looks like a first one.
        line.say(&[0x09, 1]);
        line.lose(2 + 4 + 2);
        line.say(&[0x0b]);
        line.lose(4);
        line.say(&[0x0f, 0x08, 7, 0, 0]);
        let all = std::iter::from_fn(|| mouse.next_event());
        let seen: Vec<_> = all
            .filter(|event| event.value != 0 || event.kind == 0)
            .collect();
        let moved = Event::new(EV_REL, REL_X, 7);
        assert_eq!(seen, [Event::LOST, Event::LOST, moved, Event::REPORT]);
    }
}
