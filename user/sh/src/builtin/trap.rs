//! `trap`: commands for signals and for the exit (POSIX.1-2017 XCU 2.14).

use crate::ast::Bytes;
use crate::error::Outcome;
use crate::print;
use crate::shell::Shell;
use crate::signal;
use crate::text::shown;
use crate::trap::Action;

/// `trap [action] signal…`; without arguments it lists.
pub fn trap(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let words = arguments.get(1..).unwrap_or_default();
    let words = if words.first().is_some_and(|word| word == b"--") {
        &words[1..]
    } else {
        words
    };
    let (action, signals) = match words {
        [] => return Ok(list(shell)),
        [only] if only == b"-p" => return Ok(list(shell)),
        [dash, signals @ ..] if dash == b"-" => (None, signals),
        // A number first means: all these signals get their default action.
        [first, ..] if first.iter().all(u8::is_ascii_digit) && !first.is_empty() => (None, words),
        [only] => (None, std::slice::from_ref(only)),
        [text, signals @ ..] if text.is_empty() => (Some(Action::Ignore), signals),
        [text, signals @ ..] => (Some(Action::Run(text.clone())), signals),
    };
    let mut status = 0;
    for name in signals {
        let Some(number) = signal::parse(name).filter(|number| *number <= signal::HIGHEST) else {
            status = shell.refuse(
                "trap",
                format!("{}: unknown signal; `kill -l` lists them", shown(name)),
            );
            continue;
        };
        let keep = shell.keeps_caught(number);
        let result = match &action {
            Some(action) => shell.traps.set(number, action.clone()),
            None => shell.traps.reset(number, keep),
        };
        if let Err(reason) = result {
            status = shell.refuse("trap", format!("{}: {reason}", shown(name)));
        }
    }
    Ok(status)
}

fn list(shell: &mut Shell) -> i32 {
    let mut out = Bytes::new();
    for (number, action) in shell.traps.listed() {
        let name = if number == 0 {
            "EXIT"
        } else {
            signal::name(number).unwrap_or_default()
        };
        let text = match action {
            Action::Ignore => b"''".to_vec(),
            Action::Run(text) => print::quote(text),
        };
        out.extend([b"trap -- ", text.as_slice(), b" ", name.as_bytes(), b"\n"].concat());
    }
    shell.write_out(&out)
}

impl Shell {
    /// Whether an interactive shell handles a signal even without a trap.
    fn keeps_caught(&self, number: i32) -> bool {
        let always = [
            signal::INT,
            signal::QUIT,
            signal::TERM,
            signal::TSTP,
            signal::TTIN,
            signal::TTOU,
        ];
        self.is_interactive() && always.contains(&number)
    }
}
