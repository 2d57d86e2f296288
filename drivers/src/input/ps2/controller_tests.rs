//! The controller against a chip that the test plays.

use super::*;
use std::collections::VecDeque;
use std::sync::Mutex;

#[derive(Default)]
struct Chip {
    output: VecDeque<(Side, u8)>,
    configuration: u8,
    command: u8,
    rates: Vec<u8>,
    expects_rate: bool,
    mouse: bool,
    deaf: bool,
    /// Somebody types and moves the mouse while the chip is looked at.
    busy: bool,
    reads: usize,
}

struct Fake(Mutex<Chip>);

fn fake(change: impl FnOnce(&mut Chip)) -> Controller<Fake> {
    let mut chip = Chip {
        configuration: 0x61,
        mouse: true,
        ..Chip::default()
    };
    change(&mut chip);
    Controller::new(Fake(Mutex::new(chip)))
}

/// The bit of the configuration that stops the clock of a device.
fn clock_off(side: Side) -> u8 {
    match side {
        Side::Keyboard => 0x10,
        Side::Mouse => 0x20,
    }
}

impl Chip {
    /// Bytes that nobody asked for, of the devices whose clocks run.
    fn disturb(&mut self, sides: &[Side]) {
        let is_off = |side| self.configuration & clock_off(side) != 0;
        let sides = sides.iter().filter(|side| !is_off(**side));
        let bytes: Vec<_> = sides.map(|side| (*side, 0x1e)).collect();
        if self.busy {
            self.output.extend(bytes);
        }
    }

    fn mouse_hears(&mut self, byte: u8) {
        if !self.mouse {
            return;
        }
        self.disturb(&[Side::Keyboard, Side::Mouse]);
        self.output.push_back((Side::Mouse, ACKNOWLEDGED));
        if core::mem::take(&mut self.expects_rate) {
            self.rates.push(byte);
        } else if byte == 0xf3 {
            self.expects_rate = true;
        } else if byte == 0xf2 {
            let number = match self.rates[..] {
                [.., 200, 100, 80] => 3,
                [.., 200, 100, 80, 200, 200, 80] => 4,
                _ => 0,
            };
            self.disturb(&[Side::Keyboard]);
            self.output.push_back((Side::Mouse, number));
        }
    }
}

impl Port for Fake {
    fn read_data(&self) -> u8 {
        self.0
            .lock()
            .unwrap()
            .output
            .pop_front()
            .map_or(0, |(_, byte)| byte)
    }

    fn write_data(&self, byte: u8) {
        let chip = &mut *self.0.lock().unwrap();
        match core::mem::take(&mut chip.command) {
            WRITE_CONFIGURATION => chip.configuration = byte,
            TO_AUXILIARY => chip.mouse_hears(byte),
            _ => {
                chip.disturb(&[Side::Keyboard, Side::Mouse]);
                chip.output.push_back((Side::Keyboard, ACKNOWLEDGED));
            }
        }
    }

    fn read_status(&self) -> u8 {
        let mut chip = self.0.lock().unwrap();
        chip.reads += 1;
        match chip.output.front() {
            _ if chip.deaf => INPUT_FULL,
            None => 0,
            Some((Side::Keyboard, _)) => OUTPUT_FULL,
            Some((Side::Mouse, _)) => OUTPUT_FULL | FROM_AUXILIARY,
        }
    }

    fn write_command(&self, byte: u8) {
        let mut chip = self.0.lock().unwrap();
        match byte {
            READ_CONFIGURATION => {
                chip.disturb(&[Side::Keyboard, Side::Mouse]);
                let configuration = chip.configuration;
                chip.output.push_back((Side::Keyboard, configuration));
            }
            KEYBOARD_OFF => chip.configuration |= clock_off(Side::Keyboard),
            AUXILIARY_OFF => chip.configuration |= clock_off(Side::Mouse),
            _ => chip.command = byte,
        }
    }
}

#[test]
fn keyboard_and_wheel_mouse_are_found() {
    let controller = fake(|chip| {
        chip.output
            .extend([(Side::Keyboard, 0x1e), (Side::Mouse, 8)])
    });
    let found = controller.probe().unwrap();
    assert!(found.keyboard && found.translates);
    assert_eq!(found.mouse, Some(4));
    controller.enable_interrupts(found);
    let chip = controller.port.0.lock().unwrap();
    assert_eq!(
        chip.configuration & (INTERRUPTS | CLOCKS_OFF | TRANSLATES),
        0x43
    );
}

#[test]
fn both_are_found_while_somebody_types_and_moves() {
    let controller = fake(|chip| chip.busy = true);
    let found = controller.probe().unwrap();
    assert!(found.keyboard && found.translates);
    assert_eq!(found.mouse, Some(4));
    controller.enable_interrupts(found);
    let chip = controller.port.0.lock().unwrap();
    assert_eq!(chip.configuration, 0x43);
}

#[test]
fn one_that_only_talks_and_never_answers_is_given_up() {
    let controller = fake(|chip| {
        chip.mouse = false;
        chip.output.extend([(Side::Mouse, 9); STALE_LIMIT * 3]);
    });
    let found = controller.probe().unwrap();
    assert_eq!((found.mouse, found.keyboard), (None, true));
}

#[test]
fn a_missing_mouse_is_told() {
    let found = fake(|chip| chip.mouse = false).probe().unwrap();
    assert!(found.keyboard);
    assert_eq!(found.mouse, None);
}

#[test]
fn without_a_chip_nothing_is_written() {
    struct Nothing;
    impl Port for Nothing {
        fn read_data(&self) -> u8 {
            ABSENT
        }
        fn read_status(&self) -> u8 {
            ABSENT
        }
        fn write_data(&self, _: u8) {
            panic!("written to a port that nothing answers");
        }
        fn write_command(&self, _: u8) {
            panic!("written to a port that nothing answers");
        }
    }
    assert_eq!(Controller::new(Nothing).probe(), None);
    assert_eq!(Controller::new(Nothing).fetch(), None);
}

#[test]
fn a_chip_that_never_listens_is_given_up() {
    let controller = fake(|chip| chip.deaf = true);
    assert_eq!(controller.probe(), None);
    assert!(!controller.send(Side::Mouse, 0xf4));
    assert!(controller.port.0.lock().unwrap().reads <= 3 * WAIT_LIMIT);
}

#[test]
fn a_fetched_byte_says_who_sent_it() {
    let controller = fake(|chip| {
        chip.output
            .extend([(Side::Mouse, 9), (Side::Keyboard, 0x1e)])
    });
    assert_eq!(controller.fetch(), Some((Side::Mouse, 9)));
    assert_eq!(controller.fetch(), Some((Side::Keyboard, 0x1e)));
    assert_eq!(controller.fetch(), None);
}
