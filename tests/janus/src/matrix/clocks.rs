//! What can be tried with the real-time clock, the alarms and the system's time.

use super::attempt::{Attempt, change, has_data, open, store, text, watch};
use abi_tests::call::Word;
use abi_tests::check::Failure;
use abi_tests::sys;
use janus_tests::alarms::{self, Alarms};
use janus_tests::clock::*;
use libc::*;

const CLOCK: &str = "rtc";
const ALARM: &str = "alarm";
const NODE: &str = "/dev/rtc0";
const FILES: &str = "/sys/class/rtc/rtc0";

#[rustfmt::skip]
pub const ATTEMPTS: &[Attempt] = &[
    change(CLOCK, "sets the time", || call(RTC_SET_TIME, &fields(1_000_000_000))),
    change(CLOCK, "sets an alarm", || with_clock(|clock| clock.set_alarm(clock.seconds().unwrap_or(0) + 3000))),
    change(CLOCK, "turns the alarm off", || call(RTC_AIE_OFF, 0)),
    change(CLOCK, "sets an alarm that lies behind", || with_clock(|clock| clock.set_alarm(clock.seconds().unwrap_or(0) - 10))),
    change(CLOCK, "sets the old alarm", || with_clock(|clock| clock.call(RTC_ALM_SET, &fields(86_399)))),
    change(CLOCK, "asks for an interrupt each second", || call(RTC_UIE_ON, 0)),
    change(CLOCK, "wants no interrupt each second", || call(RTC_UIE_OFF, 0)).unseen_in_front(),
    change(CLOCK, "chooses a rate", || call(RTC_IRQP_SET, 128)),
    change(CLOCK, "asks for interrupts at that rate", || call(RTC_PIE_ON, 0)),
    change(CLOCK, "wants no interrupts at that rate", || call(RTC_PIE_OFF, 0)).unseen_in_front(),
    change(CLOCK, "sets an alarm by /sys", || Ok(store(&format!("{FILES}/wakealarm"), "0\n").min(store(&format!("{FILES}/wakealarm"), "+2000\n")))),
    change(CLOCK, "moves the alarm by /sys", || Ok(store(&format!("{FILES}/wakealarm"), "+=100\n"))),
    change(CLOCK, "turns the alarm off by /sys", || Ok(store(&format!("{FILES}/wakealarm"), "0\n"))),
    change(CLOCK, "changes the limit of rates", || Ok(store(&format!("{FILES}/max_user_freq"), "4000\n"))),
    change(CLOCK, "reads the time to nowhere", || call(RTC_RD_TIME, 8)).unseen_in_front(),
    watch(CLOCK, "reads the foreground's interrupts", || Ok(open(NODE, O_RDONLY)), has_data),
    watch(CLOCK, "asks for the foreground's alarm", || Ok(open(NODE, O_RDONLY)), alarm_is_on),
    watch(CLOCK, "asks for it by /sys", || Ok(0), |_| Ok(!text(&format!("{FILES}/wakealarm")).is_empty())),
    watch(CLOCK, "asks for it by /proc", || Ok(0), |_| Ok(text("/proc/driver/rtc").contains("alarm_IRQ\t: yes"))),
    change(ALARM, "sets each alarm", || each(alarms::SET, 3_600_000)).unseen_in_front(),
    change(ALARM, "clears each alarm", || each(alarms::CLEAR, 0)).unseen_in_front(),
    change(ALARM, "waits for an alarm that lies behind", || with_alarms(|own| own.set(alarms::SET_AND_WAIT, alarms::SYSTEMTIME, -1))).unseen_in_front(),
    change(ALARM, "owns the device", || with_alarms(|own| { let answer = own.call(alarms::CLEAR, alarms::RTC, 0); keep(own); answer })),
    watch(ALARM, "waits for the foreground's alarms", || Ok(0), fires_for_others).unseen_in_front(),
    change(ALARM, "sets the time of all", || with_alarms(set_time)).shared(),
];

/// The attempts that the system's own call makes: a persona's root may set the time, which is one
/// for all.
#[rustfmt::skip]
pub const SHARED: &[Attempt] = &[
    change("time", "sets the time of day", || Ok(sys!(SYS_clock_settime, CLOCK_REALTIME, &[1_700_000_000_i64, 0]))).shared(),
];

fn with_clock(work: impl Fn(&Clock) -> isize) -> Result<isize, Failure> {
    let clock = Clock::open()?;
    let answer = work(&clock);
    // It stays open.
    std::mem::forget(clock);
    Ok(answer)
}

fn call(command: u32, argument: impl Word) -> Result<isize, Failure> {
    let file = open(NODE, O_RDWR);
    Ok(sys!(SYS_ioctl, file, command, argument))
}

fn alarm_is_on(file: isize) -> Result<bool, Failure> {
    let mut alarm = WakeAlarm::default();
    sys!(SYS_ioctl, file, RTC_WKALM_RD, &mut alarm);
    Ok(alarm[0] != 0)
}

fn keep(own: Alarms) {
    std::mem::forget(own);
}

fn with_alarms(work: impl FnOnce(Alarms) -> isize) -> Result<isize, Failure> {
    Ok(work(Alarms::open()?))
}

/// A command for each of the five.
fn each(command: u32, milliseconds: i64) -> Result<isize, Failure> {
    with_alarms(|own| {
        let answer = (0..5).fold(0, |_, kind| own.set(command, kind, milliseconds));
        keep(own);
        answer
    })
}

/// Whether a wait that its own alarm ends tells of others too.
fn fires_for_others(_: isize) -> Result<bool, Failure> {
    let answer = Alarms::open()?.set(alarms::SET_AND_WAIT, alarms::SYSTEMTIME, -1);
    Ok(answer > 0 && answer != 1 << alarms::SYSTEMTIME)
}

fn set_time(own: Alarms) -> isize {
    let answer = own.call(alarms::SET_RTC, 0, &[1_600_000_000_i64, 0]);
    keep(own);
    answer
}
