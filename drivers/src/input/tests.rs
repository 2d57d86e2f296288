//! The rules of input among personas, with devices and hands that the tests play.

mod bench;
mod grabs;
mod keys;
mod losses;
mod places;
mod settings;
mod switching;

use core::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use crate::host_gate::HostGate;
use abi::input::{ABS_X, AbsInfo, BTN_LEFT, EV_LED, InputEvent, REL_X, REL_Y};
use devns::{Foreground, Jiffies, Namespace};
use zerocopy::{FromBytes, IntoBytes};

use super::bits::Bits;
use super::client::{Stamp, Waker};
use super::device::{Device, Event, Identity};
use super::evdev::{Evdev, UserMemory};
use super::mousedev::Mousedev;
use super::mux::Mux;
use super::persona::{InputHandle, register};
use super::switch::SwitchKeys;
use abi::Errno;

/// The test's hand on a keyboard, and what its lights were told.
#[derive(Clone, Default)]
pub struct Hand {
    events: Arc<Mutex<VecDeque<Event>>>,
    pub lights: Arc<Mutex<Vec<(u16, bool)>>>,
}

struct Keyboard(Hand);

impl Device for Keyboard {
    fn identity(&self) -> Identity {
        Identity {
            name: "Keyboard of a test".into(),
            phys: Some("test/input0".into()),
            keys: Bits::of(1..128),
            leds: Bits::of(0..3),
            repeats: true,
            keymap: Some((0..128).collect()),
            ..Identity::default()
        }
        .note_types()
    }

    fn next_event(&mut self) -> Option<Event> {
        self.0.events.lock().unwrap().pop_front()
    }

    fn set_led(&mut self, led: u16, on: bool) {
        self.0.lights.lock().unwrap().push((led, on));
    }
}

struct Mouse(Hand);

impl Device for Mouse {
    fn identity(&self) -> Identity {
        Identity {
            name: "Mouse of a test".into(),
            keys: Bits::of(BTN_LEFT..BTN_LEFT + 3),
            relative: Bits::of([REL_X, REL_Y]),
            ..Identity::default()
        }
        .note_types()
    }

    fn next_event(&mut self) -> Option<Event> {
        self.0.events.lock().unwrap().pop_front()
    }

    fn set_led(&mut self, _led: u16, _on: bool) {}
}

/// What has neither keys nor movements.
struct Gadget;

impl Device for Gadget {
    fn identity(&self) -> Identity {
        let range = AbsInfo {
            maximum: 1000,
            ..AbsInfo::default()
        };
        Identity {
            name: "Gadget of a test".into(),
            sounds: Bits::of([1, 2]),
            switches: Bits::of([0, 5]),
            miscellaneous: Bits::of([3]),
            axes: [(ABS_X, range)].into(),
            ..Identity::default()
        }
        .note_types()
    }

    fn next_event(&mut self) -> Option<Event> {
        None
    }

    fn set_led(&mut self, _led: u16, _on: bool) {}
}

/// The number of the gadget.
pub const GADGET: usize = 2;

struct Nobody;

impl Waker for Nobody {
    fn wake(&self) {}
}

static NOW: AtomicU64 = AtomicU64::new(1);

/// A machine with one keyboard, one mouse, a gadget, and two personas beside the root.
pub struct House {
    pub foreground: Foreground,
    pub mux: Arc<Mux>,
    handle: InputHandle,
    pub hand: Hand,
    /// The hand on the mouse.
    pub mouse: Hand,
    pub personas: Vec<Arc<Namespace>>,
}

impl House {
    pub fn new() -> Self {
        let foreground = Foreground::new(Box::new(HostGate::default()), 1);
        let clock = || Stamp {
            monotonic: NOW.load(SeqCst),
            realtime: 0,
        };
        let mux = Arc::new(Mux::new(clock, SwitchKeys::default()));
        let (hand, mouse) = (Hand::default(), Hand::default());
        mux.add(Box::new(Keyboard(hand.clone())));
        mux.add(Box::new(Mouse(mouse.clone())));
        mux.add(Box::new(Gadget));
        let handle = register(&foreground, &mux).unwrap();
        let mut personas = vec![Arc::clone(foreground.root())];
        for number in 2..4 {
            let persona = foreground.create(number);
            persona.join().unwrap();
            personas.push(persona);
        }
        Self {
            foreground,
            mux,
            handle,
            hand,
            mouse,
            personas,
        }
    }

