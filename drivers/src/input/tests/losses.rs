//! A PS/2 keyboard whose bytes are lost on the way: no key stays down for that.

use super::super::ps2::inbox::{Inbox, KEYBOARD_KEEPS};
use super::super::ps2::keyboard::Keyboard as Ps2Keyboard;
use super::super::ps2::scancode::Set;
use super::super::ps2::{Line, Received};
use super::*;
use abi::input::KEY_A;

/// Bytes that may wait for a thread.
const ROOM: usize = 64;
/// What the keyboard sends when A and S go down and up.
const A_DOWN: u8 = 0x1e;
const A_UP: u8 = 0x9e;
const S: [u8; 2] = [0x1f, 0x9f];
const KEY_S: u16 = 31;

/// The line that the kernel makes of an inbox.
struct InboxLine(Arc<Mutex<Inbox>>);

impl Line for InboxLine {
    fn receive(&self) -> Option<Received> {
        self.0.lock().unwrap().pop()
    }

    fn send(&self, _byte: u8) -> bool {
        true
    }
}

/// A house with such a keyboard, and its file in the root persona.
struct Desk {
    house: House,
    inbox: Arc<Mutex<Inbox>>,
    file: Evdev,
}

impl Desk {
    fn new() -> Self {
        let house = House::new();
        let inbox = Inbox::new(ROOM, Some(KEYBOARD_KEEPS)).unwrap();
        let inbox = Arc::new(Mutex::new(inbox));
        let line = InboxLine(Arc::clone(&inbox));
        let number = house.mux.add(Box::new(Ps2Keyboard::new(line, Set::One)));
        let root = &house.personas[0];
        let file = Evdev::open(&house.mux, &house.handle, root, number, Arc::new(Nobody));
        Self {
            file: file.unwrap(),
            house,
            inbox,
        }
    }

    /// One interrupt brings these bytes.
    fn fetch(&self, bytes: impl IntoIterator<Item = u8>) {
        let mut inbox = self.inbox.lock().unwrap();
        bytes.into_iter().for_each(|byte| inbox.push(byte));
        inbox.note_empty();
    }

    /// The keys that come of it.
    fn keys(&self) -> Vec<(u16, i32)> {
        self.house.mux.service();
        keys(&self.file)
    }
}

#[test]
fn a_release_that_the_inbox_had_no_room_for_happens_all_the_same() {
    let desk = Desk::new();
    desk.fetch([A_DOWN]);
    (1..ROOM / 2).for_each(|_| desk.fetch(S));
    desk.fetch([S[0]]);
    desk.fetch([A_UP]);
    let seen = desk.keys();
    assert_eq!(seen[0], (KEY_A, 1));
    // S went down with the last byte for which there was room.
    assert_eq!(seen[seen.len() - 2..], [(KEY_A, 0), (KEY_S, 0)]);
    // The first code behind the hole may be half of one.
    desk.fetch([S[0], S[1], A_DOWN, A_UP]);
    assert_eq!(desk.keys(), [(KEY_A, 1), (KEY_A, 0)]);
}

#[test]
fn a_release_that_the_keyboard_could_not_keep_happens_all_the_same() {
    let desk = Desk::new();
    let strokes = S.into_iter().cycle().take(KEYBOARD_KEEPS - 1);
    desk.fetch(strokes.chain([A_DOWN]));
    let seen = desk.keys();
    let held: Vec<_> = seen[seen.len() - 4..]
        .iter()
        .map(|(_, value)| *value)
        .collect();
    assert_eq!(held, [1, 1, 0, 0], "both are down, then up");
    desk.fetch([A_DOWN, A_UP]);
    assert_eq!(desk.keys(), [(KEY_A, 1), (KEY_A, 0)]);
}
