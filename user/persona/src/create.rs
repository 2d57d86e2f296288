//! `persona create NAME [COMMAND...]`.
//!
//! The steps: the name is free, `birth` makes the processes, the record notes them, the kernel
//! gets the tag. All under the registry's lock, so that two cannot take the same name.

use std::ffi::OsString;

use crate::failure::{Failure, cannot};
use crate::registry::{Record, Registry};
use crate::{Done, birth, device, known, menu, name};

/// The init of a persona for which no other is named.
const INIT: [&str; 2] = ["/bin/init", "--persona"];

/// Makes a persona.
pub fn run(arguments: &[OsString]) -> Result<Done, Failure> {
    let Some((name, mut command)) = arguments.split_first() else {
        return Err(menu::misused("create"));
    };
    if let Some((first, rest)) = command.split_first()
        && first == "--"
    {
        command = rest;
    }
    let name = name.to_str().unwrap_or("");
    name::check(name).map_err(Failure::usage)?;
    // Asked first: outside the root this says so, and nothing has been touched.
    device::namespaces()?;
    let registry = Registry::of_machine();
    let lock = registry
        .lock()
        .map_err(cannot("cannot lock the names of the personas"))?;
    if let Some(other) = known::all()?
        .iter()
        .find(|p| p.name.as_deref() == Some(name))
    {
        let pid = other.device.init_pid;
        return Err(Failure::new(format!(
            "there is a persona {name} already, its init is process {pid}; choose another name \
             or end that one with 'persona stop {name}'"
        )));
    }
    let log = registry.log(name);
    let default = INIT.map(OsString::from);
    let command = if command.is_empty() {
        &default
    } else {
        command
    };
    let init_pid = birth::of(name, &log, command)?;
    let ended = || {
        Failure::new(format!(
            "{name} has ended already: its init, process {init_pid}, did; what it said is in {}",
            log.display()
        ))
    };
    let record = Record::of(init_pid).ok_or_else(ended)?;
    registry
        .note(&lock, name, record)
        .map_err(cannot(format!("cannot note the name of {name}")))?;
    let tag = name::tag_of(name);
    if let Err(failure) = device::set_tag(init_pid, tag) {
        return Err(if record.is_true() { failure } else { ended() });
    }
    Ok(Done::said(format!(
        "{name}: init is process {init_pid}, tag {tag}, output in {}\n",
        log.display()
    )))
}
