//! Keys that are down while the persona in front changes, and the keys that change it.

use super::super::switch::Target;
use super::*;
use abi::input::{KEY_A, KEY_CNT, KEY_ESC, KEY_F1, KEY_LEFTALT};
use proptest::prelude::*;

const KEY_F2: u16 = KEY_F1 + 1;

/// The keys that this file is told are down.
fn state(file: &Evdev) -> Vec<u16> {
    let memory = Memory(Mutex::new(vec![0; 96]));
    let count = file.ioctl(&memory, 2 << 30 | 96 << 16 | 0x4518, 0);
    assert_eq!(count, Ok(usize::from(KEY_CNT) / 8));
    let bytes = memory.0.lock().unwrap();
    Bits::<12>::from_bytes(&bytes).iter().collect()
}

#[test]
fn a_held_key_goes_up_for_the_loser_and_the_winner_never_hears_of_it() {
    let house = House::new();
    let (loser, winner) = (house.open(0), house.open(1));
    house.press(&[(KEY_A, 1), (40, 1)]);
    let late = house.open(0);
    assert_eq!(events(&loser).len(), 4);
    house.switch(1);
    let ups = [Event::key(KEY_A, 0), Event::key(40, 0), Event::REPORT];
    assert_eq!(events(&loser), ups, "one packet");
    assert_eq!(events(&late), [], "it saw no key go down");
    house.press(&[(KEY_A, 1), (KEY_A, 0), (40, 0)]);
    assert_eq!(events(&winner), []);
    house.press(&[(KEY_A, 1)]);
    assert_eq!(keys(&winner), [(KEY_A, 1)], "a new press is the winner's");
    assert_eq!((state(&loser), state(&winner)), (vec![], vec![KEY_A]));
}

#[test]
fn a_reader_who_asked_for_the_keys_is_told_that_they_go_up() {
    let house = House::new();
    house.press(&[(KEY_A, 1)]);
    let asked = house.open(0);
    assert_eq!(state(&asked), [KEY_A]);
    house.switch(1);
    assert_eq!(keys(&asked), [(KEY_A, 0)]);
    // The same once more, now that it has been behind, and by itself.
    house.switch(0);
    house.press(&[(KEY_A, 0), (KEY_A, 1)]);
    house.switch(1);
    assert_eq!(keys(&asked), [(KEY_A, 1), (KEY_A, 0)]);
}

#[test]
fn a_held_button_goes_up_for_the_mice_of_the_loser_only() {
    let house = House::new();
    let (loser, winner) = (house.open_mice(0), house.open_mice(1));
    house.move_mouse(&[Event::key(BTN_LEFT, 1)]);
    assert_eq!(bytes(&loser), [9, 0, 0]);
    house.switch(1);
    assert_eq!(bytes(&loser), [8, 0, 0]);
    house.move_mouse(&[Event::key(BTN_LEFT, 0)]);
    house.switch(0);
    assert_eq!((bytes(&loser), bytes(&winner)), (vec![], vec![]));
    house.move_mouse(&[Event::key(BTN_LEFT, 1)]);
    assert_eq!((bytes(&loser), bytes(&winner)), (vec![9, 0, 0], vec![]));
}

#[test]
fn what_was_queued_can_still_be_read() {
    let house = House::new();
    let loser = house.open(0);
    house.press(&[(KEY_A, 1)]);
    house.switch(1);
    house.press(&[(KEY_A, 0)]);
    assert_eq!(keys(&loser), [(KEY_A, 1), (KEY_A, 0)]);
}

#[test]
fn a_persona_without_readers_leaves_no_keys_behind() {
    let house = House::new();
    house.press(&[(KEY_A, 1)]);
    house.switch(1);
    let winner = house.open(1);
    house.press(&[(KEY_A, 0)]);
    assert_eq!((events(&winner), state(&winner)), (vec![], vec![]));
    assert_eq!(house.mux.next_repetition(), None);
}

#[test]
fn half_a_packet_of_one_persona_does_not_reach_the_next() {
    let house = House::new();
    let (loser, winner) = (house.open(0), house.open(1));
    write(&loser, &[Event::key(KEY_A, 1)]).unwrap();
    house.switch(1);
    house.press(&[(40, 1)]);
    assert_eq!(keys(&winner), [(40, 1)]);
    assert_eq!(keys(&loser), [(KEY_A, 1), (KEY_A, 0)]);
}

#[test]
fn the_switch_keys_are_seen_by_nobody_and_stop_the_flow() {
    let house = House::new();
    let (loser, winner) = (house.open(0), house.open(1));
    let grabbed = loser.ioctl(&Memory::default(), abi::raw::ioctl::EVIOCGRAB, 1);
    assert_eq!(grabbed, Ok(0));
    assert!(house.press(&[(KEY_LEFTALT, 1), (KEY_F2, 1), (KEY_A, 1)]));
    assert_eq!(house.mux.wanted_switch(), Some(Target::Slot(2)));
    house.switch(1);
    house.mux.switch_done();
    assert_eq!(keys(&loser), [(KEY_LEFTALT, 1), (KEY_LEFTALT, 0)]);
    assert_eq!(
        keys(&winner),
        [(KEY_A, 1)],
        "what came behind is the winner's"
    );
    assert!(!house.press(&[(KEY_F2, 1), (KEY_F2, 0), (KEY_LEFTALT, 0)]));
    assert_eq!(keys(&winner), []);
    assert!(house.press(&[(KEY_LEFTALT, 1), (KEY_ESC, 1)]));
    assert_eq!(house.mux.wanted_switch(), Some(Target::Previous));
}

