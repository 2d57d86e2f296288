//! Opening, reading and setting the time.

use abi_tests::check::Outcome;
use abi_tests::process::{inside_child, pause};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use janus_tests::clock::*;
use libc::*;

cases![
    time_is_that_of_the_system,
    time_goes_on,
    opens_once,
    sets_and_goes_on_from_there,
    impossible_dates,
    dates_too_far_ahead,
    parameters,
    setting_needs_a_capability,
    bad_pointers_and_commands,
    setting_disturbs_no_sleeper,
    a_timer_may_be_cancelled_by_setting_the_time,
    clocks_that_wake_the_machine_are_those_they_are_named_after,
    files_of_sysfs,
];

fn system_time() -> i64 {
    let mut time = [0_i64; 2];
    sys!(SYS_clock_gettime, CLOCK_REALTIME, &mut time);
    time[0]
}

fn time_is_that_of_the_system() -> Outcome {
    let clock = Clock::open()?;
    holds!((clock.seconds()? - system_time()).abs() < 60);
    let time = clock.time()?;
    same!(time, fields(seconds(&time)));
    Ok(())
}

fn time_goes_on() -> Outcome {
    let clock = Clock::open()?;
    let start = clock.seconds()?;
    holds!(abi_tests::process::until(|| clock
        .seconds()
        .is_ok_and(|now| now > start)));
    Ok(())
}

fn opens_once() -> Outcome {
    let clock = Clock::open()?;
    fails!(EBUSY, SYS_open, c"/dev/rtc0", O_RDONLY);
    fails!(EBUSY, SYS_open, c"/dev/rtc", O_RDONLY);
    drop(clock);
    let again = works!(SYS_open, c"/dev/rtc", O_RDWR);
    gives!(0, SYS_close, again);
    Ok(())
}

fn sets_and_goes_on_from_there() -> Outcome {
    let clock = Clock::open()?;
    let (before, system) = (clock.seconds()?, system_time());
    for year_end in [1_709_251_190, 4_102_444_790, 4_107_542_390] {
        same!(clock.set(year_end), 0);
        holds!((year_end..year_end + 60).contains(&clock.seconds()?));
    }
    same!(clock.set(before + (system_time() - system)), 0);
    holds!((clock.seconds()? - system_time()).abs() < 60);
    Ok(())
}

fn impossible_dates() -> Outcome {
    let clock = Clock::open()?;
    let good = fields(1_709_164_800);
    for (field, value) in [
        (0, 60),
        (0, -1),
        (1, 60),
        (2, 24),
        (3, 0),
        (3, 30),
        (4, 12),
        (4, -1),
        (5, 69),
        (5, -1),
    ] {
        let mut time = good;
        time[field] = value;
        fails!(EINVAL, SYS_ioctl, clock.fd, RTC_SET_TIME, &time);
        let mut alarm = alarm_at(1_709_164_800, false);
        alarm[1 + field] = value;
        fails!(EINVAL, SYS_ioctl, clock.fd, RTC_WKALM_SET, &alarm);
    }
    Ok(())
}

/// As Linux's driver of this clock, which has no range of its own to answer ERANGE for.
fn dates_too_far_ahead() -> Outcome {
    let clock = Clock::open()?;
    let mut time = fields(1_700_000_000);
    for year in [300, 1000, 70_000, i32::MAX] {
        time[5] = year;
        fails!(EINVAL, SYS_ioctl, clock.fd, RTC_SET_TIME, &time);
        let mut alarm = alarm_at(1_700_000_000, true);
        alarm[6] = year;
        fails!(EINVAL, SYS_ioctl, clock.fd, RTC_WKALM_SET, &alarm);
    }
    // An alarm that is off may be any date, and is read back.
    let mut alarm = alarm_at(1_700_000_000, false);
    alarm[6] = 1000;
    gives!(0, SYS_ioctl, clock.fd, RTC_WKALM_SET, &alarm);
    gives!(0, SYS_ioctl, clock.fd, RTC_ALM_READ, &mut time);
    same!(time[..6].to_vec(), alarm[1..7].to_vec());
    Ok(())
}

fn parameters() -> Outcome {
    /// ALARM and UPDATE_INTERRUPT.
    const FEATURES: u64 = 1 | 1 << 4;
    let clock = Clock::open()?;
    let mut parameter = [0_u64; 3];
    gives!(0, SYS_ioctl, clock.fd, RTC_PARAM_GET, &mut parameter);
    same!(parameter, [0, FEATURES, 0]);
    fails!(EINVAL, SYS_ioctl, clock.fd, RTC_PARAM_SET, &parameter);
    // The correction, the battery's switch, another index, and what there is not.
    for wrong in [[1, 0, 0], [2, 0, 0], [0, 0, 1], [77, 0, 0]] {
        fails!(EINVAL, SYS_ioctl, clock.fd, RTC_PARAM_GET, &wrong);
        fails!(EINVAL, SYS_ioctl, clock.fd, RTC_PARAM_SET, &wrong);
    }
    Ok(())
}

