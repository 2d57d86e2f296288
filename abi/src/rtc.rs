//! What real-time clocks speak: the structures and commands of `/dev/rtc0`. Source: rtc(4) and
//! Linux's `include/uapi/linux/rtc.h`.
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

pub use linux_raw_sys::ioctl::{
    RTC_AIE_OFF, RTC_AIE_ON, RTC_ALM_READ, RTC_ALM_SET, RTC_EPOCH_SET, RTC_IRQP_READ, RTC_IRQP_SET,
    RTC_PIE_OFF, RTC_PIE_ON, RTC_RD_TIME, RTC_SET_TIME, RTC_UIE_OFF, RTC_UIE_ON, RTC_WKALM_RD,
    RTC_WKALM_SET,
};

/// `_IOW('p', 0x13, struct rtc_param)`: asks for a parameter.
pub const RTC_PARAM_GET: u32 = 0x4018_7013;
/// `_IOW('p', 0x14, struct rtc_param)`: sets one.
pub const RTC_PARAM_SET: u32 = 0x4018_7014;
/// What the clock can do: a bit for each `RTC_FEATURE_*`.
pub const RTC_PARAM_FEATURES: u64 = 0;
/// How much its rate is corrected.
pub const RTC_PARAM_CORRECTION: u64 = 1;
/// It has an alarm.
pub const RTC_FEATURE_ALARM: u32 = 0;
/// It interrupts at the beginning of each second.
pub const RTC_FEATURE_UPDATE_INTERRUPT: u32 = 4;

/// A read tells of at least one interrupt.
pub const RTC_IRQF: u64 = 0x80;
/// Of the rate that a program chose.
pub const RTC_PF: u64 = 0x40;
/// Of an alarm.
pub const RTC_AF: u64 = 0x20;
/// Of the beginning of a second.
pub const RTC_UF: u64 = 0x10;

/// `struct rtc_time`: a moment to the second, its fields as in `struct tm`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct RtcTime {
    /// 0 to 59.
    pub tm_sec: i32,
    /// 0 to 59.
    pub tm_min: i32,
    /// 0 to 23.
    pub tm_hour: i32,
    /// 1 to 31.
    pub tm_mday: i32,
    /// 0 to 11.
    pub tm_mon: i32,
    /// Years since 1900.
    pub tm_year: i32,
    /// Days since Sunday; ignored where a program sets it.
    pub tm_wday: i32,
    /// Days since the first of January; likewise.
    pub tm_yday: i32,
    /// Nothing.
    pub tm_isdst: i32,
}

/// `struct rtc_wkalrm`: an alarm.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct RtcWakeAlarm {
    /// Whether it is on.
    pub enabled: u8,
    /// Whether it has come and nobody has taken notice; always 0 here.
    pub pending: u8,
    /// Nothing.
    pub padding: [u8; 2],
    /// When.
    pub time: RtcTime,
}

/// `struct rtc_param`: something that can be asked of a clock.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct RtcParameter {
    /// Which: `RTC_PARAM_*`.
    pub number: u64,
    /// Its value, where that is a number without a sign.
    pub value: u64,
    /// Which of several; 0 for those that are one.
    pub index: u32,
    /// Nothing.
    pub padding: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_linux() {
        assert_eq!(size_of::<RtcTime>(), 36);
        assert_eq!(size_of::<RtcWakeAlarm>(), 40);
        assert_eq!(size_of::<RtcParameter>(), 24);
    }
}
