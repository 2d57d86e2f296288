//! Commands that ask what a device is and has, and those that set what it is at.

use abi_tests::check::Outcome;
use abi_tests::{cases, fails, gives, same, works};
use janus_tests::inputs::{
    EV_LED, EV_REP, KEY_A, KEYBOARD, MOUSE, NOWHERE, REPORT, TABLET, get, has_ps2, key, name_of,
    open, set,
};
use libc::*;

cases![
    the_version_and_the_numbers,
    names_are_cut_to_the_room_there_is,
    lists_of_codes,
    keys_and_lights_and_others,
    ranges_of_axes,
    the_repetition_of_keys,
    effects_and_touches_that_no_device_has,
    unknown_commands,
];

fn the_version_and_the_numbers() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    let mut version = 0i32;
    gives!(0, SYS_ioctl, keyboard.number, get(1, 4), &mut version);
    same!(version, 0x1_00_01);
    fails!(EFAULT, SYS_ioctl, keyboard.number, get(1, 4), NOWHERE);
    let mut id = [0u16; 4];
    gives!(0, SYS_ioctl, keyboard.number, get(2, 8), &mut id);
    let expected = if has_ps2() {
        [0x11, 1, 1, 0xab41]
    } else {
        [6, 0x627, 1, 1]
    };
    same!(id, expected);
    fails!(EFAULT, SYS_ioctl, keyboard.number, get(2, 8), NOWHERE);
    Ok(())
}

fn names_are_cut_to_the_room_there_is() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    let mut text = [b'?'; 64];
    let name = format!("{}\0?", name_of(KEYBOARD));
    let length = name.len() - 1;
    gives!(length, SYS_ioctl, keyboard.number, get(6, 64), &mut text);
    same!(&text[..=length], name.as_bytes());
    text.fill(b'?');
    gives!(4, SYS_ioctl, keyboard.number, get(6, 4), &mut text);
    same!((&text[..4], text[4]), (&name.as_bytes()[..4], b'?'));
    gives!(0, SYS_ioctl, keyboard.number, get(6, 0), NOWHERE);
    fails!(EFAULT, SYS_ioctl, keyboard.number, get(6, 1), NOWHERE);
    let place: &[u8] = if has_ps2() {
        b"isa0060/serio0/input0\0"
    } else {
        b"virtio0/input0\0"
    };
    let length = place.len();
    gives!(length, SYS_ioctl, keyboard.number, get(7, 64), &mut text);
    same!(&text[..length], place);
    // The keyboard has nothing that tells it from its like, and the tablet has.
    fails!(ENOENT, SYS_ioctl, keyboard.number, get(8, 64), &mut text);
    let tablet = open(TABLET)?;
    gives!(7, SYS_ioctl, tablet.number, get(8, 64), &mut text);
    same!(&text[..7], b"desk-7\0");
    Ok(())
}

fn lists_of_codes() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    let list = |kind: u8, size| get(0x20 + kind, size);
    // Only the keyboard of a PC tells what it sends.
    let (types, sent): (&[u16], &[u16]) = if has_ps2() {
        (&[0, 1, 4, 0x11, 0x14], &[4])
    } else {
        (&[0, 1, 0x11, 0x14], &[])
    };
    same!(keyboard.bits::<1>(list(0, 8))?, types);
    let keys = keyboard.bits::<12>(list(1, 96))?;
    same!([1, KEY_A, 88].map(|key| keys.contains(&key)), [true; 3]);
    same!(keyboard.bits::<1>(list(0x11, 8))?, [0, 1, 2]);
    same!(keyboard.bits::<1>(list(4, 8))?, sent);
    let mut bytes = [0u8; 256];
    let lengths = [(1, 96), (2, 8), (3, 8), (5, 8), (0x12, 8), (0x15, 16)];
    for (kind, length) in lengths {
        gives!(
            length,
            SYS_ioctl,
            keyboard.number,
            list(kind, 256),
            &mut bytes
        );
        gives!(1, SYS_ioctl, keyboard.number, list(kind, 1), &mut bytes);
        fails!(EFAULT, SYS_ioctl, keyboard.number, list(kind, 256), NOWHERE);
    }
    for kind in [6, 0x13, 0x14, 0x16, 0x1f] {
        fails!(
            EINVAL,
            SYS_ioctl,
            keyboard.number,
            list(kind, 256),
            &mut bytes
        );
    }
    let mouse = open(MOUSE)?;
    // Virtio's does not say that it is a pointer.
    let properties: &[u16] = if has_ps2() { &[0] } else { &[] };
    same!(mouse.bits::<1>(get(9, 8))?, properties);
    same!(mouse.bits::<1>(list(2, 8))?, [0, 1, 8]);
    let buttons = mouse.bits::<12>(list(1, 96))?;
    same!(&buttons[..5], &[0x110, 0x111, 0x112, 0x113, 0x114]);
    // Virtio's has the wheel among them too.
    same!(buttons.len() == 5, has_ps2());
    Ok(())
}

