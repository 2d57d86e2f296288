//! Personas and their clocks: a time of its own for each, and alarms that wake their own only.

use abi_tests::check::Outcome;
use abi_tests::process::{spawn, status_of, wait};
use abi_tests::{cases, holds, same, sys, works};
use janus_tests::alarms::{Alarms, SET_RTC};
use janus_tests::clock::*;
use janus_tests::persona;
use libc::*;

cases![
    a_persona_sets_its_own_time_only,
    a_persona_moves_with_the_root,
    an_offset_stays_with_the_persona,
    each_persona_opens_it,
    alarms_wake_their_own_persona,
    a_descriptor_keeps_its_persona,
    the_alarm_device_sets_the_hardware_and_leaves_offsets,
];

const ONE_ALARM: u64 = 0x1a0;
const FOREVER: i32 = 60_000;

/// A pipe: the end to read from, and that to write to.
fn pipe() -> Result<[i32; 2], abi_tests::check::Failure> {
    let mut ends = [0_i32; 2];
    works!(SYS_pipe2, &mut ends, O_CLOEXEC);
    Ok(ends)
}

fn a_persona_sets_its_own_time_only() -> Outcome {
    let clock = Clock::open()?;
    let before = clock.seconds()?;
    persona::inside(|| {
        let own = Clock::open()?;
        holds!((before..before + 60).contains(&own.seconds()?));
        same!(own.set(1_000_000_000), 0);
        holds!((1_000_000_000..1_000_000_060).contains(&own.seconds()?));
        holds!((before..before + 60).contains(&clock.seconds()?));
        let shown = std::fs::read_to_string("/sys/class/rtc/rtc0/date")?;
        same!(shown, "2001-09-09\n");
        Ok(())
    })?;
    holds!((before..before + 60).contains(&clock.seconds()?));
    Ok(())
}

fn a_persona_moves_with_the_root() -> Outcome {
    let clock = Clock::open()?;
    let before = clock.seconds()?;
    let (go, done) = (pipe()?, pipe()?);
    let child = abi_tests::process::spawn_by(persona::fork_persona, || {
        let body = || -> Outcome {
            let own = Clock::open()?;
            same!(own.set(1_000_000_000), 0);
            let mut byte = 0_u8;
            works!(SYS_write, done[1], &byte, 1);
            works!(SYS_read, go[0], &mut byte, 1);
            let now = own.seconds()?;
            holds!((1_000_005_000..1_000_005_060).contains(&now), "{now}");
            Ok(())
        };
        i32::from(body().is_err())
    })?;
    let mut byte = 0_u8;
    works!(SYS_read, done[0], &mut byte, 1);
    same!(clock.set(before + 5000), 0);
    works!(SYS_write, go[1], &byte, 1);
    let status = wait(child)?;
    let now = clock.seconds()?;
    same!(clock.set(now - 5000), 0);
    same!(status, 0);
    Ok(())
}

fn an_offset_stays_with_the_persona() -> Outcome {
    Clock::open()?;
    persona::inside(|| {
        let set = || Clock::open().map_or(1, |own| own.set(1_500_000_000) as i32);
        same!(status_of(set)?, 0);
        let now = Clock::open()?.seconds()?;
        holds!((1_500_000_000..1_500_000_060).contains(&now), "{now}");
        Ok(())
    })
}

fn each_persona_opens_it() -> Outcome {
    let _clock = Clock::open()?;
    persona::inside(|| {
        let _own = Clock::open()?;
        same!(sys!(SYS_open, c"/dev/rtc0", O_RDONLY), -(EBUSY as isize));
        Ok(())
    })
}

/// Three personas in the background, whose alarms are a second apart, two of them in the same.
fn alarms_wake_their_own_persona() -> Outcome {
    let clock = Clock::open()?;
    let start = clock.seconds()?;
    let mut children = Vec::new();
    for ahead in [2, 3, 3, 4] {
        let body = move || -> Outcome {
            let own = Clock::open()?;
            same!(own.set(1_000_000_000 * ahead), 0);
            let now = own.seconds()?;
            same!(own.set_alarm(now + ahead), 0);
            same!(own.wait(FOREVER)?, ONE_ALARM);
            holds!(own.seconds()? >= now + ahead);
            same!(own.wait(0)?, 0);
            Ok(())
        };
        let run = move || i32::from(body().is_err());
        children.push(abi_tests::process::spawn_by(persona::fork_persona, run)?);
    }
    for child in children {
        same!(wait(child)?, 0);
    }
    holds!(clock.seconds()? >= start + 4);
    same!(clock.wait(0)?, 0);
    Ok(())
}

/// The namespace that opened the clock is the one whose time is set.
fn a_descriptor_keeps_its_persona() -> Outcome {
    let clock = Clock::open()?;
    let before = clock.seconds()?;
    persona::inside(|| {
        // It is the root's clock, whoever calls: the hardware's time moves.
        same!(clock.set(before + 700), 0);
        let own = Clock::open()?;
        holds!((before + 700..before + 760).contains(&own.seconds()?));
        Ok(())
    })?;
    let now = clock.seconds()?;
    same!(clock.set(now - 700), 0);
    holds!((before + 700..before + 760).contains(&now));
    let child = spawn(|| i32::from(clock.seconds().is_err()))?;
    same!(wait(child)?, 0);
    Ok(())
}

/// ANDROID_ALARM_SET_RTC, from whatever persona: the true time is set, and all move with it.
fn the_alarm_device_sets_the_hardware_and_leaves_offsets() -> Outcome {
    const STEP: i64 = 7_000;
    let clock = Clock::open()?;
    let system = || {
        let mut time = [0_i64; 2];
        sys!(SYS_clock_gettime, CLOCK_REALTIME, &mut time);
        time[0]
    };
    let (before, system_before) = (clock.seconds()?, system());
    let outcome = persona::inside(|| {
        let (own, alarms) = (Clock::open()?, Alarms::open()?);
        same!(own.set(1_000_000_000), 0);
        same!(alarms.call(SET_RTC, 0, &[before + STEP, 0]), 0);
        let near = |seen: i64, expected: i64| (expected..expected + 60).contains(&seen);
        holds!(
            near(own.seconds()?, 1_000_000_000 + STEP),
            "{}",
            own.seconds()?
        );
        holds!(near(clock.seconds()?, before + STEP) && near(system(), before + STEP));
        Ok(())
    });
    let alarms = Alarms::open()?;
    same!(alarms.call(SET_RTC, 0, &[system_before + 1, 0]), 0);
    outcome
}
