//! `persona run NAME COMMAND...`: a command joins a persona.
//!
//! This process takes the persona's namespaces and spawns COMMAND, whose pid namespace, and with
//! it the device namespace, is the persona's from its first instruction on. This process itself
//! stays in the root's, so it does not count as one of the persona's.

use std::ffi::OsString;
use std::os::fd::AsFd;

use crate::failure::{Failure, cannot};
use crate::namespaces::{self, Kinds};
use crate::terminal::run_command;
use crate::{Done, PROGRAM, known, menu};

/// Runs the command and gives its status.
pub fn run(arguments: &[OsString]) -> Result<Done, Failure> {
    let [name, command @ ..] = arguments else {
        return Err(menu::misused("run"));
    };
    let Some((program, words)) = command.split_first() else {
        return Err(menu::misused("run"));
    };
    let personas = known::all()?;
    let persona = known::find(&personas, name.to_str().unwrap_or("?"))?;
    let init = known::hold(persona)?;
    let folder = std::env::current_dir();
    namespaces::enter(init.as_fd(), Kinds::PERSONA, None)
        .map_err(cannot(format!("cannot enter {}", persona.called())))?;
    // The same folder, as the persona sees it, or its root where it has none of that name.
    let stayed = folder.and_then(std::env::set_current_dir);
    if stayed.is_err() {
        std::env::set_current_dir("/").map_err(cannot("/"))?;
    }
    let status = run_command(PROGRAM, program, words)?;
    Ok(Done {
        status,
        ..Done::default()
    })
}
