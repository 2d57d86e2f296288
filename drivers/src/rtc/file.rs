//! `/dev/rtc0` as programs see it, with the answers of Linux 6.1.
//!
//! One opening at a time, in each persona. A read waits for interrupts and tells of them: their
//! number since the last read, above a byte of their kinds.
//!
//! Source: rtc(4).

use abi::Errno;
use abi::rtc::{
    RTC_AIE_OFF, RTC_AIE_ON, RTC_ALM_READ, RTC_ALM_SET, RTC_EPOCH_SET, RTC_FEATURE_ALARM,
    RTC_FEATURE_UPDATE_INTERRUPT, RTC_IRQP_READ, RTC_IRQP_SET, RTC_PARAM_FEATURES, RTC_PARAM_GET,
    RTC_PARAM_SET, RTC_PIE_OFF, RTC_PIE_ON, RTC_RD_TIME, RTC_SET_TIME, RTC_UIE_OFF, RTC_UIE_ON,
    RTC_WKALM_RD, RTC_WKALM_SET, RtcParameter, RtcTime, RtcWakeAlarm,
};
use alloc::sync::Arc;
use devns::{Namespace, StateError, StateRef};
use zerocopy::IntoBytes;

use super::mux::Mux;
use super::persona::{Alarm, Clock, RtcClass, RtcHandle, Wake};
use super::{ClockError, Date};
use crate::user::UserMemory;

/// The program that calls.
pub trait Caller: UserMemory {
    /// Whether it may set the time (CAP_SYS_TIME).
    fn may_set_time(&self) -> bool;

    /// Whether it may exceed the limit of interrupts (CAP_SYS_RESOURCE).
    fn may_exceed_limit(&self) -> bool;
}

const SECONDS_PER_DAY: i64 = 86_400;

/// The clock of a persona; made where there is none.
///
/// # Errors
/// EAGAIN from inside a switch.
pub fn clock_of(
    handle: &RtcHandle,
    namespace: &Arc<Namespace>,
) -> Result<StateRef<RtcClass>, Errno> {
    handle.get(namespace).map_err(|error| match error {
        StateError::Class(never) => match never {},
        StateError::Refused(refused) => Errno::from_number(refused.errno()),
    })
}

/// One opening.
pub struct RtcFile {
    mux: Arc<Mux>,
    clock: StateRef<RtcClass>,
}

impl RtcFile {
    /// Opens the clock of a persona; `wake` is called when there is something to read.
    ///
    /// # Errors
    /// EBUSY: it is open there.
    pub fn open(
        mux: &Arc<Mux>,
        handle: &RtcHandle,
        namespace: &Arc<Namespace>,
        wake: Wake,
    ) -> Result<Self, Errno> {
        let clock = clock_of(handle, namespace)?;
        if !clock.open(wake) {
            return Err(Errno::EBUSY);
        }
        let mux = Arc::clone(mux);
        Ok(Self { mux, clock })
    }

    /// Whether a read would answer.
    pub fn is_readable(&self) -> bool {
        self.clock.has_data()
    }

    /// What there was since the last read, for a read of `length` bytes into `bytes`; how many of
    /// them it is. None: nothing yet.
    ///
    /// # Errors
    /// EINVAL: the length fits neither an int nor a long.
    pub fn read(&self, length: usize, bytes: &mut [u8; 8]) -> Result<Option<usize>, Errno> {
        const INT: usize = 4;
        if length != INT && length < bytes.len() {
            return Err(Errno::EINVAL);
        }
        let data = self.clock.take_data();
        *bytes = data.to_le_bytes();
        let count = if length == INT { INT } else { bytes.len() };
        Ok((data != 0).then_some(count))
    }

    /// Answers `ioctl(2)`.
    ///
    /// # Errors
    /// EFAULT; EINVAL for an impossible date; EACCES: the caller may not; ENOTTY for unknown ones.
    pub fn ioctl(
        &self,
        caller: &dyn Caller,
        command: u32,
        argument: usize,
    ) -> Result<usize, Errno> {
        let (mux, clock) = (&*self.mux, &**self.clock);
        let sets = matches!(command, RTC_SET_TIME | RTC_EPOCH_SET | RTC_PARAM_SET);
        if sets && !caller.may_set_time() {
            return Err(Errno::EACCES);
        }
        match command {
            RTC_RD_TIME => {
                let time = to_rtc_time(mux.time(clock)?)?;
                caller.write(argument, time.as_bytes())?;
            }
            RTC_SET_TIME => {
                let mut time = RtcTime::default();
                caller.read(argument, time.as_mut_bytes())?;
                mux.set_time(clock, in_range(from_rtc_time(&time)?)?)?;
            }
            RTC_ALM_READ => {
                let time = to_rtc_time(clock.alarm().moment)?;
                caller.write(argument, time.as_bytes())?;
            }
            RTC_ALM_SET => {
                let mut time = RtcTime::default();
                caller.read(argument, time.as_mut_bytes())?;
                let moment = next_of_day(&time, mux.time(clock)?)?;
                let enabled = false;
                mux.set_alarm(clock, Alarm { moment, enabled })?;
            }
            RTC_WKALM_RD => {
                let Alarm { moment, enabled } = clock.alarm();
                let alarm = RtcWakeAlarm {
                    enabled: enabled.into(),
                    time: to_rtc_time(moment)?,
                    ..RtcWakeAlarm::default()
                };
                caller.write(argument, alarm.as_bytes())?;
            }
            RTC_WKALM_SET => {
                let mut alarm = RtcWakeAlarm::default();
                caller.read(argument, alarm.as_mut_bytes())?;
                let moment = from_rtc_time(&alarm.time)?;
                let enabled = alarm.enabled != 0;
                mux.set_alarm(clock, Alarm { moment, enabled })?;
            }
            RTC_AIE_ON => mux.enable_alarm(clock, true)?,
            RTC_AIE_OFF => mux.enable_alarm(clock, false)?,
            RTC_IRQP_READ => {
                let hertz = u64::from(clock.periodic.hertz());
                caller.write(argument, hertz.as_bytes())?;
            }
            RTC_IRQP_SET => {
                check_limit(caller, clock, argument as u64)?;
                let hertz = u32::try_from(argument).map_err(|_| Errno::EINVAL)?;
                clock.periodic.set_hertz(hertz)?;
            }
            RTC_PIE_ON => {
                check_limit(caller, clock, clock.periodic.hertz().into())?;
                clock.periodic.turn(true);
            }
            RTC_PIE_OFF => clock.periodic.turn(false),
            RTC_PARAM_GET => {
                let mut parameter = RtcParameter::default();
                caller.read(argument, parameter.as_mut_bytes())?;
                parameter.value = value_of(&parameter)?;
                caller.write(argument, parameter.as_bytes())?;
            }
            RTC_PARAM_SET => {
                caller.read(argument, RtcParameter::default().as_mut_bytes())?;
                // The clock's rate cannot be corrected, and it has no battery to choose.
                return Err(Errno::EINVAL);
            }
            RTC_UIE_ON => mux.set_updates(clock, true),
            RTC_UIE_OFF => mux.set_updates(clock, false),
            _ => return Err(Errno::ENOTTY),
        }
        Ok(0)
    }
}

