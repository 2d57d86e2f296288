//! Virtio input devices: keyboards, mice and tablets of QEMU.
//!
//! A device tells what it is in its configuration space: a selector and a sub-selector are
//! written, a size and so many bytes are read. Events come on queue 0, eight bytes each; on
//! queue 1 the driver sends the lights.
//!
//! Source: Virtual I/O Device (VIRTIO) 1.2, section 5.8.

use abi::input::{
    AbsInfo, BUS_VIRTUAL, EV_ABS, EV_KEY, EV_LED, EV_MSC, EV_REL, EV_REP, EV_SND, EV_SW, InputId,
};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::bits::Bits;
use super::device::{Device, Event, Identity};
use crate::virtio::{self, Queue, QueueShape, StartError};

/// Where the configuration space has its fields.
const SELECT: usize = 0;
const SIZE: usize = 2;
const DATA: usize = 8;
const DATA_MAX: usize = 128;

/// What is selected.
const ID_NAME: u8 = 0x01;
const ID_SERIAL: u8 = 0x02;
const ID_NUMBERS: u8 = 0x03;
const PROPERTIES: u8 = 0x10;
const CODES: u8 = 0x11;
const AXIS: u8 = 0x12;

/// Bytes of an event.
const EVENT: usize = 8;
/// Event buffers to ask for. A burst must fit in whole, since the device drops what finds no
/// buffer.
const BUFFERS: u16 = 512;
/// Lights that may be on their way at once.
const STATUS_BUFFERS: u16 = 64;

/// The queue that brings events.
const EVENTS: QueueShape = QueueShape {
    index: 0,
    buffers: BUFFERS,
    readable: 0,
    writable: EVENT,
};
/// The queue that takes lights.
const STATUS: QueueShape = QueueShape {
    index: 1,
    buffers: STATUS_BUFFERS,
    readable: EVENT,
    writable: 0,
};

/// A running device.
pub struct VirtioInput<D> {
    device: D,
    identity: Identity,
    events: Box<dyn Queue>,
    status: Box<dyn Queue>,
    /// Buffers have been given since the device was last notified.
    gave: bool,
    /// Buffers the device has when it has said nothing.
    buffers: usize,
    /// Buffers it has used since it last had all of them.
    used: usize,
}

impl<D: virtio::Device> VirtioInput<D> {
    /// Asks the device what it is, and starts it. `number` is its place among the virtio
    /// devices, for the name of the place it is attached to.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(mut device: D, number: usize) -> Result<Self, StartError> {
        let identity = identify(&mut device, number);
        let (_, mut queues) = device.start(0, &[EVENTS, STATUS])?;
        let status = queues.pop().ok_or(StartError::NoQueue(1))?;
        let mut events = queues.pop().ok_or(StartError::NoQueue(0))?;
        let buffers = core::iter::from_fn(|| events.give(&[])).count();
        events.notify();
        Ok(Self {
            device,
            identity,
            events,
            status,
            gave: false,
            buffers,
            used: 0,
        })
    }
}

/// What the device says of `select` and `sub`; empty when it says nothing.
fn ask(device: &mut impl virtio::Device, select: u8, sub: u8) -> Vec<u8> {
    device.write_config(SELECT, &[select, sub]);
    let mut size = [0];
    device.read_config(SIZE, &mut size);
    let mut bytes = [0; DATA_MAX];
    let bytes = &mut bytes[..usize::from(size[0]).min(DATA_MAX)];
    device.read_config(DATA, bytes);
    bytes.to_vec()
}

impl<D> VirtioInput<D> {
    /// Whether the device may have found too few buffers since it last had all of them: it drops
    /// a report that does not fit in whole, and tells nobody. The longest report that is
    /// expected, eighty keys pressed and released, takes a third of [`BUFFERS`].
    fn was_short(&mut self) -> bool {
        let used = core::mem::take(&mut self.used);
        used > self.buffers - self.buffers / 3
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|byte| *byte == 0);
    let bytes = &bytes[..end.unwrap_or(bytes.len())];
    (!bytes.is_empty()).then(|| String::from_utf8_lossy(bytes).into_owned())
}

