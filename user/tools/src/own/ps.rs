//! ps: lists processes.
//!
//! Contract: the options people type: none (this terminal's), `-e`/`-A` and `-f`, `-p`, `-o`, and
//! the BSD `aux`/`ax`. Columns are those of procps under their names there.
//!
//! Source: ps(1) of POSIX and procps.

use std::io::{BufWriter, Write};

use lexopt::prelude::*;

use super::names::Names;
use super::process::{self, Process, TICKS_PER_SECOND};
use super::{Context, Failure};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: ps [-e] [-f] [-p PID,...] [-o COLUMN,...]
       ps ax | ps aux
List the processes of this terminal and user.
  -e, -A, ax   all processes
  -f           long: UID PID PPID C STIME TTY TIME CMD
  aux          all, with memory and states
  -p PID,...   those
  -o COLUMN,...  choose from pid ppid pgid sid tty user uid gid stat s comm args
               time etime vsz rss nice nlwp; COLUMN= leaves out the heading
";

const SHORT: &str = "pid,tty,time,comm=CMD";
const FULL: &str = "user=UID,pid,ppid,etime,tty,time,args=CMD";
const BSD: &str = "pid,tty,stat,time,args=COMMAND";
const BSD_USER: &str = "user,pid,vsz,rss,tty,stat,time,args=COMMAND";

/// Which processes are listed.
enum Which {
    OwnTerminal,
    All,
    Pids(Vec<i32>),
}

/// A column: what it shows and what stands above.
struct Column {
    kind: String,
    heading: String,
}

/// Lists them.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let (which, columns) = parse(context)?;
    let listed: Vec<Process> = match which {
        Which::All => process::all()?,
        Which::Pids(pids) => pids.into_iter().filter_map(Process::read).collect(),
        Which::OwnTerminal => {
            let own = i32::try_from(std::process::id())
                .ok()
                .and_then(Process::read);
            let own = own.ok_or_else(|| Failure::Message("cannot read /proc/self".into()))?;
            process::all()?
                .into_iter()
                .filter(|other| other.terminal == own.terminal && other.user == own.user)
                .collect()
        }
    };
    print(&listed, &columns)?;
    Ok(i32::from(listed.is_empty()))
}

fn parse(context: &mut Context) -> Result<(Which, Vec<Column>), Failure> {
    let mut which = Which::OwnTerminal;
    let mut format = SHORT.to_string();
    let mut chosen: Vec<String> = Vec::new();
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('e' | 'A') => which = Which::All,
            Short('f') => format = FULL.into(),
            Short('p') => which = Which::Pids(pids(&arguments.value()?.string()?)?),
            Short('o') => chosen.push(arguments.value()?.string()?),
            Long("help") => return Err(Failure::Help),
            Value(word) => {
                let word = word.string()?;
                if word.is_empty() || !word.chars().all(|letter| "auxwfl".contains(letter)) {
                    which = Which::Pids(pids(&word)?);
                    continue;
                }
                if word.contains(['a', 'x']) {
                    which = Which::All;
                }
                format = if word.contains('u') { BSD_USER } else { BSD }.into();
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if !chosen.is_empty() {
        format = chosen.join(",");
    }
    Ok((
        which,
        format.split(',').map(column).collect::<Result<_, _>>()?,
    ))
}

fn pids(text: &str) -> Result<Vec<i32>, Failure> {
    text.split([',', ' '])
        .map(|word| word.parse())
        .collect::<Result<_, _>>()
        .map_err(|_| Failure::Usage(format!("'{text}' is no list of process numbers")))
}

/// Its usual heading, and whether it is set to the right.
fn known(kind: &str) -> Option<(&'static str, bool)> {
    Some(match kind {
        "pid" => ("PID", true),
        "ppid" => ("PPID", true),
        "pgid" | "pgrp" => ("PGID", true),
        "sid" | "sess" => ("SID", true),
        "tpgid" => ("TPGID", true),
        "uid" | "euid" => ("UID", true),
        "gid" | "egid" => ("GID", true),
        "user" | "euser" => ("USER", false),
        "tty" | "tt" => ("TTY", false),
        "stat" | "state" => ("STAT", false),
        "s" => ("S", false),
        "comm" | "ucmd" => ("COMMAND", false),
        "args" | "cmd" | "command" => ("COMMAND", false),
        "time" | "cputime" => ("TIME", true),
        "etime" => ("ELAPSED", true),
        "vsz" => ("VSZ", true),
        "rss" => ("RSS", true),
        "ni" | "nice" => ("NI", true),
        "nlwp" => ("NLWP", true),
        _ => return None,
    })
}

/// Columns as wide as procps has them, so that lists look alike from call to call.
fn least_width(kind: &str) -> usize {
    match kind {
        "user" | "euser" | "tty" | "tt" | "time" | "cputime" => 8,
        "pid" | "ppid" | "pgid" | "pgrp" | "sid" | "sess" | "tpgid" | "uid" | "gid" | "rss" => 5,
        _ => 0,
    }
}

fn column(text: &str) -> Result<Column, Failure> {
    let (kind, heading) = match text.split_once('=') {
        Some((kind, heading)) => (kind.trim(), Some(heading)),
        None => (text.trim(), None),
    };
    let (usual, _) =
        known(kind).ok_or_else(|| Failure::Usage(format!("unknown column '{kind}'")))?;
    Ok(Column {
        kind: kind.into(),
        heading: heading.unwrap_or(usual).into(),
    })
}

/// Days, hours, minutes and seconds as ps writes them.
fn clock(seconds: u64, always_hours: bool) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let rest = format!("{:02}:{:02}", seconds / 60 % 60, seconds % 60);
    match (days, hours) {
        (0, 0) if !always_hours => rest,
        (0, _) => format!("{hours:02}:{rest}"),
        _ => format!("{days}-{hours:02}:{rest}"),
    }
}