fn setting_needs_a_capability() -> Outcome {
    let clock = Clock::open()?;
    inside_child(|| {
        works!(SYS_setresuid, 1000, 1000, 1000);
        fails!(EACCES, SYS_ioctl, clock.fd, RTC_SET_TIME, &fields(0));
        fails!(EACCES, SYS_ioctl, clock.fd, RTC_SET_TIME, 8);
        fails!(EACCES, SYS_ioctl, clock.fd, RTC_EPOCH_SET, 0);
        fails!(EACCES, SYS_ioctl, clock.fd, RTC_PARAM_SET, 8);
        // The time may be asked for by whoever has the descriptor, and alarms be set.
        clock.time()?;
        gives!(0, SYS_ioctl, clock.fd, RTC_AIE_OFF, 0);
        fails!(EACCES, SYS_open, c"/dev/rtc0", O_RDONLY);
        Ok(())
    })
}

fn bad_pointers_and_commands() -> Outcome {
    let clock = Clock::open()?;
    for command in [
        RTC_RD_TIME,
        RTC_SET_TIME,
        RTC_ALM_READ,
        RTC_ALM_SET,
        RTC_WKALM_RD,
        RTC_WKALM_SET,
        RTC_IRQP_READ,
        RTC_PARAM_GET,
        RTC_PARAM_SET,
    ] {
        fails!(EFAULT, SYS_ioctl, clock.fd, command, 8);
        fails!(EFAULT, SYS_ioctl, clock.fd, command, -4096_i64);
    }
    for command in [0x7000_u32, 0x70ff, 0x8024_7007, 0x4024_7009, 0] {
        fails!(ENOTTY, SYS_ioctl, clock.fd, command, 0);
    }
    let mut byte = 0_u8;
    fails!(EBADF, SYS_write, clock.fd, &byte, 1);
    fails!(EINVAL, SYS_read, clock.fd, &mut byte, 1);
    fails!(EINVAL, SYS_read, clock.fd, &mut byte, 0);
    fails!(ESPIPE, SYS_lseek, clock.fd, 0, SEEK_SET);
    Ok(())
}

/// Neither the hardware's time nor the system's is what a sleep is measured by.
fn setting_disturbs_no_sleeper() -> Outcome {
    let clock = Clock::open()?;
    let (before, system) = (clock.seconds()?, system_time());
    let child = abi_tests::process::spawn(|| {
        let start = abi_tests::process::now();
        let seen = sys!(
            SYS_clock_nanosleep,
            CLOCK_MONOTONIC,
            0,
            &[0_i64, 300_000_000],
            0
        );
        let lasted = abi_tests::process::now() - start;
        i32::from(seen != 0 || lasted < 300_000_000)
    })?;
    pause(50);
    let set = |moment: i64| sys!(SYS_clock_settime, CLOCK_REALTIME, &[moment, 0]);
    same!((clock.set(before + 80_000), set(system + 80_000)), (0, 0));
    pause(50);
    let asleep = sys!(SYS_wait4, child, 0, WNOHANG, 0);
    same!((set(system), clock.set(before)), (0, 0));
    same!(asleep, 0);
    same!(abi_tests::process::wait(child)?, 0);
    Ok(())
}

fn a_timer_may_be_cancelled_by_setting_the_time() -> Outcome {
    let system = system_time();
    let moment = [0, 0, system + 40_000, 0];
    let timer = |flags| -> Result<isize, abi_tests::check::Failure> {
        let timer = works!(SYS_timerfd_create, CLOCK_REALTIME, TFD_NONBLOCK);
        works!(
            SYS_timerfd_settime,
            timer,
            TFD_TIMER_ABSTIME | flags,
            &moment,
            0
        );
        Ok(timer)
    };
    let (plain, cancelled) = (timer(0)?, timer(TFD_TIMER_CANCEL_ON_SET)?);
    let set = |moment: i64| sys!(SYS_clock_settime, CLOCK_REALTIME, &[moment, 0]);
    let mut expiries = 0_u64;
    same!(set(system + 10), 0);
    fails!(EAGAIN, SYS_read, plain, &mut expiries, 8);
    fails!(ECANCELED, SYS_read, cancelled, &mut expiries, 8);
    fails!(EAGAIN, SYS_read, cancelled, &mut expiries, 8);
    a_cancelled_timer_says_so_when_it_is_set(cancelled, system)?;
    same!(set(system + 50_000), 0);
    pause(50);
    same!(set(system), 0);
    gives!(8, SYS_read, plain, &mut expiries, 8);
    same!(expiries, 1);
    Ok(())
}

