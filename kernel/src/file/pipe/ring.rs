//! The bytes in a pipe: a ring over frames.
//!
//! Frames are made when first needed. Whenever the ring runs empty it starts over at its first
//! frame and gives the others back, so a pipe that carries small messages lives in one frame.

use crate::{
    error::Result,
    memory::io::{Sink, Source},
};
use abi::Errno;
use alloc::vec::Vec;
use metal::memory::{Frame, PAGE_SIZE};

/// A ring of bytes.
pub struct Ring {
    frames: Vec<Option<Frame>>,
    start: usize,
    length: usize,
}

impl Ring {
    /// An empty ring that holds `pages` frames' worth of bytes.
    pub fn new(pages: usize) -> Result<Ring> {
        let mut frames = Vec::new();
        frames.try_reserve_exact(pages).map_err(|_| Errno::ENOMEM)?;
        frames.resize(pages, None);
        Ok(Ring {
            frames,
            start: 0,
            length: 0,
        })
    }

    /// Bytes it can hold.
    pub fn capacity(&self) -> usize {
        self.frames.len() * PAGE_SIZE
    }

    /// Bytes it holds.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Bytes it can still take.
    pub fn free(&self) -> usize {
        self.capacity() - self.length
    }

    /// The frame and offset of the byte `distance` after the first, and how many bytes of the
    /// frame follow from there.
    fn place(&self, distance: usize) -> (usize, usize, usize) {
        let position = (self.start + distance) % self.capacity();
        let offset = position % PAGE_SIZE;
        (position / PAGE_SIZE, offset, PAGE_SIZE - offset)
    }

    /// Moves bytes out until the sink is full or the ring empty. A piece that cannot be moved as a
    /// whole stays, as on Linux.
    pub fn read(&mut self, sink: &mut Sink<'_>) -> Result<usize> {
        let mut total = 0;
        while self.length > 0 && sink.remaining() > 0 {
            let (index, offset, room) = self.place(0);
            let length = room.min(self.length).min(sink.remaining());
            let Some(frame) = &self.frames[index] else {
                return Err(Errno::EIO);
            };
            match sink.write_frame(frame, offset, length) {
                Ok(count) if count == length => {}
                _ if total == 0 => return Err(Errno::EFAULT),
                _ => break,
            }
            total += length;
            self.consume(length);
        }
        Ok(total)
    }

    fn consume(&mut self, count: usize) {
        self.start = (self.start + count) % self.capacity();
        self.length -= count;
        if self.length == 0 {
            self.start = 0;
            // Seldom more than one frame: only a pipe that was filled has others to give back.
            self.frames
                .iter_mut()
                .skip(1)
                .take_while(|frame| frame.is_some())
                .for_each(|frame| {
                    *frame = None;
                });
        }
    }

    /// Takes bytes in until the source or the room is used up. A piece that cannot be taken as a
    /// whole is not taken, as on Linux.
    pub fn write(&mut self, source: &mut Source<'_>) -> Result<usize> {
        let mut total = 0;
        while self.free() > 0 && source.remaining() > 0 {
            let (index, offset, room) = self.place(self.length);
            let length = room.min(self.free()).min(source.remaining());
            let frame = match self.frame(index) {
                Ok(frame) => frame,
                Err(error) if total == 0 => return Err(error),
                Err(_) => break,
            };
            match source.read_into_frame(frame, offset, length) {
                Ok(count) if count == length => {}
                _ if total == 0 => return Err(Errno::EFAULT),
                _ => break,
            }
            self.length += length;
            total += length;
        }
        Ok(total)
    }

    fn frame(&mut self, index: usize) -> Result<&Frame> {
        let slot = &mut self.frames[index];
        if slot.is_none() {
            *slot = Frame::zeroed();
        }
        slot.as_ref().ok_or(Errno::ENOMEM)
    }

    /// Changes how much it can hold. `EBUSY`: it holds more than that.
    pub fn resize(&mut self, pages: usize) -> Result<()> {
        let mut bigger = Ring::new(pages)?;
        if self.length > bigger.capacity() {
            return Err(Errno::EBUSY);
        }
        let mut buffer = [0; 512];
        let mut moved = 0;
        while moved < self.length {
            let (index, offset, room) = self.place(moved);
            let (to_index, to_offset, to_room) = bigger.place(moved);
            let length = buffer.len().min(room).min(to_room).min(self.length - moved);
            let Some(frame) = &self.frames[index] else {
                return Err(Errno::EIO);
            };
            frame.read(offset, &mut buffer[..length]);
            bigger.frame(to_index)?.write(to_offset, &buffer[..length]);
            moved += length;
        }
        bigger.length = self.length;
        *self = bigger;
        Ok(())
    }
}
