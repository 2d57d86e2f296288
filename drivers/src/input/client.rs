//! One opening of `/dev/input/eventN`: what it has not read yet, and what it wants to see.
//!
//! Events wait in a ring of a fixed size. Only whole packets, up to a `SYN_REPORT`, can be read.
//! A reader that is too slow loses everything that waits, finds a `SYN_DROPPED` instead, and asks
//! for the state.

use abi::Errno;
use abi::input::{EV_CNT, EV_KEY, EV_SYN, InputEvent, SYN_DROPPED};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use spin::mutex::SpinMutex;

use super::bits::KeyBits;
use super::codes::count_of;
use super::device::Event;

/// Events that wait for one reader at most. Eighty keys, pressed and released at once, make 480
/// on a keyboard that tells its scan codes too.
pub const RING: usize = 1024;

/// A moment, in nanoseconds, on the clocks a reader may choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Since boot.
    pub monotonic: u64,
    /// Since 1970.
    pub realtime: u64,
}

/// The clock of a reader's events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// `CLOCK_REALTIME`.
    #[default]
    Realtime,
    /// `CLOCK_MONOTONIC`.
    Monotonic,
    /// `CLOCK_BOOTTIME`, which differs from the one before only where a machine sleeps.
    SinceBoot,
}

/// Is told that a file has something to read, or is dead. Called with locks held: it must not
/// sleep, and call nothing here.
pub trait Waker: Send + Sync {
    /// Wakes the readers, and sends the signals they asked for.
    fn wake(&self);
}

/// An event and when it was, on the reader's clock.
#[derive(Clone, Copy)]
struct Record {
    nanoseconds: u64,
    event: Event,
}

impl Record {
    fn to_program(self) -> InputEvent {
        InputEvent {
            seconds: (self.nanoseconds / 1_000_000_000) as i64,
            microseconds: (self.nanoseconds % 1_000_000_000 / 1000) as i64,
            kind: self.event.kind,
            code: self.event.code,
            value: self.event.value,
        }
    }
}

/// One opening of a device.
pub struct Client {
    state: SpinMutex<State>,
    waker: Arc<dyn Waker>,
}

struct State {
    ring: VecDeque<Record>,
    /// How many of them belong to whole packets.
    readable: usize,
    clock: Clock,
    /// What it wants to see, by type; 0 for the types. Where there is none: everything.
    masks: BTreeMap<u16, Vec<u64>>,
    /// Keys it was told went down, and not yet that they went up.
    down: KeyBits,
    revoked: bool,
}

impl Client {
    /// A reader that `waker` wakes.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn new(waker: Arc<dyn Waker>) -> Result<Self, Errno> {
        let mut ring = VecDeque::new();
        ring.try_reserve_exact(RING).map_err(|_| Errno::ENOMEM)?;
        let state = State {
            ring,
            readable: 0,
            clock: Clock::default(),
            masks: BTreeMap::new(),
            down: KeyBits::EMPTY,
            revoked: false,
        };
        Ok(Self {
            state: SpinMutex::new(state),
            waker,
        })
    }

    /// Takes a packet, whose last event is its `SYN_REPORT`.
    pub fn deliver(&self, packet: &[Event], stamp: Stamp) {
        let woken = self.state.lock().take_packet(packet, stamp);
        if woken {
            self.waker.wake();
        }
    }

    /// The reader loses the focus while these keys are down: those it saw go down go up for it.
    pub fn release(&self, held: &KeyBits, stamp: Stamp) {
        let woken = {
            let mut state = self.state.lock();
            let released = state.down.common(held);
            state.down = KeyBits::EMPTY;
            let ups = released.iter().map(|key| Event::key(key, 0));
            let packet: Vec<_> = ups.chain([Event::REPORT]).collect();
            packet.len() > 1 && state.take_packet(&packet, stamp)
        };
        if woken {
            self.waker.wake();
        }
    }

    /// Takes the oldest readable events, as many as there are or `into` holds; returns how many.
    pub fn take(&self, into: &mut [InputEvent]) -> usize {
        let mut state = self.state.lock();
        let count = state.readable.min(into.len());
        state.readable -= count;
        for place in &mut into[..count] {
            let oldest = state.ring.pop_front();
            *place = oldest.map_or_else(InputEvent::default, Record::to_program);
        }
        count
    }

    /// Whether there is something to read.
    pub fn is_readable(&self) -> bool {
        self.state.lock().readable > 0
    }

    /// Whether it was cut off for good (`EVIOCREVOKE`).
    pub fn is_revoked(&self) -> bool {
        self.state.lock().revoked
    }

    /// Cuts it off for good.
    pub fn revoke(&self) {
        self.state.lock().revoked = true;
        self.waker.wake();
    }

    /// Chooses the clock. What waits has times of the old one, and is dropped.
    pub fn set_clock(&self, clock: Clock, now: Stamp) {
        let mut state = self.state.lock();
        if state.clock != clock {
            state.clock = clock;
            if !state.ring.is_empty() {
                state.drop_all(now);
            }
        }
    }

    /// The reader is being told the state of all keys or lights: what waits of that type is
    /// old news and goes. `down` are the keys it is told of, where it asks for those.
    pub fn forget(&self, kind: u16, down: Option<KeyBits>) {
        let mut state = self.state.lock();
        if let Some(down) = down {
            state.down = down;
        }
        state.remove_type(kind);
    }

    /// The reader could not be told the state after what waited had gone.
    pub fn dropped(&self, now: Stamp) {
        self.state
            .lock()
            .push(Event::new(EV_SYN, SYN_DROPPED, 0), now);
    }

    /// Sets what it wants to see of a type.
    pub fn set_mask(&self, kind: u16, mask: Vec<u64>) {
        self.state.lock().masks.insert(kind, mask);
    }

    /// What it wants to see of a type; none: everything.
    pub fn mask(&self, kind: u16) -> Option<Vec<u64>> {
        self.state.lock().masks.get(&kind).cloned()
    }
}

