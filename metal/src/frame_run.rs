//! Frames that lie side by side, for devices that are told one address for several pages.
//!
//! The free list is in the order of addresses at boot, when devices are started, so runs are
//! found by taking frames until enough of them are neighbours. Later, when the list is mixed,
//! a run may not be found though there is memory: then the device does without.

use alloc::vec::Vec;

use crate::frame::Frame;
use crate::paging::{PAGE_SIZE, PhysicalAddress};

/// So many frames are tried for each that is wanted.
const TRIES: usize = 16;

/// Neighbouring frames, in the order of their addresses.
pub(crate) struct FrameRun(Vec<Frame>);

impl FrameRun {
    /// `count` frames of zeros, at least one. None when no such run was found.
    pub(crate) fn zeroed(count: usize) -> Option<Self> {
        let mut run: Vec<Frame> = Vec::new();
        let mut passed_over = Vec::new();
        for _ in 0..count.checked_mul(TRIES)? {
            let frame = Frame::zeroed()?;
            let follows = run
                .last()
                .is_none_or(|last| last.number() + 1 == frame.number());
            if !follows {
                passed_over.append(&mut run);
            }
            run.push(frame);
            if run.len() == count {
                return Some(Self(run));
            }
        }
        None
    }

    /// The address of the first byte.
    pub(crate) fn address(&self) -> PhysicalAddress {
        self.0[0].address()
    }

    /// Gives the frames to whoever keeps the address and how many they are.
    pub(crate) fn into_address(self) -> PhysicalAddress {
        let address = self.address();
        for frame in self.0 {
            frame.into_number();
        }
        address
    }

    /// # Safety
    /// Address and count must be those of a run that [`Self::into_address`] gave, and nobody
    /// took back.
    pub(crate) unsafe fn from_address(address: PhysicalAddress, count: usize) -> Self {
        let first = (address / PAGE_SIZE as u64) as u32;
        let numbers = first..first + count as u32;
        // SAFETY: the caller vouches for each of them.
        Self(
            numbers
                .map(|number| unsafe { Frame::from_number(number) })
                .collect(),
        )
    }
}
