//! The line discipline: editing, echo, raw reading, translation, flow. Source: termios(3).

use super::{get, pair, put, set, settings, shows, waiting};
use abi_tests::check::Outcome;
use abi_tests::process::{self, now, spawn, wait};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;

cases![
    canonical_gives_lines,
    canonical_short_reads,
    canonical_one_line_a_read,
    erase_character,
    erase_word,
    kill_line,
    literal_next,
    end_of_file,
    end_of_file_after_text,
    additional_end_of_line,
    reprint,
    echo_plain,
    echo_control_characters,
    echo_newline_only,
    echo_off,
    carriage_return_to_newline,
    newline_to_carriage_return,
    ignore_carriage_return,
    output_newline,
    output_unprocessed,
    output_tabs,
    upper_case_untouched,
    raw_minimum_one,
    raw_minimum_many,
    raw_minimum_and_timeout,
    raw_timeout_only,
    raw_poll_zero_zero,
    readers_take_turns,
    switch_from_canonical_shows_rest,
    signals_off_gives_bytes,
    stop_and_start_output,
    strip_eighth_bit,
    utf8_erase_is_whole,
    line_longer_than_buffer_keeps_end,
    simulate_input,
];

fn canonical_gives_lines() -> Outcome {
    let pair = pair()?;
    put(pair.master, "hello\n")?;
    same!(get(pair.slave)?, "hello\n");
    Ok(())
}

fn canonical_short_reads() -> Outcome {
    let pair = pair()?;
    put(pair.master, "hello\n")?;
    let mut part = [0u8; 2];
    for expected in [b"he", b"ll", b"o\n"] {
        gives!(2, SYS_read, pair.slave, &mut part, 2);
        same!(&part, expected);
    }
    Ok(())
}

fn canonical_one_line_a_read() -> Outcome {
    let pair = pair()?;
    put(pair.master, "one\ntwo\nthree\n")?;
    same!(
        [get(pair.slave)?, get(pair.slave)?, get(pair.slave)?],
        ["one\n", "two\n", "three\n"]
    );
    Ok(())
}

fn erase_character() -> Outcome {
    let pair = pair()?;
    put(pair.master, "helk\x7flo\x7f\x7fo there\n")?;
    same!(get(pair.slave)?, "helo there\n");
    put(pair.master, "\x7f\x7fx\n")?;
    same!(get(pair.slave)?, "x\n");
    Ok(())
}

fn erase_word() -> Outcome {
    let pair = pair()?;
    put(pair.master, "one two  \x17three\n")?;
    same!(get(pair.slave)?, "one three\n");
    Ok(())
}

fn kill_line() -> Outcome {
    let pair = pair()?;
    put(pair.master, "nothing of this\x15only this\n")?;
    same!(get(pair.slave)?, "only this\n");
    Ok(())
}

fn literal_next() -> Outcome {
    let pair = pair()?;
    put(pair.master, "a\x16\x7fb\x16\x03\n")?;
    same!(get(pair.slave)?, "a\x7fb\x03\n");
    Ok(())
}

fn end_of_file() -> Outcome {
    let pair = pair()?;
    put(pair.master, "\x04")?;
    gives!(0, SYS_read, pair.slave, &mut [0u8; 10], 10);
    put(pair.master, "on\n")?;
    same!(get(pair.slave)?, "on\n");
    Ok(())
}

fn end_of_file_after_text() -> Outcome {
    let pair = pair()?;
    put(pair.master, "no newline\x04")?;
    same!(get(pair.slave)?, "no newline");
    put(pair.master, "a\x04\x04")?;
    same!(
        (get(pair.slave)?, get(pair.slave)?),
        ("a".into(), String::new())
    );
    Ok(())
}

fn additional_end_of_line() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| now.characters[VEOL] = b';')?;
    put(pair.master, "a;b\n")?;
    same!(
        (get(pair.slave)?, get(pair.slave)?),
        ("a;".into(), "b\n".into())
    );
    Ok(())
}

fn reprint() -> Outcome {
    let pair = pair()?;
    put(pair.master, "abc\x12")?;
    shows(pair.master, "abc^R\r\nabc")?;
    Ok(())
}

