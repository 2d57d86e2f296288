//! lsns: which namespaces there are, and who is in them.
//!
//! Source: lsns(8) of util-linux; /proc/PID/ns of namespaces(7).

use std::collections::BTreeMap;
use std::io::Write;

use lexopt::prelude::*;

use super::names::Names;
use super::process::{self, Process};
use super::{Context, Failure};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: lsns [-t TYPE] [-p PID]
List the namespaces of all processes that can be seen.
  -t, --type TYPE  only those of a kind: pid, mnt, uts, dev ...
  -p, --task PID   only those of one process
";

/// A namespace, by its kind and number.
type Key = (String, u64);

/// One of them.
struct Found {
    /// How many processes are in it.
    count: usize,
    /// The one with the lowest number.
    first: Process,
}

/// Lists them.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let (mut kind, mut task) = (None, None);
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('t') | Long("type") => kind = Some(arguments.value()?.string()?),
            Short('p') | Long("task") => task = Some(arguments.value()?.parse::<i32>()?),
            Long("help") => return Err(Failure::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    let mut found = collect(process::all()?);
    if let Some(kind) = kind {
        found.retain(|key, _| key.0 == kind);
    }
    if let Some(task) = task {
        let own = namespaces_of(task);
        found.retain(|key, _| own.contains(key));
    }
    print(&found)?;
    Ok(i32::from(found.is_empty()))
}

/// `process::all` gives them by number, so the first to name a namespace is the lowest.
fn collect(processes: Vec<Process>) -> BTreeMap<Key, Found> {
    let mut found = BTreeMap::<Key, Found>::new();
    for process in processes {
        for key in namespaces_of(process.pid) {
            let first = process.clone();
            found.entry(key).or_insert(Found { count: 0, first }).count += 1;
        }
    }
    found
}

/// Those of one process; none if it is gone or not ours to look at.
fn namespaces_of(pid: i32) -> Vec<Key> {
    let entries = std::fs::read_dir(format!("/proc/{pid}/ns"))
        .into_iter()
        .flatten()
        .flatten();
    // What its children will be in, it is not in itself.
    let own = entries.filter(|entry| {
        let name = entry.file_name();
        !name.to_string_lossy().ends_with("_for_children")
    });
    own.filter_map(|entry| parse(std::fs::read_link(entry.path()).ok()?.to_str()?))
        .collect()
}

/// `kind:[number]`.
fn parse(text: &str) -> Option<Key> {
    let (kind, rest) = text.split_once(":[")?;
    let number = rest.strip_suffix(']')?.parse().ok()?;
    Some((kind.to_owned(), number))
}

fn print(found: &BTreeMap<Key, Found>) -> Result<(), Failure> {
    let users = Names::users();
    let mut output = std::io::stdout().lock();
    writeln!(
        output,
        "{:>10} {:6} {:>6} {:>5} {:8} COMMAND",
        "NS", "TYPE", "NPROCS", "PID", "USER"
    )?;
    for ((kind, number), found) in found {
        let first = &found.first;
        writeln!(
            output,
            "{number:>10} {kind:6} {:>6} {:>5} {:8} {}",
            found.count,
            first.pid,
            users.of(first.user),
            first.command()
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_kind_and_number() {
        assert_eq!(
            parse("pid:[4026531836]"),
            Some(("pid".into(), 4_026_531_836))
        );
        assert_eq!(parse("socket:[x]"), None);
        assert_eq!(parse("/bin/sh"), None);
    }

    #[test]
    fn this_process_is_in_some() {
        let own = i32::try_from(std::process::id()).expect("small");
        let keys = namespaces_of(own);
        assert!(keys.iter().any(|(kind, _)| kind == "pid"), "{keys:?}");
        let process = Process::read(own).expect("it runs");
        let found = collect(vec![process.clone(), process]);
        assert!(found.values().all(|found| found.count == 2));
    }
}
