//! A clock that is steered, against what adjtimex(2) promises.

use abi::Errno;
use abi::time::{
    ADJ_ADJTIME, ADJ_FREQUENCY, ADJ_MICRO, ADJ_NANO, ADJ_OFFSET, ADJ_OFFSET_READONLY,
    ADJ_SETOFFSET, ADJ_STATUS, ADJ_TAI, ADJ_TICK, ADJ_TIMECONST, Timex,
};
use proptest::prelude::*;

use super::timex::{STA_NANO, STA_PLL, STA_UNSYNC, check, jump};
use super::{SECOND, TimeOfDay};

const START: u64 = 1_700_000_000 * SECOND;
const ERROR: usize = 5;

/// Started ten seconds ago, and right.
fn clock() -> (TimeOfDay, u64) {
    let mut clock = TimeOfDay::new();
    clock.set(10 * SECOND, START);
    (clock, 10 * SECOND)
}

fn with(modes: u32, change: impl FnOnce(&mut Timex)) -> Timex {
    let mut timex = Timex {
        modes,
        ..Timex::default()
    };
    change(&mut timex);
    timex
}

/// What the clock is ahead by, in nanoseconds, `seconds` after `began`.
fn ahead(clock: &TimeOfDay, began: u64, seconds: u64) -> i64 {
    let after = seconds * SECOND;
    (clock.at(began + after) as i64) - (START + after) as i64
}

#[test]
fn a_clock_left_alone_is_the_monotonic_one_and_a_number() {
    let (clock, now) = clock();
    assert_eq!(clock.offset(), Some(START - now));
    assert_eq!(clock.at(now + 7), START + 7);
    assert_eq!(ahead(&clock, now, 1_000_000), 0);
}

#[test]
fn adjtime_does_half_a_millisecond_a_second_and_no_more() {
    let (mut clock, now) = clock();
    let adjust = |clock: &mut TimeOfDay, monotonic, offset| {
        let mut timex = with(ADJ_ADJTIME | ADJ_OFFSET, |timex| timex.offset = offset);
        assert_eq!(clock.adjust(monotonic, &mut timex), ERROR);
        timex.offset
    };
    assert_eq!(adjust(&mut clock, now, 1250), 0);
    assert_eq!(clock.offset(), None);
    let seen = [0, 1, 2, 3, 100].map(|seconds| ahead(&clock, now, seconds));
    assert_eq!(seen, [0, 500_000, 1_000_000, 1_250_000, 1_250_000]);
    // In the middle of a second it tells what is left, and takes another.
    let middle = now + SECOND / 2;
    assert_eq!(adjust(&mut clock, middle, -100), 1000);
    assert_eq!(ahead(&clock, now, 50), 150_000);
    let mut read = with(0xa001, |_| ());
    assert_eq!(check(&read, false), Ok(()));
    clock.adjust(now + 60 * SECOND, &mut read);
    assert_eq!(read.offset, 0);
    assert_eq!(clock.offset(), Some(START + 150_000 - now));
}

#[test]
fn frequency_and_tick_make_it_faster_for_good() {
    let (mut clock, now) = clock();
    // Ten parts in a million.
    let mut timex = with(ADJ_FREQUENCY, |timex| timex.freq = 10 << 16);
    clock.adjust(now, &mut timex);
    assert_eq!(timex.freq, 10 << 16);
    assert_eq!(ahead(&clock, now, 1000), 10_000_000);
    let mut timex = with(ADJ_FREQUENCY, |timex| timex.freq = -(900 << 16));
    clock.adjust(now, &mut timex);
    assert_eq!(timex.freq, -(500 << 16), "that is the most");
    let mut timex = with(ADJ_FREQUENCY | ADJ_TICK, |timex| timex.tick = 10_001);
    clock.adjust(now, &mut timex);
    assert_eq!((timex.tick, timex.freq), (10_001, 0));
    assert_eq!(ahead(&clock, now, 10), 1_000_000);
}

#[test]
fn the_loop_makes_up_for_a_part_of_what_is_left_in_each_second() {
    let (mut clock, now) = clock();
    let mut nowhere = with(ADJ_OFFSET, |timex| timex.offset = 1000);
    clock.adjust(now, &mut nowhere);
    assert_eq!(ahead(&clock, now, 100), 0, "there is no loop");
    let modes = ADJ_OFFSET | ADJ_STATUS | ADJ_NANO | ADJ_TIMECONST;
    let mut timex = with(modes, |timex| {
        (timex.offset, timex.status, timex.constant) = (16_000_000, STA_PLL, 0);
    });
    assert_eq!(clock.adjust(now, &mut timex), 0, "somebody vouches for it");
    assert_eq!(timex.status, STA_PLL | STA_NANO);
    assert_eq!(timex.offset, 16_000_000);
    let seen = [1, 2, 3].map(|seconds| ahead(&clock, now, seconds));
    assert_eq!(seen, [4_000_000, 7_000_000, 9_250_000]);
    let all = ahead(&clock, now, 1000);
    assert!((15_999_990..=16_000_000).contains(&all), "{all}");
    // What it hears of again and again it learns for the frequency.
    let mut timex = with(ADJ_OFFSET, |timex| timex.offset = 1_000_000);
    clock.adjust(now + 4 * SECOND, &mut timex);
    assert!(timex.freq > 0);
    // Without the loop nobody vouches for the time.
    let mut timex = with(ADJ_STATUS, |_| ());
    assert_eq!(clock.adjust(now + 5 * SECOND, &mut timex), 0);
    assert_eq!(timex.status, 0);
}