impl State {
    /// Whether the reader does not want to see it.
    fn is_masked(&self, event: &Event) -> bool {
        let lacks = |kind: u16, code: u16| {
            let mask = self.masks.get(&kind);
            mask.is_some_and(|mask| {
                let word = mask.get(usize::from(code) / 64);
                word.is_some_and(|word| word >> (code % 64) & 1 == 0)
            })
        };
        let kind = event.kind;
        if self.masks.is_empty() || kind == EV_SYN || kind >= EV_CNT {
            return false;
        }
        let known = event.code < count_of(kind);
        lacks(0, kind) || (known && lacks(kind, event.code))
    }

    /// Whether there is more to read than before.
    fn take_packet(&mut self, packet: &[Event], stamp: Stamp) -> bool {
        if self.revoked {
            return false;
        }
        let before = self.readable;
        for event in packet {
            let is_empty_report = event.is_report() && self.ring.len() == self.readable;
            if !is_empty_report && !self.is_masked(event) {
                self.push(*event, stamp);
            }
        }
        self.readable > before
    }

    fn push(&mut self, event: Event, stamp: Stamp) {
        if event.kind == EV_KEY {
            self.down.set(event.code, event.value != 0);
        }
        if self.ring.len() == RING {
            self.drop_all(stamp);
        }
        self.ring.push_back(Record {
            nanoseconds: self.time(stamp),
            event,
        });
        if event.is_report() {
            self.readable = self.ring.len();
        }
    }

    /// Everything that waits goes; that it went can be read with the next packet.
    fn drop_all(&mut self, stamp: Stamp) {
        self.ring.clear();
        self.ring.push_back(Record {
            nanoseconds: self.time(stamp),
            event: Event::new(EV_SYN, SYN_DROPPED, 0),
        });
        self.readable = 0;
    }

    fn time(&self, stamp: Stamp) -> u64 {
        match self.clock {
            Clock::Realtime => stamp.realtime,
            Clock::Monotonic | Clock::SinceBoot => stamp.monotonic,
        }
    }

    /// Takes the events of a type out, and the packets' ends that then end nothing. The first
    /// packet's stays, since some of it may have been read.
    fn remove_type(&mut self, kind: u16) {
        let readable = self.readable;
        let (mut index, mut kept, mut in_packet, mut kept_readable) = (0, 0, 1, 0);
        self.ring.retain(|record| {
            let ends_nothing = record.event.is_report() && in_packet == 0;
            let keep = record.event.kind != kind && !ends_nothing;
            in_packet = match record.event.is_report() {
                true => 0,
                false => in_packet + usize::from(keep),
            };
            kept += usize::from(keep);
            index += 1;
            if index == readable {
                kept_readable = kept;
            }
            keep
        });
        self.readable = kept_readable;
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
