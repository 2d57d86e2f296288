//! A queue of a virtio device, with buffers of its own: bytes are copied in and out, so nobody
//! outside ever holds memory that a device writes to.
//!
//! A device is not believed: a buffer that it says it is done with must be one that it has.
//!
//! Source: VIRTIO 1.2, section 2.7 (split queues).

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use virtio_drivers::queue::VirtQueue;
use virtio_drivers::transport::{SomeTransport, Transport};

use super::StartError;
use super::longer::{Lengths, Longer};
use super::memory::{Machine, Shared};

/// A queue that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its index.
    pub index: u16,
    /// How many buffers may be with the device at once; fewer if its queue is shorter.
    pub buffers: u16,
    /// Bytes in each buffer that the device reads.
    pub readable: usize,
    /// Bytes in each buffer that the device writes.
    pub writable: usize,
}

/// What of the crate's queue is needed, whatever its length.
trait Ring: Send {
    /// # Safety
    /// The buffers must stay where they are until the device is done with them.
    unsafe fn add<'a, 'b>(
        &mut self,
        inputs: &'a [&'b [u8]],
        outputs: &'a mut [&'b mut [u8]],
    ) -> Option<u16>;
    /// # Safety
    /// The buffers must be those that were added under this name.
    unsafe fn pop<'a>(
        &mut self,
        head: u16,
        inputs: &'a [&'a [u8]],
        outputs: &'a mut [&'a mut [u8]],
    ) -> Option<u32>;
    fn peek(&self) -> Option<u16>;
    fn wants_notification(&self) -> bool;
}

impl<const LENGTH: usize> Ring for VirtQueue<Machine, LENGTH> {
    unsafe fn add<'a, 'b>(
        &mut self,
        inputs: &'a [&'b [u8]],
        outputs: &'a mut [&'b mut [u8]],
    ) -> Option<u16> {
        // SAFETY: the caller vouches.
        unsafe { VirtQueue::add(self, inputs, outputs) }.ok()
    }

    unsafe fn pop<'a>(
        &mut self,
        head: u16,
        inputs: &'a [&'a [u8]],
        outputs: &'a mut [&'a mut [u8]],
    ) -> Option<u32> {
        // SAFETY: the caller vouches.
        unsafe { self.pop_used(head, inputs, outputs) }.ok()
    }

    fn peek(&self) -> Option<u16> {
        self.peek_used()
    }

    fn wants_notification(&self) -> bool {
        self.should_notify()
    }
}

/// Descriptors of the longest queue that is made.
const LENGTH_MAX: usize = 512;

/// Makes a queue of at most `wanted` descriptors, of the lengths there are.
fn ring(
    transport: &mut impl Transport,
    index: u16,
    wanted: usize,
) -> Result<(Box<dyn Ring>, usize), StartError> {
    // The crate gives a queue away by value, the longest in 16 KiB. Inlined, all lengths would
    // have their places in one frame, and the stack at boot is short.
    #[inline(never)]
    fn make<const LENGTH: usize>(
        transport: &mut impl Transport,
        index: u16,
    ) -> Result<(Box<dyn Ring>, usize), StartError> {
        match VirtQueue::<Machine, LENGTH>::new(transport, index, false, false) {
            Ok(queue) => Ok((Box::new(queue), LENGTH)),
            Err(virtio_drivers::Error::DmaError) => Err(StartError::NoMemory),
            Err(_) => Err(StartError::NoQueue(index)),
        }
    }
    match wanted {
        LENGTH_MAX.. => make::<LENGTH_MAX>(transport, index),
        256.. => make::<256>(transport, index),
        64.. => make::<64>(transport, index),
        16.. => make::<16>(transport, index),
        2.. => make::<2>(transport, index),
        _ => Err(StartError::NoQueue(index)),
    }
}

/// As [`ring`], though the device offers fewer descriptors.
fn longer_ring(
    transport: &mut SomeTransport<'static>,
    index: u16,
    wanted: usize,
) -> Result<(Box<dyn Ring>, usize), StartError> {
    let (ring, length) = ring(&mut Longer(transport), index, wanted)?;
    let is_taken = transport.max_queue_size(index) as usize == length;
    is_taken
        .then_some((ring, length))
        .ok_or(StartError::NoQueue(index))
}

/// A queue.
pub struct Queue {
    ring: Box<dyn Ring>,
    shape: Shape,
    memory: Shared,
    /// Buffers that are not with the device.
    free: Vec<u16>,
    /// How many bytes each buffer that the device has gives it to read.
    lengths: Vec<usize>,
    /// The buffer behind each first descriptor that the device has.
    given: [Option<u16>; LENGTH_MAX],
    is_broken: bool,
}