#[test]
fn units_and_what_can_be_read() {
    let (mut clock, now) = clock();
    let mut timex = with(0, |_| ());
    assert_eq!(clock.adjust(now + 1_234_567, &mut timex), ERROR);
    assert_eq!((timex.seconds, timex.fraction), (1_700_000_000, 1234));
    assert_eq!(
        (timex.status, timex.tick, timex.constant),
        (STA_UNSYNC, 10_000, 2)
    );
    assert_eq!((timex.precision, timex.tolerance), (1, 32_768_000));
    assert_eq!((timex.maxerror, timex.esterror), (16_000_000, 16_000_000));
    let mut timex = with(ADJ_NANO | ADJ_TAI, |timex| timex.constant = 37);
    clock.adjust(now + 1_234_567, &mut timex);
    assert_eq!(
        (timex.fraction, timex.tai, clock.tai_offset()),
        (1_234_567, 37, 37)
    );
    let mut timex = with(ADJ_MICRO, |_| ());
    clock.adjust(now + 1_234_567, &mut timex);
    assert_eq!(timex.fraction, 1234);
}

#[test]
fn errors_grow_until_nobody_vouches_for_the_time() {
    let (mut clock, now) = clock();
    let mut timex = with(ADJ_STATUS | 0x4 | 0x8, |timex| {
        (timex.maxerror, timex.esterror) = (1000, 10);
    });
    assert_eq!(clock.adjust(now, &mut timex), 0);
    let mut read = with(0, |_| ());
    assert_eq!(clock.adjust(now + 10 * SECOND, &mut read), 0);
    assert_eq!((read.maxerror, read.esterror), (6000, 10));
    assert_eq!(clock.adjust(now + 40_000 * SECOND, &mut read), ERROR);
    assert_eq!(read.maxerror, 16_000_000);
}

#[test]
fn each_errno() {
    let set = |change: fn(&mut Timex), modes| check(&with(modes, change), true);
    let nothing: fn(&mut Timex) = |_| ();
    assert_eq!(check(&with(0, nothing), false), Ok(()));
    for modes in [ADJ_OFFSET, ADJ_FREQUENCY, ADJ_NANO, ADJ_SETOFFSET, 0x8001] {
        assert_eq!(check(&with(modes, nothing), false), Err(Errno::EPERM));
    }
    let read = ADJ_ADJTIME | ADJ_OFFSET | ADJ_OFFSET_READONLY;
    assert_eq!(check(&with(read, nothing), false), Ok(()));
    assert_eq!(
        check(&with(ADJ_ADJTIME, nothing), false),
        Err(Errno::EINVAL)
    );
    assert_eq!(set(|timex| timex.tick = 8999, ADJ_TICK), Err(Errno::EINVAL));
    assert_eq!(set(|timex| timex.tick = 9000, ADJ_TICK), Ok(()));
    assert_eq!(
        set(|timex| timex.tick = 11_001, ADJ_TICK),
        Err(Errno::EINVAL)
    );
    let freq = |timex: &mut Timex| timex.freq = i64::MAX / 1000;
    assert_eq!(set(freq, ADJ_FREQUENCY), Err(Errno::EINVAL));
    for (fraction, modes, expected) in [
        (-1, ADJ_SETOFFSET, Err(Errno::EINVAL)),
        (1_000_000, ADJ_SETOFFSET, Err(Errno::EINVAL)),
        (1_000_000, ADJ_SETOFFSET | ADJ_NANO, Ok(())),
        (1_000_000_000, ADJ_SETOFFSET | ADJ_NANO, Err(Errno::EINVAL)),
    ] {
        let timex = with(modes, |timex| timex.fraction = fraction);
        assert_eq!(check(&timex, true), expected);
    }
    let back = with(ADJ_SETOFFSET, |timex| {
        (timex.seconds, timex.fraction) = (-2, 500_000)
    });
    assert_eq!(jump(&back), Some(-1_500_000_000));
    assert_eq!(jump(&with(ADJ_TICK, nothing)), None);
}

proptest! {
    /// However it is steered, it never goes back, and never faster than a tick may be longer, with
    /// all that is made up for besides.
    #[test]
    fn it_never_goes_back(
        steps in proptest::collection::vec(
            (0..3_000_000_000_u64, any::<u32>(), any::<i64>(), -40_000_000..40_000_000_i64),
            1..40,
        ),
    ) {
        let (mut clock, mut now) = clock();
        let mut last = clock.at(now);
        for (pause, modes, wild, freq) in steps {
            for part in 1..=4 {
                let seen = clock.at(now + pause * part / 4);
                prop_assert!(seen >= last);
                prop_assert!(seen - last <= pause / 4 + pause / 4 / 3 + 2);
                last = seen;
            }
            now += pause;
            let mut timex = with(modes & 0xe0bf, |timex| {
                (timex.offset, timex.freq, timex.constant) = (wild, freq, wild % 20);
                timex.tick = 9000 + (freq & 0x7ff) % 2001;
                timex.status = wild as i32;
            });
            if check(&timex, true).is_ok() {
                clock.adjust(now, &mut timex);
            }
            prop_assert!(clock.at(now) >= last);
            last = clock.at(now);
        }
    }
}
