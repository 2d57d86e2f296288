//! `/sys/class/rtc/rtc0`: the clock of the reader's persona.
//!
//! Source: Linux's `Documentation/ABI/testing/sysfs-class-rtc`.

use core::fmt::Write;

use abi::procfs::Text;
use devns::StateRef;
use drivers::rtc::file::clock_of;
use drivers::rtc::persona::RtcClass;
use drivers::rtc::text::{self, Shown};

use super::file::NUMBER;
use super::machine;
use crate::device::clock as device_clock;
use crate::error::{Errno, Result};
use crate::file::generated::no_memory;
use crate::file::sysfs::{self, Attribute};
use crate::process;

/// Makes the files.
pub(super) fn initialise(name: &'static str) -> Result<()> {
    let directory = sysfs::add_class_device("rtc", "rtc0", NUMBER)?;
    directory.add_attribute("name", 0o444, Name(name))?;
    directory.add_attribute("date", 0o444, Time(Shown::Date))?;
    directory.add_attribute("time", 0o444, Time(Shown::Time))?;
    directory.add_attribute("since_epoch", 0o444, Time(Shown::SinceEpoch))?;
    directory.add_attribute("max_user_freq", 0o644, Time(Shown::PeriodicLimit))?;
    directory.add_attribute("hctosys", 0o444, SetsSystem)?;
    directory.add_attribute("wakealarm", 0o644, Time(Shown::WakeAlarm))
}

/// The clock of the running process's persona.
fn clock() -> Result<StateRef<RtcClass>> {
    let namespace = process::current().process.membership.namespace();
    clock_of(&machine().handle, &namespace)
}

/// `name`: its driver and, since it is no device of a bus that numbers them, the driver again.
struct Name(&'static str);

impl Attribute for Name {
    fn show(&self, text: &mut Text) -> Result<()> {
        writeln!(text, "{0} {0}", self.0).map_err(no_memory)
    }
}

/// What is each persona's own.
struct Time(Shown);

impl Attribute for Time {
    fn show(&self, text: &mut Text) -> Result<()> {
        text::show(&machine().mux, &*clock()?, self.0, text)
    }

    fn store(&self, bytes: &[u8]) -> Result<()> {
        match self.0 {
            Shown::PeriodicLimit => text::store_periodic_limit(&*clock()?, bytes),
            Shown::WakeAlarm => text::store_wake_alarm(&machine().mux, &*clock()?, bytes),
            Shown::Date | Shown::Time | Shown::SinceEpoch => Err(Errno::EIO),
        }
    }
}

/// `hctosys`: whether the system's time was set from this clock at boot.
struct SetsSystem;

impl Attribute for SetsSystem {
    fn show(&self, text: &mut Text) -> Result<()> {
        writeln!(text, "{}", u8::from(device_clock::has_set_time())).map_err(no_memory)
    }
}
