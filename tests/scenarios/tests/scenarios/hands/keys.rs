//! The keys of a keyboard, by QEMU's names and by Linux's numbers (linux/input-event-codes.h), and
//! what arrives when a finger presses them.

use qemu::qmp::{Key, press, release};

use super::{Play, keys_in};

#[rustfmt::skip]
const KEYS: &[(Key, u16)] = &[
    (Key::esc, 1), (Key::_1, 2), (Key::_2, 3), (Key::_3, 4), (Key::_4, 5), (Key::_5, 6),
    (Key::_6, 7), (Key::_7, 8), (Key::_8, 9), (Key::_9, 10), (Key::_0, 11), (Key::minus, 12),
    (Key::equal, 13), (Key::backspace, 14), (Key::tab, 15), (Key::q, 16), (Key::w, 17),
    (Key::e, 18), (Key::r, 19), (Key::t, 20), (Key::y, 21), (Key::u, 22), (Key::i, 23),
    (Key::o, 24), (Key::p, 25), (Key::bracket_left, 26), (Key::bracket_right, 27), (Key::ret, 28),
    (Key::ctrl, 29), (Key::a, 30), (Key::s, 31), (Key::d, 32), (Key::f, 33), (Key::g, 34),
    (Key::h, 35), (Key::j, 36), (Key::k, 37), (Key::l, 38), (Key::semicolon, 39),
    (Key::apostrophe, 40), (Key::grave_accent, 41), (Key::shift, 42), (Key::backslash, 43),
    (Key::z, 44), (Key::x, 45), (Key::c, 46), (Key::v, 47), (Key::b, 48), (Key::n, 49),
    (Key::m, 50), (Key::comma, 51), (Key::dot, 52), (Key::slash, 53), (Key::shift_r, 54),
    (Key::kp_multiply, 55), (Key::alt, 56), (Key::spc, 57), (Key::caps_lock, 58), (Key::f1, 59),
    (Key::f2, 60), (Key::f3, 61), (Key::f4, 62), (Key::f5, 63), (Key::f6, 64), (Key::f7, 65),
    (Key::f8, 66), (Key::f9, 67), (Key::f10, 68), (Key::num_lock, 69), (Key::scroll_lock, 70),
    (Key::kp_7, 71), (Key::kp_8, 72), (Key::kp_9, 73), (Key::kp_subtract, 74), (Key::kp_4, 75),
    (Key::kp_5, 76), (Key::kp_6, 77), (Key::kp_add, 78), (Key::kp_1, 79), (Key::kp_2, 80),
    (Key::kp_3, 81), (Key::kp_0, 82), (Key::kp_decimal, 83), (Key::less, 86), (Key::f11, 87),
    (Key::f12, 88), (Key::ro, 89), (Key::henkan, 92), (Key::katakanahiragana, 93),
    (Key::muhenkan, 94), (Key::kp_enter, 96), (Key::ctrl_r, 97), (Key::kp_divide, 98),
    (Key::print, 99), (Key::alt_r, 100), (Key::home, 102), (Key::up, 103), (Key::pgup, 104),
    (Key::left, 105), (Key::right, 106), (Key::end, 107), (Key::down, 108), (Key::pgdn, 109),
    (Key::insert, 110), (Key::delete, 111), (Key::audiomute, 113), (Key::volumedown, 114),
    (Key::volumeup, 115), (Key::power, 116), (Key::pause, 119), (Key::yen, 124),
    (Key::meta_l, 125), (Key::meta_r, 126), (Key::compose, 127), (Key::stop, 128),
    (Key::calculator, 140), (Key::sleep, 142), (Key::wake, 143), (Key::mail, 155),
    (Key::ac_bookmarks, 156), (Key::computer, 157), (Key::ac_back, 158), (Key::ac_forward, 159),
    (Key::audionext, 163), (Key::audioplay, 164), (Key::audioprev, 165), (Key::audiostop, 166),
    (Key::ac_home, 172), (Key::ac_refresh, 173), (Key::mediaselect, 226),
];

