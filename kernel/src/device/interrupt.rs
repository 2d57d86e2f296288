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

static HANDLERS: [Once<fn()>; INTERRUPTS_MAX] = [const { Once::new() }; INTERRUPTS_MAX];
static COUNTS: [AtomicU64; INTERRUPTS_MAX] = [const { AtomicU64::new(0) }; INTERRUPTS_MAX];

/// Calls `handler` for each interrupt `number` (a global system interrupt) from now on.
///
/// # Errors
/// EBUSY when the interrupt is taken, ENODEV when no controller of this machine has it.
pub fn register(number: u32, trigger: Trigger, handler: fn()) -> Result<()> {
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
        COUNTS[number as usize].fetch_add(1, Ordering::Relaxed);
        handler();
    }
    apic::end_of_interrupt();
}
