//! What a process has in its memory: its arguments, its environment, and how much there is.
use super::subject::Subject;
use crate::error::{Errno, Result};
use crate::file::generated::no_memory;
use crate::memory::{AddressSpace, AddressSpaceState, Area, Backing, PAGE_SIZE, Protection};
use abi::procfs::{MemoryUse, ProcessStatm, Text};
use alloc::vec::Vec;
use core::ops::Range;

/// More than `execve(2)` accepts; what lies behind cannot be arguments.
const STRINGS_MAX: usize = 8 << 20;

/// Copies a part of a program's memory, as far as it is there.
fn copy(space: &AddressSpace, range: Range<usize>, text: &mut Text) -> Result<()> {
    let mut bytes = Vec::new();
    let length = range.len().min(STRINGS_MAX);
    bytes.try_reserve_exact(length).map_err(|_| Errno::ENOMEM)?;
    bytes.resize(length, 0);
    let count = space.read_bytes(range.start, &mut bytes);
    text.bytes(&bytes[..count]).map_err(no_memory)
}

/// `cmdline`: the arguments, each with a NUL behind it.
pub(super) fn show_command_line(subject: &Subject, text: &mut Text) -> Result<()> {
    let Some(space) = subject.address_space() else {
        return Ok(());
    };
    let range = space.lock().arguments.clone();
    copy(&space, range, text)
}

/// `environ`: the environment the program started with.
pub(super) fn show_environment(subject: &Subject, text: &mut Text) -> Result<()> {
    let Some(space) = subject.address_space() else {
        return Ok(());
    };
    let range = space.lock().environment.clone();
    copy(&space, range, text)
}

/// `auxv`: the auxiliary vector the program started with.
pub(super) fn show_auxiliary(subject: &Subject, text: &mut Text) -> Result<()> {
    let Some(space) = subject.address_space() else {
        return Ok(());
    };
    let range = space.lock().auxiliary.clone();
    copy(&space, range, text)
}

/// Sizes of an address space in bytes.
#[derive(Clone, Copy, Default)]
pub(super) struct Sizes {
    /// Mapped.
    pub(super) mapped: usize,
    /// The most that was ever mapped.
    pub(super) mapped_peak: usize,
    /// Locked.
    pub(super) locked: usize,
    /// Present.
    pub(super) resident: usize,
    /// The most that was ever present.
    pub(super) resident_peak: usize,
    /// Page tables.
    pub(super) tables: usize,
    /// Present, of files and shared memory.
    pub(super) shared: usize,
    /// Mapped as code.
    pub(super) code: usize,
    /// Mapped as private data.
    pub(super) data: usize,
    /// Mapped as stack.
    pub(super) stack: usize,
}

/// Measures an address space.
pub(super) fn sizes(space: &AddressSpace) -> Sizes {
    let state = space.lock();
    let mut sizes = Sizes {
        mapped: state.mapped_bytes,
        mapped_peak: state.peak_mapped_bytes,
        locked: state.locked_bytes,
        resident: state.resident_bytes(),
        resident_peak: state.peak_resident_bytes(),
        tables: state.table_bytes(),
        ..Sizes::default()
    };
    for area in state.areas() {
        let length = area.range.len();
        if matches!(area.backing, Backing::Object { .. }) {
            sizes.shared += state.resident_bytes_in(area);
        }
        if is_stack(&state, area) {
            sizes.stack += length;
        } else if area.protection.contains(Protection::EXECUTE) {
            sizes.code += length;
        } else if area.protection.contains(Protection::WRITE) && !area.shared {
            sizes.data += length;
        }
    }
    sizes
}

fn is_stack(state: &AddressSpaceState, area: &Area) -> bool {
    area.range.contains(&state.stack_start.saturating_sub(1))
}

/// `statm`: all zeros once the process has ended.
pub(super) fn show_statm(subject: &Subject, text: &mut Text) -> Result<()> {
    let sizes = subject
        .address_space()
        .map_or_else(Sizes::default, |space| sizes(&space));
    let pages = |bytes: usize| (bytes / PAGE_SIZE) as u64;
    let statm = ProcessStatm {
        size: pages(sizes.mapped),
        resident: pages(sizes.resident),
        shared: pages(sizes.shared),
        text: pages(sizes.code),
        data: pages(sizes.data + sizes.stack),
    };
    statm.write(text).map_err(no_memory)
}

/// The sizes that `status` shows. There is no swap.
pub(super) fn memory_use(space: &AddressSpace) -> MemoryUse {
    let sizes = sizes(space);
    let kilobytes = |bytes: usize| (bytes / 1024) as u64;
    MemoryUse {
        peak: kilobytes(sizes.mapped_peak),
        size: kilobytes(sizes.mapped),
        locked: kilobytes(sizes.locked),
        resident_peak: kilobytes(sizes.resident_peak),
        anonymous: kilobytes(sizes.resident - sizes.shared),
        file: kilobytes(sizes.shared),
        shared: 0,
        data: kilobytes(sizes.data),
        stack: kilobytes(sizes.stack),
        code: kilobytes(sizes.code),
        page_tables: kilobytes(sizes.tables),
    }
}
