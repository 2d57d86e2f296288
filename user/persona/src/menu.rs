//! The subcommands: one table, from which the menu, the help, Tab and the suggestions come.

use std::ffi::OsString;

use crate::failure::Failure;
use crate::{Done, create, enter, known, stop, suggest, switch};

/// A subcommand.
pub struct Subcommand {
    /// Its name.
    pub name: &'static str,
    /// What follows the name.
    pub operands: &'static str,
    /// What it does: its line of the menu.
    pub purpose: &'static str,
    /// What `persona help NAME` adds.
    pub more: &'static str,
    /// Whether it starts or waits for other processes.
    pub apart: bool,
    /// Does it: its arguments to what came of it.
    pub run: fn(&[OsString]) -> Result<Done, Failure>,
}

/// All of them, in the order in which one meets them.
pub static TABLE: [Subcommand; 7] = [
    Subcommand {
        name: "create",
        operands: "NAME [COMMAND...]",
        purpose: "make one; COMMAND is its first process, by default init",
        more: "\
It gets pid, mount, UTS and device namespaces of its own, a /proc that shows its processes only,
an empty /run, the host name NAME and the first four letters of NAME as its tag. COMMAND is its
process 1: when that ends, all of it ends. Its input is /dev/null, its output goes to
/run/persona/NAME.log. Without COMMAND it is 'init --persona', which runs what
/etc/persona.inittab says. /etc/personas says which personas start at boot.
",
        apart: true,
        run: create::run,
    },
    Subcommand {
        name: "list",
        operands: "",
        purpose: "show who is there and who is in the foreground",
        more: "\
INIT is the pid of the first process, FOR is since when the state holds, DEVICES are the classes
of devices that keep a state for it. '?' is one that was made by other means and has no name.
",
        apart: false,
        run: known::list,
    },
    Subcommand {
        name: "switch",
        operands: "NAME | PID | -",
        purpose: "bring one to the foreground; - is the one before",
        more: "\
PID is any process of the persona. The machine itself is called root.
",
        apart: false,
        run: switch::switch,
    },
    Subcommand {
        name: "run",
        operands: "NAME COMMAND...",
        purpose: "run a command inside one, from this terminal",
        more: "\
COMMAND joins the persona's namespaces, reads and writes where this shell does, and its status is
the one you get. 'persona run NAME sh' is a shell inside.
",
        apart: true,
        run: enter::run,
    },
    Subcommand {
        name: "tag",
        operands: "NAME TAG",
        purpose: "give it another tag, which log entries carry",
        more: "\
A tag has at most four bytes; '' takes it away.
",
        apart: false,
        run: switch::tag,
    },
    Subcommand {
        name: "stop",
        operands: "[-t SECONDS] NAME",
        purpose: "end it: SIGTERM to its init, after 5 seconds SIGKILL",
        more: "\
-t sets how long its init may take; 0 is SIGKILL at once. If it was in the foreground, root is then.
",
        apart: true,
        run: stop::run,
    },
    Subcommand {
        name: "help",
        operands: "[COMMAND]",
        purpose: "this, or more about one of these",
        more: "",
        apart: false,
        run: help,
    },
];

/// The subcommand with exactly this name.
pub fn find(name: &str) -> Option<&'static Subcommand> {
    TABLE.iter().find(|command| command.name == name)
}

/// The same; a name that is none is a failure that suggests the nearest.
pub fn look_up(name: &str) -> Result<&'static Subcommand, Failure> {
    find(name).ok_or_else(|| {
        let hint = suggest::hint(name, TABLE.iter().map(|command| command.name));
        Failure::usage(format!(
            "there is no 'persona {name}'{hint} ('persona' alone shows the menu)"
        ))
    })
}

/// The menu.
pub fn text() -> String {
    let calls: Vec<String> = TABLE.iter().map(call).collect();
    let width = calls.iter().map(String::len).max().unwrap_or(0);
    let lines: String = TABLE
        .iter()
        .zip(&calls)
        .map(|(command, call)| format!("  {call:width$}  {}\n", command.purpose))
        .collect();
    format!(
        "\
Usage: persona COMMAND [ARGUMENT...]
A persona is a set of processes that believes it has the screen, the keyboard, the clock and the
lights to itself. One is in the foreground and really has them; a switch costs next to nothing.

{lines}
Try: persona create demo; persona run demo ps -e; persona switch demo; persona list; persona switch -
"
    )
}

fn call(command: &Subcommand) -> String {
    format!("persona {} {}", command.name, command.operands)
        .trim_end()
        .to_owned()
}

/// How a subcommand is called, for whoever called it otherwise.
pub fn misused(name: &str) -> Failure {
    Failure::usage(match find(name) {
        Some(command) => format!("usage: {}", call(command)),
        None => "see 'persona help'".into(),
    })
}

/// `persona help [COMMAND]`.
fn help(arguments: &[OsString]) -> Result<Done, Failure> {
    let Some(first) = arguments.first() else {
        return Ok(Done::said(text()));
    };
    let command = look_up(first.to_str().unwrap_or("?"))?;
    Ok(Done::said(format!(
        "{}: {}\n{}",
        call(command),
        command.purpose,
        command.more
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_menu_names_every_subcommand_and_fits_a_terminal() {
        let text = text();
        for command in &TABLE {
            assert!(
                text.contains(&format!("  persona {}", command.name)),
                "{text}"
            );
            let help = help(&[command.name.into()]).expect("it exists").text;
            assert!(help.contains(command.purpose), "{help}");
            assert!(help.lines().all(|line| line.len() <= 100), "{help}");
        }
        assert!(text.lines().all(|line| line.len() <= 101), "{text}");
    }

    #[test]
    fn a_misspelt_subcommand_suggests_the_nearest() {
        let said = |name: &str| {
            let failure = look_up(name).err().expect("there is none of that name");
            (failure.status, failure.text)
        };
        let (status, text) = said("swich");
        assert_eq!(status, 2);
        assert!(text.contains("did you mean switch?"), "{text}");
        assert!(!said("xyzzy").1.contains("mean"));
    }
}
