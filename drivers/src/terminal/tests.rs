//! The line discipline against what a Linux terminal shows and gives for the same keys.
use super::*;
use abi::raw::general::*;
use abi::terminal::{Termios, Termios2};
use core::time::Duration;

fn terminal_with(change: impl FnOnce(&mut Termios)) -> LineDiscipline {
    let mut settings = Termios2::INITIAL;
    change(&mut settings.base);
    LineDiscipline::new(settings).unwrap()
}

fn terminal() -> LineDiscipline {
    terminal_with(|_| {})
}

fn change(terminal: &mut LineDiscipline, change: impl FnOnce(&mut Termios)) {
    let mut settings = *terminal.settings();
    change(&mut settings.base);
    terminal.set_settings(settings);
}

/// Types all of `keys` and returns the signals they asked for.
fn type_keys(terminal: &mut LineDiscipline, mut keys: &[u8]) -> Vec<Signal> {
    let mut signals = Vec::new();
    while !keys.is_empty() {
        let received = terminal.receive(keys);
        assert!(received.taken > 0, "the terminal takes no more keys");
        signals.extend(received.signal);
        keys = &keys[received.taken..];
    }
    signals
}

fn shown(terminal: &mut LineDiscipline) -> String {
    let mut buffer = vec![0; 8192];
    let count = terminal.take_output(&mut buffer);
    buffer[..count]
        .iter()
        .map(|&byte| char::from(byte))
        .collect()
}

fn line(terminal: &mut LineDiscipline) -> Option<Vec<u8>> {
    let mut buffer = [0; 8192];
    let read = terminal.read_line(&mut buffer)?;
    Some(buffer[..read.count].to_vec())
}

fn bytes(terminal: &mut LineDiscipline) -> Vec<u8> {
    let mut buffer = [0; 8192];
    let count = terminal.read(&mut buffer);
    buffer[..count].to_vec()
}

