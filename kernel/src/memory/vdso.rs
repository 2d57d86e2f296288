//! The vDSO in an address space: a page of data and, above it, a page of code.
//!
//! To the rest of this room they are mappings like those of files: they are inherited, may be
//! moved and taken away. The code may be changed by a debugger, which gets a copy of its own
//! then; the data may not. What the pages hold is `metal::vdso`'s affair.
//!
//! Source: vdso(7), getauxval(3) (AT_SYSINFO_EHDR).

use alloc::sync::Arc;

use metal::vdso;
use spin::LazyLock;

use super::{AddressSpace, Area, Backing, Frame, Locking, PAGE_SIZE, Pager, Protection};
use crate::error::{Errno, Result};

/// One of the two pages, as an object of one page.
struct Page {
    name: &'static [u8],
    frame: fn() -> Option<Frame>,
}

impl Pager for Page {
    fn page(&self, index: u64, _write: bool) -> Result<Frame> {
        match index {
            0 => (self.frame)().ok_or(Errno::EFAULT),
            _ => Err(Errno::EFAULT),
        }
    }

    fn special_name(&self) -> Option<&'static [u8]> {
        Some(self.name)
    }
}

static DATA: LazyLock<Arc<dyn Pager>> = LazyLock::new(|| {
    Arc::new(Page {
        name: b"[vvar]",
        frame: vdso::data_page,
    })
});
static CODE: LazyLock<Arc<dyn Pager>> = LazyLock::new(|| {
    Arc::new(Page {
        name: b"[vdso]",
        frame: vdso::code_page,
    })
});

impl AddressSpace {
    /// Maps both pages somewhere; returns where the image starts.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn map_vdso(&self) -> Result<usize> {
        let mut state = self.lock();
        let data = state.find_free(2 * PAGE_SIZE, PAGE_SIZE)?;
        let code = data + PAGE_SIZE;
        let read = Protection::READ;
        state.insert(area(data, &DATA, read, read));
        let execute = Protection::READ | Protection::EXECUTE;
        state.insert(area(code, &CODE, execute, Protection::all()));
        Ok(code)
    }
}

fn area(start: usize, pager: &Arc<dyn Pager>, protection: Protection, allowed: Protection) -> Area {
    Area {
        range: start..start + PAGE_SIZE,
        protection,
        allowed,
        shared: false,
        grows_down: false,
        not_inherited: false,
        wiped_in_child: false,
        unreserved: false,
        locking: Locking::None,
        backing: Backing::Object {
            pager: Arc::clone(pager),
            file: None,
            first_page: 0,
        },
    }
}

#[cfg(feature = "ktest")]
mod tests {
    use super::{AddressSpace, Arc, PAGE_SIZE, Protection};
    use crate::time::{self, NANOSECONDS_PER_SECOND, Nanoseconds};

    fn with_vdso() -> (Arc<AddressSpace>, usize) {
        let Ok(space) = AddressSpace::new() else {
            panic!("no memory for an address space");
        };
        let Ok(code) = space.map_vdso() else {
            panic!("no room for the vDSO");
        };
        (space, code)
    }

    /// The first bytes of the page that a program finds at `address`.
    fn first_bytes(space: &AddressSpace, address: usize) -> [u8; 64] {
        let mut state = space.lock();
        let supplied = state.handle_fault(address, Protection::READ, 0);
        assert!(supplied.is_ok());
        let mut bytes = [0; 64];
        if let Some((frame, _)) = state.table.get(address) {
            frame.read(0, &mut bytes);
        }
        bytes
    }

    metal::ktest! {
        fn data_and_code_lie_side_by_side() {
            let (space, code) = with_vdso();
            let state = space.lock();
            let look = |address| {
                let area = state.area_at(address).filter(|area| area.is_special());
                area.map(|area| (area.range.clone(), area.protection))
            };
            let data = code - PAGE_SIZE;
            assert_eq!(look(data), Some((data..code, Protection::READ)));
            let rights = Protection::READ | Protection::EXECUTE;
            assert_eq!(look(code), Some((code..code + PAGE_SIZE, rights)));
        }

        fn the_code_is_an_elf_image_and_the_data_cannot_be_written() {
            let (space, code) = with_vdso();
            assert_eq!(&first_bytes(&space, code)[..4], b"\x7fELF");
            let mut state = space.lock();
            let data = code - PAGE_SIZE;
            assert!(state.handle_fault(data, Protection::WRITE, 0).is_err());
            assert!(state.handle_fault(data, Protection::EXECUTE, 0).is_err());
        }

        fn a_time_that_is_set_is_seen_in_every_space() {
            let spaces = [with_vdso(), with_vdso()];
            let seen = || spaces.each_ref().map(|(space, code)| first_bytes(space, code - PAGE_SIZE));
            let [before, other] = seen();
            assert_eq!(before, other);
            let now = time::realtime_now();
            let hour = Nanoseconds(3600 * NANOSECONDS_PER_SECOND);
            assert!(time::set_realtime(Nanoseconds(now.0 + hour.0)));
            let [after, other] = seen();
            let back = Nanoseconds(time::realtime_now().0 - hour.0);
            assert!(time::set_realtime(back));
            assert_eq!(after, other);
            assert_ne!(after, before);
        }
    }
}
