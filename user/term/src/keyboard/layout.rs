//! The keys of a keyboard of the USA, and a third level on the right Alt key for the letters of
//! western Europe, as the layout "English (US, intl., AltGr dead keys)" of X has it.

use screen::KeyCode;

/// A key, and what it types without and with Shift.
const KEYS: [(KeyCode, char, char); 49] = [
    (KeyCode::KEY_GRAVE, '`', '~'),
    (KeyCode::KEY_1, '1', '!'),
    (KeyCode::KEY_2, '2', '@'),
    (KeyCode::KEY_3, '3', '#'),
    (KeyCode::KEY_4, '4', '$'),
    (KeyCode::KEY_5, '5', '%'),
    (KeyCode::KEY_6, '6', '^'),
    (KeyCode::KEY_7, '7', '&'),
    (KeyCode::KEY_8, '8', '*'),
    (KeyCode::KEY_9, '9', '('),
    (KeyCode::KEY_0, '0', ')'),
    (KeyCode::KEY_MINUS, '-', '_'),
    (KeyCode::KEY_EQUAL, '=', '+'),
    (KeyCode::KEY_Q, 'q', 'Q'),
    (KeyCode::KEY_W, 'w', 'W'),
    (KeyCode::KEY_E, 'e', 'E'),
    (KeyCode::KEY_R, 'r', 'R'),
    (KeyCode::KEY_T, 't', 'T'),
    (KeyCode::KEY_Y, 'y', 'Y'),
    (KeyCode::KEY_U, 'u', 'U'),
    (KeyCode::KEY_I, 'i', 'I'),
    (KeyCode::KEY_O, 'o', 'O'),
    (KeyCode::KEY_P, 'p', 'P'),
    (KeyCode::KEY_LEFTBRACE, '[', '{'),
    (KeyCode::KEY_RIGHTBRACE, ']', '}'),
    (KeyCode::KEY_BACKSLASH, '\\', '|'),
    (KeyCode::KEY_A, 'a', 'A'),
    (KeyCode::KEY_S, 's', 'S'),
    (KeyCode::KEY_D, 'd', 'D'),
    (KeyCode::KEY_F, 'f', 'F'),
    (KeyCode::KEY_G, 'g', 'G'),
    (KeyCode::KEY_H, 'h', 'H'),
    (KeyCode::KEY_J, 'j', 'J'),
    (KeyCode::KEY_K, 'k', 'K'),
    (KeyCode::KEY_L, 'l', 'L'),
    (KeyCode::KEY_SEMICOLON, ';', ':'),
    (KeyCode::KEY_APOSTROPHE, '\'', '"'),
    (KeyCode::KEY_102ND, '<', '>'),
    (KeyCode::KEY_Z, 'z', 'Z'),
    (KeyCode::KEY_X, 'x', 'X'),
    (KeyCode::KEY_C, 'c', 'C'),
    (KeyCode::KEY_V, 'v', 'V'),
    (KeyCode::KEY_B, 'b', 'B'),
    (KeyCode::KEY_N, 'n', 'N'),
    (KeyCode::KEY_M, 'm', 'M'),
    (KeyCode::KEY_COMMA, ',', '<'),
    (KeyCode::KEY_DOT, '.', '>'),
    (KeyCode::KEY_SLASH, '/', '?'),
    (KeyCode::KEY_SPACE, ' ', ' '),
];

/// What a key types without and with Shift. None: it types nothing.
pub fn characters(key: KeyCode) -> Option<(char, char)> {
    let row = KEYS.iter().find(|(known, ..)| *known == key)?;
    Some((row.1, row.2))
}

/// What the right Alt key makes of a key that types `plain`.
pub fn third(plain: char) -> Option<char> {
    Some(match plain {
        '1' => '¡',
        '2' => '²',
        '3' => '³',
        '4' => '¤',
        '5' => '€',
        '-' => '¥',
        '=' => '×',
        'q' => 'ä',
        'w' => 'å',
        'e' => 'é',
        'r' => '®',
        't' => 'þ',
        'y' => 'ü',
        'u' => 'ú',
        'i' => 'í',
        'o' => 'ó',
        'p' => 'ö',
        '[' => '«',
        ']' => '»',
        '\\' => '¬',
        'a' => 'á',
        's' => 'ß',
        'd' => 'ð',
        'l' => 'ø',
        ';' => '¶',
        'z' => 'æ',
        'c' => '©',
        'n' => 'ñ',
        'm' => 'µ',
        ',' => 'ç',
        '/' => '¿',
        _ => return None,
    })
}
