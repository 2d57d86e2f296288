//! The real-time clock: wires its driver to the interrupt, and its files to `/dev` and `/sys`.
//!
//! The interrupt handler acknowledges the chip and leaves word ([`Work::RTC`]); soon after, in a
//! thread's context, the mux rings the alarms that are due. A machine without the clock (microvm
//! without `rtc=on`) has no `/dev/rtc0`.

mod attributes;
mod file;
#[cfg(feature = "ktest")]
mod tests;
mod timers;

use abi::procfs::Text;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use drivers::rtc::ClockError;
use drivers::rtc::cmos::{self, Cmos};
use drivers::rtc::mux::Mux;
use drivers::rtc::persona::{RtcHandle, register};
use metal::apic::Trigger;
use spin::Once;

use self::timers::KernelTimers;
use super::clock;
use super::deferred::{self, Work};
use super::interrupt;
use crate::error::{Errno, Result};
use crate::namespace::device::foreground;
use crate::process;

/// The clock of the machine.
struct Machine {
    mux: Arc<Mux>,
    handle: RtcHandle,
}

static MACHINE: Once<Machine> = Once::new();
/// Whether a second has begun for those who want to know.
static SECOND_BEGAN: AtomicBool = AtomicBool::new(false);
const INTERRUPT: u32 = 8;

/// Finds the clock and makes its files. To be called once, after the other devices are set up.
///
/// # Errors
/// What making nodes answers; EBUSY, ENODEV for the interrupt.
pub fn initialise() -> Result<()> {
    let hardware = match Cmos::find(clock::Cmos) {
        Ok(hardware) => hardware,
        Err(ClockError::Absent) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let mux = Arc::new(Mux::new(Box::new(hardware), Box::new(KernelTimers)));
    let handle = register(foreground(), &mux).map_err(|error| Errno::from_number(error.errno()))?;
    let machine = MACHINE.call_once(|| Machine { mux, handle });
    deferred::register(Work::RTC, service);
    interrupt::register(INTERRUPT, Trigger::Edge, handle_interrupt)?;
    // An interrupt from before would keep the line up, and the next from being seen.
    cmos::acknowledge(&clock::Cmos);
    file::initialise()?;
    attributes::initialise(machine.mux.name())?;
    // The root's clock has the alarm that was on.
    drivers::rtc::file::clock_of(&machine.handle, foreground().root())?;
    service();
    Ok(())
}

/// Files that need the clock are there only once it is found.
fn machine() -> &'static Machine {
    MACHINE.get().expect("found at boot")
}

/// Whether the machine has one.
pub fn is_there() -> bool {
    MACHINE.is_completed()
}

/// Shows what `/proc/driver/rtc` says of the clock of the running process's persona.
///
/// # Errors
/// ENODEV: there is none; ENOMEM.
pub fn show_proc(text: &mut Text) -> Result<()> {
    let machine = MACHINE.get().ok_or(Errno::ENODEV)?;
    let namespace = process::current().process.membership.namespace();
    let clock = drivers::rtc::file::clock_of(&machine.handle, &namespace)?;
    drivers::rtc::proc::show(&machine.mux, &clock, text)
}

/// Sets the clock's time, where there is a clock; those of all personas move with it.
///
/// # Errors
/// What is wrong with the clock; EINVAL where it cannot hold the date.
pub fn set_hardware_time(seconds: i64) -> Result<()> {
    let machine = MACHINE.get();
    machine.map_or(Ok(()), |machine| {
        Ok(machine.mux.set_hardware_time(seconds)?)
    })
}

fn handle_interrupt(_number: u32) {
    let events = cmos::acknowledge(&clock::Cmos);
    if events.update {
        SECOND_BEGAN.store(true, Ordering::Relaxed);
    }
    deferred::raise(Work::RTC);
}

/// Rings what is due. Thread context, no lock held.
fn service() {
    let update = SECOND_BEGAN.swap(false, Ordering::Relaxed);
    if let Err(error) = machine().mux.service(update) {
        crate::log::limited!(warn, "alarms may come late: {error}");
    }
}
