//! Lights: the lamps of keyboards, the backlight and the LCD of the panel, as files below
//! `/sys/class/leds`, `backlight` and `lcd`.
//!
//! Whose changes have an effect is the business of `drivers::light`; here a light meets its
//! device, its files, and the kernel log.

mod leds;
mod panel;
#[cfg(feature = "ktest")]
mod panel_tests;
#[cfg(feature = "ktest")]
mod tests;

use alloc::sync::Arc;

use drivers::input::bits::FewBits;
use drivers::light::led::Lock;
use drivers::light::mux::Outcome;
use drivers::light::persona::{LightHandle, Policy, register};
use drivers::light::setting::Setting;
use spin::Once;

use crate::error::{Errno, Result};
use crate::namespace::device::foreground;
use crate::process;

pub use leds::add as add_lamps;
pub use panel::add as add_panel;

static LIGHTS: Once<Arc<LightHandle>> = Once::new();

/// Registers the class. To be called once, before there are lights.
pub fn initialise(policy: Policy) -> Result<()> {
    let refused = |error: devns::RegisterError| Errno::from_number(error.errno());
    let handle = register(foreground(), policy).map_err(refused)?;
    LIGHTS.call_once(|| handle);
    Ok(())
}

/// There are lights only once the class is registered.
fn lights() -> &'static LightHandle {
    LIGHTS.get().expect("registered at boot")
}

/// Keys of the persona in front have turned these locks, named by their lamps. May sleep.
pub fn turn_locks(lamps: FewBits) {
    let turned = Lock::ALL
        .into_iter()
        .filter(|lock| lamps.has(lock.led_code()));
    for lock in turned {
        if let Err(error) = lights().toggle(foreground(), lock) {
            crate::log::limited!(warn, "the lamp of a lock was not changed: {error:?}");
        }
    }
}

/// Does a store of the running program, and says in the log if it had no effect: a line for each,
/// but for a program that stores faster than anybody reads.
fn store(
    setting: &Setting,
    text: &[u8],
    work: impl FnOnce(&Arc<devns::Namespace>) -> Result<Outcome>,
) -> Result<()> {
    let caller = process::current().process.membership.namespace();
    if let Some(line) = work(&caller)?.line(setting, text, &caller) {
        crate::log::limited!(info, "{line}");
    }
    Ok(())
}
