//! `printf` (POSIX.1-2017 XCU `printf`, XBD 5).
//!
//! Contract: the format is used again while arguments are left; a missing argument is empty or 0;
//! an argument that is not a number is reported and counts as far as it is one, with status 1.

use super::escape::{self, Octal, Sequence};
use super::float;
use crate::ast::Bytes;
use crate::error::Outcome;
use crate::glob::first_character;
use crate::shell::Shell;
use crate::text::{number, shown};
use std::slice::Iter;

/// `printf format arguments…`.
pub fn printf(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let operands = arguments.get(1..).unwrap_or_default();
    let operands = if operands.first().is_some_and(|word| word == b"--") {
        &operands[1..]
    } else {
        operands
    };
    let Some((format, rest)) = operands.split_first() else {
        return Ok(shell.misuse("printf", "expected a format"));
    };
    let mut printer = Printer {
        out: Bytes::new(),
        arguments: rest.iter(),
        problems: Vec::new(),
        taken: false,
        stopped: false,
    };
    loop {
        printer.taken = false;
        printer.run(format);
        if printer.stopped || !printer.taken || printer.arguments.len() == 0 {
            break;
        }
    }
    let problems = std::mem::take(&mut printer.problems);
    let status = shell.write_out(&printer.out);
    for problem in &problems {
        shell.refuse("printf", problem);
    }
    Ok(if problems.is_empty() { status } else { 1 })
}

struct Printer<'arguments> {
    out: Bytes,
    arguments: Iter<'arguments, Bytes>,
    problems: Vec<String>,
    /// Whether this round used an argument.
    taken: bool,
    stopped: bool,
}

/// The part of a conversion between `%` and its letter.
#[derive(Clone, Copy, Default)]
struct Spec {
    left: bool,
    zero: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

impl Printer<'_> {
    fn run(&mut self, format: &[u8]) {
        let mut rest = format;
        while let Some((&byte, after)) = rest.split_first() {
            rest = match byte {
                b'\\' => self.escape(after),
                b'%' if after.first() == Some(&b'%') => {
                    self.out.push(b'%');
                    &after[1..]
                }
                b'%' => self.conversion(after),
                _ => {
                    self.out.push(byte);
                    after
                }
            };
            if self.stopped {
                return;
            }
        }
    }

