//! Keys, and the bytes that xterm sends for them.

use alacritty_terminal::term::TermMode;
use screen::{KeyCode, LedCode};

use super::{Keyboard, Look, Meaning};

/// What comes of a key while others are held.
fn with(held: &[KeyCode], key: KeyCode, mode: TermMode) -> Meaning {
    let mut keyboard = Keyboard::default();
    for key in held {
        assert_eq!(keyboard.key(*key, 1, mode), Meaning::Nothing);
    }
    keyboard.key(key, 1, mode)
}

fn sent(held: &[KeyCode], key: KeyCode) -> String {
    match with(held, key, TermMode::empty()) {
        Meaning::Bytes(bytes) => String::from_utf8(bytes).expect("keys send text"),
        other => panic!("{key:?} means {other:?}"),
    }
}

const SHIFT: KeyCode = KeyCode::KEY_LEFTSHIFT;
const CONTROL: KeyCode = KeyCode::KEY_RIGHTCTRL;
const ALT: KeyCode = KeyCode::KEY_LEFTALT;
const ALT_GR: KeyCode = KeyCode::KEY_RIGHTALT;

#[test]
fn letters_and_signs() {
    assert_eq!(sent(&[], KeyCode::KEY_A), "a");
    assert_eq!(sent(&[SHIFT], KeyCode::KEY_A), "A");
    assert_eq!(sent(&[SHIFT], KeyCode::KEY_2), "@");
    assert_eq!(sent(&[], KeyCode::KEY_SPACE), " ");
    assert_eq!(sent(&[ALT_GR], KeyCode::KEY_S), "ß");
    assert_eq!(sent(&[ALT_GR, SHIFT], KeyCode::KEY_E), "É");
    assert_eq!(sent(&[ALT_GR], KeyCode::KEY_5), "€");
}

#[test]
fn every_printable_character_can_be_typed() {
    let all: Vec<KeyCode> = (1..100).map(KeyCode::new).collect();
    let mut typed: Vec<char> = all
        .iter()
        .filter_map(|key| super::layout::characters(*key))
        .flat_map(|(plain, shifted)| [plain, shifted])
        .collect();
    typed.sort_unstable();
    typed.dedup();
    let expected: Vec<char> = (' '..='~').collect();
    assert_eq!(typed, expected);
}

#[test]
fn control_and_alt() {
    assert_eq!(sent(&[CONTROL], KeyCode::KEY_C), "\x03");
    assert_eq!(sent(&[CONTROL, SHIFT], KeyCode::KEY_C), "\x03");
    assert_eq!(sent(&[CONTROL], KeyCode::KEY_SPACE), "\0");
    assert_eq!(sent(&[CONTROL], KeyCode::KEY_BACKSLASH), "\x1c");
    assert_eq!(sent(&[CONTROL, SHIFT], KeyCode::KEY_6), "\x1e");
    assert_eq!(sent(&[CONTROL, SHIFT], KeyCode::KEY_MINUS), "\x1f");
    assert_eq!(sent(&[CONTROL], KeyCode::KEY_SEMICOLON), ";");
    assert_eq!(sent(&[ALT], KeyCode::KEY_B), "\x1bb");
    assert_eq!(
        sent(&[ALT_GR], KeyCode::KEY_B),
        "\x1bb",
        "there is no third b"
    );
    assert_eq!(sent(&[ALT, CONTROL], KeyCode::KEY_B), "\x1b\x02");
    assert_eq!(sent(&[ALT], KeyCode::KEY_BACKSPACE), "\x1b\x7f");
}

#[test]
fn keys_that_edit() {
    assert_eq!(sent(&[], KeyCode::KEY_ENTER), "\r");
    assert_eq!(sent(&[], KeyCode::KEY_BACKSPACE), "\x7f");
    assert_eq!(sent(&[CONTROL], KeyCode::KEY_BACKSPACE), "\x08");
    assert_eq!(sent(&[], KeyCode::KEY_TAB), "\t");
    assert_eq!(sent(&[SHIFT], KeyCode::KEY_TAB), "\x1b[Z");
    assert_eq!(sent(&[], KeyCode::KEY_ESC), "\x1b");
}

