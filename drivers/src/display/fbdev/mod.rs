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
pub use crate::user::{Transfer, UserMemory};

/// The calling program.
pub trait Caller: UserMemory {
    /// Sleeps until the next of the moments, 60 in a second, at which screens are sent.
    ///
    /// # Errors
    /// EINTR, or what restarts the call, when a signal came.
    fn wait_for_frame(&self) -> Result<(), Errno>;
}

/// Bytes moved in one piece.
const PIECE: usize = 1024;

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

    /// Reads `room` bytes from `position` on; `put` takes them. Returns how many: fewer at the
    /// end, none behind it.
    ///
    /// # Errors
    /// What `put` answers, if nothing was moved before.
    pub fn read(&self, position: u64, room: usize, put: Transfer<'_>) -> Result<usize, Errno> {
        let memory = &self.screen.memory;
        self.pieces(position, room, |offset, piece| {
            memory.read(offset, piece);
            put(piece)
        })
    }

    /// Writes `length` bytes from `position` on, which `get` fetches. Returns how many: fewer
    /// where the memory ends.
    ///
    /// # Errors
    /// EFBIG: behind the end, or more than there is memory; ENOSPC: at the end; what `get`
    /// answers, if nothing was moved before.
    pub fn write(&self, position: u64, length: usize, get: Transfer<'_>) -> Result<usize, Errno> {
        let total = self.length();
        let start = usize::try_from(position).map_err(|_| Errno::EFBIG)?;
        if start > total {
            return Err(Errno::EFBIG);
        }
        let memory = &self.screen.memory;
        let outcome = self.pieces(position, length, |offset, piece| {
            let count = get(piece)?.min(piece.len());
            memory.write(offset, &piece[..count]);
            Ok(count)
        });
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

    /// Goes through what there is from `position` on piece by piece, until one comes out short.
    fn pieces(
        &self,
        position: u64,
        length: usize,
        mut each: impl FnMut(usize, &mut [u8]) -> Result<usize, Errno>,
    ) -> Result<usize, Errno> {
        let total = self.length();
        let start = usize::try_from(position).map_or(total, |start| start.min(total));
        let end = start + length.min(total - start);
        let mut offset = start;
        while offset < end {
            let mut piece = [0; PIECE];
            let piece = &mut piece[..PIECE.min(end - offset)];
            match each(offset, piece) {
                Ok(count) => {
                    offset += count;
                    if count < piece.len() {
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
