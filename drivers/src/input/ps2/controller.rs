//! The i8042: a data port, a status and command port, and two devices behind them.
//!
//! Contract: every wait is bounded, and where there is no chip (status reads 0xff, or nothing
//! ever answers) nothing is written that could disturb a machine. What the firmware chose for
//! the keyboard (whether the chip translates its bytes into set 1) is left as it is. Somebody may
//! type and move the mouse all the time: what the devices say unasked is no answer.

use super::{ACKNOWLEDGED, RESEND};

/// The chip's two ports.
pub trait Port: Send + Sync {
    /// Reads the data port (0x60).
    fn read_data(&self) -> u8;
    /// Writes the data port.
    fn write_data(&self, byte: u8);
    /// Reads the status port (0x64).
    fn read_status(&self) -> u8;
    /// Writes the command port (0x64).
    fn write_command(&self, byte: u8);
}

const OUTPUT_FULL: u8 = 0x01;
const INPUT_FULL: u8 = 0x02;
const FROM_AUXILIARY: u8 = 0x20;

const READ_CONFIGURATION: u8 = 0x20;
const WRITE_CONFIGURATION: u8 = 0x60;
const TO_AUXILIARY: u8 = 0xd4;
const KEYBOARD_OFF: u8 = 0xad;
const AUXILIARY_OFF: u8 = 0xa7;

const INTERRUPTS: u8 = 0x03;
const CLOCKS_OFF: u8 = 0x30;
const TRANSLATES: u8 = 0x40;

/// What a device says when it cannot do what it was told.
const FAILED: u8 = 0xfc;
const ABSENT: u8 = 0xff;
/// Looks at the status before a wait is given up; a look takes about a microsecond.
const WAIT_LIMIT: usize = 20_000;
/// Bytes that may lie in the chip and its devices before it was told to be quiet, and that a
/// device may say before it answers.
const STALE_LIMIT: usize = 64;

/// Which of the devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The keyboard.
    Keyboard,
    /// The mouse.
    Mouse,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// A keyboard answers.
    pub keyboard: bool,
    /// The chip translates the keyboard's set 2 into set 1.
    pub translates: bool,
    /// A mouse answers; the number by which it names its protocol: 0, 3 with a wheel, 4 with
    /// five buttons.
    pub mouse: Option<u8>,
    /// How the chip is set, without interrupts. To ask again would not do: while the devices run,
    /// their bytes look like its answer.
    configuration: u8,
}

/// The chip.
pub struct Controller<P> {
    port: P,
}

impl<P: Port> Controller<P> {
    /// A chip behind `port`, if there is one ([`Controller::probe`] tells).
    pub const fn new(port: P) -> Self {
        Self { port }
    }

    /// Finds the devices and has them report, with the chip's interrupts still off. None: there
    /// is no chip.
    pub fn probe(&self) -> Option<Found> {
        if self.port.read_status() == ABSENT {
            return None;
        }
        let quiet = self.command(KEYBOARD_OFF) && self.command(AUXILIARY_OFF);
        quiet.then_some(())?;
        self.discard();
        let configuration = self.configuration()? & !(INTERRUPTS | CLOCKS_OFF);
        self.configure(configuration | CLOCKS_OFF)?;
        self.discard();
        self.configure(configuration)?;
        let mouse = self.start_mouse();
        let keyboard = self.start_keyboard();
        Some(Found {
            keyboard,
            translates: configuration & TRANSLATES != 0,
            mouse,
            configuration,
        })
    }

    /// Lets the chip interrupt for the devices that were found.
    pub fn enable_interrupts(&self, found: Found) {
        let wanted = u8::from(found.keyboard) | u8::from(found.mouse.is_some()) << 1;
        // A chip that does not take this says nothing from now on, which harms nobody.
        let _silent = self.configure(found.configuration | wanted);
    }

    /// Takes the byte that waits, and says who sent it. Made for the interrupt handler.
    pub fn fetch(&self) -> Option<(Side, u8)> {
        let status = self.port.read_status();
        if status == ABSENT || status & OUTPUT_FULL == 0 {
            return None;
        }
        let side = if status & FROM_AUXILIARY == 0 {
            Side::Keyboard
        } else {
            Side::Mouse
        };
        Some((side, self.port.read_data()))
    }

