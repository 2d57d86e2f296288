//! `/dev/alarm`: wires its driver to the kernel's clocks and timers.

mod file;
#[cfg(feature = "ktest")]
mod tests;

use alloc::boxed::Box;
use alloc::sync::Arc;

use abi::Timespec;
use drivers::alarm::persona::{AlarmHandle, register};
use drivers::alarm::{Clocks, Expired, Kind, Timer};
use spin::Once;

use super::rtc;
use crate::error::{Errno, Result};
use crate::namespace::device::foreground;
use crate::process::timer::wall::WallTimer;
use crate::time::{self, Deadline, Instant, Nanoseconds, monotonic_now, realtime_now};

static HANDLE: Once<AlarmHandle> = Once::new();

/// Registers the class and makes the node. To be called once, after the other devices are set up.
///
/// # Errors
/// What making nodes answers.
pub fn initialise() -> Result<()> {
    let refused = |error: devns::RegisterError| Errno::from_number(error.errno());
    let handle = register(foreground(), Box::new(SystemClocks)).map_err(refused)?;
    HANDLE.call_once(|| handle);
    file::initialise()
}

/// The device has its node only once the class is registered.
fn handle() -> &'static AlarmHandle {
    HANDLE.get().expect("registered at boot")
}

/// The kernel's clocks.
struct SystemClocks;

impl Clocks for SystemClocks {
    fn now(&self, kind: Kind) -> Timespec {
        let now = if kind.is_time_of_day() {
            realtime_now()
        } else {
            Nanoseconds(monotonic_now().0)
        };
        now.to_timespec()
    }

    fn timer(&self, kind: Kind, expired: Expired) -> Box<dyn Timer> {
        let timer = WallTimer::new(Arc::new(move |_| expired()));
        Box::new(AlarmTimer { timer, kind })
    }

    fn set_time(&self, time: Timespec) -> Result<()> {
        let now = time::settable(time)?;
        if !time::set_realtime(now) {
            return Err(Errno::EINVAL);
        }
        rtc::set_hardware_time(time.tv_sec)
    }
}

struct AlarmTimer {
    timer: Arc<WallTimer>,
    kind: Kind,
}

impl Timer for AlarmTimer {
    fn start(&self, moment: u64) {
        let deadline = if self.kind.is_time_of_day() {
            Deadline::Realtime(Nanoseconds(moment))
        } else {
            Deadline::Monotonic(Instant(moment))
        };
        self.timer.set(Some(deadline), Nanoseconds(0));
    }

    fn cancel(&self) {
        self.timer.set(None, Nanoseconds(0));
    }
}

impl Drop for AlarmTimer {
    fn drop(&mut self) {
        self.cancel();
    }
}
