//! What one persona's programs change of a device, and what the others have of it.

use super::*;
use abi::input::{KEY_A, KEY_B};
use abi::raw::ioctl::{EVIOCGKEYCODE, EVIOCGREP, EVIOCSKEYCODE, EVIOCSREP};

/// A command with an argument of whole words; returns the words afterwards.
fn ask<const WORDS: usize>(file: &Evdev, command: u32, words: [u32; WORDS]) -> [u32; WORDS] {
    let memory = Memory(Mutex::new(words.as_bytes().to_vec()));
    file.ioctl(&memory, command, 0).unwrap();
    let bytes = memory.0.lock().unwrap();
    <[u32; WORDS]>::read_from_bytes(&bytes).unwrap()
}

fn meaning(file: &Evdev, code: u16) -> u32 {
    ask(file, EVIOCGKEYCODE, [u32::from(code), 0])[1]
}

fn set_meaning(file: &Evdev, code: u16, key: u16) {
    ask(file, EVIOCSKEYCODE, [u32::from(code), u32::from(key)]);
}

/// Whether the device has a key.
fn has_key(file: &Evdev, key: u16) -> bool {
    let command = 2 << 30 | 96 << 16 | 0x4521;
    let words = ask(file, command, [0_u32; 24]);
    words[usize::from(key) / 32] >> (key % 32) & 1 == 1
}

const GET_AXIS: u32 = 2 << 30 | 24 << 16 | 0x4540;
const SET_AXIS: u32 = 1 << 30 | 24 << 16 | 0x45c0;

#[test]
fn keys_without_a_meaning_have_one_for_the_next_persona() {
    let house = House::new();
    let (hostile, next) = (house.open(0), house.open(1));
    (1..128).for_each(|code| set_meaning(&hostile, code, 0));
    house.press(&[(KEY_A, 1), (KEY_A, 0)]);
    assert_eq!(keys(&hostile), []);
    assert_eq!((meaning(&hostile, KEY_A), meaning(&next, KEY_A)), (0, 30));
    assert_eq!(
        (has_key(&hostile, KEY_A), has_key(&next, KEY_A)),
        (false, true)
    );
    house.switch(1);
    house.press(&[(KEY_A, 1), (KEY_A, 0)]);
    assert_eq!(keys(&next), [(KEY_A, 1), (KEY_A, 0)]);
    assert_eq!((meaning(&hostile, KEY_A), meaning(&next, KEY_A)), (0, 30));
    // What the next one changes is its own too.
    set_meaning(&next, KEY_A, 200);
    house.switch(0);
    house.press(&[(KEY_A, 1), (KEY_A, 0)]);
    set_meaning(&hostile, KEY_A, KEY_B);
    house.press(&[(KEY_A, 1), (KEY_A, 0)]);
    assert_eq!(keys(&hostile), [(KEY_B, 1), (KEY_B, 0)]);
    house.switch(1);
    house.press(&[(KEY_A, 1), (KEY_A, 0)]);
    assert_eq!(keys(&next), [(200, 1), (200, 0)]);
    assert!(has_key(&next, 200) && !has_key(&hostile, 200));
    // Who changed nothing has what the keyboard came with.
    house.switch(2);
    let third = house.open(2);
    assert_eq!((meaning(&third, KEY_A), has_key(&third, 200)), (30, false));
}

#[test]
fn a_key_held_across_a_switch_goes_up_by_what_it_meant() {
    let house = House::new();
    let (first, second) = (house.open(0), house.open(1));
    set_meaning(&first, KEY_A, 200);
    house.press(&[(KEY_A, 1)]);
    house.switch(1);
    house.press(&[(KEY_A, 0)]);
    assert_eq!(keys(&first), [(200, 1), (200, 0)]);
    assert_eq!(keys(&second), []);
}

#[test]
fn times_of_repetition_are_of_the_persona_in_front() {
    let house = House::new();
    let (first, second) = (house.open(0), house.open(1));
    let times = |file: &Evdev| ask(file, EVIOCGREP, [0; 2]);
    ask(&first, EVIOCSREP, [0, 1]);
    assert_eq!((times(&first), times(&second)), ([0, 1], [250, 33]));
    house.press(&[(KEY_A, 1)]);
    assert_eq!(house.mux.next_repetition(), None);
    house.switch(1);
    house.press(&[(KEY_A, 0), (KEY_A, 1)]);
    assert!(house.mux.next_repetition().is_some());
    house.switch(0);
    assert_eq!((times(&first), times(&second)), ([0, 1], [250, 33]));
}

#[test]
fn ranges_of_axes_are_of_the_persona_and_places_too() {
    let house = House::new();
    let (first, second) = (0, 1);
    let files = [first, second].map(|index| house.open_device(index, GADGET));
    let axis = |index: usize, number: u32| ask(&files[index], GET_AXIS + number, [0; 6]);
    ask(&files[first], SET_AXIS, [7, 0, 50, 1, 2, 3]);
    // It lacks this one, and is told all the same.
    ask(&files[first], SET_AXIS + 5, [9, 0, 9, 0, 0, 0]);
    for front in [first, second, first] {
        house.switch(front);
        assert_eq!(axis(first, 0), [7, 0, 50, 1, 2, 3], "{front}");
        assert_eq!(axis(second, 0), [0, 0, 1000, 0, 0, 0], "{front}");
        assert_eq!(axis(first, 5), [9, 0, 9, 0, 0, 0], "{front}");
        assert_eq!(axis(second, 5), [0; 6], "{front}");
    }
    write(&files[first], &[Event::new(3, 0, 20), Event::REPORT]).unwrap();
    house.switch(second);
    assert_eq!((axis(first, 0)[0], axis(second, 0)[0]), (20, 0));
}

#[test]
fn who_has_gone_leaves_nothing_changed() {
    let house = House::new();
    house.switch(1);
    let file = house.open(1);
    set_meaning(&file, KEY_A, 0);
    house
        .foreground
        .leave(&house.personas[1], Jiffies(1))
        .unwrap();
    drop(file);
    let root = house.open(0);
    house.press(&[(KEY_A, 1), (KEY_A, 0)]);
    assert_eq!((meaning(&root, KEY_A), keys(&root).len()), (30, 2));
}
