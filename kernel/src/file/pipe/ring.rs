//! What is in a pipe: a queue of pieces, each in a frame of its own.
//!
//! A piece is what one write put there, or several small ones together; in packet mode each write
//! is a piece that nothing is added to and that one read takes away. A pipe is full when it has as
//! many pieces as it may have pages, as on Linux. The frame of the piece read last is kept for the
//! next, so a pipe that carries small messages lives in one frame.
//!
//! Pieces of two pipes may share a frame (tee(2)); a shared frame is only read.

use crate::{
    error::Result,
    memory::io::{Sink, Source},
};
use abi::Errno;
use alloc::collections::VecDeque;
use metal::memory::{Frame, PAGE_SIZE};

/// One piece of what is in a pipe.
#[derive(Clone)]
struct Piece {
    frame: Frame,
    start: usize,
    length: usize,
    /// A read takes this piece only, and drops what it has no room for (O_DIRECT).
    is_packet: bool,
    /// Writes may add to it.
    grows: bool,
}

impl Piece {
    /// A piece of its own for bytes to be written.
    fn new(frame: Frame, is_packet: bool) -> Piece {
        Piece {
            frame,
            start: 0,
            length: 0,
            is_packet,
            grows: !is_packet,
        }
    }

    /// The first `length` bytes of it, in the same frame, to which nothing is added any more.
    fn beginning(&self, length: usize) -> Piece {
        Piece {
            length: length.min(self.length),
            grows: false,
            ..self.clone()
        }
    }

    fn room(&self) -> usize {
        if self.grows {
            PAGE_SIZE - self.start - self.length
        } else {
            0
        }
    }
}

/// The pieces in a pipe.
pub struct Ring {
    pieces: VecDeque<Piece>,
    /// A frame to use again.
    spare: Option<Frame>,
    pages: usize,
    length: usize,
}

impl Ring {
    /// An empty ring for `pages` pieces.
    pub fn new(pages: usize) -> Ring {
        Ring {
            pieces: VecDeque::new(),
            spare: None,
            pages,
            length: 0,
        }
    }

    /// Bytes it holds.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether it takes no further piece.
    pub fn is_full(&self) -> bool {
        self.pieces.len() >= self.pages
    }

    /// How many pieces it can take.
    pub fn free(&self) -> usize {
        self.pages.saturating_sub(self.pieces.len())
    }

    /// Moves bytes out until the sink is full, the ring empty, or a packet ends. A piece that
    /// cannot be moved as a whole stays, as on Linux.
    pub fn read(&mut self, sink: &mut Sink<'_>) -> Result<usize> {
        let mut total = 0;
        while let Some(piece) = self.pieces.front()
            && sink.remaining() > 0
        {
            let length = piece.length.min(sink.remaining());
            match sink.write_frame(&piece.frame, piece.start, length) {
                Ok(count) if count == length => {}
                _ if total == 0 => return Err(Errno::EFAULT),
                _ => break,
            }
            total += length;
            let is_packet = piece.is_packet;
            self.consume(if is_packet { piece.length } else { length });
            if is_packet {
                break;
            }
        }
        Ok(total)
    }

    /// Drops the first `count` bytes, which are all in the first piece.
    fn consume(&mut self, count: usize) {
        let Some(piece) = self.pieces.front_mut() else {
            return;
        };
        piece.start += count;
        piece.length -= count;
        self.length -= count;
        if piece.length == 0
            && let Some(piece) = self.pieces.pop_front()
            && piece.frame.is_unique()
        {
            self.spare = Some(piece.frame);
        }
    }

    /// Takes bytes in until the source or the room is used up; as packets of at most a page each
    /// if `as_packets`. What is left over from whole pages is added to the last piece if that has
    /// room for all of it. A piece that cannot be taken as a whole is not taken, as on Linux.
    pub fn write(&mut self, source: &mut Source<'_>, as_packets: bool) -> Result<usize> {
        let mut total = 0;
        let rest = source.remaining() % PAGE_SIZE;
        if rest > 0 {
            total = self.add_to_last(source, rest)?;
        }
        while source.remaining() > 0 && !self.is_full() {
            match self.add(source, as_packets) {
                Ok(count) => total += count,
                Err(error) if total == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(total)
    }

    fn add_to_last(&mut self, source: &mut Source<'_>, length: usize) -> Result<usize> {
        let Some(last) = self
            .pieces
            .back_mut()
            .filter(|last| last.room() >= length && last.frame.is_unique())
        else {
            return Ok(0);
        };
        if source.read_into_frame(&last.frame, last.start + last.length, length) != Ok(length) {
            return Err(Errno::EFAULT);
        }
        last.length += length;
        self.length += length;
        Ok(length)
    }

    fn add(&mut self, source: &mut Source<'_>, is_packet: bool) -> Result<usize> {
        self.pieces.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        let frame = self.spare.take().or_else(Frame::zeroed);
        let mut piece = Piece::new(frame.ok_or(Errno::ENOMEM)?, is_packet);
        let length = source.remaining().min(PAGE_SIZE);
        if source.read_into_frame(&piece.frame, 0, length) != Ok(length) {
            self.spare = Some(piece.frame);
            return Err(Errno::EFAULT);
        }
        piece.length = length;
        self.length += length;
        self.pieces.push_back(piece);
        Ok(length)
    }

    /// Moves the first pieces to the end of `other`, or copies them with `keep`: at most `length`
    /// bytes, and as many pieces as there is room for. `ENOMEM`: not one could be moved.
    pub fn give_to(&mut self, other: &mut Ring, length: usize, keep: bool) -> Result<usize> {
        let (mut moved, mut index) = (0, 0);
        while moved < length && !other.is_full() {
            let Some(piece) = self.pieces.get(index) else {
                break;
            };
            let piece = piece.beginning(length - moved);
            if other.pieces.try_reserve(1).is_err() {
                return if moved > 0 {
                    Ok(moved)
                } else {
                    Err(Errno::ENOMEM)
                };
            }
            let count = piece.length;
            other.length += count;
            other.pieces.push_back(piece);
            moved += count;
            if keep {
                index += 1;
            } else {
                self.consume(count);
            }
        }
        Ok(moved)
    }

    /// Makes sure that what is there now can come back by [`Self::put_in_front`], however full the
    /// ring is by then. `ENOMEM`.
    pub fn keep_places(&mut self) -> Result<()> {
        self.pieces
            .try_reserve(self.pages)
            .map_err(|_| Errno::ENOMEM)
    }

    /// Puts all pieces of another ring in front of its own.
    pub fn put_in_front(&mut self, other: Ring) {
        self.length += other.length;
        for piece in other.pieces.into_iter().rev() {
            self.pieces.push_front(piece);
        }
    }

    /// Copies the first bytes out; returns how many.
    pub fn peek(&self, buffer: &mut [u8]) -> usize {
        let mut done = 0;
        for piece in &self.pieces {
            let length = piece.length.min(buffer.len() - done);
            piece
                .frame
                .read(piece.start, &mut buffer[done..done + length]);
            done += length;
        }
        done
    }

    /// Drops the first `count` bytes.
    pub fn skip(&mut self, mut count: usize) {
        while count > 0
            && let Some(length) = self.pieces.front().map(|piece| piece.length)
        {
            let part = length.min(count);
            self.consume(part);
            count -= part;
        }
    }

    /// Changes how much it can hold. `EBUSY`: it holds more than that.
    pub fn resize(&mut self, pages: usize) -> Result<()> {
        if self.pieces.len() > pages {
            return Err(Errno::EBUSY);
        }
        self.pages = pages;
        Ok(())
    }
}
