//! Memory that is shared with devices: runs of frames, seen through the direct map.
//!
//! Source: VIRTIO 1.2, section 2.6; the `Hal` of the crate `virtio-drivers`.

use core::ptr::NonNull;

use virtio_drivers::{BufferDirection, Hal, PhysAddr};

use crate::copy;
use crate::frame_run::FrameRun;
use crate::kernel_space;
use crate::paging::{DIRECT_MAP, PAGE_SIZE};

/// What the crate asks of the machine.
pub(super) struct Machine;

/// Where a physical address lies in the direct map.
fn direct(physical: PhysAddr) -> NonNull<u8> {
    NonNull::new((DIRECT_MAP + physical as usize) as *mut u8)
        .expect("the direct map does not begin at 0")
}

// SAFETY: memory comes from runs of frames that nothing else holds, zeroed, and is seen through
// the direct map, which is never undone; registers are mapped for ever, each time anew.
unsafe impl Hal for Machine {
    fn dma_alloc(pages: usize, _direction: BufferDirection) -> (PhysAddr, NonNull<u8>) {
        match FrameRun::zeroed(pages) {
            Some(run) => {
                let physical = run.into_address();
                (physical, direct(physical))
            }
            // The crate knows by the address 0 that there is none.
            None => (0, NonNull::dangling()),
        }
    }

    unsafe fn dma_dealloc(physical: PhysAddr, _virtual: NonNull<u8>, pages: usize) -> i32 {
        // SAFETY: the caller passes what `dma_alloc` gave, once.
        drop(unsafe { FrameRun::from_address(physical, pages) });
        0
    }

    unsafe fn mmio_phys_to_virt(physical: PhysAddr, size: usize) -> NonNull<u8> {
        let range = physical..physical.saturating_add(size as u64);
        let mapped = if crate::early::touches_ram(range) {
            None
        } else {
            kernel_space::map_device(physical, size)
        };
        let address = mapped.and_then(|address| NonNull::new(address as *mut u8));
        address
            .expect("the registers that a PCI device names lie in memory; is QEMU's machine sound?")
    }

    unsafe fn share(buffer: NonNull<[u8]>, _direction: BufferDirection) -> PhysAddr {
        // All buffers that are given to a queue lie in a `Shared`.
        (buffer.cast::<u8>().as_ptr() as usize - DIRECT_MAP) as PhysAddr
    }

    unsafe fn unshare(_physical: PhysAddr, _buffer: NonNull<[u8]>, _direction: BufferDirection) {}
}

/// A stretch of memory for the buffers of a queue.
pub(super) struct Shared {
    start: NonNull<u8>,
    bytes: usize,
    _run: FrameRun,
}

// SAFETY: the memory belongs to the value, wherever that is; it is touched through it only.
unsafe impl Send for Shared {}

impl Shared {
    /// `bytes` zeros. None when there is no such stretch.
    pub(super) fn new(bytes: usize) -> Option<Self> {
        let run = FrameRun::zeroed(bytes.div_ceil(PAGE_SIZE).max(1))?;
        Some(Self {
            start: direct(run.address()),
            bytes,
            _run: run,
        })
    }

    fn part(&self, offset: usize, length: usize) -> *mut u8 {
        assert!(
            offset <= self.bytes && length <= self.bytes - offset,
            "{length} bytes at {offset} lie outside the buffers of a queue"
        );
        self.start.as_ptr().wrapping_add(offset)
    }

    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) {
        copy::copy(self.part(offset, bytes.len()), bytes.as_ptr(), bytes.len());
    }

    pub(super) fn read(&self, offset: usize, into: &mut [u8]) {
        copy::copy(into.as_mut_ptr(), self.part(offset, into.len()), into.len());
    }

    /// # Safety
    /// The slice must be gone before the device can write there.
    pub(super) unsafe fn readable(&self, offset: usize, length: usize) -> &'static [u8] {
        // SAFETY: the bounds were checked; the caller vouches for the rest.
        unsafe { core::slice::from_raw_parts(self.part(offset, length), length) }
    }

    /// # Safety
    /// As for [`Self::readable`], and nobody else may look there meanwhile.
    pub(super) unsafe fn writable(&mut self, offset: usize, length: usize) -> &'static mut [u8] {
        // SAFETY: as above.
        unsafe { core::slice::from_raw_parts_mut(self.part(offset, length), length) }
    }
}