    /// Persona `index` opens the keyboard.
    pub fn open(&self, index: usize) -> Evdev {
        self.open_device(index, 0)
    }

    /// Persona `index` opens a device.
    pub fn open_device(&self, index: usize, device: usize) -> Evdev {
        let namespace = &self.personas[index];
        let nobody = Arc::new(Nobody);
        Evdev::open(&self.mux, &self.handle, namespace, device, nobody).unwrap()
    }

    /// Persona `index` opens `mice`.
    pub fn open_mice(&self, index: usize) -> Mousedev {
        let namespace = &self.personas[index];
        Mousedev::open(&self.handle, namespace, None, Arc::new(Nobody)).unwrap()
    }

    /// The mouse says a packet.
    pub fn move_mouse(&self, events: &[Event]) {
        let packet = events.iter().copied().chain([Event::REPORT]);
        self.mouse.events.lock().unwrap().extend(packet);
        self.mux.service();
    }

    pub fn switch(&self, index: usize) {
        let switched = self.foreground.switch(&self.personas[index], Jiffies(1));
        switched.unwrap();
    }

    /// Keys go down (1) and up (0), each a packet of its own.
    pub fn press(&self, keys: &[(u16, i32)]) -> bool {
        for (key, value) in keys {
            let packet = [Event::key(*key, *value), Event::REPORT];
            self.hand.events.lock().unwrap().extend(packet);
        }
        self.mux.service()
    }
}

/// All key events that wait, and whether each packet had its end.
pub fn keys(file: &Evdev) -> Vec<(u16, i32)> {
    let events = events(file);
    assert!(events.last().is_none_or(Event::is_report));
    events
        .iter()
        .filter(|event| event.kind == 1)
        .map(|event| (event.code, event.value))
        .collect()
}

/// All events that wait.
pub fn events(file: &Evdev) -> Vec<Event> {
    let mut bytes = Vec::new();
    let mut put = |part: &mut [u8]| {
        bytes.extend_from_slice(part);
        Ok(part.len())
    };
    file.read(1 << 20, &mut put).unwrap();
    let chunks = bytes.chunks(size_of::<InputEvent>());
    let events = chunks.map(|chunk| InputEvent::read_from_bytes(chunk).unwrap());
    events
        .map(|event| Event::new(event.kind, event.code, event.value))
        .collect()
}

/// All bytes that can be read.
pub fn bytes(mouse: &Mousedev) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut part = [0; 16];
    loop {
        match mouse.client().take(&mut part) {
            0 => return bytes,
            count => bytes.extend_from_slice(&part[..count]),
        }
    }
}

pub fn write(file: &Evdev, events: &[Event]) -> Result<usize, Errno> {
    let mut bytes = VecDeque::new();
    for event in events {
        let event = InputEvent {
            kind: event.kind,
            code: event.code,
            value: event.value,
            ..InputEvent::default()
        };
        bytes.extend(event.as_bytes());
    }
    let mut get = |into: &mut [u8]| {
        into.iter_mut()
            .for_each(|byte| *byte = bytes.pop_front().unwrap());
        Ok(into.len())
    };
    file.write(events.len() * size_of::<InputEvent>(), &mut get)
}

pub fn light(led: u16, on: i32) -> [Event; 2] {
    [Event::new(EV_LED, led, on), Event::REPORT]
}

/// A program's memory: addresses are places in the bytes; behind them is nothing.
#[derive(Default)]
pub struct Memory(pub Mutex<Vec<u8>>);

impl UserMemory for Memory {
    fn read(&self, address: usize, into: &mut [u8]) -> Result<(), Errno> {
        let bytes = self.0.lock().unwrap();
        let from = bytes
            .get(address..address + into.len())
            .ok_or(Errno::EFAULT)?;
        into.copy_from_slice(from);
        Ok(())
    }

    fn write(&self, address: usize, from: &[u8]) -> Result<(), Errno> {
        let mut bytes = self.0.lock().unwrap();
        let into = bytes
            .get_mut(address..address + from.len())
            .ok_or(Errno::EFAULT)?;
        into.copy_from_slice(from);
        Ok(())
    }
}