/// It is set all the same; what was before is not told.
fn a_cancelled_timer_says_so_when_it_is_set(timer: isize, system: i64) -> Outcome {
    let set = |moment: i64| sys!(SYS_clock_settime, CLOCK_REALTIME, &[moment, 0]);
    let (set_timer, mut old) = (TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, [-1_i64; 4]);
    let moment = [0, 0, system + 30_000, 0];
    let mut poll = [timer as u64 | u64::from(POLLIN as u16) << 32];
    gives!(0, SYS_poll, &mut poll, 1, 0);
    same!(set(system + 20), 0);
    gives!(1, SYS_poll, &mut poll, 1, 0);
    let again = |old: &mut [i64; 4]| sys!(SYS_timerfd_settime, timer, set_timer, &moment, old);
    same!(again(&mut old), -(ECANCELED as isize));
    same!(old, [-1; 4]);
    gives!(0, SYS_poll, &mut poll, 1, 0);
    same!(again(&mut old), 0);
    holds!((1..=30_000).contains(&old[2]), "{old:?}");
    // Turned off, it is not asked; then it cannot be cancelled; then it hears of it at last.
    same!(set(system + 30), 0);
    gives!(0, SYS_timerfd_settime, timer, set_timer, &[0_i64; 4], 0);
    gives!(0, SYS_timerfd_settime, timer, TFD_TIMER_ABSTIME, &moment, 0);
    fails!(EAGAIN, SYS_read, timer, &mut old, 8);
    same!(again(&mut old), -(ECANCELED as isize));
    fails!(EAGAIN, SYS_read, timer, &mut old, 8);
    Ok(())
}

/// The `_ALARM` forms, which Linux has only on a machine whose clock can wake it. The descriptors
/// among the timers are compared with Linux, in tests/abi.
fn clocks_that_wake_the_machine_are_those_they_are_named_after() -> Outcome {
    const MILLISECOND: i64 = 1_000_000;
    let read = |clock: i32| {
        let mut time = [0_i64; 2];
        sys!(SYS_clock_gettime, clock, &mut time);
        time[0] * 1000 * MILLISECOND + time[1]
    };
    let event = [0, (SIGEV_NONE as u64) << 32, 0, 0, 0, 0, 0, 0];
    for (alarm, usual) in [
        (CLOCK_REALTIME_ALARM, CLOCK_REALTIME),
        (CLOCK_BOOTTIME_ALARM, CLOCK_BOOTTIME),
    ] {
        holds!([read(usual), read(alarm), read(usual)].is_sorted());
        fails!(EINVAL, SYS_clock_settime, alarm, &[1_i64, 0]);
        gives!(0, SYS_clock_nanosleep, alarm, 0, &[0, 20 * MILLISECOND], 0);
        let moment = read(alarm) + 50 * MILLISECOND;
        let wanted = [moment / (1000 * MILLISECOND), moment % (1000 * MILLISECOND)];
        gives!(0, SYS_clock_nanosleep, alarm, TIMER_ABSTIME, &wanted, 0);
        holds!((0..5000 * MILLISECOND).contains(&(read(usual) - moment)));
        let mut timer = -1_i32;
        gives!(0, SYS_timer_create, alarm, &event, &mut timer);
        let ahead = [0, 0, 100, 0_i64];
        let mut left = [0_i64; 4];
        gives!(0, SYS_timer_settime, timer, 0, &ahead, 0);
        gives!(0, SYS_timer_gettime, timer, &mut left);
        holds!((98..=100).contains(&left[2]), "{left:?}");
        gives!(0, SYS_timer_delete, timer);
        inside_child(|| {
            works!(SYS_setresuid, 1000, 1000, 1000);
            holds!([read(usual), read(alarm), read(usual)].is_sorted());
            let time = [0, MILLISECOND];
            fails!(EPERM, SYS_clock_nanosleep, alarm, 0, &time, 0);
            fails!(EPERM, SYS_timer_create, alarm, &event, &mut 0_i32);
            Ok(())
        })?;
    }
    Ok(())
}

fn files_of_sysfs() -> Outcome {
    let clock = Clock::open()?;
    let file = |name: &str| std::fs::read_to_string(format!("/sys/class/rtc/rtc0/{name}"));
    same!(file("name")?, "rtc_cmos rtc_cmos\n");
    same!(file("max_user_freq")?, "64\n");
    same!(file("hctosys")?, "1\n");
    same!(file("dev")?, "252:0\n");
    let now = clock.seconds()?;
    let shown = file("since_epoch")?.trim_end().parse::<i64>().unwrap_or(0);
    holds!((now..now + 60).contains(&shown));
    let (date, time) = (file("date")?, file("time")?);
    holds!(date.len() == 11 && time.len() == 9, "{date}{time}");
    let year = fields(now)[5] + 1900;
    holds!(date.starts_with(&year.to_string()));
    // This clock's driver names no range and has no correction.
    for name in ["range", "offset"] {
        holds!(file(name).is_err_and(|error| error.raw_os_error() == Some(ENOENT)));
    }
    Ok(())
}
