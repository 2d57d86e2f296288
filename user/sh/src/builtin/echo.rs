//! `echo`.
//!
//! Contract: `-n` leaves the newline out, `-e` interprets backslashes, `-E` does not (the default,
//! as in bash and busybox; POSIX leaves this open and recommends `printf`).

use super::escape;
use crate::ast::Bytes;
use crate::error::Outcome;
use crate::shell::Shell;

/// `echo [-neE] words…`.
pub fn echo(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let mut words = arguments.get(1..).unwrap_or_default();
    let (mut newline, mut escapes) = (true, false);
    while let Some((word, rest)) = words.split_first() {
        let [b'-', letters @ ..] = word.as_slice() else {
            break;
        };
        if letters.is_empty() || !letters.iter().all(|letter| b"neE".contains(letter)) {
            break;
        }
        for letter in letters {
            match letter {
                b'n' => newline = false,
                other => escapes = *other == b'e',
            }
        }
        words = rest;
    }
    let mut out = words.join(&b' ');
    if escapes {
        let (text, stopped) = escape::interpret(&out, escape::Octal::AfterZero);
        out = text;
        newline &= !stopped;
    }
    if newline {
        out.push(b'\n');
    }
    Ok(shell.write_out(&out))
}
