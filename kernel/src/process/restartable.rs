//! Restartable sequences: short stretches of a program that start again at a place of its
//! choice when the thread was preempted or a signal came in the middle.
//!
//! A thread registers a structure in its memory. There the kernel keeps the number of the
//! processor, and there the program says which stretch it is in. Programs trust this: a C
//! library's allocator may update what belongs to a processor without any lock.
//!
//! Source: rseq(2); `struct rseq` in Linux's `include/uapi/linux/rseq.h`.

use alloc::sync::Arc;

use abi::raw::general;
use metal::user::UserContext;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::Thread;
use super::signal::{self, SignalInfo};
use crate::error::{Errno, Result};
use crate::memory::{STACK_TOP, user};

/// Bytes of `struct rseq`, and its alignment.
const STRUCTURE_BYTES: usize = 32;
/// Where in it the current stretch is named.
const SECTION_OFFSET: usize = 8;

/// What a thread has registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    address: usize,
    length_bytes: u32,
    signature: u32,
}

/// `struct rseq_cs`.
#[repr(C)]
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable)]
struct Section {
    version: u32,
    flags: u32,
    start: u64,
    length_bytes: u64,
    abort: u64,
}

/// Registers the structure at `address`, and tells it the processor.
///
/// # Errors
/// EINVAL, EPERM, EBUSY and EFAULT as rseq(2) has them.
pub fn register(
    thread: &Arc<Thread>,
    address: usize,
    length_bytes: u32,
    signature: u32,
) -> Result<()> {
    let mut slot = thread.restartable.lock();
    if let Some(registered) = *slot {
        return Err(match registered {
            Registration {
                signature: other, ..
            } if registered.address == address && registered.length_bytes == length_bytes => {
                if other == signature {
                    Errno::EBUSY
                } else {
                    Errno::EPERM
                }
            }
            _ => Errno::EINVAL,
        });
    }
    if !address.is_multiple_of(STRUCTURE_BYTES) || length_bytes as usize != STRUCTURE_BYTES {
        return Err(Errno::EINVAL);
    }
    if address
        .checked_add(STRUCTURE_BYTES)
        .is_none_or(|end| end > STACK_TOP)
    {
        return Err(Errno::EFAULT);
    }
    *slot = Some(Registration {
        address,
        length_bytes,
        signature,
    });
    drop(slot);
    let processor = metal::cpu::number() as u32;
    if user::write(address, &[processor, processor]).is_err() {
        fail(thread);
    }
    Ok(())
}

/// Takes the registration back.
///
/// # Errors
/// EINVAL when it is another one, EPERM with another signature, EFAULT.
pub fn unregister(
    thread: &Thread,
    address: usize,
    length_bytes: u32,
    signature: u32,
) -> Result<()> {
    let mut slot = thread.restartable.lock();
    let registered = slot.ok_or(Errno::EINVAL)?;
    if registered.address != address || registered.length_bytes != length_bytes {
        return Err(Errno::EINVAL);
    }
    if registered.signature != signature {
        return Err(Errno::EPERM);
    }
    const UNINITIALISED: u32 = u32::MAX;
    *slot = None;
    drop(slot);
    user::write(address, &[0, UNINITIALISED])
}

/// The thread was preempted, or a handler is about to run: if its program is inside a stretch,
/// it goes on at the place that the stretch names.
pub fn abort_section(thread: &Arc<Thread>, registers: &mut UserContext) {
    let registered = *thread.restartable.lock();
    let Some(registered) = registered else {
        return;
    };
    // Nearly always the program is in no stretch, and this is all.
    match metal::copy::load_u64(registered.address + SECTION_OFFSET) {
        Ok(0) => {}
        Ok(section) => abort_or_fail(thread, &registered, section, registers),
        Err(_) => fail(thread),
    }
}

#[cold]
fn abort_or_fail(
    thread: &Arc<Thread>,
    registered: &Registration,
    section: u64,
    registers: &mut UserContext,
) {
    if abort(registered, section, registers).is_err() {
        fail(thread);
    }
}

fn abort(registered: &Registration, address: u64, registers: &mut UserContext) -> Result<()> {
    let slot = registered.address + SECTION_OFFSET;
    let section: Section = user::read(address as usize)?;
    let inside = |place: u64| place.wrapping_sub(section.start) < section.length_bytes;
    let end = section.start.checked_add(section.length_bytes);
    let sound = section.version == 0
        && end.is_some_and(|end| end <= STACK_TOP as u64)
        && section.abort < STACK_TOP as u64
        && !inside(section.abort);
    let signature: u32 = user::read((section.abort as usize).wrapping_sub(4))?;
    if !sound || signature != registered.signature {
        return Err(Errno::EINVAL);
    }
    user::write(slot, &0_u64)?;
    if inside(registers.registers().rip) {
        registers.registers_mut().rip = section.abort;
    }
    Ok(())
}

/// As Linux: a thread that breaks the rules cannot go on.
#[cold]
fn fail(thread: &Arc<Thread>) {
    signal::send_fault(thread, SignalInfo::from_kernel(general::SIGSEGV));
}
