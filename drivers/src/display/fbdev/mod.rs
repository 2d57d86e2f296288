//! `/dev/fb0`: the bytes, the commands and the mapping that programs see.
//!
//! A file belongs to the persona that opened it, wherever the descriptor travels. What it reads,
//! writes and maps is that persona's own screen memory, in front or not, so that nothing here
//! asks who is in front: only what becomes of it on the panel depends on that.
//!
//! Source: Linux's `Documentation/fb/`, and the answers of Linux 6.1.

pub mod color_map;
mod ioctl;
pub mod mode;
pub mod text;

use abi::Errno;
use abi::framebuffer::VarScreenInfo;
use alloc::sync::Arc;
use devns::{Namespace, StateRef};

use super::memory::ScreenMemory;
use super::mux::{Audience, Display};
use super::persona::{DisplayClass, DisplayHandle, screen_of};
pub use crate::user::UserMemory;

/// The calling program.
pub trait Caller: UserMemory {
    /// Sleeps until the next of the moments, 60 in a second, at which screens are sent.
    ///
    /// # Errors
    /// EINTR, or what restarts the call, when a signal came.
    fn wait_for_frame(&self) -> Result<(), Errno>;
}

/// Moves bytes between the program and the screen memory: how many (the second) at which offset (the
/// first). They never lie in more than one page. Returns how many were moved.
pub type Move<'a> = &'a mut dyn FnMut(usize, usize) -> Result<usize, Errno>;

/// Bytes moved in one piece at most, and where pieces end: a page.
const PIECE: usize = 4096;

/// One opening of the device.
pub struct Framebuffer {
    display: Arc<Display>,
    screen: StateRef<DisplayClass>,
}

impl Framebuffer {
    /// Opens the display for a process of `namespace`.
    ///
    /// # Errors
    /// As [`screen_of`].
    pub fn open(
        display: &Arc<Display>,
        handle: &DisplayHandle,
        namespace: &Arc<Namespace>,
    ) -> Result<Self, Errno> {
        Ok(Self {
            display: Arc::clone(display),
            screen: screen_of(handle, namespace)?,
        })
    }

    /// The screen of a namespace that has one already.
    pub fn find(
        display: &Arc<Display>,
        handle: &DisplayHandle,
        namespace: &Arc<Namespace>,
    ) -> Option<Self> {
        Some(Self {
            display: Arc::clone(display),
            screen: handle.find(namespace)?,
        })
    }

    /// Bytes of the screen memory.
    pub fn length(&self) -> usize {
        self.screen.memory.length()
    }

    /// Reads `room` bytes from `position` on, which `put` moves to the program. Returns how many:
    /// fewer at the end, none behind it.
    ///
    /// # Errors
    /// EPERM: it is suspended; what `put` answers, if nothing was moved before.
    pub fn read(&self, position: u64, room: usize, put: Move<'_>) -> Result<usize, Errno> {
        self.refuse_suspended()?;
        self.pieces(position, room, put)
    }

    /// Writes `length` bytes from `position` on, which `get` moves into the memory. Returns how
    /// many: fewer where the memory ends.
    ///
    /// # Errors
    /// EPERM: it is suspended; EFBIG: behind the end, or more than there is memory; ENOSPC: at the end; what `get`
    /// answers, if nothing was moved before.
    pub fn write(&self, position: u64, length: usize, get: Move<'_>) -> Result<usize, Errno> {
        self.refuse_suspended()?;
        let total = self.length();
        let start = usize::try_from(position).map_err(|_| Errno::EFBIG)?;
        if start > total {
            return Err(Errno::EFBIG);
        }
        let outcome = self.pieces(position, length, get);
        let written = outcome.unwrap_or(0);
        if written > 0 {
            self.screen.note_written(start..start + written);
            self.display.wake(&self.screen);
        }
        match outcome {
            Ok(0) if length > total => Err(Errno::EFBIG),
            Ok(0) if length > 0 => Err(Errno::ENOSPC),
            outcome => outcome,
        }
    }

    /// Whether it was suspended (`state` in sysfs).
    pub fn is_suspended(&self) -> bool {
        self.screen.settings().is_suspended
    }

    fn refuse_suspended(&self) -> Result<(), Errno> {
        let is_refused = self.is_suspended();
        (!is_refused).then_some(()).ok_or(Errno::EPERM)
    }

    /// Goes through what there is from `position` on piece by piece, until one comes out short.
    fn pieces(&self, position: u64, length: usize, each: Move<'_>) -> Result<usize, Errno> {
        let total = self.length();
        let start = usize::try_from(position).map_or(total, |start| start.min(total));
        let end = start + length.min(total - start);
        let mut offset = start;
        while offset < end {
            let piece = (PIECE - offset % PIECE).min(end - offset);
            match each(offset, piece) {
                Ok(count) => {
                    offset += count.min(piece);
                    if count < piece {
                        break;
                    }
                }
                Err(error) if offset == start => return Err(error),
                Err(_) => break,
            }
        }
        Ok(offset - start)
    }

    /// The screen memory, for a mapping: the offset into the file is the one into the memory,
    /// and behind the memory there are no registers to map (EINVAL).
    pub fn memory(&self) -> &Arc<dyn ScreenMemory> {
        &self.screen.memory
    }

    /// Who waits for the screen to get another mode.
    pub fn audience(&self) -> &Arc<dyn Audience> {
        &self.screen.audience
    }

    /// What was chosen for the screen.
    pub fn var(&self) -> VarScreenInfo {
        self.screen.settings().var
    }
}