impl Queue {
    pub(super) fn new(
        transport: &mut SomeTransport<'static>,
        shape: Shape,
        lengths: Lengths,
    ) -> Result<Self, StartError> {
        let descriptors = usize::from(shape.readable > 0) + usize::from(shape.writable > 0);
        let offered = transport.max_queue_size(shape.index) as usize;
        let wanted = usize::from(shape.buffers).max(1) * descriptors.max(1);
        // Only PCI's register tells what was taken.
        let may_exceed = lengths == Lengths::Wanted && matches!(transport, SomeTransport::Pci(_));
        let (ring, length) = if may_exceed && (1..wanted).contains(&offered) {
            longer_ring(transport, shape.index, wanted)?
        } else {
            ring(transport, shape.index, wanted.min(offered))?
        };
        let buffers = (length / descriptors.max(1)).min(usize::from(shape.buffers));
        let each = shape.readable + shape.writable;
        let memory = Shared::new(each * buffers).ok_or(StartError::NoMemory)?;
        Ok(Self {
            ring,
            shape,
            memory,
            free: (0..buffers as u16).rev().collect(),
            lengths: vec![0; buffers],
            given: [None; LENGTH_MAX],
            is_broken: false,
        })
    }

    /// Its index.
    pub fn index(&self) -> u16 {
        self.shape.index
    }

    /// The parts of a buffer: what the device reads of it, and what it writes.
    ///
    /// # Safety
    /// They must be gone before this is called for the buffer again or it is read or written.
    unsafe fn parts(&mut self, buffer: u16) -> (&'static [u8], &'static mut [u8]) {
        let start = usize::from(buffer) * (self.shape.readable + self.shape.writable);
        let readable = self.lengths[usize::from(buffer)];
        let writable_start = start + self.shape.readable;
        // SAFETY: the caller vouches that they end; the two do not overlap.
        unsafe {
            (
                self.memory.readable(start, readable),
                self.memory.writable(writable_start, self.shape.writable),
            )
        }
    }

    /// Gives the device a buffer with `bytes` to read and room to write in; returns the
    /// buffer's number. None when all are with the device, or `bytes` are more than one holds.
    pub fn give(&mut self, bytes: &[u8]) -> Option<u16> {
        if self.is_broken || bytes.len() > self.shape.readable {
            return None;
        }
        if bytes.is_empty() && self.shape.writable == 0 {
            return None;
        }
        let buffer = *self.free.last()?;
        let start = usize::from(buffer) * (self.shape.readable + self.shape.writable);
        self.memory.write(start, bytes);
        self.lengths[usize::from(buffer)] = bytes.len();
        // SAFETY: the slices end with this function; the memory lasts as long as the queue, and
        // a queue is never given up.
        let head = unsafe {
            let (input, output) = self.parts(buffer);
            let (inputs, mut outputs) = ([input], [output]);
            let inputs = &inputs[..usize::from(!bytes.is_empty())];
            let outputs = &mut outputs[..usize::from(self.shape.writable > 0)];
            self.ring.add(inputs, outputs)
        }?;
        *self.given.get_mut(usize::from(head))? = Some(buffer);
        self.free.pop();
        Some(buffer)
    }

    /// Takes back a buffer that the device is done with and copies out what it wrote; returns
    /// the buffer's number and how many bytes were copied.
    pub fn take(&mut self, into: &mut [u8]) -> Option<(u16, usize)> {
        if self.is_broken {
            return None;
        }
        let head = self.ring.peek()?;
        let Some(buffer) = self.given.get_mut(usize::from(head)).and_then(Option::take) else {
            // It never had this one: nothing it says can be believed any more.
            self.is_broken = true;
            return None;
        };
        // SAFETY: the slices end with this function and are those that were added.
        let written = unsafe {
            let (input, output) = self.parts(buffer);
            let (inputs, mut outputs) = ([input], [output]);
            let inputs = &inputs[..usize::from(!input.is_empty())];
            let outputs = &mut outputs[..usize::from(self.shape.writable > 0)];
            self.ring.pop(head, inputs, outputs)
        };
        let Some(written) = written else {
            self.is_broken = true;
            return None;
        };
        let count = (written as usize).min(self.shape.writable).min(into.len());
        let each = self.shape.readable + self.shape.writable;
        let start = usize::from(buffer) * each + self.shape.readable;
        self.memory.read(start, &mut into[..count]);
        self.free.push(buffer);
        Some((buffer, count))
    }

    /// Whether the device wants to be told of what it was given.
    pub fn wants_notification(&self) -> bool {
        !self.is_broken && self.ring.wants_notification()
    }

    /// Whether the device broke the rules, so that it is not used any more.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }
}
