//! Erasing, killing and showing the line while it is typed.

use super::*;

#[test]
fn erase_takes_the_last_character_off_the_screen() {
    let mut terminal = terminal();
    type_keys(&mut terminal, b"ab\x7fc\n");
    assert_eq!(line(&mut terminal).unwrap(), b"ac\n");
    assert_eq!(shown(&mut terminal), "ab\x08 \x08c\r\n");
}

#[test]
fn erase_stops_at_the_start_of_the_line() {
    let mut terminal = terminal();
    type_keys(&mut terminal, b"one\na\x7f\x7f\x7fb\n");
    assert_eq!(line(&mut terminal).unwrap(), b"one\n");
    assert_eq!(line(&mut terminal).unwrap(), b"b\n");
}

#[test]
fn a_control_character_is_shown_and_erased_as_two() {
    let mut terminal = terminal();
    type_keys(&mut terminal, b"\x01\x7f\x7f\n");
    assert_eq!(shown(&mut terminal), "^A\x08 \x08\x08 \x08\r\n");
}

#[test]
fn erasing_a_tab_goes_back_to_where_it_began() {
    let mut terminal = terminal();
    terminal.write(b"$ ");
    type_keys(&mut terminal, b"abc\t\x7f");
    // The prompt takes 2 columns and the text 3, so the tab went from 5 to 8.
    assert_eq!(shown(&mut terminal), "$ abc\t\x08\x08\x08");
    type_keys(&mut terminal, b"\t\t\x7f");
    assert_eq!(shown(&mut terminal), "\t\t\x08\x08\x08\x08\x08\x08\x08\x08");
}

#[test]
fn erase_takes_a_whole_utf8_character() {
    let mut terminal = terminal_with(|termios| termios.c_iflag |= IUTF8);
    type_keys(&mut terminal, "aé\x7f\n".as_bytes());
    assert_eq!(line(&mut terminal).unwrap(), b"a\n");
    assert!(shown(&mut terminal).ends_with("\x08 \x08\r\n"));
    assert_eq!(shown(&mut terminal), "");
}

#[test]
fn without_iutf8_erase_takes_one_byte() {
    let mut terminal = terminal();
    type_keys(&mut terminal, b"a\xc3\xa9\x7f\n");
    assert_eq!(line(&mut terminal).unwrap(), b"a\xc3\n");
}

#[test]
fn word_erase_takes_the_blanks_behind_the_word_too() {
    let mut terminal = terminal();
    type_keys(&mut terminal, b"echo one_2  \x17x\n");
    assert_eq!(line(&mut terminal).unwrap(), b"echo x\n");
}

#[test]
fn kill_wipes_the_line() {
    let mut terminal = terminal();
    type_keys(&mut terminal, b"abc\x15d\n");
    assert_eq!(shown(&mut terminal), "abc\x08 \x08\x08 \x08\x08 \x08d\r\n");
    assert_eq!(line(&mut terminal).unwrap(), b"d\n");
}

#[test]
fn kill_without_echoke_shows_the_key_and_a_new_line() {
    let mut terminal = terminal_with(|termios| termios.c_lflag &= !ECHOKE);
    type_keys(&mut terminal, b"abc\x15d\n");
    assert_eq!(shown(&mut terminal), "abc^U\r\nd\r\n");
    assert_eq!(line(&mut terminal).unwrap(), b"d\n");
}

#[test]
fn erase_on_paper_shows_what_went() {
    let mut terminal = terminal_with(|termios| termios.c_lflag |= ECHOPRT);
    type_keys(&mut terminal, b"abc\x7f\x7fd\n");
    assert_eq!(shown(&mut terminal), "abc\\cb/d\r\n");
    assert_eq!(line(&mut terminal).unwrap(), b"ad\n");
}

#[test]
fn erase_without_echoe_shows_the_key() {
    let mut terminal = terminal_with(|termios| termios.c_lflag &= !ECHOE);
    type_keys(&mut terminal, b"ab\x7f");
    assert_eq!(shown(&mut terminal), "ab^?");
}

#[test]
fn literal_next_takes_a_key_as_it_is() {
    let mut terminal = terminal();
    assert!(type_keys(&mut terminal, b"a\x16\x03\x16\x7f\n").is_empty());
    assert_eq!(line(&mut terminal).unwrap(), b"a\x03\x7f\n");
    assert_eq!(shown(&mut terminal), "a^\x08^C^\x08^?\r\n");
}

#[test]
fn a_literal_new_line_does_not_end_the_line() {
    let mut terminal = terminal();
    type_keys(&mut terminal, b"a\x16\n");
    assert!(!terminal.has_input());
}

#[test]
fn reprint_shows_the_line_again() {
    let mut terminal = terminal();
    type_keys(&mut terminal, b"ab\x12c\n");
    assert_eq!(shown(&mut terminal), "ab^R\r\nabc\r\n");
    assert_eq!(line(&mut terminal).unwrap(), b"abc\n");
}
