//! `set` and `shift`: options and positional parameters (POSIX.1-2017 XCU 2.14).

use crate::ast::Bytes;
use crate::error::Outcome;
use crate::options::{self, Flag, TABLE};
use crate::print;
use crate::shell::Shell;
use crate::text::{number, shown};

/// `set [-abc] [-o name] [--] [arguments…]`.
pub fn set(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    if arguments.len() == 1 {
        return Ok(list_variables(shell));
    }
    match parse_options(shell, &arguments[1..], options::is_changeable) {
        Ok(Parsed {
            rest,
            ended,
            listing,
        }) => {
            let operands = &arguments[1 + rest..];
            if let Some(as_commands) = listing {
                return Ok(list_options(shell, as_commands));
            }
            if ended || !operands.is_empty() {
                shell.arguments = operands.to_vec();
            }
            Ok(0)
        }
        Err(message) => shell.fail(2, format!("set: {message}")),
    }
}

/// What the options of `set` or of the command line came to.
pub struct Parsed {
    /// How many words they took.
    pub rest: usize,
    /// Whether `--` ended them.
    pub ended: bool,
    /// A bare `-o` (false) or `+o` (true) was there: list the options.
    pub listing: Option<bool>,
}

/// Turns options on and off as words such as `-e`, `+x` and `-o pipefail` say, up to the first
/// word that is no option.
pub fn parse_options(
    shell: &mut Shell,
    words: &[Bytes],
    allowed: impl Fn(Flag) -> bool,
) -> Result<Parsed, String> {
    let mut parsed = Parsed {
        rest: 0,
        ended: false,
        listing: None,
    };
    while let Some(word) = words.get(parsed.rest) {
        let on = match word.as_slice() {
            b"--" => {
                parsed.rest += 1;
                parsed.ended = true;
                break;
            }
            [b'-', _, ..] => true,
            [b'+', _, ..] => false,
            _ => break,
        };
        parsed.rest += 1;
        for &letter in &word[1..] {
            let flag = if letter == b'o' {
                let Some(name) = words.get(parsed.rest) else {
                    parsed.listing = Some(!on);
                    continue;
                };
                parsed.rest += 1;
                let unknown = || format!("{}: unknown option; `set -o` lists them", shown(name));
                options::by_name(name).ok_or_else(unknown)?
            } else {
                let sign = if on { '-' } else { '+' };
                let unknown = || {
                    format!(
                        "{sign}{}: unknown option; `set -o` lists them",
                        shown(&[letter])
                    )
                };
                options::by_letter(letter).ok_or_else(unknown)?
            };
            if !allowed(flag) {
                return Err("this option can only be given when the shell starts".to_owned());
            }
            shell.change_option(flag, on)?;
        }
    }
    Ok(parsed)
}

impl Shell {
    fn change_option(&mut self, flag: Flag, on: bool) -> Result<(), String> {
        if flag == Flag::Monitor && on && !self.has(Flag::Monitor) {
            return self.start_job_control().map_err(str::to_owned);
        }
        self.options.set(flag, on);
        Ok(())
    }
}

fn list_variables(shell: &mut Shell) -> i32 {
    let mut out = Bytes::new();
    for (name, variable) in shell.variables.iter() {
        if let Some(value) = &variable.value {
            out.extend([name.as_bytes(), b"=", &print::quote(value), b"\n"].concat());
        }
    }
    shell.write_out(&out)
}

fn list_options(shell: &mut Shell, as_commands: bool) -> i32 {
    let mut out = String::new();
    for (flag, _, name) in TABLE {
        let on = shell.has(flag);
        if as_commands && options::is_changeable(flag) {
            out.push_str(&format!("set {}o {name}\n", if on { '-' } else { '+' }));
        } else if !as_commands {
            out.push_str(&format!("{name:<12}{}\n", if on { "on" } else { "off" }));
        }
    }
    shell.write_out(out.as_bytes())
}

/// `shift [n]`.
pub fn shift(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let count = match arguments.get(1) {
        None => 1,
        Some(text) => match number::<usize>(text) {
            Some(count) => count,
            None => {
                return shell.fail(
                    2,
                    format!("shift: {}: expected a number from 0", shown(text)),
                );
            }
        },
    };
    if count > shell.arguments.len() {
        let have = shell.arguments.len();
        return Ok(shell.refuse(
            "shift",
            format!("cannot shift by {count}: there are {have} arguments"),
        ));
    }
    shell.arguments.drain(..count);
    Ok(0)
}
