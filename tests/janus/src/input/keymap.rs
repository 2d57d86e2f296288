//! `EVIOCGKEYCODE`, `EVIOCSKEYCODE` and their second versions: what a key's code means.

use abi_tests::check::{Failure, Outcome};
use abi_tests::{cases, fails, gives, same};
use janus_tests::inputs::{
    EV_KEY, EV_SYN, KEY_A, KEY_B, KEYBOARD, NOWHERE, TABLET, get, has_ps2, key, open, set,
};
use libc::*;

cases![
    a_meaning_is_read_and_changed,
    the_second_version_finds_by_place_too,
    what_cannot_be_is_refused,
];

const READ: u32 = get(4, 8);
const WRITE: u32 = set(4, 8);
const READ_2: u32 = get(4, 40);
const WRITE_2: u32 = set(4, 40);
/// `INPUT_KEYMAP_BY_INDEX`.
const BY_INDEX: u8 = 1;

/// `struct input_keymap_entry`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Entry {
    flags: u8,
    length: u8,
    index: u16,
    keycode: u32,
    scancode: [u8; 32],
}

fn entry(length: u8, scancode: u8) -> Entry {
    let mut entry = Entry {
        length,
        ..Entry::default()
    };
    entry.scancode[0] = scancode;
    entry
}

/// Leaves the case out where the keyboard has no map.
fn needs_a_map() -> Outcome {
    has_ps2().then_some(()).ok_or(Failure::Skipped)
}

fn a_meaning_is_read_and_changed() -> Outcome {
    needs_a_map()?;
    let keyboard = open(KEYBOARD)?;
    let mut pair = [30u32, 0];
    gives!(0, SYS_ioctl, keyboard.number, READ, &mut pair);
    same!(pair, [30, u32::from(KEY_A)]);
    // The key that was A, and is down, goes up when it means something else.
    keyboard.put(&key(KEY_A, 1))?;
    keyboard.events();
    gives!(0, SYS_ioctl, keyboard.number, WRITE, &[30u32, 0x2ff]);
    // The packet is the core's own, which its end tells.
    same!(keyboard.events(), [(EV_KEY, KEY_A, 0), (EV_SYN, 0, 1)]);
    gives!(0, SYS_ioctl, keyboard.number, READ, &mut pair);
    same!(pair, [30, 0x2ff]);
    let keys = keyboard.bits::<12>(get(0x21, 96))?;
    same!(
        (keys.contains(&0x2ff), keys.contains(&KEY_A)),
        (true, false)
    );
    gives!(
        0,
        SYS_ioctl,
        keyboard.number,
        WRITE,
        &[30u32, u32::from(KEY_A)]
    );
    let keys = keyboard.bits::<12>(get(0x21, 96))?;
    same!(
        (keys.contains(&0x2ff), keys.contains(&KEY_A)),
        (false, true)
    );
    Ok(())
}

fn the_second_version_finds_by_place_too() -> Outcome {
    needs_a_map()?;
    let keyboard = open(KEYBOARD)?;
    for length in [1, 2, 4] {
        let mut seen = entry(length, 48);
        gives!(0, SYS_ioctl, keyboard.number, READ_2, &mut seen);
        let expected = Entry {
            index: 48,
            keycode: u32::from(KEY_B),
            ..entry(4, 48)
        };
        same!(seen, expected);
    }
    let mut seen = Entry {
        flags: BY_INDEX,
        index: 48,
        ..Entry::default()
    };
    gives!(0, SYS_ioctl, keyboard.number, READ_2, &mut seen);
    same!((seen.keycode, seen.scancode[0]), (u32::from(KEY_B), 48));
    seen.keycode = 0x2fe;
    gives!(0, SYS_ioctl, keyboard.number, WRITE_2, &seen);
    let mut again = entry(1, 48);
    gives!(0, SYS_ioctl, keyboard.number, READ_2, &mut again);
    same!(again.keycode, 0x2fe);
    again.keycode = u32::from(KEY_B);
    gives!(0, SYS_ioctl, keyboard.number, WRITE_2, &again);
    Ok(())
}

fn what_cannot_be_is_refused() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    let tablet = open(TABLET)?;
    // The keys of a virtio keyboard mean what it says.
    let without = if has_ps2() { &tablet } else { &keyboard };
    let mut pair = [1u32, 0];
    fails!(EINVAL, SYS_ioctl, without.number, READ, &mut pair);
    fails!(EINVAL, SYS_ioctl, without.number, WRITE, &pair);
    needs_a_map()?;
    for command in [READ, READ_2, WRITE, WRITE_2] {
        fails!(EFAULT, SYS_ioctl, keyboard.number, command, NOWHERE);
    }
    let mut pair = [512u32, 0];
    fails!(EINVAL, SYS_ioctl, keyboard.number, READ, &mut pair);
    fails!(EINVAL, SYS_ioctl, keyboard.number, WRITE, &[512u32, 1]);
    fails!(EINVAL, SYS_ioctl, keyboard.number, WRITE, &[30u32, 0x300]);
    fails!(
        EINVAL,
        SYS_ioctl,
        keyboard.number,
        WRITE,
        &[30u32, u32::MAX]
    );
    for length in [0, 3, 5, 33] {
        let mut entry = entry(length, 30);
        fails!(EINVAL, SYS_ioctl, keyboard.number, READ_2, &mut entry);
        entry.keycode = 30;
        fails!(EINVAL, SYS_ioctl, keyboard.number, WRITE_2, &entry);
    }
    Ok(())
}
