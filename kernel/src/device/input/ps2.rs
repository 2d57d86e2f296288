//! The i8042 of a PC: its ports, its two interrupts, and the bytes between them and the drivers.

use alloc::boxed::Box;

use drivers::input::ps2::controller::{Controller, Port, Side};
use drivers::input::ps2::inbox::{Inbox, KEYBOARD_KEEPS};
use drivers::input::ps2::keyboard::Keyboard;
use drivers::input::ps2::mouse::Mouse;
use drivers::input::ps2::scancode::Set;
use drivers::input::ps2::{Line, Received};
use metal::apic::Trigger;
use metal::interrupt::Lock;

use super::super::deferred::{self, Work};
use super::super::interrupt;
use super::{add, has_room};
use crate::error::{Errno, Result};

const DATA: u16 = 0x60;
const STATUS: u16 = 0x64;
const KEYBOARD_INTERRUPT: u32 = 1;
const MOUSE_INTERRUPT: u32 = 12;
/// Bytes that may arrive from one device before a thread looks.
const RECEIVED: usize = 1024;
/// Bytes that one interrupt fetches at most, so that a broken chip cannot hold the machine.
const FETCH_LIMIT: usize = 32;

/// The chip's ports. Where metal keeps one for itself there is no chip for us.
struct Ports;

fn port(address: u16) -> Option<metal::port::Port<u8>> {
    metal::port::Port::new(address)
}

impl Port for Ports {
    fn read_data(&self) -> u8 {
        port(DATA).map_or(0xff, |port| port.read())
    }

    fn write_data(&self, byte: u8) {
        if let Some(port) = port(DATA) {
            port.write(byte);
        }
    }

    fn read_status(&self) -> u8 {
        port(STATUS).map_or(0xff, |port| port.read())
    }

    fn write_command(&self, byte: u8) {
        if let Some(port) = port(STATUS) {
            port.write(byte);
        }
    }
}

const CONTROLLER: Controller<Ports> = Controller::new(Ports);

static FROM_KEYBOARD: Lock<Option<Inbox>> = Lock::new(None);
static FROM_MOUSE: Lock<Option<Inbox>> = Lock::new(None);

fn received(side: Side) -> &'static Lock<Option<Inbox>> {
    match side {
        Side::Keyboard => &FROM_KEYBOARD,
        Side::Mouse => &FROM_MOUSE,
    }
}

/// The way to one device.
struct DeviceLine(Side);

impl Line for DeviceLine {
    fn receive(&self) -> Option<Received> {
        received(self.0).lock().as_mut()?.pop()
    }

    fn send(&self, byte: u8) -> bool {
        CONTROLLER.send(self.0, byte)
    }
}

/// Finds keyboard and mouse, if there is such a chip.
pub(super) fn initialise() -> Result<()> {
    let Some(mut found) = CONTROLLER.probe() else {
        return Ok(());
    };
    let set = if found.translates { Set::One } else { Set::Two };
    found.keyboard = found.keyboard && has_room();
    if found.keyboard {
        listen(Side::Keyboard, KEYBOARD_INTERRUPT)?;
        add(Box::new(Keyboard::new(DeviceLine(Side::Keyboard), set)))?;
    }
    found.mouse = found.mouse.filter(|_| has_room());
    if let Some(number) = found.mouse {
        listen(Side::Mouse, MOUSE_INTERRUPT)?;
        add(Box::new(Mouse::new(DeviceLine(Side::Mouse), number)))?;
    }
    CONTROLLER.enable_interrupts(found);
    Ok(())
}

fn listen(side: Side, number: u32) -> Result<()> {
    // A mouse that could not tell a movement tells it with the next one.
    let device_keeps = (side == Side::Keyboard).then_some(KEYBOARD_KEEPS);
    let inbox = Inbox::new(RECEIVED, device_keeps).ok_or(Errno::ENOMEM)?;
    *received(side).lock() = Some(inbox);
    interrupt::register(number, Trigger::Edge, handle_interrupt)
}

fn handle_interrupt(_number: u32) {
    for _ in 0..FETCH_LIMIT {
        let Some((side, byte)) = CONTROLLER.fetch() else {
            for side in [Side::Keyboard, Side::Mouse] {
                if let Some(inbox) = &mut *received(side).lock() {
                    inbox.note_empty();
                }
            }
            break;
        };
        if let Some(inbox) = &mut *received(side).lock() {
            inbox.push(byte);
        }
    }
    deferred::raise(Work::INPUT);
}
