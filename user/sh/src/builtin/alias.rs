//! `alias` and `unalias` (POSIX.1-2017 XCU).

use super::letters;
use crate::ast::Bytes;
use crate::error::Outcome;
use crate::lexer::Aliases;
use crate::print;
use crate::shell::Shell;
use crate::text::shown;
use std::rc::Rc;

/// `alias [name[=value]…]`.
pub fn alias(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let words = arguments.get(1..).unwrap_or_default();
    let mut out = Bytes::new();
    let mut status = 0;
    if words.is_empty() {
        shell
            .aliases
            .iter()
            .for_each(|(name, value)| out.extend(line(name, value)));
    }
    for word in words {
        match word.iter().skip(1).position(|&byte| byte == b'=') {
            Some(at) => {
                let (name, value) = (shown(&word[..=at]), word[at + 2..].to_vec());
                Rc::make_mut(&mut shell.aliases).insert(name, value);
            }
            None => match shell.aliases.get(&shown(word)) {
                Some(value) => out.extend(line(&shown(word), value)),
                None => status = shell.refuse("alias", format!("{}: no such alias", shown(word))),
            },
        }
    }
    Ok(shell.write_out(&out).max(status))
}

fn line(name: &str, value: &[u8]) -> Bytes {
    [
        b"alias ",
        name.as_bytes(),
        b"=",
        &print::quote(value),
        b"\n",
    ]
    .concat()
}

/// `unalias name…` and `unalias -a`.
pub fn unalias(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let (all, names) = match letters(arguments, "a") {
        Ok((options, names)) => (!options.is_empty(), names),
        Err(message) => return Ok(shell.misuse("unalias", message)),
    };
    if all {
        shell.aliases = Rc::new(Aliases::new());
        return Ok(0);
    }
    let mut status = 0;
    for name in names {
        if Rc::make_mut(&mut shell.aliases)
            .remove(&shown(name))
            .is_none()
        {
            status = shell.refuse("unalias", format!("{}: no such alias", shown(name)));
        }
    }
    Ok(status)
}
