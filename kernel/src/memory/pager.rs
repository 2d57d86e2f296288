//! What a shared mapping shows: an object that gives out its pages as frames.

use alloc::collections::BTreeMap;
use alloc::sync::Weak;

use core::ops::Range;

use super::{AddressSpace, Frame, Written};
use crate::error::{Errno, Result};
use crate::process;
use crate::sync::SpinLock;

/// An object with pages: a file, or memory shared between processes.
pub trait Pager: Send + Sync {
    /// The frame that holds page `index`, the same one for every mapping and for `read` and
    /// `write`. `write` says that the caller is going to change it.
    ///
    /// # Errors
    /// EFAULT past the end of the object (the program gets SIGBUS), ENOMEM without memory.
    fn page(&self, index: u64, write: bool) -> Result<Frame>;

    /// Makes pages zero again and gives their memory back; mappings see it (MADV_REMOVE). No
    /// address space may be locked.
    ///
    /// # Errors
    /// EPERM when the object is sealed, EOPNOTSUPP when it cannot do that.
    fn remove(&self, _pages: Range<u64>) -> Result<()> {
        Err(Errno::EOPNOTSUPP)
    }

    /// What /proc/PID/maps calls a mapping of it if the kernel itself made the mapping.
    fn special_name(&self) -> Option<&'static [u8]> {
        None
    }

    /// Who wants to know which pages are written through shared mappings. Such an object has all
    /// its pages at hand, and it never grows.
    fn written(&self) -> Option<&Written> {
        None
    }

    /// How many bytes of it may be mapped, where a mapping past the end is an error at once and not
    /// only when it is touched.
    fn length_limit(&self) -> Option<u64> {
        None
    }

    /// Called once when a mapping of it has been given its place; the address space is locked.
    fn mapped(&self, _space: &Weak<AddressSpace>, _address: usize) {}

    /// The frame that holds page `index` if there is one already: nothing is made for it. One
    /// that does not know gives none.
    fn page_at_hand(&self, _index: u64) -> Option<Frame> {
        None
    }
}

/// Takes pages of an object out of every mapping, because the object has lost them: the next
/// touch asks the object again. Takes the table of processes and, apart from it, each address
/// space: to be called with nothing held that ranks below a regular file's contents.
pub fn discard(pager: &dyn Pager, pages: Range<u64>) {
    for process in process::all() {
        let space = process.leader().and_then(|thread| thread.address_space());
        if let Some(space) = space {
            space.lock().discard_pages(pager, &pages);
        }
    }
}

/// The same for the mappings of one address space, which is not locked.
#[cfg(feature = "devns")]
pub fn discard_in(space: &AddressSpace, pager: &dyn Pager, pages: Range<u64>) {
    space.lock().discard_pages(pager, &pages);
}

/// Anonymous memory shared between processes; it has no end.
#[derive(Default)]
pub struct SharedMemory {
    pages: SpinLock<BTreeMap<u64, Frame>>,
}

impl SharedMemory {
    /// Memory whose pages are all zeros, and take up nothing until touched.
    pub const fn new() -> Self {
        Self {
            pages: SpinLock::new(BTreeMap::new()),
        }
    }
}

impl Pager for SharedMemory {
    fn page(&self, index: u64, _write: bool) -> Result<Frame> {
        let mut pages = self.pages.lock();
        if let Some(frame) = pages.get(&index) {
            return Ok(frame.clone());
        }
        let frame = Frame::zeroed().ok_or(Errno::ENOMEM)?;
        pages.insert(index, frame.clone());
        Ok(frame)
    }

    fn remove(&self, pages: Range<u64>) -> Result<()> {
        let mut removed = self.pages.lock().split_off(&pages.start);
        let mut kept = removed.split_off(&pages.end);
        self.pages.lock().append(&mut kept);
        discard(self, pages);
        Ok(())
    }

    fn page_at_hand(&self, index: u64) -> Option<Frame> {
        self.pages.lock().get(&index).cloned()
    }
}
