//! `/dev/rtc0`, its structures and its commands, written out as programs have them.

use abi_tests::call::Word;
use abi_tests::check::Failure;
use abi_tests::{sys, works};
use libc::*;

/// `struct rtc_time`: second, minute, hour, day of the month, month (from 0), years since 1900,
/// day of the week, day of the year, summer time.
pub type Time = [i32; 9];

/// `struct rtc_wkalrm`: enabled, pending and two bytes of nothing; then the time.
pub type WakeAlarm = [i32; 10];

/// Turns the alarm on.
pub const RTC_AIE_ON: u32 = 0x7001;
/// Turns it off.
pub const RTC_AIE_OFF: u32 = 0x7002;
/// Interrupts when a second begins.
pub const RTC_UIE_ON: u32 = 0x7003;
/// No longer.
pub const RTC_UIE_OFF: u32 = 0x7004;
/// Interrupts at the rate that was chosen.
pub const RTC_PIE_ON: u32 = 0x7005;
/// No longer.
pub const RTC_PIE_OFF: u32 = 0x7006;
/// Tells that rate.
pub const RTC_IRQP_READ: u32 = 0x8008_700b;
/// Chooses it.
pub const RTC_IRQP_SET: u32 = 0x4008_700c;
/// Sets the alarm to a time of day.
pub const RTC_ALM_SET: u32 = 0x4024_7007;
/// Reads it.
pub const RTC_ALM_READ: u32 = 0x8024_7008;
/// Reads the time.
pub const RTC_RD_TIME: u32 = 0x8024_7009;
/// Sets it.
pub const RTC_SET_TIME: u32 = 0x4024_700a;
/// Sets the alarm to a moment.
pub const RTC_WKALM_SET: u32 = 0x4028_700f;
/// Reads it.
pub const RTC_WKALM_RD: u32 = 0x8028_7010;
/// Asks for a parameter.
pub const RTC_PARAM_GET: u32 = 0x4018_7013;
/// Sets one.
pub const RTC_PARAM_SET: u32 = 0x4018_7014;
/// For clocks that count years from another one.
pub const RTC_EPOCH_SET: u32 = 0x4008_700e;

/// An open clock.
pub struct Clock {
    /// Its descriptor.
    pub fd: isize,
}

impl Clock {
    /// Opens it.
    ///
    /// # Errors
    /// Leaves the case out where there is none, or another program has it.
    pub fn open() -> Result<Self, Failure> {
        match sys!(SYS_open, c"/dev/rtc0", O_RDONLY | O_CLOEXEC) {
            fd if fd >= 0 => Ok(Self { fd }),
            _ => Err(Failure::Skipped),
        }
    }

    /// Any command.
    pub fn call(&self, command: u32, argument: impl Word) -> isize {
        sys!(SYS_ioctl, self.fd, command, argument)
    }

    /// Its time.
    ///
    /// # Errors
    /// What the command answered.
    pub fn time(&self) -> Result<Time, Failure> {
        let mut time = Time::default();
        works!(SYS_ioctl, self.fd, RTC_RD_TIME, &mut time);
        Ok(time)
    }

    /// Its time in seconds since 1970.
    ///
    /// # Errors
    /// What the command answered.
    pub fn seconds(&self) -> Result<i64, Failure> {
        Ok(seconds(&self.time()?))
    }

    /// Sets its time.
    pub fn set(&self, moment: i64) -> isize {
        self.call(RTC_SET_TIME, &fields(moment))
    }

    /// Sets the alarm; it is on.
    pub fn set_alarm(&self, moment: i64) -> isize {
        self.call(RTC_WKALM_SET, &alarm_at(moment, true))
    }

    /// Waits for interrupts for `milliseconds` at most; what the read says, or 0.
    ///
    /// # Errors
    /// What poll(2) or read(2) answered.
    pub fn wait(&self, milliseconds: i32) -> Result<u64, Failure> {
        let mut poll = [self.fd as u64 | u64::from(POLLIN as u16) << 32];
        let mut data = 0_u64;
        if works!(SYS_poll, &mut poll, 1, milliseconds) == 1 {
            works!(SYS_read, self.fd, &mut data, 8);
        }
        Ok(data)
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        sys!(SYS_close, self.fd);
    }
}

/// An alarm at a moment.
pub fn alarm_at(moment: i64, enabled: bool) -> WakeAlarm {
    let mut alarm = WakeAlarm::default();
    alarm[0] = i32::from(enabled);
    alarm[1..].copy_from_slice(&fields(moment));
    alarm
}

/// Seconds since 1970: counted in years that begin in March.
pub fn seconds(time: &Time) -> i64 {
    let [second, minute, hour, day, month, year, ..] = time.map(i64::from);
    let (early, year) = (i64::from(month < 2), year + 1900);
    let (year, month) = (year - early, month + 12 * early - 2);
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = days + (153 * month + 2) / 5 + day - 1 - 719_468;
    ((days * 24 + hour) * 60 + minute) * 60 + second
}

/// The other way, a day at a time from 1970.
pub fn fields(moment: i64) -> Time {
    let (mut days, rest) = (moment.div_euclid(86_400), moment.rem_euclid(86_400));
    let weekday = (days + 4).rem_euclid(7);
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while days >= 365 + i64::from(is_leap(year)) {
        days -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let (of_year, mut month) = (days, 0);
    let february = 28 + i64::from(is_leap(year));
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (minute, hour) = (rest / 60 % 60, rest / 3600);
    let all = [
        rest % 60,
        minute,
        hour,
        days + 1,
        month,
        year - 1900,
        weekday,
        of_year,
        0,
    ];
    all.map(|field| field as i32)
}
