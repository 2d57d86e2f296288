//! Moving pieces between pipes without looking inside: splice(2) and tee(2).
//!
//! A piece keeps its frame: nothing is copied. Of two pipes the one at the lower address is locked
//! first. What goes to another file is lent out while that file writes, for no pipe may be locked
//! then, and what it did not want comes back in front. Until then nobody takes from the pipe: it
//! looks empty, though not at its end, so nothing that was written later is read earlier.
//!
//! Source: splice(2), tee(2).

use super::ring::Ring;
use super::{Pipe, PipeEnd};
use crate::error::Result;
use crate::file::File;
use crate::process::signal;
use abi::Errno;
use alloc::sync::Arc;
use core::any::Any;
use core::sync::atomic::Ordering;

/// The pipe behind an open file; None if it is something else.
pub fn pipe_behind(file: &dyn File) -> Option<&Arc<Pipe>> {
    let any: &dyn Any = file;
    any.downcast_ref::<PipeEnd>().map(|end| &end.pipe)
}

impl Pipe {
    /// Waits until there is something to take. `false`: nothing will ever come. `EAGAIN`: it would
    /// have to wait and may not.
    pub fn wait_for_bytes(&self, nonblocking: bool) -> Result<bool> {
        loop {
            if self.filled() > 0 {
                return Ok(true);
            }
            if self.is_at_end() {
                return Ok(self.filled() > 0);
            }
            if nonblocking {
                return Err(Errno::EAGAIN);
            }
            self.wait_for_more()?;
        }
    }

    /// Waits until a piece has room. `EPIPE`, with SIGPIPE: nobody reads. `EAGAIN`: it would have
    /// to wait and may not.
    pub fn wait_for_room(&self, nonblocking: bool) -> Result<()> {
        loop {
            if !self.has_readers() {
                signal::raise_broken_pipe();
                return Err(Errno::EPIPE);
            }
            if !self.is_full() {
                return Ok(());
            }
            if nonblocking {
                return Err(Errno::EAGAIN);
            }
            self.writable
                .wait_until(|| (!self.is_full() || !self.has_readers()).then_some(()))?;
        }
    }

    /// How many pieces fit now.
    pub fn free_pieces(&self) -> usize {
        self.ring.lock().free()
    }

    /// Moves up to `length` bytes into `output`, or with `keep` leaves them here too (tee(2)).
    /// Waits on both sides unless `nonblocking`. `Ok(0)`: nobody writes any more.
    pub fn transfer(
        &self,
        output: &Pipe,
        length: usize,
        keep: bool,
        nonblocking: bool,
    ) -> Result<usize> {
        loop {
            if !self.wait_for_bytes(nonblocking)? {
                return Ok(0);
            }
            output.wait_for_room(nonblocking)?;
            let moved = self.transfer_now(output, length, keep)?;
            // Somebody may have been quicker on either side.
            if moved > 0 {
                return Ok(moved);
            }
        }
    }

    fn transfer_now(&self, output: &Pipe, length: usize, keep: bool) -> Result<usize> {
        let self_first = core::ptr::from_ref(self).addr() < core::ptr::from_ref(output).addr();
        let (mut from, mut to);
        if self_first {
            from = self.ring.lock();
            to = output.ring.lock();
        } else {
            to = output.ring.lock();
            from = self.ring.lock();
        }
        if self.is_lent() {
            return Ok(0);
        }
        let (was_full, was_empty) = (from.is_full(), to.len() == 0);
        let outcome = from.give_to(&mut to, length, keep);
        self.publish(&from);
        output.publish(&to);
        drop(from);
        drop(to);
        if outcome.is_ok_and(|moved| moved > 0) {
            output.tell_readers(was_empty);
            if !keep {
                self.tell_writers(was_full);
            }
        }
        outcome
    }

    /// Lends the first pieces out, together at most `length` bytes; `None` if somebody else has
    /// been quicker. `ENOMEM`.
    pub fn lend(&self, length: usize) -> Result<Option<Lent<'_>>> {
        let mut ring = self.ring.lock();
        if self.is_lent() || ring.len() == 0 {
            return Ok(None);
        }
        ring.keep_places()?;
        let was_full = ring.is_full();
        let mut lent = Lent {
            pipe: self,
            pieces: Ring::new(usize::MAX),
        };
        self.lent.store(true, Ordering::SeqCst);
        let outcome = ring.give_to(&mut lent.pieces, length, false);
        self.publish(&ring);
        drop(ring);
        self.tell_writers(was_full);
        outcome.map(|_| Some(lent))
    }
}

/// Pieces that are lent out of a pipe. Those that are left when it is dropped go back; the pipe
/// may then hold more than its size for a while.
pub struct Lent<'a> {
    pipe: &'a Pipe,
    pieces: Ring,
}

impl Lent<'_> {
    /// Puts the first bytes into `buffer`; returns how many.
    pub fn peek(&self, buffer: &mut [u8]) -> usize {
        self.pieces.peek(buffer)
    }

    /// Forgets the first `count` bytes.
    pub fn skip(&mut self, count: usize) {
        self.pieces.skip(count);
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.pieces.len() == 0
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut ring = self.pipe.ring.lock();
        ring.put_in_front(core::mem::replace(&mut self.pieces, Ring::new(0)));
        self.pipe.lent.store(false, Ordering::SeqCst);
        self.pipe.publish(&ring);
        drop(ring);
        // Whether there are bytes or the end: either can be seen again.
        self.pipe.tell_readers(true);
    }
}