impl Drop for RtcFile {
    /// The alarm stays; nobody listens to the seconds, or to the timer, any more.
    fn drop(&mut self) {
        self.clock.periodic.turn(false);
        self.mux.set_updates(&self.clock, false);
        self.clock.close();
    }
}

/// EACCES: the caller may not have so many interrupts a second.
fn check_limit(caller: &dyn Caller, clock: &Clock, hertz: u64) -> Result<(), Errno> {
    if hertz > clock.periodic.limit().into() && !caller.may_exceed_limit() {
        return Err(Errno::EACCES);
    }
    Ok(())
}

/// A moment as programs have it.
fn to_rtc_time(moment: i64) -> Result<RtcTime, Errno> {
    let date = Date::from_unix_seconds(moment).ok_or(ClockError::OutOfRange)?;
    Ok(RtcTime {
        tm_sec: date.second.into(),
        tm_min: date.minute.into(),
        tm_hour: date.hour.into(),
        tm_mday: date.day.into(),
        tm_mon: i32::from(date.month) - 1,
        tm_year: i32::from(date.year) - 1900,
        tm_wday: date.day_of_week().into(),
        tm_yday: date.day_of_year().into(),
        tm_isdst: 0,
    })
}

/// EINVAL: the calendar does not have it, or it lies before 1970.
fn from_rtc_time(time: &RtcTime) -> Result<i64, Errno> {
    const FIRST_YEAR: i32 = 70;
    let number = |value: i32| u8::try_from(value).map_err(|_| Errno::EINVAL);
    if time.tm_year < FIRST_YEAR {
        return Err(Errno::EINVAL);
    }
    let date = Date {
        // Linux would hold a switched off alarm beyond the year 65535 too.
        year: u16::try_from(i64::from(time.tm_year) + 1900).map_err(|_| Errno::EINVAL)?,
        month: number(time.tm_mon)?.checked_add(1).ok_or(Errno::EINVAL)?,
        day: number(time.tm_mday)?,
        hour: number(time.tm_hour)?,
        minute: number(time.tm_min)?,
        second: number(time.tm_sec)?,
    };
    date.is_valid()
        .then(|| date.unix_seconds())
        .ok_or(Errno::EINVAL)
}

/// A persona's time keeps to what the hardware could hold too.
fn in_range(moment: i64) -> Result<i64, Errno> {
    const END_OF_2199: i64 = 7_258_118_400;
    (moment < END_OF_2199)
        .then_some(moment)
        .ok_or(Errno::EINVAL)
}

/// What a clock answers for a parameter. Linux has more of them, for other clocks.
///
/// # Errors
/// EINVAL: this clock has no such parameter.
fn value_of(parameter: &RtcParameter) -> Result<u64, Errno> {
    match (parameter.number, parameter.index) {
        (RTC_PARAM_FEATURES, 0) => Ok(1 << RTC_FEATURE_ALARM | 1 << RTC_FEATURE_UPDATE_INTERRUPT),
        _ => Err(Errno::EINVAL),
    }
}

/// The next time of day like this: today's or, if that lies behind, tomorrow's.
fn next_of_day(time: &RtcTime, now: i64) -> Result<i64, Errno> {
    let today = to_rtc_time(now)?;
    let moment = from_rtc_time(&RtcTime {
        tm_mday: today.tm_mday,
        tm_mon: today.tm_mon,
        tm_year: today.tm_year,
        ..*time
    })?;
    Ok(if moment < now {
        moment + SECONDS_PER_DAY
    } else {
        moment
    })
}

impl Clock {
    /// The alarm, if it is on.
    pub fn enabled_alarm(&self) -> Option<i64> {
        let alarm = self.alarm();
        alarm.enabled.then_some(alarm.moment)
    }
}
