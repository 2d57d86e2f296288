//! Keys that send a sequence: cursor keys, function keys, the keypad, and those that edit.

use alacritty_terminal::term::TermMode;
use screen::KeyCode;

use super::Modifiers;

/// How a key is sent.
enum Form {
    /// `CSI letter`, in the application mode of the cursor keys `SS3 letter`.
    Cursor(char),
    /// `SS3 letter`, with modifiers as a cursor key.
    Function(char),
    /// `CSI number ~`.
    Number(u8),
}

/// What a key sends. None: it is no such key.
pub fn of(key: KeyCode, modifiers: Modifiers, mode: TermMode) -> Option<Vec<u8>> {
    if let Some(bytes) = editing(key, modifiers, mode) {
        return Some(bytes);
    }
    let form = form_of(key)?;
    // 1 and a bit for each modifier.
    let number = 1
        + u8::from(modifiers.shift)
        + 2 * u8::from(modifiers.alt)
        + 4 * u8::from(modifiers.control);
    let application = mode.contains(TermMode::APP_CURSOR);
    let text = match (form, number) {
        (Form::Cursor(letter), 1) if application => format!("\x1bO{letter}"),
        (Form::Cursor(letter), 1) => format!("\x1b[{letter}"),
        (Form::Function(letter), 1) => format!("\x1bO{letter}"),
        (Form::Cursor(letter) | Form::Function(letter), _) => format!("\x1b[1;{number}{letter}"),
        (Form::Number(code), 1) => format!("\x1b[{code}~"),
        (Form::Number(code), _) => format!("\x1b[{code};{number}~"),
    };
    Some(text.into_bytes())
}

/// The keys that send one byte; Alt puts an escape before it.
fn editing(key: KeyCode, modifiers: Modifiers, mode: TermMode) -> Option<Vec<u8>> {
    let bytes: &[u8] = match key {
        KeyCode::KEY_ENTER if mode.contains(TermMode::LINE_FEED_NEW_LINE) => b"\r\n",
        KeyCode::KEY_ENTER => b"\r",
        KeyCode::KEY_TAB if modifiers.shift => return Some(b"\x1b[Z".to_vec()),
        KeyCode::KEY_TAB => b"\t",
        KeyCode::KEY_BACKSPACE if modifiers.control => b"\x08",
        KeyCode::KEY_BACKSPACE => b"\x7f",
        KeyCode::KEY_ESC => b"\x1b",
        _ => return None,
    };
    let escape: &[u8] = if modifiers.alt { b"\x1b" } else { b"" };
    Some([escape, bytes].concat())
}

fn form_of(key: KeyCode) -> Option<Form> {
    Some(match key {
        KeyCode::KEY_UP => Form::Cursor('A'),
        KeyCode::KEY_DOWN => Form::Cursor('B'),
        KeyCode::KEY_RIGHT => Form::Cursor('C'),
        KeyCode::KEY_LEFT => Form::Cursor('D'),
        KeyCode::KEY_END => Form::Cursor('F'),
        KeyCode::KEY_HOME => Form::Cursor('H'),
        KeyCode::KEY_F1 => Form::Function('P'),
        KeyCode::KEY_F2 => Form::Function('Q'),
        KeyCode::KEY_F3 => Form::Function('R'),
        KeyCode::KEY_F4 => Form::Function('S'),
        KeyCode::KEY_INSERT => Form::Number(2),
        KeyCode::KEY_DELETE => Form::Number(3),
        KeyCode::KEY_PAGEUP => Form::Number(5),
        KeyCode::KEY_PAGEDOWN => Form::Number(6),
        KeyCode::KEY_F5 => Form::Number(15),
        KeyCode::KEY_F6 => Form::Number(17),
        KeyCode::KEY_F7 => Form::Number(18),
        KeyCode::KEY_F8 => Form::Number(19),
        KeyCode::KEY_F9 => Form::Number(20),
        KeyCode::KEY_F10 => Form::Number(21),
        KeyCode::KEY_F11 => Form::Number(23),
        KeyCode::KEY_F12 => Form::Number(24),
        _ => return None,
    })
}

/// A key of the keypad: its cap, the key it is without Num Lock, and what it sends in the
/// application mode of the keypad.
const KEYPAD: [(KeyCode, char, Option<KeyCode>, char); 17] = [
    (KeyCode::KEY_KP0, '0', Some(KeyCode::KEY_INSERT), 'p'),
    (KeyCode::KEY_KP1, '1', Some(KeyCode::KEY_END), 'q'),
    (KeyCode::KEY_KP2, '2', Some(KeyCode::KEY_DOWN), 'r'),
    (KeyCode::KEY_KP3, '3', Some(KeyCode::KEY_PAGEDOWN), 's'),
    (KeyCode::KEY_KP4, '4', Some(KeyCode::KEY_LEFT), 't'),
    (KeyCode::KEY_KP5, '5', None, 'u'),
    (KeyCode::KEY_KP6, '6', Some(KeyCode::KEY_RIGHT), 'v'),
    (KeyCode::KEY_KP7, '7', Some(KeyCode::KEY_HOME), 'w'),
    (KeyCode::KEY_KP8, '8', Some(KeyCode::KEY_UP), 'x'),
    (KeyCode::KEY_KP9, '9', Some(KeyCode::KEY_PAGEUP), 'y'),
    (KeyCode::KEY_KPDOT, '.', Some(KeyCode::KEY_DELETE), 'n'),
    (KeyCode::KEY_KPSLASH, '/', None, 'o'),
    (KeyCode::KEY_KPASTERISK, '*', None, 'j'),
    (KeyCode::KEY_KPMINUS, '-', None, 'm'),
    (KeyCode::KEY_KPPLUS, '+', None, 'k'),
    (KeyCode::KEY_KPENTER, '\r', Some(KeyCode::KEY_ENTER), 'M'),
    (KeyCode::KEY_KPEQUAL, '=', None, 'X'),
];

/// What a key of the keypad sends. None: it is none.
pub fn keypad(key: KeyCode, num_lock: bool, mode: TermMode) -> Option<Vec<u8>> {
    let (_, cap, other, application) = KEYPAD.iter().find(|(known, ..)| *known == key)?;
    if mode.contains(TermMode::APP_KEYPAD) && !num_lock {
        return Some(format!("\x1bO{application}").into_bytes());
    }
    match other {
        Some(other) if !num_lock => of(*other, Modifiers::default(), mode),
        // The middle one goes nowhere, and says so.
        None if !num_lock && *cap == '5' => Some(b"\x1b[E".to_vec()),
        _ => Some(cap.to_string().into_bytes()),
    }
}
