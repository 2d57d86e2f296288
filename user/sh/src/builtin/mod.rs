//! The built-in commands: one table, a file per family.
//!
//! Contract: a command gets its arguments with its own name first and gives its status; output
//! goes through [`Shell::write_out`], complaints through [`Shell::complain`]. To add a command, add a row.
//! Source: POSIX.1-2017 XCU 2.14 (special built-ins) and the pages of the others.

mod alias;
mod describe;
mod directory;
mod echo;
mod escape;
mod float;
mod flow;
mod getopts;
mod job;
mod kill;
mod limit;
mod printf;
mod read;
mod set;
mod test;
mod trap;
mod variable;

use crate::ast::Bytes;
use crate::error::Outcome;
use crate::shell::Shell;
use crate::text::shown;
pub use directory::current_folder;
pub use set::parse_options;

/// What a command does: its arguments, itself first; gives its status.
pub type Run = fn(&mut Shell, &[Bytes]) -> Outcome<i32>;

/// A built-in command.
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// Special in the sense of POSIX: found before functions, and its assignments stay.
    pub is_special: bool,
    /// Only writes output and reads nothing, so that `$(…)` needs no process for it.
    pub is_pure: bool,
    /// What it does.
    pub run: Run,
}

const fn special(name: &'static str, run: Run) -> Builtin {
    Builtin {
        name,
        is_special: true,
        is_pure: false,
        run,
    }
}

const fn regular(name: &'static str, run: Run) -> Builtin {
    Builtin {
        name,
        is_special: false,
        is_pure: false,
        run,
    }
}

const fn pure(name: &'static str, run: Run) -> Builtin {
    Builtin {
        name,
        is_special: false,
        is_pure: true,
        run,
    }
}

/// All built-in commands, sorted by name.
pub static TABLE: [Builtin; 37] = [
    special(".", flow::dot),
    special(":", flow::succeed),
    pure("[", test::bracket),
    regular("alias", alias::alias),
    regular("bg", job::bg),
    special("break", flow::break_loop),
    regular("cd", directory::cd),
    regular("command", describe::command),
    special("continue", flow::continue_loop),
    pure("echo", echo::echo),
    special("eval", flow::eval),
    special("exec", flow::exec),
    special("exit", flow::exit),
    special("export", variable::export),
    pure("false", flow::fail),
    regular("fg", job::fg),
    regular("getopts", getopts::getopts),
    regular("jobs", job::jobs),
    regular("kill", kill::kill),
    regular("local", variable::local),
    pure("printf", printf::printf),
    pure("pwd", directory::pwd),
    regular("read", read::read),
    special("readonly", variable::readonly),
    special("return", flow::return_from),
    special("set", set::set),
    special("shift", set::shift),
    pure("test", test::test),
    special("times", limit::times),
    special("trap", trap::trap),
    pure("true", flow::succeed),
    pure("type", describe::describe),
    regular("ulimit", limit::ulimit),
    regular("umask", directory::umask),
    regular("unalias", alias::unalias),
    special("unset", variable::unset),
    regular("wait", job::wait),
];

/// The built-in command of a name.
pub fn find(name: &str) -> Option<&'static Builtin> {
    TABLE
        .binary_search_by(|builtin| builtin.name.cmp(name))
        .ok()
        .map(|index| &TABLE[index])
}

impl Shell {
    /// Complains in the name of a built-in command, and gives the status for a failure.
    pub(crate) fn refuse(&self, name: &str, message: impl AsRef<str>) -> i32 {
        self.complain(format!("{name}: {}", message.as_ref()));
        1
    }

    /// Complains about how a built-in command was called, and gives the status for that.
    pub(crate) fn misuse(&self, name: &str, message: impl AsRef<str>) -> i32 {
        self.complain(format!("{name}: {}", message.as_ref()));
        2
    }
}

/// The options and operands of a command that takes single-letter options without arguments.
/// `Err` is a letter it does not have.
fn letters<'a>(arguments: &'a [Bytes], known: &str) -> Result<(Vec<u8>, &'a [Bytes]), String> {
    let mut found = Vec::new();
    let mut rest = arguments.get(1..).unwrap_or_default();
    while let Some((argument, after)) = rest.split_first() {
        match argument.as_slice() {
            b"--" => return Ok((found, after)),
            [b'-', letters @ ..] if !letters.is_empty() => {
                if let Some(unknown) = letters
                    .iter()
                    .find(|letter| !known.as_bytes().contains(letter))
                {
                    let known: Vec<String> =
                        known.chars().map(|letter| format!("-{letter}")).collect();
                    let known = if known.is_empty() {
                        "none".to_owned()
                    } else {
                        known.join(" ")
                    };
                    return Err(format!(
                        "-{}: unknown option; known: {known}",
                        shown(&[*unknown])
                    ));
                }
                found.extend_from_slice(letters);
                rest = after;
            }
            _ => break,
        }
    }
    Ok((found, rest))
}

#[cfg(test)]
mod tests {
    use super::TABLE;

    #[test]
    fn the_table_is_sorted() {
        assert!(TABLE.is_sorted_by(|one, next| one.name < next.name));
    }
}
