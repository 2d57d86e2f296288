//! What one reader wants: which events (`EVIOCSMASK`), and times of which clock
//! (`EVIOCSCLOCKID`).

use abi_tests::check::{Failure, Outcome};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use janus_tests::inputs::{
    EV_KEY, EV_LED, EV_SYN, File, KEY_A, KEY_B, KEYBOARD, NOWHERE, REPORT, SYN_DROPPED, get, key,
    open, set,
};
use libc::*;

cases![
    masks_hide_types_and_codes,
    masks_are_read_back,
    masks_that_make_no_sense,
    times_are_of_the_chosen_clock,
    another_clock_drops_what_waits,
];

const GET_MASK: u32 = get(0x92, 16);
const SET_MASK: u32 = set(0x93, 16);
const SET_CLOCK: u32 = set(0xa0, 4);

/// `struct input_mask` about these bits.
fn mask<T: ?Sized>(kind: u32, bits: &T, bytes: u32) -> [u64; 2] {
    let address = std::ptr::from_ref(bits).cast::<u8>().expose_provenance();
    [u64::from(kind) | u64::from(bytes) << 32, address as u64]
}

fn masks_hide_types_and_codes() -> Outcome {
    let (one, other) = (open(KEYBOARD)?, open(KEYBOARD)?);
    // Of the keys only B.
    let mut keys = [0u64; 12];
    keys[0] = 1 << KEY_B;
    gives!(0, SYS_ioctl, one.number, SET_MASK, &mask(1, &keys, 96));
    for (code, value) in [(KEY_A, 1), (KEY_B, 1), (KEY_A, 0), (KEY_B, 0)] {
        other.put(&key(code, value))?;
    }
    same!(one.events(), [key(KEY_B, 1), key(KEY_B, 0)].concat());
    same!(other.events().len(), 8);
    // Of the types all but the keys.
    let types = [!(1u64 << EV_KEY)];
    gives!(0, SYS_ioctl, one.number, SET_MASK, &mask(0, &types, 8));
    other.put(&[(EV_KEY, KEY_B, 1), (EV_LED, 0, 1), REPORT])?;
    other.put(&[(EV_KEY, KEY_B, 0), (EV_LED, 0, 0), REPORT])?;
    same!(
        one.events(),
        [(EV_LED, 0, 1), REPORT, (EV_LED, 0, 0), REPORT]
    );
    Ok(())
}

fn masks_are_read_back() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    // Nothing is hidden at first. Behind the codes of the type are zeros.
    let mut bits = [0x55u8; 24];
    gives!(0, SYS_ioctl, keyboard.number, GET_MASK, &mask(4, &bits, 16));
    same!(bits.to_vec(), [[0xff; 8], [0; 8], [0x55; 8]].concat());
    // Codes that are not named are not wanted.
    gives!(
        0,
        SYS_ioctl,
        keyboard.number,
        SET_MASK,
        &mask(1, &[7u64], 8)
    );
    let mut words = [!0u64; 12];
    gives!(
        0,
        SYS_ioctl,
        keyboard.number,
        GET_MASK,
        &mask(1, &words, 96)
    );
    same!(
        (words[0], words[1..].iter().all(|word| *word == 0)),
        (7, true)
    );
    words.fill(0);
    gives!(0, SYS_ioctl, keyboard.number, GET_MASK, &mask(1, &words, 3));
    same!(words[0], 7);
    bits.fill(0x55);
    // A type without codes.
    gives!(
        0,
        SYS_ioctl,
        keyboard.number,
        GET_MASK,
        &mask(0x14, &bits, 8)
    );
    same!(&bits[..9], &[0, 0, 0, 0, 0, 0, 0, 0, 0x55]);
    Ok(())
}

fn masks_that_make_no_sense() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    let bits = [0u64; 2];
    fails!(EFAULT, SYS_ioctl, keyboard.number, SET_MASK, NOWHERE);
    fails!(EFAULT, SYS_ioctl, keyboard.number, GET_MASK, NOWHERE);
    fails!(
        EINVAL,
        SYS_ioctl,
        keyboard.number,
        SET_MASK,
        &mask(1, &bits, 7)
    );
    let wild = [1u64 | 8 << 32, NOWHERE as u64];
    fails!(EFAULT, SYS_ioctl, keyboard.number, SET_MASK, &wild);
    fails!(EFAULT, SYS_ioctl, keyboard.number, GET_MASK, &wild);
    // What is to come is not refused.
    for kind in [0x14, 0x1f, 0x20, u32::MAX] {
        gives!(
            0,
            SYS_ioctl,
            keyboard.number,
            SET_MASK,
            &mask(kind, &bits, 8)
        );
    }
    keyboard.put(&key(KEY_A, 1))?;
    keyboard.put(&key(KEY_A, 0))?;
    same!(keyboard.events().len(), 4);
    Ok(())
}

/// A clock, in microseconds.
fn now(clock: i32) -> i64 {
    let mut time = [0i64; 2];
    sys!(SYS_clock_gettime, clock, &mut time);
    time[0] * 1_000_000 + time[1] / 1000
}

/// The time of the one event that waits.
fn time(file: &File) -> Result<i64, Failure> {
    let records = file.records();
    let first = records.first();
    let time = first.map(|record| record.seconds * 1_000_000 + record.microseconds);
    time.ok_or_else(|| Failure::Wrong("nothing waits".into()))
}

fn times_are_of_the_chosen_clock() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    let clocks = [
        CLOCK_REALTIME,
        CLOCK_MONOTONIC,
        CLOCK_BOOTTIME,
        CLOCK_REALTIME,
    ];
    for (round, clock) in clocks.into_iter().enumerate() {
        // The first is so without being asked for.
        if round > 0 {
            gives!(0, SYS_ioctl, keyboard.number, SET_CLOCK, &clock);
        }
        for value in [1, 0] {
            let before = now(clock);
            keyboard.put(&key(KEY_A, value))?;
            let after = now(clock);
            let seen = time(&keyboard)?;
            holds!((before..=after).contains(&seen), "{before} {seen} {after}");
        }
    }
    for clock in [2, 3, -1, 77] {
        fails!(EINVAL, SYS_ioctl, keyboard.number, SET_CLOCK, &clock);
    }
    fails!(EFAULT, SYS_ioctl, keyboard.number, SET_CLOCK, NOWHERE);
    Ok(())
}

fn another_clock_drops_what_waits() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    keyboard.put(&key(KEY_A, 1))?;
    works!(SYS_ioctl, keyboard.number, SET_CLOCK, &CLOCK_MONOTONIC);
    same!(keyboard.events(), []);
    // It is told with the next packet. The same clock again changes nothing.
    keyboard.put(&key(KEY_A, 0))?;
    works!(SYS_ioctl, keyboard.number, SET_CLOCK, &CLOCK_MONOTONIC);
    let told = [(EV_SYN, SYN_DROPPED, 0), (EV_KEY, KEY_A, 0), REPORT];
    same!(keyboard.events(), told);
    // That of a machine that sleeps is another, though this one does not.
    keyboard.put(&key(KEY_A, 1))?;
    works!(SYS_ioctl, keyboard.number, SET_CLOCK, &CLOCK_BOOTTIME);
    keyboard.put(&key(KEY_A, 0))?;
    same!(keyboard.events(), told);
    Ok(())
}
