//! What the modes do to single bytes on their way in and out, and which keys are signals.

use super::*;

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
