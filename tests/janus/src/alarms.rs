//! `/dev/alarm` and its commands, written out as programs have them.

use abi_tests::call::Word;
use abi_tests::check::Failure;
use abi_tests::sys;
use libc::*;

/// Turns an alarm off.
pub const CLEAR: u32 = 0x6100;
/// Waits for any.
pub const WAIT: u32 = 0x6101;
/// Sets one.
pub const SET: u32 = 0x4010_6102;
/// Sets one and waits for any.
pub const SET_AND_WAIT: u32 = 0x4010_6103;
/// Tells the time of a clock.
pub const GET_TIME: u32 = 0x4010_6104;
/// Sets the time of day and the real-time clock.
pub const SET_RTC: u32 = 0x4010_6105;

/// The time of day.
pub const RTC: u32 = 1;
/// The time since boot, waking the machine.
pub const ELAPSED_WAKEUP: u32 = 2;
/// The time since boot.
pub const ELAPSED: u32 = 3;
/// The time since boot that the machine was awake.
pub const SYSTEMTIME: u32 = 4;
/// The bit of a wait's answer that says that the time was set.
pub const TIME_CHANGE: isize = 1 << 16;

/// An open alarm device.
pub struct Alarms {
    /// Its descriptor.
    pub fd: isize,
}

impl Alarms {
    /// Opens it to read and write.
    ///
    /// # Errors
    /// Leaves the case out where there is none.
    pub fn open() -> Result<Self, Failure> {
        Self::open_to(O_RDWR)
    }

    /// Opens it with these flags.
    ///
    /// # Errors
    /// Leaves the case out where there is none.
    pub fn open_to(flags: i32) -> Result<Self, Failure> {
        match sys!(SYS_open, c"/dev/alarm", flags | O_CLOEXEC) {
            fd if fd >= 0 => Ok(Self { fd }),
            _ => Err(Failure::Skipped),
        }
    }

    /// Any command for an alarm.
    pub fn call(&self, command: u32, kind: u32, argument: impl Word) -> isize {
        sys!(SYS_ioctl, self.fd, command | kind << 4, argument)
    }

    /// The time of a clock in nanoseconds.
    pub fn now(&self, kind: u32) -> i64 {
        let mut time = [-1_i64; 2];
        self.call(GET_TIME, kind, &mut time);
        time[0] * 1_000_000_000 + time[1]
    }

    /// Sets an alarm for so many milliseconds from now.
    pub fn set(&self, command: u32, kind: u32, milliseconds: i64) -> isize {
        let moment = self.now(kind) + milliseconds * 1_000_000;
        self.call(
            command,
            kind,
            &[moment / 1_000_000_000, moment % 1_000_000_000],
        )
    }

    /// Waits for what is set.
    pub fn wait(&self) -> isize {
        self.call(WAIT, 0, 0)
    }
}

impl Drop for Alarms {
    fn drop(&mut self) {
        sys!(SYS_close, self.fd);
    }
}