    /// Sends a byte to a device; false when the chip does not take it in time.
    pub fn send(&self, side: Side, byte: u8) -> bool {
        if side == Side::Mouse && !self.command(TO_AUXILIARY) {
            return false;
        }
        self.write(byte)
    }

    fn write(&self, byte: u8) -> bool {
        let ready = self.wait(|status| status & INPUT_FULL == 0);
        if ready {
            self.port.write_data(byte);
        }
        ready
    }

    fn command(&self, command: u8) -> bool {
        let ready = self.wait(|status| status & INPUT_FULL == 0);
        if ready {
            self.port.write_command(command);
        }
        ready
    }

    fn wait(&self, mut is_ready: impl FnMut(u8) -> bool) -> bool {
        (0..WAIT_LIMIT).any(|_| {
            let status = self.port.read_status();
            status != ABSENT && is_ready(status)
        })
    }

    fn read(&self) -> Option<u8> {
        let full = self.wait(|status| status & OUTPUT_FULL != 0);
        full.then(|| self.port.read_data())
    }

    fn discard(&self) {
        for _ in 0..STALE_LIMIT {
            if self.fetch().is_none() {
                return;
            }
        }
    }

    fn configuration(&self) -> Option<u8> {
        self.command(READ_CONFIGURATION).then(|| self.read())?
    }

    fn configure(&self, configuration: u8) -> Option<()> {
        let written = self.command(WRITE_CONFIGURATION) && self.write(configuration);
        written.then_some(())
    }

    /// Waits for a byte of this device that `is_answer`. What else comes is dropped: the key or
    /// movement of a moment at which nobody could use it yet.
    fn answer(&self, side: Side, is_answer: impl Fn(u8) -> bool) -> Option<u8> {
        for _ in 0..STALE_LIMIT {
            self.wait(|status| status & OUTPUT_FULL != 0)
                .then_some(())?;
            match self.fetch() {
                Some((sender, byte)) if sender == side && is_answer(byte) => return Some(byte),
                _ => {}
            }
        }
        None
    }

    /// Sends a byte and waits for the device to take it.
    fn ask(&self, side: Side, byte: u8) -> bool {
        let is_answer = |byte| matches!(byte, ACKNOWLEDGED | RESEND | FAILED);
        self.send(side, byte) && self.answer(side, is_answer) == Some(ACKNOWLEDGED)
    }

    fn start_keyboard(&self) -> bool {
        const DEFAULTS: u8 = 0xf6;
        const ENABLE: u8 = 0xf4;
        [DEFAULTS, ENABLE]
            .iter()
            .all(|byte| self.ask(Side::Keyboard, *byte))
    }

    /// Returns the number of its protocol, after it was asked for the richest.
    fn start_mouse(&self) -> Option<u8> {
        const DEFAULTS: u8 = 0xf6;
        const ENABLE: u8 = 0xf4;
        /// Rates that, set one after the other, mean: report a wheel.
        const WHEEL: [u8; 3] = [200, 100, 80];
        /// And these: report five buttons.
        const BUTTONS: [u8; 3] = [200, 200, 80];
        const USUAL: [u8; 1] = [100];
        if !self.ask(Side::Mouse, DEFAULTS) {
            return None;
        }
        let mut number = 0;
        for knock in [WHEEL, BUTTONS] {
            self.set_rates(&knock)?;
            number = self.mouse_number()?;
        }
        self.set_rates(&USUAL)?;
        self.ask(Side::Mouse, ENABLE).then_some(number)
    }

    fn set_rates(&self, rates: &[u8]) -> Option<()> {
        const SET_RATE: u8 = 0xf3;
        let taken = rates
            .iter()
            .all(|rate| self.ask(Side::Mouse, SET_RATE) && self.ask(Side::Mouse, *rate));
        taken.then_some(())
    }

    fn mouse_number(&self) -> Option<u8> {
        const IDENTIFY: u8 = 0xf2;
        self.ask(Side::Mouse, IDENTIFY)
            .then(|| self.answer(Side::Mouse, |_| true))?
    }
}

#[cfg(test)]
#[path = "controller_tests.rs"]
mod tests;