fn keys_and_lights_and_others() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    same!(keyboard.keys()?, []);
    keyboard.put(&key(KEY_A, 1))?;
    same!(keyboard.keys()?, [KEY_A]);
    let mut part = [0xffu8; 8];
    gives!(4, SYS_ioctl, keyboard.number, get(0x18, 4), &mut part);
    same!(part, [0, 0, 0, 0x40, 0xff, 0xff, 0xff, 0xff]);
    keyboard.put(&key(KEY_A, 0))?;
    same!(keyboard.keys()?, []);
    let before = keyboard.leds()?;
    keyboard.put(&[(EV_LED, 1, 1), REPORT])?;
    same!(keyboard.leds()?.contains(&1), true);
    keyboard.put(&[(EV_LED, 1, 0), REPORT])?;
    same!(keyboard.leds()?.contains(&1), false);
    keyboard.put(&[(EV_LED, 1, i32::from(before.contains(&1))), REPORT])?;
    let mut word = [1u64];
    gives!(8, SYS_ioctl, keyboard.number, get(0x1a, 64), &mut word);
    gives!(8, SYS_ioctl, keyboard.number, get(0x1b, 64), &mut word);
    same!(word, [0]);
    for number in [0x18, 0x19, 0x1a, 0x1b] {
        fails!(EFAULT, SYS_ioctl, keyboard.number, get(number, 8), NOWHERE);
    }
    Ok(())
}

fn ranges_of_axes() -> Outcome {
    let tablet = open(TABLET)?;
    let mut old = [7i32; 6];
    gives!(0, SYS_ioctl, tablet.number, get(0x40, 24), &mut old);
    same!(&old[1..], &[0, 32767, 0, 0, 0]);
    let mut part = [7i32; 6];
    gives!(0, SYS_ioctl, tablet.number, get(0x40, 8), &mut part);
    same!(part, [old[0], 0, 7, 7, 7, 7]);
    let new = [10, 0, 100, 1, 2, 3];
    gives!(0, SYS_ioctl, tablet.number, set(0xc0, 24), &new);
    gives!(0, SYS_ioctl, tablet.number, get(0x40, 24), &mut part);
    same!(part, new);
    // Who knows no resolution passes less.
    gives!(0, SYS_ioctl, tablet.number, set(0xc0, 20), &new);
    gives!(0, SYS_ioctl, tablet.number, get(0x40, 24), &mut part);
    same!(part, [10, 0, 100, 1, 2, 0]);
    gives!(0, SYS_ioctl, tablet.number, set(0xc0, 24), &old);
    fails!(EFAULT, SYS_ioctl, tablet.number, get(0x40, 24), NOWHERE);
    fails!(EFAULT, SYS_ioctl, tablet.number, set(0xc0, 24), NOWHERE);
    // The number of touches cannot be changed; an axis it lacks is zeros until it is set, and
    // lacked all the same.
    fails!(EINVAL, SYS_ioctl, tablet.number, set(0xc0 + 0x2f, 24), &old);
    gives!(0, SYS_ioctl, tablet.number, get(0x45, 24), &mut part);
    same!(part, [0; 6]);
    gives!(0, SYS_ioctl, tablet.number, set(0xc5, 24), &new);
    gives!(0, SYS_ioctl, tablet.number, get(0x45, 24), &mut part);
    same!(part, new);
    gives!(0, SYS_ioctl, tablet.number, set(0xc5, 24), &[0i32; 6]);
    same!(tablet.bits::<1>(get(0x23, 8))?, [0, 1]);
    let keyboard = open(KEYBOARD)?;
    fails!(EINVAL, SYS_ioctl, keyboard.number, get(0x40, 24), &mut part);
    fails!(EINVAL, SYS_ioctl, keyboard.number, set(0xc0, 24), &old);
    Ok(())
}

