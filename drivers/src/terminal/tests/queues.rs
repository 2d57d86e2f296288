//! The queues on both sides: when there is something to read, when they are full, and what holds
//! the output.

use super::*;
use core::time::Duration;

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
