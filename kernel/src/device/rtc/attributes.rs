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
use crate::error::Result;
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
    directory.add_attribute("hctosys", 0o444, SetsSystem)?;
    directory.add_attribute("wakealarm", 0o644, WakeAlarm)
}

/// The clock of the running process's persona.
fn clock() -> Result<StateRef<RtcClass>> {
    let namespace = process::current().process.membership.namespace();
    clock_of(&machine().handle, &namespace)
}

/// `name`: its driver.
struct Name(&'static str);

impl Attribute for Name {
    fn show(&self, text: &mut Text) -> Result<()> {
        writeln!(text, "{}", self.0).map_err(no_memory)
    }
}

/// `date`, `time` and `since_epoch`.
struct Time(Shown);

impl Attribute for Time {
    fn show(&self, text: &mut Text) -> Result<()> {
        text::show(&machine().mux, &*clock()?, self.0, text)
    }
}

/// `hctosys`: the system's time was set from this clock at boot.
struct SetsSystem;

impl Attribute for SetsSystem {
    fn show(&self, text: &mut Text) -> Result<()> {
        writeln!(text, "1").map_err(no_memory)
    }
}

/// `wakealarm`: when the alarm comes; empty while it is off.
struct WakeAlarm;

impl Attribute for WakeAlarm {
    fn show(&self, text: &mut Text) -> Result<()> {
        match clock()?.enabled_alarm() {
            Some(moment) => writeln!(text, "{moment}").map_err(no_memory),
            None => Ok(()),
        }
    }

    fn store(&self, bytes: &[u8]) -> Result<()> {
        text::store_wake_alarm(&machine().mux, &*clock()?, bytes)
    }
}
