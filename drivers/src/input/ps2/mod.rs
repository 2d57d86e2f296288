//! PS/2 keyboards and mice behind the i8042, for machines without virtio.
//!
//! - [`controller`]: the two ports of the chip; finds what is attached, and fetches bytes.
//! - [`inbox`]: the bytes between the interrupt and the drivers.
//! - [`scancode`]: what a keyboard's bytes mean, in scan-code sets 1 and 2.
//! - [`keyboard`] and [`mouse`]: the devices, fed with the bytes that the interrupts brought.
//!
//! Source: IBM PS/2 Hardware Interface Technical Reference; Microsoft's description of the
//! IntelliMouse protocol.

pub mod controller;
pub mod inbox;
pub mod keyboard;
pub mod mouse;
pub mod scancode;

use alloc::sync::Arc;

use super::device::Event;

/// What a device says to a command it takes.
pub(crate) const ACKNOWLEDGED: u8 = 0xfa;
/// What it says to one that it did not understand.
pub(crate) const RESEND: u8 = 0xfe;

/// What comes from a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// A byte.
    Byte(u8),
    /// So many bytes came and are lost; with 0, the device itself may have lost some, and what comes
    /// next begins a message.
    Lost(usize),
}

/// The way to and from one device, once it is running.
pub trait Line: Send + Sync {
    /// Takes the oldest byte that an interrupt brought, or learns that some are lost.
    fn receive(&self) -> Option<Received>;
    /// Sends a byte; false when the controller does not take it in time.
    fn send(&self, byte: u8) -> bool;
}

impl<L: Line + ?Sized> Line for Arc<L> {
    fn receive(&self) -> Option<Received> {
        (**self).receive()
    }

    fn send(&self, byte: u8) -> bool {
        (**self).send(byte)
    }
}

/// The few events that one message of a device makes, first in, first out.
#[derive(Default)]
pub(crate) struct Pending {
    events: [Event; 12],
    next: usize,
    count: usize,
}

impl Pending {
    pub fn push(&mut self, event: Event) {
        if let Some(place) = self.events.get_mut(self.count) {
            *place = event;
            self.count += 1;
        }
    }

    pub fn pop(&mut self) -> Option<Event> {
        if self.next == self.count {
            (self.next, self.count) = (0, 0);
            return None;
        }
        self.next += 1;
        Some(self.events[self.next - 1])
    }
}

#[cfg(test)]
pub(crate) mod fake {
    use super::{Line, Received};
    use std::collections::VecDeque;
    use std::sync::Mutex;

    /// A line whose other end is the test.
    #[derive(Default)]
    pub struct FakeLine {
        pub to_driver: Mutex<VecDeque<Received>>,
        pub from_driver: Mutex<Vec<u8>>,
    }

    impl FakeLine {
        pub fn say(&self, bytes: &[u8]) {
            let bytes = bytes.iter().copied().map(Received::Byte);
            self.to_driver.lock().unwrap().extend(bytes);
        }

        pub fn lose(&self, count: usize) {
            let mut to_driver = self.to_driver.lock().unwrap();
            to_driver.push_back(Received::Lost(count));
        }

        pub fn heard(&self) -> Vec<u8> {
            core::mem::take(&mut self.from_driver.lock().unwrap())
        }
    }

    impl Line for FakeLine {
        fn receive(&self) -> Option<Received> {
            self.to_driver.lock().unwrap().pop_front()
        }

        fn send(&self, byte: u8) -> bool {
            self.from_driver.lock().unwrap().push(byte);
            true
        }
    }
}