fn echo_plain() -> Outcome {
    let pair = pair()?;
    put(pair.master, "abc\n")?;
    shows(pair.master, "abc\r\n")?;
    put(pair.master, "xy\x7f\n")?;
    shows(pair.master, "xy\x08 \x08\r\n")?;
    Ok(())
}

fn echo_control_characters() -> Outcome {
    let pair = pair()?;
    put(pair.master, "\x01\t\x1b\n")?;
    shows(pair.master, "^A\t^[\r\n")?;
    put(pair.master, "a\x01\x7fb\n")?;
    shows(pair.master, "a^A\x08 \x08\x08 \x08b\r\n")?;
    put(pair.master, "ab\x15")?;
    shows(pair.master, "ab\x08 \x08\x08 \x08")?;
    Ok(())
}

fn echo_newline_only() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| {
        now.local &= !ECHO;
        now.local |= ECHONL;
    })?;
    put(pair.master, "abc\n")?;
    shows(pair.master, "\r\n")?;
    Ok(())
}

fn echo_off() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| now.local &= !ECHO)?;
    put(pair.master, "secret\n")?;
    same!(waiting(pair.master)?, 0);
    same!(get(pair.slave)?, "secret\n");
    Ok(())
}

fn carriage_return_to_newline() -> Outcome {
    let pair = pair()?;
    put(pair.master, "a\r")?;
    same!(get(pair.slave)?, "a\n");
    Ok(())
}

fn newline_to_carriage_return() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| {
        now.input = INLCR;
        now.local &= !ICANON;
    })?;
    put(pair.master, "a\nb\rc")?;
    same!(get(pair.slave)?, "a\rb\rc");
    Ok(())
}

fn ignore_carriage_return() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| now.input = IGNCR)?;
    put(pair.master, "a\rb\n")?;
    same!(get(pair.slave)?, "ab\n");
    Ok(())
}

fn output_newline() -> Outcome {
    let pair = pair()?;
    put(pair.slave, "a\nb\r\n")?;
    shows(pair.master, "a\r\nb\r\r\n")?;
    set(pair.slave, |now| now.output = OPOST | OCRNL)?;
    put(pair.slave, "a\rb\n")?;
    shows(pair.master, "a\nb\n")?;
    Ok(())
}

fn output_unprocessed() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| now.output &= !OPOST)?;
    put(pair.slave, "a\nb\tc\r")?;
    shows(pair.master, "a\nb\tc\r")?;
    Ok(())
}

fn output_tabs() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| now.output |= XTABS)?;
    put(pair.slave, "ab\tc\t\n")?;
    shows(pair.master, "ab      c       \r\n")?;
    Ok(())
}

fn upper_case_untouched() -> Outcome {
    let pair = pair()?;
    put(pair.master, "MixedCase\n")?;
    same!(get(pair.slave)?, "MixedCase\n");
    Ok(())
}

fn raw_minimum_one() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| now.local &= !(ICANON | ECHO | ISIG))?;
    put(pair.master, "a")?;
    same!(get(pair.slave)?, "a");
    put(pair.master, "\x7f\x15\x04")?;
    same!(get(pair.slave)?, "\x7f\x15\x04");
    Ok(())
}

fn raw_minimum_many() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| {
        now.local &= !(ICANON | ECHO);
        now.characters[VMIN] = 4;
    })?;
    let child = spawn(|| sys!(SYS_read, pair.slave, &mut [0u8; 10], 10) as i32)?;
    holds!(process::until_asleep(child));
    put(pair.master, "ab")?;
    process::pause(20);
    gives!(0, SYS_wait4, child, 0, WNOHANG, 0);
    put(pair.master, "cde")?;
    holds!([4 << 8, 5 << 8].contains(&wait(child)?));
    Ok(())
}

/// With both set the time runs between bytes, after the first.
fn raw_minimum_and_timeout() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| {
        now.local &= !(ICANON | ECHO);
        now.characters[VMIN] = 10;
        now.characters[VTIME] = 1;
    })?;
    put(pair.master, "abc")?;
    let start = now();
    same!(get(pair.slave)?, "abc");
    holds!(now() - start >= 90_000_000);
    Ok(())
}

fn raw_timeout_only() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| {
        now.local &= !(ICANON | ECHO);
        now.characters[VMIN] = 0;
        now.characters[VTIME] = 1;
    })?;
    let start = now();
    gives!(0, SYS_read, pair.slave, &mut [0u8; 10], 10);
    holds!(now() - start >= 90_000_000);
    put(pair.master, "x")?;
    same!(get(pair.slave)?, "x");
    Ok(())
}

