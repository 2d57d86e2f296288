//! `three-alarms`: three personas whose alarms of `/dev/rtc0` are a second apart. Each tells what it
//! read, when, and what its own clock said then; and what there was to read in the five seconds
//! after, in which the others' alarms come. The root, who set none, tells the same.
//!
//! Times are since a second began, in milliseconds, as CLOCK_MONOTONIC has it.

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{now, spawn_by, wait};
use abi_tests::works;
use janus_tests::clock::{Clock, RTC_UIE_OFF, RTC_UIE_ON};
use janus_tests::persona::fork_persona;

/// Longer than any alarm is ahead.
const AFTERWARDS: i32 = 5_000;
const FOREVER: i32 = 60_000;

fn main() {
    if let Err(failure) = run() {
        println!("{failure:?}");
        std::process::exit(1);
    }
}

fn run() -> Outcome {
    let clock = Clock::open()?;
    works!(16, clock.fd, RTC_UIE_ON, 0);
    clock.wait(FOREVER)?;
    let start = now();
    works!(16, clock.fd, RTC_UIE_OFF, 0);
    let personas =
        (1..=3).map(|number| spawn_by(fork_persona, || i32::from(sleep(number, start).is_err())));
    let personas = personas.collect::<Result<Vec<_>, Failure>>()?;
    for persona in personas {
        if wait(persona)? != 0 {
            println!("process {persona} had trouble");
        }
    }
    println!("root: read {:#x}", clock.wait(0)?);
    Ok(())
}

/// A persona: it sets its own time, and an alarm one second later than the one before it.
fn sleep(number: i64, start: i64) -> Outcome {
    let own = Clock::open()?;
    let time = 1_000_000_000 * number;
    own.set(time);
    own.set_alarm(time + 1 + number);
    let first = own.wait(FOREVER)?;
    let woken = (now() - start + 500_000) / 1_000_000;
    let shows = own.seconds()? - time;
    let second = own.wait(AFTERWARDS)?;
    println!(
        "persona {number}: read {first:#x} at {woken} ms, {shows} s later by its own clock, then {second:#x}"
    );
    Ok(())
}
