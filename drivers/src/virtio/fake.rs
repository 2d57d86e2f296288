//! A virtio device for tests: its configuration is bytes, and a test plays the device's part.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use std::sync::Mutex;

use super::{Device, Queue, QueueShape, StartError, Token};

/// Answers a read of the configuration space: what was written before, and where it begins.
pub type Configuration = Box<dyn FnMut(&[(usize, Vec<u8>)], usize, &mut [u8]) + Send>;

/// What is with the device, and what it has done, of one queue.
#[derive(Default)]
pub struct FakeQueue {
    /// Buffers the device has: their names and what it may read.
    pub given: VecDeque<(Token, Vec<u8>)>,
    /// Buffers it is done with: their names and what it has written.
    pub done: VecDeque<(Token, Vec<u8>)>,
    /// How often it was notified.
    pub notified: usize,
    next: u16,
}

impl FakeQueue {
    /// The device writes `bytes` into the oldest buffer it has. False: it has none, and what it
    /// wanted to say is lost.
    pub fn answer(&mut self, bytes: &[u8]) -> bool {
        let Some((token, _)) = self.given.pop_front() else {
            return false;
        };
        self.done.push_back((token, bytes.to_vec()));
        true
    }
}

/// The test's side of the queues, by their index in the order they were asked for.
pub type FakeQueues = Arc<Mutex<Vec<FakeQueue>>>;

/// A device that a test plays.
pub struct FakeDevice {
    kind: u32,
    features: u64,
    configuration: Configuration,
    written: Vec<(usize, Vec<u8>)>,
    queues: FakeQueues,
}

impl FakeDevice {
    /// A device of type `kind` that offers `features`, and the test's side of it.
    pub fn new(kind: u32, features: u64, configuration: Configuration) -> (Self, FakeQueues) {
        let queues = FakeQueues::default();
        let device = Self {
            kind,
            features,
            configuration,
            written: Vec::new(),
            queues: Arc::clone(&queues),
        };
        (device, queues)
    }
}

impl Device for FakeDevice {
    fn kind(&self) -> u32 {
        self.kind
    }

    fn read_config(&mut self, offset: usize, into: &mut [u8]) {
        into.fill(0);
        (self.configuration)(&self.written, offset, into);
    }

    fn write_config(&mut self, offset: usize, from: &[u8]) {
        self.written.push((offset, from.to_vec()));
    }

    fn start(
        &mut self,
        wanted: u64,
        queues: &[QueueShape],
    ) -> Result<(u64, Vec<Box<dyn Queue>>), StartError> {
        let mut ours = self.queues.lock().unwrap();
        ours.clear();
        let mut theirs: Vec<Box<dyn Queue>> = Vec::new();
        for (position, shape) in queues.iter().enumerate() {
            ours.push(FakeQueue::default());
            theirs.push(Box::new(DriversSide {
                queues: Arc::clone(&self.queues),
                position,
                shape: *shape,
            }));
        }
        Ok((self.features & wanted, theirs))
    }

    fn acknowledge(&mut self) -> bool {
        false
    }
}

struct DriversSide {
    queues: FakeQueues,
    position: usize,
    shape: QueueShape,
}

impl Queue for DriversSide {
    fn give(&mut self, bytes: &[u8]) -> Option<Token> {
        let mut queues = self.queues.lock().unwrap();
        let queue = &mut queues[self.position];
        let with_device = queue.given.len() + queue.done.len();
        if bytes.len() > self.shape.readable || with_device >= usize::from(self.shape.buffers) {
            return None;
        }
        let token = Token(queue.next);
        queue.next = queue.next.wrapping_add(1);
        queue.given.push_back((token, bytes.to_vec()));
        Some(token)
    }

    fn take(&mut self, into: &mut [u8]) -> Option<(Token, usize)> {
        let (token, bytes) = self.queues.lock().unwrap()[self.position]
            .done
            .pop_front()?;
        let count = bytes.len().min(into.len()).min(self.shape.writable);
        into[..count].copy_from_slice(&bytes[..count]);
        Some((token, count))
    }

    fn notify(&mut self) {
        self.queues.lock().unwrap()[self.position].notified += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::virtio::INPUT;

    #[test]
    fn a_buffer_goes_to_the_device_and_comes_back() {
        let (mut device, queues) = FakeDevice::new(INPUT, 3, Box::new(|_, _, _| {}));
        let shape = QueueShape {
            index: 0,
            buffers: 1,
            readable: 2,
            writable: 4,
        };
        let (features, mut started) = device.start(1, &[shape]).unwrap();
        assert_eq!(features, 1);
        let queue = &mut started[0];
        assert_eq!(queue.give(b"abc"), None, "longer than a buffer");
        let token = queue.give(b"ab").unwrap();
        assert_eq!(queue.give(b""), None, "all buffers are with the device");
        assert_eq!(queue.take(&mut [0; 4]), None);
        assert!(queues.lock().unwrap()[0].answer(b"wxyz!"));
        let mut bytes = [0; 8];
        assert_eq!(queue.take(&mut bytes), Some((token, 4)));
        assert_eq!(&bytes[..4], b"wxyz");
    }
}
