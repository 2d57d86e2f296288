//! Personas and their alarms.

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{spawn_by, until_asleep, wait};
use abi_tests::{cases, holds, same, sys, works};
use janus_tests::alarms::*;
use janus_tests::persona;
use libc::*;

cases![
    each_persona_owns_its_own,
    alarms_wake_their_own_persona,
    setting_the_time_is_told_to_all,
    a_file_is_that_of_the_persona_that_opened_it,
    an_end_elsewhere_clears_nothing_here,
];

/// Starts a persona that runs `body`, and whose process says by its status how it went.
fn start(body: impl FnOnce() -> Outcome) -> Result<i32, Failure> {
    spawn_by(persona::fork_persona, || i32::from(body().is_err()))
}

fn each_persona_owns_its_own() -> Outcome {
    let alarms = Alarms::open()?;
    same!(alarms.call(CLEAR, RTC, 0), 0);
    persona::inside(|| {
        let own = Alarms::open()?;
        same!(own.call(CLEAR, RTC, 0), 0);
        same!(Alarms::open()?.call(CLEAR, RTC, 0), -(EBUSY as isize));
        Ok(())
    })
}

/// Of the same kind, at different times and at the same.
fn alarms_wake_their_own_persona() -> Outcome {
    let alarms = Alarms::open()?;
    same!(alarms.set(SET, SYSTEMTIME, 100_000), 0);
    let mut children = Vec::new();
    for span in [50, 100, 100, 150] {
        children.push(start(move || {
            let own = Alarms::open()?;
            let begin = own.now(SYSTEMTIME);
            same!(own.set(SET_AND_WAIT, SYSTEMTIME, span), 1 << SYSTEMTIME);
            holds!(own.now(SYSTEMTIME) - begin >= span * 1_000_000);
            Ok(())
        })?);
    }
    for child in children {
        same!(wait(child)?, 0);
    }
    same!(alarms.set(SET_AND_WAIT, ELAPSED, 0), 1 << ELAPSED);
    Ok(())
}

fn setting_the_time_is_told_to_all() -> Outcome {
    let alarms = Alarms::open()?;
    let mut children = Vec::new();
    for _ in 0..3 {
        children.push(start(|| {
            let own = Alarms::open()?;
            same!(own.wait(), TIME_CHANGE);
            Ok(())
        })?);
    }
    let asleep = children.iter().all(|child| until_asleep(*child));
    let now = alarms.now(RTC);
    let set = alarms.call(SET_RTC, 0, &[now / 1_000_000_000, now % 1_000_000_000]);
    for child in children {
        same!(wait(child)?, 0);
    }
    holds!(asleep);
    same!(set, 0);
    same!(alarms.wait(), TIME_CHANGE);
    Ok(())
}

fn a_file_is_that_of_the_persona_that_opened_it() -> Outcome {
    let alarms = Alarms::open()?;
    same!(alarms.set(SET, ELAPSED, 100_000), 0);
    persona::inside(|| {
        // The root's alarms, through the root's file; and its closing here clears nothing.
        same!(alarms.set(SET_AND_WAIT, SYSTEMTIME, 10), 1 << SYSTEMTIME);
        works!(SYS_close, alarms.fd);
        let own = Alarms::open()?;
        same!(own.call(CLEAR, RTC, 0), 0);
        Ok(())
    })?;
    same!(Alarms::open()?.call(CLEAR, RTC, 0), -(EBUSY as isize));
    same!(alarms.call(CLEAR, ELAPSED, 0), 0);
    Ok(())
}

fn an_end_elsewhere_clears_nothing_here() -> Outcome {
    let alarms = Alarms::open()?;
    same!(alarms.set(SET, ELAPSED, 150), 0);
    persona::inside(|| {
        let own = Alarms::open()?;
        same!(own.set(SET, ELAPSED, 10), 0);
        same!(sys!(SYS_close, own.fd), 0);
        Ok(())
    })?;
    same!(alarms.wait(), 1 << ELAPSED);
    Ok(())
}
