//! The line discipline against what a Linux terminal shows and gives for the same keys.

mod editing;
mod modes;
mod queues;

use super::*;
use abi::raw::general::*;
use abi::terminal::{Termios, Termios2};

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
fn eol_ends_a_line_and_is_read() {
    let mut terminal = terminal_with(|termios| termios.c_cc[VEOL as usize] = b';');
    type_keys(&mut terminal, b"a;b");
    assert_eq!(line(&mut terminal).unwrap(), b"a;");
    assert_eq!(shown(&mut terminal), "a;b");
}
