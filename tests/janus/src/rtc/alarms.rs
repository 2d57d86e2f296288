//! Alarms and the beginning of seconds.

use abi_tests::check::Outcome;
use abi_tests::{cases, fails, gives, holds, same, works};
use janus_tests::clock::*;
use libc::*;

cases![
    an_alarm_is_read_as_it_was_set,
    an_alarm_wakes_poll_and_read,
    a_read_waits_for_the_alarm,
    an_alarm_that_lies_behind_comes_at_once,
    an_alarm_can_be_turned_off,
    an_alarm_is_at_most_a_day_ahead,
    the_old_alarm_is_a_time_of_day,
    seconds_interrupt,
    an_opening_forgets_what_was_before,
    wakealarm,
];

/// As Linux says it: one interrupt, an alarm's.
const ONE_ALARM: u64 = 0x1a0;
const FOREVER: i32 = 60_000;

fn an_alarm_is_read_as_it_was_set() -> Outcome {
    let clock = Clock::open()?;
    let moment = clock.seconds()? + 5000;
    same!(clock.set_alarm(moment), 0);
    let mut alarm = WakeAlarm::default();
    gives!(0, SYS_ioctl, clock.fd, RTC_WKALM_RD, &mut alarm);
    same!(alarm, alarm_at(moment, true));
    let mut time = Time::default();
    gives!(0, SYS_ioctl, clock.fd, RTC_ALM_READ, &mut time);
    same!(time, fields(moment));
    gives!(0, SYS_ioctl, clock.fd, RTC_AIE_OFF, 0);
    gives!(0, SYS_ioctl, clock.fd, RTC_WKALM_RD, &mut alarm);
    same!(alarm, alarm_at(moment, false));
    Ok(())
}

fn an_alarm_wakes_poll_and_read() -> Outcome {
    let clock = Clock::open()?;
    let moment = clock.seconds()? + 2;
    same!(clock.set_alarm(moment), 0);
    same!(clock.wait(0)?, 0);
    same!(clock.wait(FOREVER)?, ONE_ALARM);
    holds!(clock.seconds()? >= moment);
    let mut alarm = WakeAlarm::default();
    gives!(0, SYS_ioctl, clock.fd, RTC_WKALM_RD, &mut alarm);
    same!(alarm, alarm_at(moment, false));
    same!(clock.wait(0)?, 0);
    Ok(())
}

fn a_read_waits_for_the_alarm() -> Outcome {
    let clock = Clock::open()?;
    same!(clock.set_alarm(clock.seconds()? + 2), 0);
    let mut data = 0_u64;
    gives!(8, SYS_read, clock.fd, &mut data, 8);
    same!(data, ONE_ALARM);
    works!(SYS_fcntl, clock.fd, F_SETFL, O_NONBLOCK);
    fails!(EAGAIN, SYS_read, clock.fd, &mut data, 8);
    fails!(EAGAIN, SYS_read, clock.fd, &mut data, 4);
    same!(clock.set_alarm(clock.seconds()?), 0);
    data = 0;
    gives!(4, SYS_read, clock.fd, &mut data, 4);
    same!(data, ONE_ALARM);
    Ok(())
}

fn an_alarm_that_lies_behind_comes_at_once() -> Outcome {
    let clock = Clock::open()?;
    same!(clock.set_alarm(clock.seconds()? - 1000), 0);
    same!(clock.wait(FOREVER)?, ONE_ALARM);
    gives!(0, SYS_ioctl, clock.fd, RTC_AIE_ON, 0);
    same!(clock.wait(FOREVER)?, ONE_ALARM);
    Ok(())
}

fn an_alarm_can_be_turned_off() -> Outcome {
    let clock = Clock::open()?;
    same!(clock.set_alarm(clock.seconds()? + 1), 0);
    gives!(0, SYS_ioctl, clock.fd, RTC_AIE_OFF, 0);
    gives!(0, SYS_ioctl, clock.fd, RTC_AIE_OFF, 0);
    same!(clock.wait(2500)?, 0);
    Ok(())
}

fn an_alarm_is_at_most_a_day_ahead() -> Outcome {
    let clock = Clock::open()?;
    let now = clock.seconds()?;
    same!(clock.set_alarm(now + 86_500), -(EINVAL as isize));
    let off = alarm_at(now + 90_000, false);
    gives!(0, SYS_ioctl, clock.fd, RTC_WKALM_SET, &off);
    fails!(EINVAL, SYS_ioctl, clock.fd, RTC_AIE_ON, 0);
    same!(clock.set_alarm(now + 86_399), 0);
    gives!(0, SYS_ioctl, clock.fd, RTC_AIE_OFF, 0);
    Ok(())
}

