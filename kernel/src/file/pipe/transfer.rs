//! Moving pieces between pipes without looking inside: splice(2) and tee(2).
//!
//! A piece keeps its frame: nothing is copied. Of two pipes the one at the lower address is locked
//! first. What goes to another file is taken out while that file writes, for no pipe may be locked
//! then, and what it did not want is put back in front.
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
            if !self.has_writers() {
                return Ok(self.filled() > 0);
            }
            if nonblocking {
                return Err(Errno::EAGAIN);
            }
            self.readable
                .wait_until(|| (self.filled() > 0 || !self.has_writers()).then_some(()))?;
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

    /// Takes the first pieces out, together at most `length` bytes. `ENOMEM`.
    pub fn take_pieces(&self, length: usize) -> Result<Pieces> {
        let mut ring = self.ring.lock();
        let was_full = ring.is_full();
        let mut taken = Ring::new(usize::MAX);
        let outcome = ring.give_to(&mut taken, length, false);
        self.publish(&ring);
        drop(ring);
        self.tell_writers(was_full);
        outcome.map(|_| Pieces(taken))
    }

    /// Puts pieces back in front that were taken out and not used. The pipe may hold more than its
    /// size for a while.
    pub fn put_back(&self, pieces: Pieces) {
        let mut ring = self.ring.lock();
        let was_empty = ring.len() == 0;
        ring.put_in_front(pieces.0);
        self.publish(&ring);
        drop(ring);
        self.tell_readers(was_empty);
    }
}

/// Pieces that were taken out of a pipe.
pub struct Pieces(Ring);

impl Pieces {
    /// Puts the first bytes into `buffer`; returns how many.
    pub fn peek(&self, buffer: &mut [u8]) -> usize {
        self.0.peek(buffer)
    }

    /// Forgets the first `count` bytes.
    pub fn skip(&mut self, count: usize) {
        self.0.skip(count);
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.0.len() == 0
    }
}
