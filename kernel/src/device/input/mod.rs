//! Input devices: wires their drivers to interrupts, and their files to `/dev`, `/proc` and
//! `/sys`.
//!
//! Interrupts leave word ([`Work::INPUT`]); soon after, in a thread's context, the mux takes what
//! the devices have to say. Two things need more: a key that is held down is repeated by a
//! timer, and a switch of personas, which may sleep, is run by a thread of its own.
//!
//! # Slots
//! The switch keys name personas by slots. Slot n is the nth persona that lives, in the order of
//! their creation; slot 1 is the root.

mod class;
mod delay;
mod event_file;
mod mouse_file;
mod nodes;
mod ps2;
mod switching;
#[cfg(feature = "ktest")]
mod tests;
mod virtio;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use drivers::input::client::Stamp;
use drivers::input::device::{Device, Identity};
use drivers::input::evdev::group_of;
use drivers::input::mux::Mux;
use drivers::input::persona::{InputHandle, register};
use drivers::input::state::State;
use drivers::input::switch::SwitchKeys;
use spin::Once;

use super::deferred::{self, Work};
use super::light;
use crate::error::{Errno, Result};
use crate::namespace::device::foreground;
use crate::process;
use crate::sync::SpinLock;
use crate::time::{self, Expiry, Instant, TimerKey, monotonic_now, realtime_offset};

pub use class::path as sysfs_path;
pub use nodes::{show_devices, show_handlers};

/// The input devices of the machine.
struct Input {
    mux: Arc<Mux>,
    handle: InputHandle,
}

static INPUT: Once<Input> = Once::new();
/// When the next repetition is due, and the timer that waits for it.
static REPETITION: SpinLock<Option<(u64, TimerKey)>> = SpinLock::new(None);

/// Finds the devices and makes their files. To be called once, after the other devices are set
/// up; `keys` are those that switch personas.
///
/// # Errors
/// What making nodes and starting a thread answers.
pub fn initialise(keys: SwitchKeys) -> Result<()> {
    let mux = Arc::new(Mux::new(now, keys));
    let handle = register(foreground(), &mux).map_err(|error| Errno::from_number(error.errno()))?;
    INPUT.call_once(|| Input { mux, handle });
    deferred::register(Work::INPUT, service);
    switching::initialise()?;
    nodes::initialise()?;
    #[cfg(feature = "ktest")]
    tests::add_device()?;
    virtio::initialise()?;
    ps2::initialise()
}

/// There are devices only once they are set up, and then for good.
fn input() -> &'static Input {
    INPUT.get().expect("set up at boot")
}

fn now() -> Stamp {
    let monotonic = monotonic_now().0;
    Stamp {
        monotonic,
        realtime: realtime_offset().0 + monotonic,
    }
}

/// Whether there may be one more device; the first time that there may not is said in the log.
fn has_room() -> bool {
    static SAID: AtomicBool = AtomicBool::new(false);
    let has_room = nodes::count() < event_file::COUNT as usize;
    if !has_room && !SAID.swap(true, Ordering::Relaxed) {
        let count = event_file::COUNT;
        log::warn!("input: devices are left out, as there may be {count} only");
    }
    has_room
}

/// Adds a device and its files, for which there must be room ([`has_room`]).
fn add(device: Box<dyn Device>) -> Result<()> {
    let identity = device.identity();
    let number = input().mux.add(device);
    log::info!("input{number}: {}", identity.name);
    nodes::add(number, &identity)?;
    light::add_lamps(number, &identity)
}

/// What a device is to the persona of the running process.
fn identity_of(device: usize) -> Result<Identity> {
    let namespace = process::current().process.membership.namespace();
    let input = input();
    let group = group_of(&input.handle, &namespace)?;
    let identity = |state: &mut State| state.identity.clone();
    Ok(input.mux.with_state_for(device, &group, identity))
}

/// Whether a lamp of a device is on.
pub fn led_is_on(device: usize, led: u16) -> bool {
    input().mux.with_state(device, |state| state.leds.has(led))
}

/// Lights or darkens a lamp of a device.
pub fn set_led(device: usize, led: u16, on: bool) {
    input().mux.set_led(device, led, on);
}

/// Has the lamps follow the locks that keys have turned. May sleep.
fn turn_locks() {
    let lamps = input().mux.take_turned_locks();
    if !lamps.is_empty() {
        light::turn_locks(lamps);
    }
}

/// Takes what the devices have to say. Thread context, no lock held.
fn service() {
    if input().mux.service() {
        switching::wake();
    }
    turn_locks();
    arm_repetition();
}

/// Has the timer expire when a held key repeats next.
fn arm_repetition() {
    let next = input().mux.next_repetition();
    let mut armed = REPETITION.lock();
    if armed.map(|(moment, _)| moment) == next {
        return;
    }
    if let Some((_, key)) = armed.take() {
        time::remove_timer(key);
    }
    *armed = next.map(|moment| {
        let call = Expiry::Call(Arc::new(repeat));
        (moment, time::add_timer(Instant(moment), call))
    });
}

fn repeat(_moment: Instant) {
    *REPETITION.lock() = None;
    input().mux.repeat();
    arm_repetition();
}