fn status(process: &Process) -> String {
    let mut text = String::from(process.state);
    match process.nice {
        ..0 => text.push('<'),
        1.. => text.push('N'),
        0 => {}
    }
    if process.session == process.pid {
        text.push('s');
    }
    if process.threads > 1 {
        text.push('l');
    }
    if process.terminal_group == process.group {
        text.push('+');
    }
    text
}

fn cell(process: &Process, kind: &str, users: &Names, uptime_ticks: u64) -> String {
    match kind {
        "pid" => process.pid.to_string(),
        "ppid" => process.parent.to_string(),
        "pgid" | "pgrp" => process.group.to_string(),
        "sid" | "sess" => process.session.to_string(),
        "tpgid" => process.terminal_group.to_string(),
        "uid" | "euid" => process.user.to_string(),
        "gid" | "egid" => process.user_group.to_string(),
        "user" | "euser" => users.of(process.user),
        "tty" | "tt" => process.terminal_name(),
        "stat" | "state" => status(process),
        "s" => process.state.to_string(),
        "comm" | "ucmd" if process.state == 'Z' => format!("{} <defunct>", process.name),
        "comm" | "ucmd" => process.name.clone(),
        "time" | "cputime" => clock(process.time_ticks / TICKS_PER_SECOND, true),
        "etime" => clock(
            uptime_ticks.saturating_sub(process.start_ticks) / TICKS_PER_SECOND,
            false,
        ),
        "vsz" => (process.virtual_bytes / 1024).to_string(),
        "rss" => (process.resident_bytes / 1024).to_string(),
        "ni" | "nice" => process.nice.to_string(),
        "nlwp" => process.threads.to_string(),
        _ => process.command(),
    }
}

fn print(processes: &[Process], columns: &[Column]) -> Result<(), Failure> {
    let users = Names::users();
    // Good to a century; the fraction of a tick is of no interest.
    let uptime_ticks = (process::uptime_seconds()? * TICKS_PER_SECOND as f64) as u64;
    let mut rows = Vec::new();
    if columns.iter().any(|column| !column.heading.is_empty()) {
        rows.push(
            columns
                .iter()
                .map(|column| column.heading.clone())
                .collect::<Vec<_>>(),
        );
    }
    for process in processes {
        let cells = columns.iter();
        rows.push(
            cells
                .map(|c| cell(process, &c.kind, &users, uptime_ticks))
                .collect(),
        );
    }
    let mut output = BufWriter::new(std::io::stdout().lock());
    for row in &rows {
        let mut line = String::new();
        for (index, (text, column)) in row.iter().zip(columns).enumerate() {
            let width = rows
                .iter()
                .map(|row| row[index].chars().count())
                .max()
                .unwrap_or(0)
                .max(least_width(&column.kind));
            let to_the_right = known(&column.kind).is_some_and(|(_, right)| right);
            let gap = if index > 0 { " " } else { "" };
            line += &if to_the_right {
                format!("{gap}{text:>width$}")
            } else {
                format!("{gap}{text:<width$}")
            };
        }
        writeln!(output, "{}", line.trim_end())?;
    }
    output.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_ps_writes_them() {
        assert_eq!(clock(61, false), "01:01");
        assert_eq!(clock(61, true), "00:01:01");
        assert_eq!(clock(90_061, true), "1-01:01:01");
    }

    #[test]
    fn every_column_of_the_usual_forms_is_known() {
        for form in [SHORT, FULL, BSD, BSD_USER] {
            for text in form.split(',') {
                assert!(column(text).is_ok(), "{text}");
            }
        }
        assert!(column("nope").is_err());
    }
}
