//! A 16550A made of cells, for the tests: its other end can type, block the line and vanish.
use super::Port;
use core::cell::{Cell, RefCell};
use std::collections::VecDeque;

/// The chip and the other end of its line.
pub(super) struct FakeUart {
    present: Cell<bool>,
    scratch: Cell<u8>,
    enabled: Cell<u8>,
    line_control: Cell<u8>,
    divisor: Cell<u16>,
    received: RefCell<VecDeque<(u8, u8)>>,
    transmit_fifo: RefCell<VecDeque<u8>>,
    sent: RefCell<Vec<u8>>,
    blocked: Cell<bool>,
    /// The interrupt for room is pending and its identity has not been read yet.
    room_pending: Cell<bool>,
    status_reads: Cell<usize>,
}

impl FakeUart {
    pub(super) fn new() -> Self {
        Self {
            present: Cell::new(true),
            scratch: Cell::new(0),
            enabled: Cell::new(0),
            line_control: Cell::new(0),
            divisor: Cell::new(12),
            received: RefCell::default(),
            transmit_fifo: RefCell::default(),
            sent: RefCell::default(),
            blocked: Cell::new(false),
            room_pending: Cell::new(false),
            status_reads: Cell::new(0),
        }
    }

    pub(super) fn absent() -> Self {
        let fake = Self::new();
        fake.vanish();
        fake
    }

    pub(super) fn vanish(&self) {
        self.present.set(false);
    }

    pub(super) fn divisor(&self) -> u16 {
        self.divisor.get()
    }

    pub(super) fn line_control(&self) -> u8 {
        self.line_control.get()
    }

    pub(super) fn status_reads(&self) -> usize {
        self.status_reads.get()
    }

    pub(super) fn sent(&self) -> Vec<u8> {
        self.sent.borrow().clone()
    }

    pub(super) fn type_bytes(&self, bytes: &[u8]) {
        bytes
            .iter()
            .for_each(|&byte| self.receive_with_status(byte, 0));
    }

    pub(super) fn receive_with_status(&self, byte: u8, status: u8) {
        self.received.borrow_mut().push_back((byte, status));
    }

    /// Whether the other end takes no bytes.
    pub(super) fn block(&self, blocked: bool) {
        self.blocked.set(blocked);
        self.move_out();
    }

    fn move_out(&self) {
        if !self.blocked.get() {
            self.sent
                .borrow_mut()
                .extend(self.transmit_fifo.borrow_mut().drain(..));
            self.room_pending.set(true);
        }
    }

    pub(super) fn interrupts(&self) -> bool {
        self.identity() & 1 == 0
    }

    fn identity(&self) -> u8 {
        let enabled = self.enabled.get();
        if enabled & 1 != 0 && !self.received.borrow().is_empty() {
            0xc4
        } else if enabled & 2 != 0 && self.room_pending.get() {
            0xc2
        } else {
            0xc1
        }
    }

    fn status(&self) -> u8 {
        self.status_reads.set(self.status_reads.get() + 1);
        let received = self
            .received
            .borrow()
            .front()
            .map_or(0, |(_, status)| 1 | status);
        let room = if self.transmit_fifo.borrow().is_empty() {
            0x60
        } else {
            0
        };
        received | room
    }

    fn latched(&self) -> bool {
        self.line_control.get() & 0x80 != 0
    }
}

impl Port for &FakeUart {
    fn read(&self, register: u8) -> u8 {
        if !self.present.get() {
            return 0xff;
        }
        match register {
            0 => self
                .received
                .borrow_mut()
                .pop_front()
                .map_or(0, |(byte, _)| byte),
            2 => {
                let identity = self.identity();
                if identity == 0xc2 {
                    self.room_pending.set(false);
                }
                identity
            }
            5 => self.status(),
            7 => self.scratch.get(),
            _ => 0,
        }
    }

    fn write(&self, register: u8, value: u8) {
        match register {
            0 if self.latched() => self
                .divisor
                .set(self.divisor.get() & 0xff00 | u16::from(value)),
            1 if self.latched() => {
                self.divisor
                    .set(self.divisor.get() & 0x00ff | u16::from(value) << 8);
            }
            0 => {
                assert!(
                    self.transmit_fifo.borrow().len() < 16,
                    "a byte for a full FIFO is lost"
                );
                self.transmit_fifo.borrow_mut().push_back(value);
                self.room_pending.set(false);
                self.move_out();
            }
            1 => self.enabled.set(value),
            3 => self.line_control.set(value),
            7 => self.scratch.set(value),
            _ => {}
        }
    }
}
