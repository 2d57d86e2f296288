//! `cd`, `pwd` and `umask` (POSIX.1-2017 XCU).
//!
//! Contract: PWD keeps the way we came, symbolic links and all, unless `-P` asks for the real one.

use super::letters;
use crate::ast::Bytes;
use crate::error::Outcome;
use crate::shell::{Shell, error_text};
use crate::text::{os, shown};
use rustix::fs::Mode;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// `cd [-L|-P] [folder|-]`.
pub fn cd(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let (options, operands) = match letters(arguments, "LP") {
        Ok(parsed) => parsed,
        Err(message) => return Ok(shell.misuse("cd", message)),
    };
    let (variable, target) = match operands {
        [] => ("HOME", None),
        [dash] if dash == b"-" => ("OLDPWD", None),
        [folder] => ("", Some(folder.clone())),
        _ => return Ok(shell.misuse("cd", "expected one folder")),
    };
    let target = match target.or_else(|| shell.variables.get(variable).map(<[u8]>::to_vec)) {
        Some(target) => target,
        None => return Ok(shell.refuse("cd", format!("{variable} is not set"))),
    };
    let old = current_folder(shell);
    let physical = options.last() == Some(&b'P');
    let way = if physical {
        target.clone()
    } else {
        tidy(&old, &target)
    };
    // Where the tidied way does not lead (a link was left by `..`), the kernel's view decides.
    if let Err(error) =
        rustix::process::chdir(os(&way)).or_else(|_| rustix::process::chdir(os(&target)))
    {
        return Ok(shell.refuse("cd", format!("{}: {}", shown(&target), error_text(error))));
    }
    let new = if physical {
        real_folder().unwrap_or(way)
    } else {
        way
    };
    shell.assign("OLDPWD", old)?;
    shell.assign("PWD", new.clone())?;
    if variable == "OLDPWD" {
        return Ok(shell.write_out(&[new.as_slice(), b"\n"].concat()));
    }
    Ok(0)
}

/// `pwd [-L|-P]`.
pub fn pwd(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let options = match letters(arguments, "LP") {
        Ok((options, _)) => options,
        Err(message) => return Ok(shell.misuse("pwd", message)),
    };
    let folder = if options.last() == Some(&b'P') {
        real_folder()
    } else {
        Some(current_folder(shell))
    };
    match folder {
        Some(folder) if !folder.is_empty() => {
            Ok(shell.write_out(&[folder.as_slice(), b"\n"].concat()))
        }
        _ => Ok(shell.refuse("pwd", "the working folder is gone; cd somewhere else")),
    }
}

/// Where we are: PWD if it is true, else what the kernel says.
pub fn current_folder(shell: &Shell) -> Bytes {
    let claimed = shell
        .variables
        .get("PWD")
        .filter(|path| path.first() == Some(&b'/'));
    if let Some(path) = claimed
        && let (Ok(there), Ok(here)) = (Path::new(os(path)).metadata(), Path::new(".").metadata())
        && (there.dev(), there.ino()) == (here.dev(), here.ino())
    {
        return path.to_vec();
    }
    real_folder().unwrap_or_default()
}

fn real_folder() -> Option<Bytes> {
    Some(std::env::current_dir().ok()?.into_os_string().into_vec())
}

/// An absolute path from here, without `.` and with `..` taken off by the text.
fn tidy(from: &[u8], target: &[u8]) -> Bytes {
    let whole = if target.starts_with(b"/") {
        target.to_vec()
    } else {
        [from, b"/", target].concat()
    };
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in whole.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    [b"/", parts.join(b"/".as_slice()).as_slice()].concat()
}

/// `umask [-S] [mask]`.
pub fn umask(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let (symbolic, operand) = match arguments {
        [_, dash, rest @ ..] if dash == b"-S" => (true, rest.first()),
        [_, rest @ ..] => (false, rest.first()),
        [] => (false, None),
    };
    // The mask can only be read by setting it.
    let now = rustix::process::umask(Mode::empty());
    rustix::process::umask(now);
    let now = now.as_raw_mode();
    let Some(operand) = operand else {
        let text = if symbolic {
            format!("{}\n", symbols(now))
        } else {
            format!("{now:04o}\n")
        };
        return Ok(shell.write_out(text.as_bytes()));
    };
    let text = shown(operand);
    let mask = match u32::from_str_radix(&text, 8) {
        Ok(mask) if mask <= 0o777 => Some(mask),
        Ok(_) => None,
        Err(_) => apply_symbols(now, &text),
    };
    match mask {
        Some(mask) => {
            rustix::process::umask(Mode::from_raw_mode(mask));
            Ok(0)
        }
        None => Ok(shell.misuse(
            "umask",
            format!("{text}: expected an octal mask such as 022 or u=rwx,g=rx"),
        )),
    }
}

fn symbols(mask: u32) -> String {
    let one = |shift: u32| {
        let allowed = !(mask >> shift) & 7;
        ["r", "w", "x"]
            .iter()
            .zip([4, 2, 1])
            .filter(|(_, bit)| allowed & bit != 0)
            .map(|(letter, _)| *letter)
            .collect::<String>()
    };
    format!("u={},g={},o={}", one(6), one(3), one(0))
}

/// A mask changed as `u=rwx,g-w` says; nothing if the text makes no sense.
fn apply_symbols(mask: u32, text: &str) -> Option<u32> {
    let mut allowed = !mask & 0o777;
    for clause in text.split(',') {
        let at = clause.find(['=', '+', '-'])?;
        let (who, change) = clause.split_at(at);
        let mut reach = 0;
        for letter in who.chars() {
            reach |= match letter {
                'u' => 0o700,
                'g' => 0o070,
                'o' => 0o007,
                'a' => 0o777,
                _ => return None,
            };
        }
        if who.is_empty() {
            reach = 0o777;
        }
        let mut bits = 0;
        for letter in change[1..].chars() {
            bits |= match letter {
                'r' => 0o444,
                'w' => 0o222,
                'x' => 0o111,
                _ => return None,
            };
        }
        allowed = match &change[..1] {
            "=" => (allowed & !reach) | (bits & reach),
            "+" => allowed | (bits & reach),
            _ => allowed & !(bits & reach),
        };
    }
    Some(!allowed & 0o777)
}

#[cfg(test)]
mod tests {
    use super::{apply_symbols, symbols, tidy};

    #[test]
    fn dots_are_taken_out() {
        assert_eq!(tidy(b"/a/b", b"../c/./d"), b"/a/c/d");
        assert_eq!(tidy(b"/", b".."), b"/");
        assert_eq!(tidy(b"/x", b"/y//z/"), b"/y/z");
    }

    #[test]
    fn masks_in_symbols() {
        assert_eq!(symbols(0o022), "u=rwx,g=rx,o=rx");
        assert_eq!(apply_symbols(0o022, "g=,o="), Some(0o077));
        assert_eq!(apply_symbols(0o077, "g+r"), Some(0o037));
        assert_eq!(apply_symbols(0, "z=r"), None);
    }
}
