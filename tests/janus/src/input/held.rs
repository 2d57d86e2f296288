//! A key that is held down repeats.

use abi_tests::check::Outcome;
use abi_tests::process::{pause, until};
use abi_tests::{cases, holds, same, works};
use janus_tests::inputs::{EV_KEY, EV_SYN, Event, KEY_A, KEY_B, KEYBOARD, REPORT, key, open, set};
use libc::*;

cases![
    a_held_key_repeats_until_it_goes_up,
    a_delay_of_zero_is_no_repetition,
];

const SET_REPEAT: u32 = set(3, 8);

/// What Linux puts behind a repetition.
const OWN_REPORT: Event = (EV_SYN, 0, 1);

fn a_held_key_repeats_until_it_goes_up() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    works!(SYS_ioctl, keyboard.number, SET_REPEAT, &[20, 10]);
    keyboard.put(&key(KEY_A, 1))?;
    keyboard.put(&key(KEY_B, 1))?;
    let mut seen = Vec::new();
    let repeated = until(|| {
        seen.extend(keyboard.events());
        seen.iter().filter(|event| event.2 == 2).count() >= 5
    });
    holds!(repeated, "{seen:?}");
    // The last that went down repeats, until any goes up.
    let of_a = |event: &&Event| **event == (EV_KEY, KEY_A, 2);
    keyboard.put(&key(KEY_A, 0))?;
    seen.extend(keyboard.events());
    same!(seen.iter().find(of_a), None);
    let at = seen.iter().position(|event| *event == (EV_KEY, KEY_B, 2));
    same!(at.map(|at| seen[at + 1]), Some(OWN_REPORT));
    pause(100);
    same!(keyboard.events(), []);
    keyboard.put(&key(KEY_B, 0))?;
    works!(SYS_ioctl, keyboard.number, SET_REPEAT, &[250, 33]);
    // The change is an event too, whose packet somebody has to end.
    keyboard.put(&[REPORT])
}

fn a_delay_of_zero_is_no_repetition() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    works!(SYS_ioctl, keyboard.number, SET_REPEAT, &[0, 10]);
    keyboard.put(&[REPORT])?;
    keyboard.events();
    keyboard.put(&key(KEY_A, 1))?;
    pause(100);
    keyboard.put(&key(KEY_A, 0))?;
    same!(keyboard.events(), [key(KEY_A, 1), key(KEY_A, 0)].concat());
    works!(SYS_ioctl, keyboard.number, SET_REPEAT, &[250, 33]);
    // The change is an event too, whose packet somebody has to end.
    keyboard.put(&[REPORT])
}
