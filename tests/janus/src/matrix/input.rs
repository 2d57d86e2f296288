//! What can be tried with input devices.

use super::attempt::{Attempt, change, has_data, open as open_file, watch};
use abi_tests::call::Word;
use abi_tests::check::Failure;
use abi_tests::sys;
use janus_tests::inputs::{self, *};
use libc::*;

const INPUT: &str = "input";

#[rustfmt::skip]
pub const ATTEMPTS: &[Attempt] = &[
    change(INPUT, "presses a key", || write(KEYBOARD, &key(46, 1))),
    change(INPUT, "releases a key", || write(KEYBOARD, &key(46, 0))),
    change(INPUT, "types Alt+F2, which switches", || write(KEYBOARD, &[(EV_KEY, 56, 1), (EV_KEY, 60, 1), REPORT, (EV_KEY, 60, 0), (EV_KEY, 56, 0), REPORT])),
    change(INPUT, "moves the mouse", || write(MOUSE, &[(EV_REL, 0, 5), REPORT])),
    change(INPUT, "clicks with the mouse", || write(MOUSE, &[(EV_KEY, 0x110, 1), REPORT, (EV_KEY, 0x110, 0), REPORT])),
    change(INPUT, "places the tablet's pointer", || write(TABLET, &[(EV_ABS, 0, 777), REPORT])),
    change(INPUT, "lights a lamp by an event", || write(KEYBOARD, &[(EV_LED, 2, 1), REPORT])),
    change(INPUT, "puts a lamp out by an event", || write(KEYBOARD, &[(EV_LED, 0, 0), REPORT])),
    change(INPUT, "claims that events were lost", || write(KEYBOARD, &[(EV_SYN, SYN_DROPPED, 0)])).unseen_in_front(),
    change(INPUT, "grabs the keyboard", || call(KEYBOARD, GRAB, 1)),
    change(INPUT, "grabs the mouse", || call(MOUSE, GRAB, 1)),
    change(INPUT, "grabs the tablet", || call(TABLET, GRAB, 1)),
    change(INPUT, "lets go of the keyboard", || call(KEYBOARD, GRAB, 0)).unseen_in_front(),
    change(INPUT, "revokes its own file", || call(KEYBOARD, REVOKE, 0)).unseen_in_front(),
    change(INPUT, "changes the repetition", || call(KEYBOARD, set(3, 8), &[7, 9])),
    change(INPUT, "changes the repetition by events", || write(KEYBOARD, &[(EV_REP, 0, 411), (EV_REP, 1, 41), REPORT])),
    change(INPUT, "changes what a key means", || call(KEYBOARD, set(4, 8), &[30_u32, 48])).may_lack(),
    change(INPUT, "changes it by the newer call", || call(KEYBOARD, set(4, 40), &KEYMAP_ENTRY)).may_lack(),
    change(INPUT, "changes an axis", || call(TABLET, set(0xc0, 24), &[abi_tests::process::now() as i32, 2, 3, 4, 5, 6])),
    change(INPUT, "uploads an effect", || call(KEYBOARD, set(0x80, 48), &[0_u64; 6])).unseen_in_front(),
    change(INPUT, "erases an effect", || call(KEYBOARD, set(0x81, 4), 0)).unseen_in_front(),
    change(INPUT, "writes to the old mouse file", || mouse_command("/dev/input/mice")).unseen_in_front(),
    watch(INPUT, "reads the keyboard's events", || opened(KEYBOARD), has_data),
    watch(INPUT, "reads the mouse's events", || opened(MOUSE), has_data),
    watch(INPUT, "reads the tablet's events", || opened(TABLET), has_data),
    watch(INPUT, "reads the keyboard with a grab", || grabbed(KEYBOARD), has_data),
    watch(INPUT, "polls the keyboard", || opened(KEYBOARD), polls),
    watch(INPUT, "asks which keys are down", || opened(KEYBOARD), |file| bits(file, KEYS)),
    watch(INPUT, "asks where the tablet's pointer is", || opened(TABLET), place),
    watch(INPUT, "reads the old file of all mice", || Ok(open_file("/dev/input/mice", O_RDONLY)), has_data),
    watch(INPUT, "reads the old file of one mouse", || Ok(open_file("/dev/input/mouse0", O_RDONLY)), has_data),
];

/// `struct input_keymap_entry`: by scan code, four bytes of it, which means D; it is A's.
const KEYMAP_ENTRY: [u32; 10] = [4 << 8, 32, 30, 0, 0, 0, 0, 0, 0, 0];

/// A device's file, open for good.
fn opened(name: &str) -> Result<isize, Failure> {
    let file = inputs::open(name)?;
    let number = file.number as isize;
    std::mem::forget(file);
    Ok(number)
}

fn grabbed(name: &str) -> Result<isize, Failure> {
    let file = opened(name)?;
    sys!(SYS_ioctl, file, GRAB, 1);
    Ok(file)
}

fn write(name: &str, events: &[Event]) -> Result<isize, Failure> {
    Ok(inputs::open(name)?.write(events))
}

fn call(name: &str, command: u32, argument: impl Word) -> Result<isize, Failure> {
    Ok(sys!(SYS_ioctl, opened(name)?, command, argument))
}

/// A reset, as programs send it.
fn mouse_command(path: &str) -> Result<isize, Failure> {
    let file = open_file(path, O_RDWR);
    Ok(sys!(SYS_write, file, &[0xff_u8], 1))
}

fn polls(file: isize) -> Result<bool, Failure> {
    let mut poll = [file as u64 | u64::from(POLLIN as u16) << 32];
    Ok(sys!(SYS_poll, &mut poll, 1, 0) == 1)
}

/// Whether any bit is set that a command gives.
fn bits(file: isize, command: u32) -> Result<bool, Failure> {
    let mut words = [0_u64; 12];
    sys!(SYS_ioctl, file, command, &mut words);
    Ok(words.iter().any(|word| *word != 0))
}

/// Whether the pointer is where the foreground has put it.
fn place(file: isize) -> Result<bool, Failure> {
    let mut axis = [0_i32; 6];
    sys!(SYS_ioctl, file, get(0x40, 24), &mut axis);
    Ok(axis[0] == super::view::PLACE)
}