fn the_repetition_of_keys() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    let (read, write) = (get(3, 8), set(3, 8));
    let mut old = [0i32; 2];
    gives!(0, SYS_ioctl, keyboard.number, read, &mut old);
    gives!(0, SYS_ioctl, keyboard.number, write, &[400, 50]);
    let mut now = [0i32; 2];
    gives!(0, SYS_ioctl, keyboard.number, read, &mut now);
    same!(now, [400, 50]);
    // Events say it too, and can be written.
    keyboard.put(&[(EV_REP, 0, 300), REPORT])?;
    gives!(0, SYS_ioctl, keyboard.number, read, &mut now);
    same!(now, [300, 50]);
    same!(keyboard.events().contains(&(EV_REP, 0, 300)), true);
    works!(SYS_ioctl, keyboard.number, write, &[-1, -1]);
    gives!(0, SYS_ioctl, keyboard.number, read, &mut now);
    same!(now, [300, 50]);
    works!(SYS_ioctl, keyboard.number, write, &old);
    keyboard.put(&[REPORT])?;
    fails!(EFAULT, SYS_ioctl, keyboard.number, read, NOWHERE);
    fails!(EFAULT, SYS_ioctl, keyboard.number, write, NOWHERE);
    let mouse = open(MOUSE)?;
    fails!(ENOSYS, SYS_ioctl, mouse.number, read, &mut now);
    fails!(ENOSYS, SYS_ioctl, mouse.number, write, &old);
    Ok(())
}

fn effects_and_touches_that_no_device_has() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    let mut effects = 7i32;
    gives!(0, SYS_ioctl, keyboard.number, get(0x84, 4), &mut effects);
    same!(effects, 0);
    fails!(EFAULT, SYS_ioctl, keyboard.number, get(0x84, 4), NOWHERE);
    fails!(ENOSYS, SYS_ioctl, keyboard.number, set(0x81, 4), 0);
    let effect = [0u64; 6];
    fails!(ENOSYS, SYS_ioctl, keyboard.number, set(0x80, 48), &effect);
    fails!(EFAULT, SYS_ioctl, keyboard.number, set(0x80, 40), &effect);
    fails!(EFAULT, SYS_ioctl, keyboard.number, set(0x80, 48), NOWHERE);
    let mut touches = [0x35i32; 4];
    fails!(
        EINVAL,
        SYS_ioctl,
        keyboard.number,
        get(0x0a, 16),
        &mut touches
    );
    fails!(EFAULT, SYS_ioctl, keyboard.number, get(0x0a, 16), NOWHERE);
    Ok(())
}

fn unknown_commands() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    let mut bytes = [0u8; 64];
    let others = [
        0,
        get(1, 8),
        get(0x0b, 4),
        get(0x1c, 8),
        set(0x92, 4),
        set(0x40, 24),
    ];
    for command in others {
        fails!(EINVAL, SYS_ioctl, keyboard.number, command, &mut bytes);
    }
    // Commands of terminals are as unknown as any.
    fails!(EINVAL, SYS_ioctl, keyboard.number, TCGETS, &mut bytes);
    fails!(
        EINVAL,
        SYS_ioctl,
        keyboard.number,
        get(1, 4) ^ 0x100,
        &mut bytes
    );
    Ok(())
}