/// So many keys are sent in one command.
const BURST: usize = 80;

/// Each key goes down and up, and is the only one that does.
pub fn every_key(play: &mut Play) {
    for &(key, code) in KEYS {
        play.tap(key);
        let packets = play.packets(2);
        let expected = [1, 0].map(|value| format!("{}:1.{code}={value}", play.set.keyboard));
        assert_eq!(packets, expected, "{key:?}");
    }
}

/// Eighty keys, pressed and released in one command. A virtio keyboard brings all of them. A PS/2
/// keyboard keeps sixteen bytes, so the last are lost, but none of those that came stays down.
pub fn eighty_at_once(play: &mut Play) {
    let keys = KEYS
        .iter()
        .filter(|(_, code)| matches!(code, 2..=11 | 16..=25));
    let keys: Vec<_> = keys.cycle().take(BURST).collect();
    let strokes = keys
        .iter()
        .flat_map(|(key, _)| [press(*key), release(*key)]);
    play.seat.burst(&strokes.collect::<Vec<_>>());
    if play.set.is_ps2 {
        // Whatever was lost, a key that is pressed afterwards arrives.
        let mut seen = Vec::new();
        while !seen.ends_with(&["44+".to_owned(), "44-".to_owned()]) {
            play.tap(Key::z);
            let packets = play.packets(1);
            assert!(!packets.is_empty(), "nothing comes any more after {seen:?}");
            seen.extend(keys_in(&packets));
        }
        play.hands.does(&mut play.seat.console, "held", "");
        return;
    }
    let mut seen = Vec::new();
    while seen.len() < 2 * BURST {
        let packets = play.packets(1);
        assert!(!packets.is_empty(), "{} came, {seen:?}", seen.len());
        seen.extend(keys_in(&packets));
    }
    let both = |(_, code): &&(Key, u16)| [format!("{code}+"), format!("{code}-")];
    assert_eq!(seen, keys.iter().flat_map(both).collect::<Vec<_>>());
}

/// The locks turn, and their lamps with them.
pub fn lamps(play: &mut Play) {
    let keyboard = play.set.keyboard;
    play.waits_for_lamps("");
    play.tap(Key::caps_lock);
    play.waits_for_lamps(&format!("{keyboard}:1"));
    play.tap(Key::num_lock);
    play.waits_for_lamps(&format!("{keyboard}:0,1"));
    play.tap(Key::caps_lock);
    play.tap(Key::num_lock);
    play.waits_for_lamps("");
    play.packets(8);
}

/// A key that is held repeats as programs wish.
pub fn repetition(play: &mut Play) {
    let keyboard = play.set.keyboard;
    let of = |code: u16, value: &str| format!("{keyboard}:1.{code}={value}");
    play.sets_repetition("repeat 50 40");
    play.seat.burst(&[press(Key::a)]);
    let mut seen = play.packets(4);
    play.seat.burst(&[release(Key::a)]);
    while seen.last() != Some(&of(30, "0")) {
        let more = play.packets(1);
        assert!(!more.is_empty(), "a is not released: {seen:?}");
        seen.extend(more);
    }
    let repeated = &seen[1..seen.len() - 1];
    assert_eq!(seen[0], of(30, "1"));
    assert!(repeated.len() >= 3, "{seen:?}");
    assert!(repeated.iter().all(|one| *one == of(30, "2!")), "{seen:?}");

    // Once after the delay, and then not for a minute.
    play.sets_repetition("rate 60 60000");
    play.seat.burst(&[press(Key::b)]);
    assert_eq!(play.packets(2), [of(48, "1"), of(48, "2!")]);
    play.seat.burst(&[release(Key::b)]);
    assert_eq!(play.packets(1), [of(48, "0")]);
    play.never_repeats();
}
