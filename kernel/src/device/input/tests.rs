//! In-kernel tests of input, with a keyboard that the tests type on.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;

use abi::input::{EV_KEY, InputEvent, KEY_A, KEY_ESC, KEY_LEFTALT};
use drivers::input::bits::Bits;
use drivers::input::device::{Device, Event, Identity};
use drivers::input::switch::Target;
use spin::Once;
use zerocopy::{FromBytes, IntoBytes};

use super::switching::find;
use super::{add, event_file, input, service};
use crate::error::{Errno, Result};
use crate::file::{DeviceNumber, File, FileKind, IoFlags, OpenFlags, device};
use crate::memory::io::{Sink, Source};
use crate::namespace::device::{foreground, now};
use crate::sync::SpinLock;
use crate::sync::poll::PollEvents;

static TYPED: SpinLock<VecDeque<Event>> = SpinLock::new(VecDeque::new());
static NUMBER: Once<usize> = Once::new();

struct Keyboard;

impl Device for Keyboard {
    fn identity(&self) -> Identity {
        Identity {
            name: "Keyboard of the kernel's tests".into(),
            keys: Bits::of(1..128),
            leds: Bits::of(0..3),
            ..Identity::default()
        }
        .note_types()
    }

    fn next_event(&mut self) -> Option<Event> {
        TYPED.lock().pop_front()
    }

    fn set_led(&mut self, _led: u16, _on: bool) {}
}

/// Adds the keyboard. Called where the machine's own devices are added.
pub(super) fn add_device() -> Result<()> {
    // The room is taken once: the tests count the memory before and after.
    TYPED.lock().reserve(64);
    NUMBER.call_once(|| 0);
    add(Box::new(Keyboard))
}

fn open() -> Arc<dyn File> {
    let minor = event_file::FIRST_MINOR + *NUMBER.get().expect("added at boot") as u32;
    let number = DeviceNumber::new(13, minor);
    let flags = OpenFlags::from_raw(abi::raw::general::O_RDWR);
    device::open(FileKind::CharacterDevice, number, flags, 0).expect("it is there")
}

fn press(key: u16, value: i32) {
    TYPED.lock().extend([Event::key(key, value), Event::REPORT]);
    service();
}

const NONBLOCKING: IoFlags = IoFlags {
    nonblocking: true,
    append: false,
    direct: false,
    size_limit: u64::MAX,
};

fn read(file: &dyn File) -> Result<[InputEvent; 2]> {
    let mut bytes = [0; 48];
    let count = file.read(&mut 0, &mut Sink::from_slice(&mut bytes), NONBLOCKING)?;
    assert_eq!(count, bytes.len());
    Ok(<[InputEvent; 2]>::read_from_bytes(&bytes).expect("two events"))
}

metal::ktest! {
    fn a_key_is_read_through_its_node() {
        let file = open();
        assert_eq!(read(&*file), Err(Errno::EAGAIN));
        assert!(!file.poll(None).contains(PollEvents::IN));
        press(KEY_A, 1);
        assert!(file.poll(None).contains(PollEvents::IN | PollEvents::OUT));
        let [key, report] = read(&*file).expect("a packet");
        assert_eq!((key.kind, key.code, key.value), (EV_KEY, KEY_A, 1));
        assert_eq!((report.kind, report.code, report.value), (0, 0, 0));
        assert!(key.seconds > 0);
        press(KEY_A, 0);
    }

    fn a_written_event_comes_back_and_never_switches() {
        let file = open();
        let event = |code, value| InputEvent { kind: EV_KEY, code, value, ..InputEvent::default() };
        let chord = [event(KEY_LEFTALT, 1), event(KEY_ESC, 1), InputEvent::default()];
        let written = file.write(&mut 0, &mut Source::from_slice(chord.as_bytes()), NONBLOCKING);
        assert_eq!(written, Ok(72));
        assert_eq!(read(&*file).map(|[first, _]| first.code), Ok(KEY_LEFTALT));
        assert_eq!(input().mux.wanted_switch(), None);
        let ups = [event(KEY_LEFTALT, 0), event(KEY_ESC, 0), InputEvent::default()];
        let written = file.write(&mut 0, &mut Source::from_slice(ups.as_bytes()), NONBLOCKING);
        assert_eq!(written, Ok(72));
    }

    fn slots_are_the_living_in_the_order_of_creation() {
        let root = foreground().root();
        assert!(find(Target::Slot(1)).is_some_and(|first| Arc::ptr_eq(&first, root)));
        assert!(find(Target::Slot(0)).is_none() && find(Target::Slot(2)).is_none());
        let persona = foreground().create(77);
        assert!(find(Target::Slot(2)).is_none(), "nobody lives there yet");
        persona.join().expect("it is new");
        assert!(find(Target::Slot(2)).is_some_and(|second| Arc::ptr_eq(&second, &persona)));
        foreground().leave(&persona, now()).expect("not inside a class");
        assert!(find(Target::Slot(2)).is_none());
    }

    fn a_key_held_across_a_switch_goes_up() {
        let file = open();
        let persona = foreground().create(78);
        persona.join().expect("it is new");
        press(KEY_A, 1);
        read(&*file).expect("the press");
        foreground().switch(&persona, now()).expect("it lives");
        let [up, _] = read(&*file).expect("the release");
        assert_eq!((up.code, up.value), (KEY_A, 0));
        press(KEY_A, 0);
        press(KEY_A, 1);
        assert_eq!(read(&*file), Err(Errno::EAGAIN));
        foreground().leave(&persona, now()).expect("not inside a class");
        press(KEY_A, 0);
        assert_eq!(read(&*file), Err(Errno::EAGAIN));
    }
}