fn raw_poll_zero_zero() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| {
        now.local &= !(ICANON | ECHO);
        now.characters[VMIN] = 0;
    })?;
    gives!(0, SYS_read, pair.slave, &mut [0u8; 10], 10);
    put(pair.master, "xy")?;
    same!(get(pair.slave)?, "xy");
    Ok(())
}

/// While one call waits for the rest of what it wants, no other takes it away.
fn readers_take_turns() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| {
        now.local &= !(ICANON | ECHO);
        now.characters[VMIN] = 4;
        now.characters[VTIME] = 0;
    })?;
    let path = super::name(pair.master)?;
    let impatient = works!(SYS_open, path.as_c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK);
    let reader = spawn(|| {
        let mut text = [0u8; 10];
        let count = sys!(SYS_read, pair.slave, &mut text, 10);
        i32::from((count, &text[..4]) != (4, b"abcd"))
    })?;
    holds!(process::until_asleep(reader));
    for part in ["ab", "cd"] {
        put(pair.master, part)?;
        fails!(EAGAIN, SYS_read, impatient, &mut [0u8; 10], 10);
    }
    same!(wait(reader)?, 0);
    put(pair.master, "later")?;
    same!(get(pair.slave)?, "later");
    Ok(())
}

fn switch_from_canonical_shows_rest() -> Outcome {
    let pair = pair()?;
    put(pair.master, "typed")?;
    set(pair.slave, |now| now.local &= !ICANON)?;
    same!(get(pair.slave)?, "typed");
    Ok(())
}

fn signals_off_gives_bytes() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| now.local &= !(ICANON | ISIG | IEXTEN))?;
    put(pair.master, "\x03\x1a\x1c\x16")?;
    same!(get(pair.slave)?, "\x03\x1a\x1c\x16");
    Ok(())
}

/// ^S stops what the slave writes from being sent; ^Q lets it go on. They are not input.
fn stop_and_start_output() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| now.local &= !ECHO)?;
    put(pair.master, "\x13")?;
    // Linux looks at it in a work queue, a little later.
    process::pause(50);
    let child = spawn(|| sys!(SYS_write, pair.slave, b"held", 4) as i32)?;
    process::pause(30);
    same!(waiting(pair.master)?, 0);
    put(pair.master, "\x11")?;
    shows(pair.master, "held")?;
    same!(wait(child)?, 4 << 8);
    put(pair.master, "x\n")?;
    same!(get(pair.slave)?, "x\n");
    Ok(())
}

fn strip_eighth_bit() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| now.input |= ISTRIP)?;
    gives!(2, SYS_write, pair.master, &[0xc1u8, b'\n'], 2);
    same!(get(pair.slave)?, "A\n");
    Ok(())
}

fn utf8_erase_is_whole() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| now.input |= IUTF8)?;
    put(pair.master, "aä\x7fb\n")?;
    same!(get(pair.slave)?, "ab\n");
    Ok(())
}

/// A canonical line holds 4095 bytes; more are dropped, but the end of the line still counts.
fn line_longer_than_buffer_keeps_end() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| now.local &= !ECHO)?;
    for _ in 0..50 {
        put(pair.master, &"x".repeat(100))?;
    }
    put(pair.master, "\n")?;
    let mut total = 0;
    let mut last = String::new();
    while total < 4096 {
        last = get(pair.slave)?;
        total += last.len();
    }
    same!((total, last.ends_with("x\n")), (4096, true));
    Ok(())
}

fn simulate_input() -> Outcome {
    let pair = pair()?;
    if sys!(SYS_ioctl, pair.slave, TIOCSTI, c"a") != 0 {
        // Linux can be configured without it; then there is nothing to compare.
        return Err(abi_tests::check::Failure::Skipped);
    }
    put(pair.master, "\n")?;
    same!(get(pair.slave)?, "a\n");
    fails!(EFAULT, SYS_ioctl, pair.slave, TIOCSTI, 8);
    holds!(settings(pair.slave)?.local & ICANON != 0);
    works!(SYS_close, pair.slave);
    Ok(())
}
