//! `getopts`: the options of a script, one a call (POSIX.1-2017 XCU `getopts`).

use crate::ast::Bytes;
use crate::error::Outcome;
use crate::shell::Shell;
use crate::text::{number, shown};

/// What a call found.
enum Found {
    Option(u8, Option<Bytes>),
    Unknown(u8),
    NoArgument(u8),
    End,
}

/// `getopts letters name [arguments…]`.
pub fn getopts(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let [_, letters, name, own @ ..] = arguments else {
        return Ok(shell.misuse(
            "getopts",
            "expected the option letters and the name of a variable",
        ));
    };
    let name = shown(name);
    let silent = letters.first() == Some(&b':');
    let words = if own.is_empty() {
        shell.arguments.clone()
    } else {
        own.to_vec()
    };
    let found = step(shell, letters, &words)?;
    let (letter, argument, status) = match found {
        Found::End => (b'?', None, 1),
        Found::Option(letter, argument) => (letter, argument, 0),
        Found::Unknown(letter) if silent => (b'?', Some(vec![letter]), 0),
        Found::NoArgument(letter) if silent => (b':', Some(vec![letter]), 0),
        Found::Unknown(letter) => {
            shell.complain(format!("-{}: unknown option", shown(&[letter])));
            (b'?', None, 0)
        }
        Found::NoArgument(letter) => {
            shell.complain(format!(
                "-{}: this option needs an argument",
                shown(&[letter])
            ));
            (b'?', None, 0)
        }
    };
    shell.assign(&name, vec![letter])?;
    match argument {
        Some(argument) => shell.assign("OPTARG", argument)?,
        None => {
            // A read-only OPTARG keeps its value, which is what read-only asks for.
            let _ = shell.variables.unset("OPTARG");
        }
    }
    Ok(status)
}

/// Takes the next option letter and moves OPTIND.
fn step(shell: &mut Shell, letters: &[u8], words: &[Bytes]) -> Outcome<Found> {
    let mut index = number::<usize>(shell.variables.get("OPTIND").unwrap_or(b"1"))
        .unwrap_or(1)
        .max(1);
    let mut offset = shell.getopts_offset.max(1);
    let word = words.get(index - 1).map(Vec::as_slice).unwrap_or_default();
    let is_option = word.len() > 1 && word.first() == Some(&b'-') && word != b"--";
    if !is_option || offset >= word.len() {
        let next = if word == b"--" { index + 1 } else { index };
        shell.assign("OPTIND", next.to_string().into_bytes())?;
        return Ok(Found::End);
    }
    let letter = word[offset];
    offset += 1;
    let position = letters
        .iter()
        .position(|&known| known == letter && letter != b':');
    let wants_argument = position.is_some_and(|at| letters.get(at + 1) == Some(&b':'));
    let mut found = match position {
        None => Found::Unknown(letter),
        Some(_) => Found::Option(letter, None),
    };
    if wants_argument {
        let attached = &word[offset..];
        index += 1;
        found = if !attached.is_empty() {
            Found::Option(letter, Some(attached.to_vec()))
        } else if let Some(next) = words.get(index - 1) {
            index += 1;
            Found::Option(letter, Some(next.clone()))
        } else {
            Found::NoArgument(letter)
        };
        offset = 0;
    } else if offset >= word.len() {
        index += 1;
        offset = 0;
    }
    shell.assign("OPTIND", index.to_string().into_bytes())?;
    shell.getopts_offset = offset;
    Ok(found)
}
