//! Packet mode (`TIOCPKT`): the master learns what happens on the slave besides its output.
//!
//! Source: `ioctl_tty(2)`, section on TIOCPKT.
use abi::raw::general::{
    TIOCPKT_DOSTOP, TIOCPKT_FLUSHREAD, TIOCPKT_FLUSHWRITE, TIOCPKT_NOSTOP, TIOCPKT_START,
    TIOCPKT_STOP,
};
use drivers::terminal::Queue;

/// The first byte of a read that carries output.
pub(super) const DATA: u8 = abi::raw::general::TIOCPKT_DATA as u8;

/// Whether packet mode is on, and what there is to tell.
#[derive(Default)]
pub(super) struct Packets {
    enabled: bool,
    events: u8,
}

impl Packets {
    /// Switches packet mode on or off; old news is forgotten.
    pub(super) fn set_enabled(&mut self, enabled: bool) {
        *self = Self { enabled, events: 0 };
    }

    /// Whether packet mode is on.
    pub(super) fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Remembers an event; false when nobody wants to know.
    pub(super) fn note(&mut self, event: u8) -> bool {
        if !self.enabled {
            return false;
        }
        // Of two events that undo each other only the later one counts.
        let undone = match u32::from(event) {
            TIOCPKT_STOP => TIOCPKT_START,
            TIOCPKT_START => TIOCPKT_STOP,
            TIOCPKT_NOSTOP => TIOCPKT_DOSTOP,
            TIOCPKT_DOSTOP => TIOCPKT_NOSTOP,
            _ => 0,
        };
        self.events = self.events & !(undone as u8) | event;
        true
    }

    /// Whether there is something to tell.
    pub(super) fn has_events(&self) -> bool {
        self.events != 0
    }

    /// Takes what there is to tell.
    pub(super) fn take(&mut self) -> Option<u8> {
        let events = core::mem::take(&mut self.events);
        (events != 0).then_some(events)
    }
}

/// The event of an emptied queue.
pub(super) fn of_flush(queue: Queue) -> u8 {
    let events = match queue {
        Queue::Input => TIOCPKT_FLUSHREAD,
        Queue::Output => TIOCPKT_FLUSHWRITE,
        Queue::Both => TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE,
    };
    events as u8
}

/// The event of output that was stopped or started.
pub(super) fn of_flow(stopped: bool) -> u8 {
    (if stopped { TIOCPKT_STOP } else { TIOCPKT_START }) as u8
}

/// The event of flow keys that were switched on or off.
pub(super) fn of_flow_keys(on: bool) -> u8 {
    (if on { TIOCPKT_DOSTOP } else { TIOCPKT_NOSTOP }) as u8
}
