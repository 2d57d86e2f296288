//! What it costs to set an alarm and to clear it again before it comes.
//!
//! `/dev/alarm` is Android's, and Linux 6.1 has none any more; a timerfd is what both have.
//!
//! Source: timerfd_create(2), and the alarm device of Android's kernels up to 3.4.

use std::ffi::CStr;

use abi_tests::sys;
use libc::*;

use crate::measure::{good, mean};

const ALARM: &CStr = c"/dev/alarm";
/// ANDROID_ALARM_SET and ANDROID_ALARM_CLEAR of ANDROID_ALARM_ELAPSED_REALTIME.
const SET: u32 = 0x4010_6132;
const CLEAR: u32 = 0x6130;

/// Far enough that no alarm comes while one measures: seconds since boot.
const FAR: i64 = 1_000_000;

/// Why there are no alarms, if that is so.
pub fn lack() -> Option<&'static str> {
    let is_there = sys!(SYS_access, ALARM, R_OK | W_OK) == 0;
    (!is_there).then_some("this kernel has no /dev/alarm")
}

/// An alarm of `/dev/alarm`.
pub fn alarm() -> Result<i64, String> {
    let file = good("open", sys!(SYS_open, ALARM, O_RDWR | O_CLOEXEC))?;
    let cost = mean(1000, || {
        let moment = [FAR, 0];
        good("ANDROID_ALARM_SET", sys!(SYS_ioctl, file, SET, &moment))?;
        good("ANDROID_ALARM_CLEAR", sys!(SYS_ioctl, file, CLEAR, 0)).map(drop)
    });
    sys!(SYS_close, file);
    cost
}

/// A timer that is a file.
pub fn timerfd() -> Result<i64, String> {
    let made = sys!(SYS_timerfd_create, CLOCK_MONOTONIC, TFD_CLOEXEC);
    let file = good("timerfd_create", made)?;
    let set = |seconds: i64| {
        let setting = [0, 0, seconds, 0];
        let answer = sys!(SYS_timerfd_settime, file, TFD_TIMER_ABSTIME, &setting, 0);
        good("timerfd_settime", answer)
    };
    let cost = mean(1000, || set(FAR).and_then(|_| set(0)).map(drop));
    sys!(SYS_close, file);
    cost
}