    fn escape<'format>(&mut self, after: &'format [u8]) -> &'format [u8] {
        match escape::sequence(after, Octal::Plain) {
            Sequence::Byte(value, length) => {
                self.out.push(value);
                &after[length..]
            }
            Sequence::Stop => {
                self.stopped = true;
                after
            }
            Sequence::None => {
                self.out.push(b'\\');
                after
            }
        }
    }

    fn conversion<'format>(&mut self, mut rest: &'format [u8]) -> &'format [u8] {
        let mut spec = Spec::default();
        while let Some((flag, after)) = rest.split_first() {
            match flag {
                b'-' => spec.left = true,
                b'0' => spec.zero = true,
                b'+' => spec.plus = true,
                b' ' => spec.space = true,
                b'#' => spec.alternate = true,
                _ => break,
            }
            rest = after;
        }
        let (width, after) = self.size(rest);
        rest = after;
        if let Some(width) = width {
            spec.left |= width < 0;
            spec.width = usize::try_from(width.unsigned_abs())
                .unwrap_or(0)
                .min(1 << 20);
        }
        if let Some(after) = rest.strip_prefix(b".") {
            let (precision, after) = self.size(after);
            spec.precision = usize::try_from(precision.unwrap_or(0))
                .ok()
                .map(|size| size.min(1 << 20));
            rest = after;
        }
        match rest.split_first() {
            Some((&letter, after)) => {
                self.convert(letter, &spec);
                after
            }
            None => {
                self.problems
                    .push("%: expected a conversion such as %s or %d".to_owned());
                rest
            }
        }
    }

    /// A width or precision: digits or `*`.
    fn size<'format>(&mut self, rest: &'format [u8]) -> (Option<i64>, &'format [u8]) {
        if let Some(after) = rest.strip_prefix(b"*") {
            let argument = self.next();
            return (Some(self.integer(&argument)), after);
        }
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (text, after) = rest.split_at(digits);
        (number(text), after)
    }

    fn next(&mut self) -> Bytes {
        self.taken = true;
        self.arguments.next().cloned().unwrap_or_default()
    }

    fn convert(&mut self, letter: u8, spec: &Spec) {
        match letter {
            b's' => {
                let text = self.next();
                let text = cut(&text, spec.precision);
                self.pad(text, spec);
            }
            b'b' => {
                let (text, stopped) = escape::interpret(&self.next(), Octal::AfterZero);
                self.pad(cut(&text, spec.precision), spec);
                self.stopped |= stopped;
            }
            b'c' => {
                let text = self.next();
                let length = first_character(&text).map_or(0, |(_, length)| length);
                self.pad(&text[..length], spec);
            }
            b'd' | b'i' => {
                let argument = self.next();
                let value = self.integer(&argument);
                let sign = sign(value < 0, spec);
                self.number(&value.unsigned_abs().to_string(), sign, spec);
            }
            b'u' | b'o' | b'x' | b'X' => {
                let argument = self.next();
                let value = self.integer(&argument) as u64;
                let (digits, prefix) = match letter {
                    b'o' => (format!("{value:o}"), "0"),
                    b'x' => (format!("{value:x}"), "0x"),
                    b'X' => (format!("{value:X}"), "0X"),
                    _ => (value.to_string(), ""),
                };
                self.number(
                    &digits,
                    if spec.alternate && value != 0 {
                        prefix
                    } else {
                        ""
                    },
                    spec,
                );
            }
            b'f' | b'F' | b'e' | b'E' | b'g' | b'G' => self.floating(letter, spec),
            _ => {
                self.problems
                    .push(format!("%{}: unknown conversion", shown(&[letter])));
                self.stopped = true;
            }
        }
    }

    fn floating(&mut self, letter: u8, spec: &Spec) {
        let argument = self.next();
        let text = shown(&argument);
        let value: f64 = match text.trim().parse() {
            Ok(value) => value,
            Err(_) if text.is_empty() => 0.0,
            Err(_) => {
                self.problems.push(format!("{text}: not a number"));
                0.0
            }
        };
        let digits = float::format(value.abs(), letter, spec.precision.unwrap_or(6));
        let without_precision = Spec {
            precision: None,
            ..*spec
        };
        self.number(
            &digits,
            sign(value.is_sign_negative(), spec),
            &without_precision,
        );
    }

    fn number(&mut self, digits: &str, sign: &str, spec: &Spec) {
        let mut digits = digits.to_owned();
        if let Some(precision) = spec.precision {
            digits = format!("{digits:0>precision$}");
        } else if spec.zero && !spec.left {
            let width = spec.width.saturating_sub(sign.len());
            digits = format!("{digits:0>width$}");
        }
        self.pad(format!("{sign}{digits}").as_bytes(), spec);
    }

    fn pad(&mut self, text: &[u8], spec: &Spec) {
        let fill = spec.width.saturating_sub(text.len());
        if !spec.left {
            self.out.resize(self.out.len() + fill, b' ');
        }
        self.out.extend_from_slice(text);
        if spec.left {
            self.out.resize(self.out.len() + fill, b' ');
        }
    }

    /// The value of an integer argument: decimal, octal, hexadecimal, or `'c` for a character.
    fn integer(&mut self, argument: &[u8]) -> i64 {
        if let [b'\'' | b'"', rest @ ..] = argument {
            return first_character(rest)
                .map_or(0, |(character, _)| i64::from(u32::from(character)));
        }
        let text = shown(argument);
        let trimmed = text.trim_start();
        match parse_integer(trimmed) {
            Some(value) => value,
            None if argument.is_empty() => 0,
            None => {
                self.problems.push(format!("{text}: not a number"));
                let digits = trimmed
                    .find(|c: char| !c.is_ascii_digit() && c != '-')
                    .unwrap_or(trimmed.len());
                trimmed[..digits].parse().unwrap_or(0)
            }
        }
    }
}

fn sign(negative: bool, spec: &Spec) -> &'static str {
    match (negative, spec.plus, spec.space) {
        (true, _, _) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        _ => "",
    }
}

fn cut(text: &[u8], precision: Option<usize>) -> &[u8] {
    &text[..precision.map_or(text.len(), |longest| longest.min(text.len()))]
}

fn parse_integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = crate::arithmetic::radix(digits);
    if digits.starts_with(['+', '-']) {
        return None;
    }
    // Values above the signed range are those of %u and %x.
    let value = u64::from_str_radix(digits, radix).ok()? as i64;
    Some(if negative {
        value.wrapping_neg()
    } else {
        value
    })
}
