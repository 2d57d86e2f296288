//! What a program reads of a mouse.

use super::*;
use crate::input::device::Identity;
use abi::input::AbsInfo;

struct Nobody;

impl Waker for Nobody {
    fn wake(&self) {}
}

fn mouse() -> MouseClient {
    MouseClient::new(None, Arc::new(Nobody))
}

fn state() -> State {
    let mut identity = Identity::default();
    let range = AbsInfo {
        maximum: 32767,
        ..AbsInfo::default()
    };
    identity.axes = [(ABS_X, range), (ABS_Y, range)].into();
    State::new(identity)
}

fn moved(mouse: &MouseClient, packet: &[Event]) {
    if let Some(motion) = Motion::of(packet, &state()) {
        mouse.take_motion(0, &motion);
    }
}

fn read(mouse: &MouseClient) -> Vec<u8> {
    let mut bytes = [0; 8];
    let count = mouse.take(&mut bytes);
    bytes[..count].to_vec()
}

#[test]
fn a_movement_is_three_bytes() {
    let mouse = mouse();
    moved(
        &mouse,
        &[Event::new(EV_REL, REL_X, 5), Event::new(EV_REL, REL_Y, 3)],
    );
    assert_eq!(read(&mouse), [0x28, 5, 0xfd]);
    moved(&mouse, &[Event::key(BTN_LEFT, 1)]);
    moved(&mouse, &[Event::key(BTN_LEFT, 0)]);
    assert_eq!(read(&mouse), [9, 0, 0]);
    assert_eq!(read(&mouse), [8, 0, 0]);
    assert!(!mouse.is_readable() && read(&mouse).is_empty());
}

#[test]
fn a_long_way_is_several_packets() {
    let mouse = mouse();
    moved(&mouse, &[Event::new(EV_REL, REL_X, -200)]);
    assert_eq!(read(&mouse), [0x18, 0x81, 0]);
    assert_eq!(read(&mouse), [0x18, 0xb7, 0]);
    assert!(!mouse.is_readable());
}

#[test]
fn the_sequences_ask_for_wheel_and_buttons() {
    let mouse = mouse();
    let identify = |mouse: &MouseClient| {
        mouse.write(&[0xf2]);
        read(mouse)
    };
    assert_eq!(identify(&mouse), [0xfa, 0]);
    mouse.write(&WHEEL);
    assert_eq!(identify(&mouse), [0xfa, 3]);
    moved(&mouse, &[Event::new(EV_REL, REL_WHEEL, 1)]);
    assert_eq!(read(&mouse), [8, 0, 0, 0xff]);
    mouse.write(&BUTTONS);
    assert_eq!(identify(&mouse), [0xfa, 4]);
    moved(
        &mouse,
        &[Event::key(BTN_EXTRA, 1), Event::new(EV_REL, REL_WHEEL, -9)],
    );
    assert_eq!(read(&mouse), [8, 0, 0, 0x27]);
    assert_eq!(read(&mouse), [8, 0, 0, 0x22]);
    mouse.write(&[0xff]);
    assert_eq!(read(&mouse), [0xfa, 0xaa, 0]);
    assert_eq!(identify(&mouse), [0xfa, 0]);
    mouse.write(&[0xe9]);
    assert_eq!(read(&mouse), [0xfa, 0x60, 3, 200]);
    mouse.write(&[0xeb]);
    assert_eq!(read(&mouse).len(), 4);
}

#[test]
fn a_tablet_moves_on_a_screen() {
    let mouse = mouse();
    let to = |x, y| [Event::new(EV_ABS, ABS_X, x), Event::new(EV_ABS, ABS_Y, y)];
    moved(&mouse, &to(16384, 16384));
    assert!(!mouse.is_readable(), "it begins in the middle");
    moved(&mouse, &to(16384 + 320, 16384));
    assert_eq!(read(&mouse), [8, 10, 0]);
}

#[test]
fn buttons_are_let_go_of_when_the_focus_goes() {
    let mouse = mouse();
    mouse.release_buttons();
    assert!(!mouse.is_readable());
    moved(&mouse, &[Event::key(BTN_LEFT, 1)]);
    read(&mouse);
    mouse.release_buttons();
    assert_eq!(read(&mouse), [8, 0, 0]);
}

#[test]
fn clicks_that_nobody_reads_are_added_up() {
    let mouse = mouse();
    (0..100).for_each(|index| moved(&mouse, &[Event::key(BTN_LEFT, index % 2)]));
    let mut last = Vec::new();
    (0..QUEUE).for_each(|_| last = read(&mouse));
    assert_eq!(last, [9, 0, 0]);
    assert!(!mouse.is_readable());
}
