//! What names a futex: not the address alone, since two processes may see one word at
//! different addresses, and one address may show different words.
//!
//! | the call | the memory | the name |
//! | --- | --- | --- |
//! | with FUTEX_PRIVATE_FLAG | any | address space and address |
//! | without | private to the process | address space and address |
//! | without | shared | the object behind the mapping, page and offset in it |
//!
//! The first two are different names, as on Linux. Source: futex(2).

use alloc::sync::Arc;

use crate::error::{Errno, Result};
use crate::memory::{AddressSpace, Backing, PAGE_SIZE, Pager, Protection, STACK_TOP};
use crate::process::Thread;
use crate::process::limits::Resource;

/// Words are aligned, so the low two bits of a place are free to say which kind it is.
const LOCAL: u64 = 1;
const SHARED: u64 = 2;

/// The name of a futex. Two are the same futex exactly when their names are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// The address space or the object: its address in the kernel.
    holder: usize,
    /// Where in it, and which kind of name this is.
    place: u64,
}

/// A name, with a hold on the object that gives it: while anybody waits, no other object may
/// come to lie at the same address.
pub(super) struct Named {
    pub(super) key: Key,
    pub(super) object: Option<Arc<dyn Pager>>,
}

impl Key {
    /// A number that is much the same for no two names.
    pub(super) fn hash(&self) -> usize {
        const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;
        let mixed = (self.holder as u64).rotate_left(25) ^ self.place;
        (mixed.wrapping_mul(GOLDEN_RATIO) >> 32) as usize
    }
}

/// The name of the word at `address` for the calling thread. `write` says that the call is
/// going to change the word.
///
/// # Errors
/// EINVAL for an address that is not aligned, EFAULT for one that no program can have or, of
/// a futex that others may share, where nothing is mapped.
pub(super) fn name(thread: &Thread, address: usize, private: bool, write: bool) -> Result<Named> {
    if !address.is_multiple_of(size_of::<u32>()) {
        return Err(Errno::EINVAL);
    }
    if address >= STACK_TOP {
        return Err(Errno::EFAULT);
    }
    let space = thread.address_space().ok_or(Errno::EFAULT)?;
    let local = |kind| Named {
        key: Key {
            holder: Arc::as_ptr(&space) as usize,
            place: address as u64 | kind,
        },
        object: None,
    };
    if private {
        return Ok(local(0));
    }
    Ok(match object_at(thread, &space, address, write)? {
        None => local(LOCAL),
        Some((object, page)) => Named {
            key: Key {
                holder: Arc::as_ptr(&object).cast::<()>() as usize,
                place: (page * PAGE_SIZE as u64 + (address % PAGE_SIZE) as u64) | SHARED,
            },
            object: Some(object),
        },
    })
}

/// The object behind a shared mapping and the index of its page; none for private memory.
fn object_at(
    thread: &Thread,
    space: &AddressSpace,
    address: usize,
    write: bool,
) -> Result<Option<(Arc<dyn Pager>, u64)>> {
    let wanted = if write {
        Protection::WRITE
    } else {
        Protection::READ
    };
    let stack_limit = thread.process.limit(Resource::Stack) as usize;
    let mut state = space.lock();
    // Only what a touch would find is there: past the end of a file there is no word.
    state
        .handle_fault(address, wanted, stack_limit)
        .map_err(|_| Errno::EFAULT)?;
    let area = state.area_at(address).ok_or(Errno::EFAULT)?;
    Ok(match &area.backing {
        Backing::Object { pager, .. } if area.shared => {
            Some((Arc::clone(pager), area.page_index(address)))
        }
        // Nobody will ever change a private word that cannot be written: there is nothing to
        // wait for.
        _ if !area.protection.contains(Protection::WRITE) => return Err(Errno::EFAULT),
        _ => None,
    })
}