#[test]
fn a_switch_that_leads_nowhere_leaves_nothing_stuck() {
    let house = House::new();
    let file = house.open(0);
    house.press(&[(KEY_LEFTALT, 1), (KEY_F2, 1)]);
    house.mux.switch_done();
    house.press(&[(KEY_F2, 0), (KEY_LEFTALT, 0)]);
    assert_eq!(keys(&file), [(KEY_LEFTALT, 1), (KEY_LEFTALT, 0)]);
}

#[test]
fn injected_switch_keys_do_not_switch() {
    let house = House::new();
    let file = house.open(0);
    let chord = [
        Event::key(KEY_LEFTALT, 1),
        Event::key(KEY_F2, 1),
        Event::REPORT,
    ];
    write(&file, &chord).unwrap();
    assert_eq!(house.mux.wanted_switch(), None);
    // Nor does a half of it: the Alt key of the keyboard is up.
    assert!(!house.press(&[(KEY_F1, 1)]));
    assert_eq!(keys(&file).len(), 3);
}

#[test]
fn keys_that_programs_give_other_meanings_switch_as_before() {
    let house = House::new();
    let (front, back) = (house.open(0), house.open(1));
    let means = |code: u16, key: u16| {
        let pair = [u32::from(code), u32::from(key)];
        let memory = Memory(Mutex::new(pair.as_bytes().to_vec()));
        let set = front.ioctl(&memory, abi::raw::ioctl::EVIOCSKEYCODE, 0);
        assert_eq!(set, Ok(0));
    };
    // B is Alt now, A is F2; Alt is C, and F2 nothing at all.
    means(48, KEY_LEFTALT);
    means(KEY_A, KEY_F2);
    means(KEY_LEFTALT, 46);
    means(KEY_F2, 0);
    assert!(!house.press(&[(48, 1), (KEY_A, 1), (KEY_A, 0), (48, 0)]));
    let faked = [(KEY_LEFTALT, 1), (KEY_F2, 1), (KEY_F2, 0), (KEY_LEFTALT, 0)];
    assert_eq!(keys(&front), faked);
    assert!(house.press(&[(KEY_LEFTALT, 1), (KEY_F2, 1)]));
    assert_eq!(house.mux.wanted_switch(), Some(Target::Slot(2)));
    house.switch(1);
    house.mux.switch_done();
    house.press(&[(KEY_F2, 0), (KEY_LEFTALT, 0)]);
    assert_eq!(keys(&front), [(46, 1), (46, 0)]);
    assert_eq!(keys(&back), []);
}

#[test]
fn a_key_with_another_meaning_goes_up_by_the_new_one() {
    let house = House::new();
    let file = house.open(0);
    house.press(&[(KEY_A, 1)]);
    let pair = [u32::from(KEY_A), 200];
    let memory = Memory(Mutex::new(pair.as_bytes().to_vec()));
    file.ioctl(&memory, abi::raw::ioctl::EVIOCSKEYCODE, 0)
        .unwrap();
    let own_report = Event::new(0, 0, 1);
    assert_eq!(events(&file)[2..], [Event::key(KEY_A, 0), own_report]);
    // It is down still, so neither its repetition nor its release concerns anybody.
    house.press(&[(KEY_A, 1), (KEY_A, 0)]);
    assert_eq!(keys(&file), []);
    house.press(&[(KEY_A, 1), (KEY_A, 0)]);
    assert_eq!(keys(&file), [(200, 1), (200, 0)]);
}

proptest! {
    /// Whatever is typed and switched, nobody ends with a key that is down for him and up in
    /// truth, and each key goes down and up in turn.
    #[test]
    fn nothing_sticks(steps in proptest::collection::vec((0_usize..8, 30_u16..34), 0..200)) {
        let house = House::new();
        let files: Vec<_> = (0..3).map(|index| house.open(index)).collect();
        let mut logs = vec![Vec::new(); 3];
        for (step, key) in steps {
            match step {
                0..=2 => house.switch(step),
                _ => { house.press(&[(key, (step % 2) as i32)]); }
            }
            for (log, file) in logs.iter_mut().zip(&files) {
                log.extend(keys(file));
            }
        }
        house.press(&[(30, 0), (31, 0), (32, 0), (33, 0)]);
        for (log, file) in logs.iter_mut().zip(&files) {
            log.extend(keys(file));
            for key in 30..34 {
                let values: Vec<_> = log.iter().filter(|(code, _)| *code == key).collect();
                let in_turn = values.iter().enumerate().all(|(at, (_, value))| *value == (at as i32 + 1) % 2);
                prop_assert!(in_turn && values.len().is_multiple_of(2), "{:?}", values);
            }
        }
    }
}