#[test]
fn cursor_and_function_keys() {
    assert_eq!(sent(&[], KeyCode::KEY_UP), "\x1b[A");
    assert_eq!(sent(&[CONTROL], KeyCode::KEY_LEFT), "\x1b[1;5D");
    assert_eq!(sent(&[], KeyCode::KEY_HOME), "\x1b[H");
    assert_eq!(sent(&[], KeyCode::KEY_DELETE), "\x1b[3~");
    assert_eq!(sent(&[CONTROL], KeyCode::KEY_DELETE), "\x1b[3;5~");
    assert_eq!(sent(&[], KeyCode::KEY_PAGEUP), "\x1b[5~");
    assert_eq!(sent(&[], KeyCode::KEY_F1), "\x1bOP");
    assert_eq!(sent(&[SHIFT], KeyCode::KEY_F1), "\x1b[1;2P");
    assert_eq!(sent(&[], KeyCode::KEY_F12), "\x1b[24~");
    let up = with(&[], KeyCode::KEY_UP, TermMode::APP_CURSOR);
    assert_eq!(up, Meaning::Bytes(b"\x1bOA".to_vec()));
}

#[test]
fn the_keypad_follows_num_lock() {
    assert_eq!(sent(&[], KeyCode::KEY_KP8), "\x1b[A");
    assert_eq!(sent(&[], KeyCode::KEY_KPPLUS), "+");
    assert_eq!(sent(&[], KeyCode::KEY_KPENTER), "\r");
    let mut keyboard = Keyboard::default();
    let mode = TermMode::empty();
    let lamp = keyboard.key(KeyCode::KEY_NUMLOCK, 1, mode);
    assert_eq!(lamp, Meaning::Lamp(LedCode::LED_NUML, true));
    let eight = keyboard.key(KeyCode::KEY_KP8, 1, mode);
    assert_eq!(eight, Meaning::Bytes(b"8".to_vec()));
    let application = with(&[], KeyCode::KEY_KP8, TermMode::APP_KEYPAD);
    assert_eq!(application, Meaning::Bytes(b"\x1bOx".to_vec()));
}

#[test]
fn caps_lock_is_for_letters_and_turns_once_a_press() {
    let mut keyboard = Keyboard::default();
    let mut press = |key, value| keyboard.key(key, value, TermMode::empty());
    let caps = KeyCode::KEY_CAPSLOCK;
    assert_eq!(press(caps, 1), Meaning::Lamp(LedCode::LED_CAPSL, true));
    assert_eq!(press(caps, 2), Meaning::Nothing);
    assert_eq!(press(caps, 0), Meaning::Nothing);
    assert_eq!(press(KeyCode::KEY_A, 1), Meaning::Bytes(b"A".to_vec()));
    assert_eq!(press(KeyCode::KEY_1, 1), Meaning::Bytes(b"1".to_vec()));
    press(SHIFT, 1);
    assert_eq!(press(KeyCode::KEY_A, 1), Meaning::Bytes(b"a".to_vec()));
    assert_eq!(press(caps, 1), Meaning::Lamp(LedCode::LED_CAPSL, false));
}

#[test]
fn modifiers_end_when_both_sides_are_up() {
    let mut keyboard = Keyboard::default();
    let mut key = |key, value| keyboard.key(key, value, TermMode::empty());
    key(KeyCode::KEY_LEFTSHIFT, 1);
    key(KeyCode::KEY_RIGHTSHIFT, 1);
    key(KeyCode::KEY_LEFTSHIFT, 0);
    assert_eq!(key(KeyCode::KEY_A, 1), Meaning::Bytes(b"A".to_vec()));
    key(KeyCode::KEY_RIGHTSHIFT, 0);
    assert_eq!(key(KeyCode::KEY_A, 2), Meaning::Bytes(b"a".to_vec()));
    assert_eq!(key(KeyCode::KEY_A, 0), Meaning::Nothing);
}

#[test]
fn shift_and_page_keys_look_back() {
    let mode = TermMode::empty();
    assert_eq!(
        with(&[SHIFT], KeyCode::KEY_PAGEUP, mode),
        Meaning::Look(Look::PageUp)
    );
    assert_eq!(
        with(&[SHIFT], KeyCode::KEY_END, mode),
        Meaning::Look(Look::Bottom)
    );
    let both = with(&[SHIFT, CONTROL], KeyCode::KEY_PAGEUP, mode);
    assert_eq!(both, Meaning::Bytes(b"\x1b[5;6~".to_vec()));
}

#[test]
fn keys_of_no_meaning_send_nothing() {
    for code in 0..0x300 {
        with(&[], KeyCode::new(code), TermMode::empty());
    }
    let mute = with(&[], KeyCode::KEY_MUTE, TermMode::empty());
    assert_eq!(mute, Meaning::Nothing);
}
