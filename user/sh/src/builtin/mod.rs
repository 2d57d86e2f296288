//! The built-in commands: one table, a file per family.
//!
//! Contract: a command gets its arguments with its own name first and gives its status; output
//! goes through [`Shell::write_out`], complaints through [`Shell::complain`]. To add a command, add a row;
//! its completion function, if any, is asked for its arguments by Tab.
//! Source: POSIX.1-2017 XCU 2.14 (special built-ins) and the pages of the others.

mod alias;
mod describe;
mod directory;
mod echo;
mod escape;
mod float;
mod flow;
mod getopts;
mod help;
mod job;
mod kill;
mod limit;
mod persona;
mod printf;
mod read;
mod set;
mod test;
mod trap;
mod variable;

use crate::ast::Bytes;
use crate::complete;
use crate::error::Outcome;
use crate::shell::Shell;
use crate::text::shown;
pub use directory::current_folder;
pub use set::parse_options;

/// What a command does: its arguments, itself first; gives its status.
pub type Run = fn(&mut Shell, &[Bytes]) -> Outcome<i32>;

/// What Tab offers: the words before the one being typed, and what is typed of that.
pub type Complete = fn(&Shell, &[Bytes], &[u8]) -> Vec<Bytes>;

/// A built-in command.
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// How it is called, and what for: a line of `help`.
    pub usage: &'static str,
    /// Special in the sense of POSIX: found before functions, and its assignments stay.
    pub is_special: bool,
    /// Only writes output and reads nothing, so that `$(…)` needs no process for it.
    pub is_pure: bool,
    /// What it does.
    pub run: Run,
    /// How Tab completes its arguments; files if there is nothing here.
    pub complete: Option<Complete>,
}

const fn special(name: &'static str, usage: &'static str, run: Run) -> Builtin {
    Builtin {
        name,
        usage,
        is_special: true,
        is_pure: false,
        run,
        complete: None,
    }
}

const fn regular(name: &'static str, usage: &'static str, run: Run) -> Builtin {
    Builtin {
        name,
        usage,
        is_special: false,
        is_pure: false,
        run,
        complete: None,
    }
}

const fn pure(name: &'static str, usage: &'static str, run: Run) -> Builtin {
    Builtin {
        name,
        usage,
        is_special: false,
        is_pure: true,
        run,
        complete: None,
    }
}

impl Builtin {
    const fn completed_by(self, complete: Complete) -> Builtin {
        Builtin {
            complete: Some(complete),
            ..self
        }
    }
}

/// All built-in commands, sorted by name.
pub static TABLE: [Builtin; 39] = [
    special(
        ".",
        ". file [arguments]: run the commands of a file here",
        flow::dot,
    ),
    special(":", ": [words]: do nothing, successfully", flow::succeed),
    pure("[", "[ expression ]: test a condition", test::bracket),
    regular("alias", "alias [name[=text]]: name a command", alias::alias)
        .completed_by(complete::aliases),
    regular(
        "bg",
        "bg [%job]: let a stopped job go on in the background",
        job::bg,
    )
    .completed_by(complete::jobs),
    special("break", "break [n]: leave loops", flow::break_loop),
    regular(
        "cd",
        "cd [-LP] [folder | -]: change the working folder",
        directory::cd,
    )
    .completed_by(complete::folders),
    regular(
        "command",
        "command [-pvV] name [arguments]: run a command, functions left out",
        describe::command,
    )
    .completed_by(complete::commands),
    special(
        "continue",
        "continue [n]: go on with the next round of a loop",
        flow::continue_loop,
    ),
    pure("echo", "echo [-neE] [words]: write words", echo::echo),
    special("eval", "eval [words]: run words as a command", flow::eval)
        .completed_by(complete::commands),
    special(
        "exec",
        "exec [program [arguments]]: become a program; keep redirections",
        flow::exec,
    )
    .completed_by(complete::commands),
    special("exit", "exit [status]: leave the shell", flow::exit),
    special(
        "export",
        "export [-np] [name[=value]]: give variables to programs",
        variable::export,
    )
    .completed_by(complete::variables),
    pure("false", "false: fail", flow::fail),
    regular("fg", "fg [%job]: bring a job to the foreground", job::fg).completed_by(complete::jobs),
    regular(
        "getopts",
        "getopts letters name [arguments]: take the options of a script apart",
        getopts::getopts,
    ),
    regular("help", "help [name]: what you are reading", help::help),
    regular("jobs", "jobs [-lp] [%job]: list jobs", job::jobs).completed_by(complete::jobs),
    regular(
        "kill",
        "kill [-signal | -l] pid | %job: send a signal",
        kill::kill,
    )
    .completed_by(complete::jobs),
    regular(
        "local",
        "local name[=value]: make variables of a function",
        variable::local,
    )
    .completed_by(complete::variables),
    regular(
        "persona",
        "persona [command [arguments]]: make, list, switch, enter, end personas",
        persona::persona,
    )
    .completed_by(persona::complete),
    pure(
        "printf",
        "printf format [arguments]: write formatted text",
        printf::printf,
    ),
    pure("pwd", "pwd [-LP]: show the working folder", directory::pwd),
    regular(
        "read",
        "read [-r] [-p prompt] [names]: read a line into variables",
        read::read,
    )
    .completed_by(complete::variables),
    special(
        "readonly",
        "readonly [-p] [name[=value]]: protect variables",
        variable::readonly,
    )
    .completed_by(complete::variables),
    special(
        "return",
        "return [status]: leave a function or a sourced file",
        flow::return_from,
    ),
    special(
        "set",
        "set [-aCefmnuvx] [-o option] [--] [arguments]: change options and arguments",
        set::set,
    ),
    special("shift", "shift [n]: drop the first arguments", set::shift),
    pure("test", "test expression: test a condition", test::test),
    special("times", "times: show the processor time used", limit::times),
    special(
        "trap",
        "trap [commands | - | \"\"] signal: what to do on a signal or at EXIT",
        trap::trap,
    ),
    pure("true", "true: succeed", flow::succeed),
    pure(
        "type",
        "type name: tell what a command is",
        describe::describe,
    )
    .completed_by(complete::commands),
    regular(
        "ulimit",
        "ulimit [-HSa] [-letter [limit]]: limits of programs",
        limit::ulimit,
    ),
    regular(
        "umask",
        "umask [-S] [mask]: permissions new files do not get",
        directory::umask,
    ),
    regular(
        "unalias",
        "unalias -a | name: forget aliases",
        alias::unalias,
    )
    .completed_by(complete::aliases),
    special(
        "unset",
        "unset [-fv] name: forget variables or functions",
        variable::unset,
    )
    .completed_by(complete::variables),
    regular(
        "wait",
        "wait [pid | %job]: wait for background jobs",
        job::wait,
    )
    .completed_by(complete::jobs),
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
