//! `help`: what the shell itself can do.

use super::{TABLE, find};
use crate::ast::Bytes;
use crate::error::Outcome;
use crate::shell::Shell;
use crate::text::shown;

/// What a person at the prompt wants to know besides the commands.
const KEYS: &str = "\
Keys: arrows, Home, End, Tab completes, Ctrl-R searches, Ctrl-C gives up, Ctrl-D leaves,
      Ctrl-A/E start/end, Ctrl-W/U/K cut, Ctrl-Y pastes, Ctrl-L clears, Ctrl-Z stops a program.
Every other command is a program: `tools --list`, or Tab on an empty line.
";

/// `help [name]`.
pub fn help(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    if let Some(name) = arguments.get(1) {
        return Ok(match find(&shown(name)) {
            Some(builtin) => shell.write_out(format!("{}\n", builtin.usage).as_bytes()),
            None => shell.refuse(
                "help",
                format!("{}: not built in; try {0} --help", shown(name)),
            ),
        });
    }
    let lines: String = TABLE
        .iter()
        .map(|builtin| format!("  {}\n", builtin.usage))
        .collect();
    Ok(shell.write_out(format!("{lines}{KEYS}").as_bytes()))
}