fn the_old_alarm_is_a_time_of_day() -> Outcome {
    let clock = Clock::open()?;
    let wanted = clock.seconds()? + 3;
    let mut time = fields(wanted);
    // A day, a month and a year are not asked for.
    time[3..].fill(-1);
    gives!(0, SYS_ioctl, clock.fd, RTC_ALM_SET, &time);
    let mut alarm = WakeAlarm::default();
    gives!(0, SYS_ioctl, clock.fd, RTC_WKALM_RD, &mut alarm);
    same!(alarm, alarm_at(wanted, false));
    gives!(0, SYS_ioctl, clock.fd, RTC_AIE_ON, 0);
    same!(clock.wait(FOREVER)?, ONE_ALARM);
    time[..3].copy_from_slice(&fields(wanted - 10)[..3]);
    gives!(0, SYS_ioctl, clock.fd, RTC_ALM_SET, &time);
    gives!(0, SYS_ioctl, clock.fd, RTC_WKALM_RD, &mut alarm);
    same!(&alarm[1..], &fields(wanted - 10 + 86_400));
    time[0] = -1;
    fails!(EINVAL, SYS_ioctl, clock.fd, RTC_ALM_SET, &time);
    Ok(())
}

fn seconds_interrupt() -> Outcome {
    let clock = Clock::open()?;
    gives!(0, SYS_ioctl, clock.fd, RTC_UIE_ON, 0);
    let mut count = 0;
    while count < 2 {
        let data = clock.wait(FOREVER)?;
        same!(data & 0xff, 0x90);
        count += data >> 8;
    }
    gives!(0, SYS_ioctl, clock.fd, RTC_UIE_OFF, 0);
    clock.wait(0)?;
    same!(clock.wait(2500)?, 0);
    Ok(())
}

fn an_opening_forgets_what_was_before() -> Outcome {
    let clock = Clock::open()?;
    same!(clock.set_alarm(clock.seconds()? - 1), 0);
    drop(clock);
    let clock = Clock::open()?;
    same!(clock.wait(0)?, 0);
    // But an alarm that has not come yet stays.
    let moment = clock.seconds()? + 3000;
    same!(clock.set_alarm(moment), 0);
    drop(clock);
    let mut alarm = WakeAlarm::default();
    let clock = Clock::open()?;
    gives!(0, SYS_ioctl, clock.fd, RTC_WKALM_RD, &mut alarm);
    same!(alarm, alarm_at(moment, true));
    gives!(0, SYS_ioctl, clock.fd, RTC_AIE_OFF, 0);
    Ok(())
}

fn wakealarm() -> Outcome {
    const FILE: &str = "/sys/class/rtc/rtc0/wakealarm";
    let clock = Clock::open()?;
    let put = |text: &str| {
        let done = std::fs::write(FILE, text);
        done.err()
            .and_then(|error| error.raw_os_error())
            .unwrap_or(0)
    };
    same!(put("0\n"), 0);
    same!(std::fs::read_to_string(FILE)?, "");
    same!(put("later\n"), EINVAL);
    same!(put("+100000\n"), EINVAL);
    same!(put("+2\n"), 0);
    same!(put("+3\n"), EBUSY);
    same!(clock.wait(FOREVER)?, ONE_ALARM);
    same!(std::fs::read_to_string(FILE)?, "");
    let moment = clock.seconds()? + 500;
    same!(put(&format!("{moment}\n")), 0);
    same!(std::fs::read_to_string(FILE)?, format!("{moment}\n"));
    same!(put("+=10\n"), 0);
    same!(std::fs::read_to_string(FILE)?, format!("{}\n", moment + 10));
    same!(put("0\n"), 0);
    same!(put("+=10\n"), EINVAL);
    same!(put(&format!("{moment}\n")), 0);
    same!(put("+=-100\n"), 0);
    same!(
        std::fs::read_to_string(FILE)?,
        format!("{}\n", moment - 100)
    );
    same!(put("-1\n"), 0);
    same!(std::fs::read_to_string(FILE)?, "");
    same!(put("--1\n"), EINVAL);
    Ok(())
}