/// The little-endian number at `offset`; what is missing is zero.
fn number(bytes: &[u8], offset: usize) -> u32 {
    let mut whole = [0; 4];
    let given = bytes.iter().skip(offset);
    whole
        .iter_mut()
        .zip(given)
        .for_each(|(to, from)| *to = *from);
    u32::from_le_bytes(whole)
}

fn identify(device: &mut impl virtio::Device, index: usize) -> Identity {
    let codes = |device: &mut _, kind: u16| ask(device, CODES, kind as u8);
    let mut identity = Identity {
        name: text(&ask(device, ID_NAME, 0)).unwrap_or_else(|| "virtio input device".into()),
        phys: Some(format!("virtio{index}/input0")),
        uniq: text(&ask(device, ID_SERIAL, 0)),
        id: numbers(&ask(device, ID_NUMBERS, 0)),
        properties: Bits::from_bytes(&ask(device, PROPERTIES, 0)),
        keys: Bits::from_bytes(&codes(device, EV_KEY)),
        relative: Bits::from_bytes(&codes(device, EV_REL)),
        miscellaneous: Bits::from_bytes(&codes(device, EV_MSC)),
        leds: Bits::from_bytes(&codes(device, EV_LED)),
        sounds: Bits::from_bytes(&codes(device, EV_SND)),
        switches: Bits::from_bytes(&codes(device, EV_SW)),
        repeats: !codes(device, EV_REP).is_empty(),
        ..Identity::default()
    };
    let axes: Bits<1> = Bits::from_bytes(&codes(device, EV_ABS));
    for axis in axes.iter() {
        let range = ask(device, AXIS, axis as u8);
        identity.axes.insert(axis, axis_range(&range));
    }
    identity.note_types()
}

fn numbers(bytes: &[u8]) -> InputId {
    let half = |offset| number(bytes, offset) as u16;
    InputId {
        bus: if bytes.len() >= 8 {
            half(0)
        } else {
            BUS_VIRTUAL
        },
        vendor: half(2),
        product: half(4),
        version: half(6),
    }
}

fn axis_range(bytes: &[u8]) -> AbsInfo {
    let field = |index: usize| number(bytes, index * 4) as i32;
    AbsInfo {
        value: 0,
        minimum: field(0),
        maximum: field(1),
        fuzz: field(2),
        flat: field(3),
        resolution: field(4),
    }
}

impl<D: virtio::Device> Device for VirtioInput<D> {
    fn identity(&self) -> Identity {
        self.identity.clone()
    }

    fn acknowledge(&mut self) {
        // Its configuration does not change while it runs.
        let _changed = self.device.acknowledge();
    }

    fn next_event(&mut self) -> Option<Event> {
        let mut bytes = [0; EVENT];
        loop {
            let Some((_, count)) = self.events.take(&mut bytes) else {
                if core::mem::take(&mut self.gave) {
                    self.events.notify();
                }
                return self.was_short().then_some(Event::LOST);
            };
            self.used += 1;
            self.gave |= self.events.give(&[]).is_some();
            // A buffer that comes back short holds no event.
            if count == EVENT {
                let kinds = number(&bytes, 0);
                let value = number(&bytes, 4) as i32;
                return Some(Event::new(kinds as u16, (kinds >> 16) as u16, value));
            }
        }
    }

    fn set_led(&mut self, led: u16, on: bool) {
        while self.status.take(&mut []).is_some() {}
        let mut bytes = [0; EVENT];
        bytes[..2].copy_from_slice(&EV_LED.to_le_bytes());
        bytes[2..4].copy_from_slice(&led.to_le_bytes());
        bytes[4..].copy_from_slice(&i32::from(on).to_le_bytes());
        // A device that has taken none of the last 64 is stuck; the light stays as it is.
        if self.status.give(&bytes).is_some() {
            self.status.notify();
        }
    }
}

#[cfg(test)]
#[path = "virtio_tests.rs"]
mod tests;
