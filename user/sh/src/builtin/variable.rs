//! `export`, `readonly`, `unset` and `local`.
//! Source: POSIX.1-2017 XCU 2.14; `local` as in dash and Debian policy 10.4.

use super::letters;
use crate::ast::{Bytes, is_name};
use crate::error::Outcome;
use crate::print;
use crate::shell::Shell;
use crate::text::shown;
use crate::variables::{ReadOnly, Variable};

/// `export [-n] [-p] [name[=value]…]`.
pub fn export(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let (options, names) = match letters(arguments, "np") {
        Ok(parsed) => parsed,
        Err(message) => return shell.fail(2, format!("export: {message}")),
    };
    if names.is_empty() {
        return Ok(list(shell, "export", |variable| variable.exported));
    }
    let remove = options.contains(&b'n');
    each(shell, "export", names, |shell, name| {
        if remove {
            shell.variables.unexport(name);
        } else {
            shell.variables.export(name);
        }
    })
}

/// `readonly [-p] [name[=value]…]`.
pub fn readonly(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let names = match letters(arguments, "p") {
        Ok((_, names)) => names,
        Err(message) => return shell.fail(2, format!("readonly: {message}")),
    };
    if names.is_empty() {
        return Ok(list(shell, "readonly", |variable| variable.read_only));
    }
    each(shell, "readonly", names, |shell, name| {
        shell.variables.protect(name)
    })
}

/// `local name[=value]…`.
pub fn local(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let names = arguments.get(1..).unwrap_or_default();
    for word in names {
        let (name, value) = take_apart(word);
        let Some(name) = name else {
            return Ok(shell.misuse("local", format!("{}: not a name", shown(word))));
        };
        if !shell.variables.make_local(&name) {
            return Ok(shell.misuse("local", "not in a function"));
        }
        if let Some(value) = value {
            shell.assign(&name, value)?;
        }
    }
    Ok(0)
}

/// `unset [-v] [-f] name…`.
pub fn unset(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let (options, names) = match letters(arguments, "fv") {
        Ok(parsed) => parsed,
        Err(message) => return shell.fail(2, format!("unset: {message}")),
    };
    for word in names {
        let name = shown(word);
        let only_function = options.is_empty() && shell.variables.save(&name).is_none();
        if options.contains(&b'f') || (only_function && shell.functions.contains_key(&name)) {
            shell.functions.remove(&name);
        } else if !is_name(word) {
            return Ok(shell.misuse("unset", format!("{name}: not a name")));
        } else if let Err(ReadOnly(name)) = shell.variables.unset(&name) {
            return shell.fail(2, format!("unset: {name}: is read-only"));
        }
    }
    Ok(0)
}

/// Assigns where a value is given, then marks.
fn each(
    shell: &mut Shell,
    command: &str,
    words: &[Bytes],
    mark: impl Fn(&mut Shell, &str),
) -> Outcome<i32> {
    for word in words {
        let (name, value) = take_apart(word);
        let Some(name) = name else {
            return shell.fail(2, format!("{command}: {}: not a name", shown(word)));
        };
        if let Some(value) = value {
            shell.assign(&name, value)?;
        }
        mark(shell, &name);
    }
    Ok(0)
}

/// The name, if it is one, and the value of `name=value`.
fn take_apart(word: &[u8]) -> (Option<String>, Option<Bytes>) {
    let equals = word.iter().position(|&byte| byte == b'=');
    let (name, value) = match equals {
        Some(at) => (&word[..at], Some(word[at + 1..].to_vec())),
        None => (word, None),
    };
    (is_name(name).then(|| shown(name)), value)
}

/// Lists variables so that the output, run, brings them back.
fn list(shell: &mut Shell, command: &str, wanted: impl Fn(&Variable) -> bool) -> i32 {
    let mut out = Bytes::new();
    for (name, variable) in shell
        .variables
        .iter()
        .filter(|(_, variable)| wanted(variable))
    {
        out.extend_from_slice(format!("{command} {name}").as_bytes());
        if let Some(value) = &variable.value {
            out.push(b'=');
            out.extend(print::quote(value));
        }
        out.push(b'\n');
    }
    shell.write_out(&out)
}
