//! `/proc/driver/rtc`: all there is to say of a clock, for people.
//!
//! What Linux tells there of the interrupts of the chip itself, which all personas share, is
//! told here of those that the reader's persona has.
//!
//! Source: the files of that name of Linux 6.1's `rtc_cmos`.

use abi::Errno;
use core::fmt::{self, Write};

use super::mux::Mux;
use super::persona::Clock;
use super::text::{Day, TimeOfDay, date};

/// Shows it.
///
/// # Errors
/// ENOMEM.
pub fn show(mux: &Mux, clock: &Clock, text: &mut dyn Write) -> Result<(), Errno> {
    write(mux, clock, text).map_err(|fmt::Error| Errno::ENOMEM)
}

fn write(mux: &Mux, clock: &Clock, text: &mut dyn Write) -> fmt::Result {
    let (periodic, alarm) = (&clock.periodic, clock.alarm());
    // A time that the clock cannot tell is left out.
    if let Ok(now) = mux.time(clock).and_then(date) {
        writeln!(text, "rtc_time\t: {}", TimeOfDay(now))?;
        writeln!(text, "rtc_date\t: {}", Day(now))?;
    }
    if let Ok(moment) = date(alarm.moment) {
        writeln!(text, "alrm_time\t: {}", TimeOfDay(moment))?;
        writeln!(text, "alrm_date\t: {}", Day(moment))?;
    }
    writeln!(text, "alarm_IRQ\t: {}", yes(alarm.enabled))?;
    writeln!(text, "alrm_pending\t: no")?;
    writeln!(text, "update IRQ enabled\t: {}", yes(clock.updates()))?;
    writeln!(text, "periodic IRQ enabled\t: {}", yes(periodic.is_on()))?;
    writeln!(text, "periodic IRQ frequency\t: {}", periodic.hertz())?;
    writeln!(text, "max user IRQ frequency\t: {}", periodic.limit())?;
    writeln!(text, "24hr\t\t: yes")?;
    let condition = mux.condition();
    // A timer makes the periodic interrupts, never the chip.
    writeln!(text, "periodic_IRQ\t: no")?;
    writeln!(text, "update_IRQ\t: {}", yes(clock.updates()))?;
    writeln!(text, "HPET_emulated\t: no")?;
    writeln!(text, "BCD\t\t: {}", yes(condition.decimal))?;
    writeln!(text, "DST_enable\t: {}", yes(condition.summer_time))?;
    writeln!(text, "periodic_freq\t: {}", periodic.hertz())?;
    let battery = if condition.battery { "okay" } else { "dead" };
    writeln!(text, "batt_status\t: {battery}")
}

fn yes(really: bool) -> &'static str {
    if really { "yes" } else { "no" }
}
