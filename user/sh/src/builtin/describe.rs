//! `type` and `command`: what a name means, and running it past functions (POSIX.1-2017 XCU).

use super::find;
use crate::ast::{Bytes, Command};
use crate::error::{Outcome, Unwind};
use crate::parser::is_reserved;
use crate::print;
use crate::shell::Shell;
use crate::text::shown;

/// `type name…`.
pub fn describe(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let mut out = Bytes::new();
    let mut status = 0;
    for name in arguments.get(1..).unwrap_or_default() {
        match meaning(shell, name) {
            Some(text) => out.extend(text),
            None => status = shell.refuse("type", format!("{}: not found", shown(name))),
        }
    }
    Ok(shell.write_out(&out).max(status))
}

/// What a name means, for a person.
fn meaning(shell: &Shell, name: &[u8]) -> Option<Bytes> {
    let text = shown(name);
    let line = if let Some(value) = shell.aliases.get(&text) {
        format!("{text} is an alias for {}", shown(value))
    } else if is_reserved(name) {
        format!("{text} is a shell keyword")
    } else if find(&text).is_some_and(|builtin| builtin.is_special) {
        format!("{text} is a special shell builtin")
    } else if let Some(body) = shell.functions.get(&text) {
        let definition = print::command(&Command::Function(text.clone(), body.clone()));
        return Some(
            [
                format!("{text} is a function\n").as_bytes(),
                &definition,
                b"\n",
            ]
            .concat(),
        );
    } else if find(&text).is_some() {
        format!("{text} is a shell builtin")
    } else {
        let file = shell.find_program(name).ok()?;
        return Some([name, b" is ", &file, b"\n"].concat());
    };
    Some(format!("{line}\n").into_bytes())
}

/// `command [-p] [-v|-V] name arguments…`.
pub fn command(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let (options, words) = match super::letters(arguments, "pvV") {
        Ok(parsed) => parsed,
        Err(message) => return Ok(shell.misuse("command", message)),
    };
    let Some(name) = words.first() else {
        return Ok(0);
    };
    if options.contains(&b'V') {
        let arguments = [vec![b"type".to_vec()], words.to_vec()].concat();
        return describe(shell, &arguments);
    }
    if options.contains(&b'v') {
        return Ok(match short_meaning(shell, name) {
            Some(text) => shell.write_out(&[text.as_slice(), b"\n"].concat()),
            None => 127,
        });
    }
    let usual_path = options
        .contains(&b'p')
        .then(|| shell.variables.save("PATH"));
    if usual_path.is_some() {
        // Unset, PATH stands for the places where the system's own programs are.
        shell.variables.restore("PATH", None);
    }
    let result = shell.run_words(words);
    if let Some(path) = usual_path {
        shell.variables.restore("PATH", path);
    }
    match result {
        // Under `command`, an error of a special built-in is an ordinary failure (XCU `command`).
        Ok(()) | Err(Unwind::Abandon) => Ok(shell.status),
        Err(other) => Err(other),
    }
}

/// What a name means, for a script: the text that would run it.
fn short_meaning(shell: &Shell, name: &[u8]) -> Option<Bytes> {
    let text = shown(name);
    if let Some(value) = shell.aliases.get(&text) {
        return Some([b"alias ", name, b"=", &print::quote(value)].concat());
    }
    if is_reserved(name) || find(&text).is_some() || shell.functions.contains_key(&text) {
        return Some(name.to_vec());
    }
    shell.find_program(name).ok()
}
