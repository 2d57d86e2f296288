//! which: where in PATH a program is found.
//!
//! Source: which(1); the search is that of execvp(3).

use std::path::{Path, PathBuf};

use lexopt::prelude::*;
use rustix::fs::Access;

use super::{Context, Failure};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: which [-a] NAME...
Print the path of the program that NAME runs.
  -a  all of that name in PATH, not just the first
";

/// Prints the paths; status 1 if one of the names is no program.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let mut all = false;
    let mut names: Vec<PathBuf> = Vec::new();
    while let Some(argument) = context.arguments.next()? {
        match argument {
            Short('a') | Long("all") => all = true,
            Long("help") => return Err(Failure::Help),
            Value(name) => names.push(name.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut status = 0;
    for name in &names {
        let mut places: Vec<PathBuf> = if name.components().count() > 1 || name.is_absolute() {
            vec![name.clone()]
        } else {
            std::env::split_paths(&path)
                .map(|directory| directory.join(name))
                .collect()
        };
        places.retain(|place| is_program(place));
        if !all {
            places.truncate(1);
        }
        if places.is_empty() {
            status = 1;
        }
        for place in places {
            println!("{}", place.display());
        }
    }
    Ok(status)
}

fn is_program(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, Access::EXEC_OK).is_ok()
}