fn raw(termios: &mut Termios) {
    termios.c_iflag &= !(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    termios.c_oflag &= !OPOST;
    termios.c_lflag &= !(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
}

#[test]
fn a_line_is_read_when_it_ends() {
    let mut terminal = terminal();
    type_keys(&mut terminal, b"ls -l");
    assert!(!terminal.has_input());
    assert_eq!(line(&mut terminal), None);
    type_keys(&mut terminal, b"\r");
    assert_eq!(terminal.input_waiting(), 6);
    assert_eq!(line(&mut terminal).unwrap(), b"ls -l\n");
    assert_eq!(shown(&mut terminal), "ls -l\r\n");
}

#[test]
fn a_short_read_leaves_the_rest_of_the_line() {
    let mut terminal = terminal();
    type_keys(&mut terminal, b"abcdef\nxy\n");
    let mut buffer = [0; 4];
    assert_eq!(
        terminal.read_line(&mut buffer),
        Some(LineRead {
            count: 4,
            ended: false
        })
    );
    assert_eq!(
        terminal.read_line(&mut buffer),
        Some(LineRead {
            count: 3,
            ended: true
        })
    );
    assert_eq!(&buffer[..3], b"ef\n");
    assert_eq!(line(&mut terminal).unwrap(), b"xy\n");
}

#[test]
fn end_of_file_ends_a_read_and_is_not_read_itself() {
    let mut terminal = terminal();
    type_keys(&mut terminal, b"abc\x04\x04");
    assert_eq!(terminal.input_waiting(), 3);
    assert_eq!(line(&mut terminal).unwrap(), b"abc");
    assert_eq!(line(&mut terminal).unwrap(), b"");
    assert_eq!(line(&mut terminal), None);
    assert_eq!(shown(&mut terminal), "abc");
}

#[test]
fn end_of_file_behind_a_filled_buffer_goes_with_it() {
    let mut terminal = terminal();
    type_keys(&mut terminal, b"abc\x04");
    let mut buffer = [0; 3];
    assert_eq!(
        terminal.read_line(&mut buffer),
        Some(LineRead {
            count: 3,
            ended: false
        })
    );
    terminal.skip_end_of_file();
    assert!(!terminal.has_input());
}

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

#[test]
fn eol_ends_a_line_and_is_read() {
    let mut terminal = terminal_with(|termios| termios.c_cc[VEOL as usize] = b';');
    type_keys(&mut terminal, b"a;b");
    assert_eq!(line(&mut terminal).unwrap(), b"a;");
    assert_eq!(shown(&mut terminal), "a;b");
}

#[test]
fn signal_keys_flush_and_are_shown() {
    let mut terminal = terminal();
    terminal.write(b"old output");
    let signals = type_keys(&mut terminal, b"abc\x03def\x1c\x1a");
    assert_eq!(signals, [Signal::Interrupt, Signal::Quit, Signal::Suspend]);
    assert_eq!(shown(&mut terminal), "^Z");
    type_keys(&mut terminal, b"x\n");
    assert_eq!(line(&mut terminal).unwrap(), b"x\n");
}

#[test]
fn noflsh_keeps_the_queues() {
    let mut terminal = terminal_with(|termios| termios.c_lflag |= NOFLSH);
    assert_eq!(type_keys(&mut terminal, b"ab\x03c\n"), [Signal::Interrupt]);
    assert_eq!(line(&mut terminal).unwrap(), b"abc\n");
    assert_eq!(shown(&mut terminal), "ab^Cc\r\n");
}

#[test]
fn without_isig_signal_keys_are_input() {
    let mut terminal = terminal_with(|termios| termios.c_lflag &= !ISIG);
    assert!(type_keys(&mut terminal, b"\x03\n").is_empty());
    assert_eq!(line(&mut terminal).unwrap(), b"\x03\n");
}

#[test]
fn a_disabled_key_is_no_key() {
    let mut terminal = terminal_with(|termios| termios.c_cc[VINTR as usize] = 0);
    assert!(type_keys(&mut terminal, b"\x00\x03\n").is_empty());
    assert_eq!(line(&mut terminal).unwrap(), b"\x00\x03\n");
}

#[test]
fn carriage_returns_are_mapped_as_asked() {
    let mut terminal = terminal_with(|termios| termios.c_iflag = IGNCR);
    type_keys(&mut terminal, b"a\rb\n");
    assert_eq!(line(&mut terminal).unwrap(), b"ab\n");
    let mut terminal = terminal_with(|termios| {
        raw(termios);
        termios.c_iflag |= INLCR;
    });
    type_keys(&mut terminal, b"a\nb\r");
    assert_eq!(bytes(&mut terminal), b"a\rb\r");
}

#[test]
fn strip_and_lower_case_change_bytes() {
    let mut terminal = terminal_with(|termios| termios.c_iflag |= ISTRIP | IUCLC);
    type_keys(&mut terminal, b"A\xc2\n");
    assert_eq!(line(&mut terminal).unwrap(), b"ab\n");
}

#[test]
fn output_is_processed() {
    let mut terminal = terminal_with(|termios| termios.c_oflag = OPOST | ONLCR | XTABS);
    assert_eq!(terminal.write(b"a\tb\nc\td"), 7);
    assert_eq!(shown(&mut terminal), "a       b\r\nc       d");
    let mut terminal = terminal_with(|termios| termios.c_oflag = OPOST | OLCUC | OCRNL | ONOCR);
    terminal.write(b"\rab\r");
    assert_eq!(shown(&mut terminal), "AB\n");
    let mut terminal = terminal_with(|termios| termios.c_oflag = ONLCR);
    terminal.write(b"a\n");
    assert_eq!(shown(&mut terminal), "a\n");
}

#[test]
fn a_full_output_queue_makes_writers_wait_and_still_echoes() {
    let mut terminal = terminal();
    let text = [b'x'; 8192];
    let taken = terminal.write(&text);
    assert!(taken > 1024 && taken < text.len());
    assert_eq!(terminal.write(b"more"), 0);
    type_keys(&mut terminal, b"echo");
    assert!(shown(&mut terminal).ends_with("xecho"));
    assert_eq!(terminal.write(b"more"), 4);
}

#[test]
fn stop_and_start_hold_the_output() {
    let mut terminal = terminal();
    terminal.write(b"before");
    type_keys(&mut terminal, b"\x13");
    assert_eq!(terminal.write(b"after"), 0);
    type_keys(&mut terminal, b"k");
    assert_eq!(shown(&mut terminal), "before");
    assert_eq!(terminal.output_sendable(), 0);
    type_keys(&mut terminal, b"\x11");
    assert_eq!(shown(&mut terminal), "k");
    assert_eq!(terminal.write(b"after"), 5);
}

#[test]
fn any_key_starts_the_output_with_ixany_but_not_what_a_program_stopped() {
    let mut terminal = terminal_with(|termios| termios.c_iflag |= IXANY);
    type_keys(&mut terminal, b"\x13");
    assert!(terminal.is_stopped());
    type_keys(&mut terminal, b"x");
    assert!(!terminal.is_stopped());
    terminal.stop_output();
    type_keys(&mut terminal, b"x\x11");
    assert!(terminal.is_stopped());
    terminal.start_output();
    assert!(!terminal.is_stopped());
}

#[test]
fn raw_mode_gives_every_byte_at_once() {
    let mut terminal = terminal_with(raw);
    let all: Vec<u8> = (0..=255).collect();
    assert!(type_keys(&mut terminal, &all).is_empty());
    assert_eq!(bytes(&mut terminal), all);
    assert_eq!(shown(&mut terminal), "");
}

#[test]
fn read_rules_follow_min_and_time() {
    let mut terminal = terminal();
    assert_eq!(terminal.read_rule(), ReadRule::Line);
    let mut rule = |minimum, time| {
        change(&mut terminal, |termios| {
            raw(termios);
            termios.c_cc[VMIN as usize] = minimum;
            termios.c_cc[VTIME as usize] = time;
        });
        terminal.read_rule()
    };
    let second = Some(Duration::from_secs(1));
    assert_eq!(
        rule(3, 0),
        ReadRule::Bytes {
            minimum: 3,
            first: None,
            between: None
        }
    );
    assert_eq!(
        rule(3, 10),
        ReadRule::Bytes {
            minimum: 3,
            first: None,
            between: second
        }
    );
    assert_eq!(
        rule(0, 10),
        ReadRule::Bytes {
            minimum: 1,
            first: second,
            between: None
        }
    );
    let zero = Some(Duration::ZERO);
    assert_eq!(
        rule(0, 0),
        ReadRule::Bytes {
            minimum: 1,
            first: zero,
            between: None
        }
    );
}

#[test]
fn poll_waits_for_the_minimum() {
    let mut terminal = terminal_with(|termios| {
        raw(termios);
        termios.c_cc[VMIN as usize] = 3;
    });
    type_keys(&mut terminal, b"ab");
    assert!(terminal.has_input() && !terminal.is_readable());
    type_keys(&mut terminal, b"c");
    assert!(terminal.is_readable());
}

#[test]
fn waiting_input_survives_a_change_of_mode() {
    let mut terminal = terminal();
    type_keys(&mut terminal, b"half");
    change(&mut terminal, raw);
    assert_eq!(bytes(&mut terminal), b"half");
    type_keys(&mut terminal, b"typed");
    change(&mut terminal, |termios| termios.c_lflag |= ICANON);
    assert_eq!(line(&mut terminal).unwrap(), b"typed");
}

#[test]
fn too_long_a_line_loses_bytes_but_can_be_ended() {
    let mut terminal = terminal_with(|termios| termios.c_lflag &= !ECHO);
    type_keys(&mut terminal, &[b'x'; 10_000]);
    type_keys(&mut terminal, b"\n");
    assert_eq!(line(&mut terminal).unwrap().len(), 4096);
    assert_eq!(line(&mut terminal), None);
}

#[test]
fn a_full_queue_takes_no_more() {
    let mut raw_terminal = terminal_with(raw);
    assert_eq!(raw_terminal.receive(&[b'x'; 5000]).taken, 4095);
    assert_eq!(raw_terminal.receive(b"y").taken, 0);
    let mut terminal = terminal_with(|termios| termios.c_lflag &= !ECHO);
    type_keys(&mut terminal, b"line\n");
    assert_eq!(terminal.receive(&[b'x'; 5000]).taken, 4090);
    assert_eq!(line(&mut terminal).unwrap(), b"line\n");
    assert!(terminal.input_room() > 0);
}

#[test]
fn breaks_and_damaged_bytes_follow_the_input_modes() {
    let seen = |flags: u32, error| {
        let mut terminal = terminal_with(|termios| {
            raw(termios);
            termios.c_iflag |= flags;
        });
        let signal = terminal.receive_error(error);
        (bytes(&mut terminal), signal)
    };
    let damaged = LineError::Damaged(b'a');
    assert_eq!(seen(0, LineError::Break), (vec![0], None));
    assert_eq!(seen(IGNBRK | BRKINT, LineError::Break), (vec![], None));
    assert_eq!(
        seen(BRKINT, LineError::Break),
        (vec![], Some(Signal::Interrupt))
    );
    assert_eq!(seen(PARMRK, LineError::Break), (vec![0xff, 0, 0], None));
    assert_eq!(seen(0, damaged), (vec![b'a'], None));
    assert_eq!(seen(INPCK, damaged), (vec![0], None));
    assert_eq!(seen(INPCK | IGNPAR, damaged), (vec![], None));
    assert_eq!(seen(INPCK | PARMRK, damaged), (vec![0xff, 0, b'a'], None));
}

#[test]
fn parmrk_doubles_the_mark() {
    let mut terminal = terminal_with(|termios| {
        raw(termios);
        termios.c_iflag |= PARMRK;
    });
    type_keys(&mut terminal, b"a\xffb");
    assert_eq!(bytes(&mut terminal), b"a\xff\xffb");
}

#[test]
fn flush_empties_what_it_names() {
    let mut terminal = terminal();
    type_keys(&mut terminal, b"line\n");
    terminal.flush(Queue::Output);
    assert_eq!(shown(&mut terminal), "");
    assert!(terminal.has_input());
    terminal.flush(Queue::Input);
    assert!(!terminal.has_input());
}

#[test]
fn a_line_that_takes_little_is_offered_the_rest_again() {
    let mut terminal = terminal();
    terminal.write(b"abcdef");
    let mut sent = Vec::new();
    for _ in 0..4 {
        terminal.send_output(|bytes| {
            let part = bytes.len().min(2);
            sent.extend_from_slice(&bytes[..part]);
            part
        });
    }
    assert_eq!(sent, b"abcdef");
    assert_eq!(terminal.output_waiting(), 0);
}
