//! From an interrupt's vector to the handler that a device registered.
//!
//! A handler runs with interrupts off. It acknowledges its device, moves bytes into or out of
//! a fixed ring behind a [`metal::interrupt::Lock`], raises [`super::deferred`] work, and
//! nothing else.

use core::sync::atomic::{AtomicU64, Ordering};

use metal::apic::{self, INTERRUPTS_MAX, TIMER_VECTOR, Trigger};
use spin::Once;

use super::deferred::{self, Work};
use crate::error::{Errno, Result};

/// Is called with the number of the interrupt.
type Handler = fn(u32);

static HANDLERS: [Once<Handler>; INTERRUPTS_MAX] = [const { Once::new() }; INTERRUPTS_MAX];
static COUNTS: [AtomicU64; INTERRUPTS_MAX] = [const { AtomicU64::new(0) }; INTERRUPTS_MAX];
/// The time-stamp counter when a device last interrupted.
#[cfg(feature = "devns")]
static LAST: AtomicU64 = AtomicU64::new(0);

/// Calls `handler` for each interrupt `number` (a global system interrupt) from now on.
///
/// # Errors
/// EBUSY when the interrupt is taken, ENODEV when no controller of this machine has it.
pub fn register(number: u32, trigger: Trigger, handler: Handler) -> Result<()> {
    let slot = HANDLERS.get(number as usize).ok_or(Errno::ENODEV)?;
    if slot.get().is_some() {
        return Err(Errno::EBUSY);
    }
    slot.call_once(|| handler);
    if apic::enable_interrupt(number, trigger) {
        Ok(())
    } else {
        Err(Errno::ENODEV)
    }
}

/// As [`register`], for an interrupt that several devices with the same handler may raise.
///
/// # Errors
/// As [`register`].
#[cfg(feature = "devns")]
pub fn share(number: u32, trigger: Trigger, handler: Handler) -> Result<()> {
    let registered = HANDLERS.get(number as usize).and_then(Once::get);
    if registered.is_some_and(|known| core::ptr::fn_addr_eq(*known, handler)) {
        return Ok(());
    }
    register(number, trigger, handler)
}

/// The time-stamp counter when a device last interrupted.
#[cfg(feature = "devns")]
pub fn last() -> u64 {
    LAST.load(Ordering::Relaxed)
}

/// How often each registered interrupt came, by its number.
pub fn counts() -> impl Iterator<Item = (usize, u64)> {
    let registered = HANDLERS
        .iter()
        .enumerate()
        .filter(|(_, handler)| handler.is_completed());
    registered.map(|(number, _)| (number, COUNTS[number].load(Ordering::Relaxed)))
}

/// Called by metal for every interrupt, with interrupts off.
pub fn handle(vector: u8) {
    if vector == TIMER_VECTOR {
        deferred::raise(Work::TIMER);
    } else if let Some(number) = apic::interrupt_of(vector)
        && let Some(handler) = HANDLERS[number as usize].get()
    {
        #[cfg(feature = "devns")]
        LAST.store(metal::clock::time_stamp(), Ordering::Relaxed);
        COUNTS[number as usize].fetch_add(1, Ordering::Relaxed);
        handler(number);
    }
    apic::end_of_interrupt();
}
