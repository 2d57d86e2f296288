//! `/etc/inittab`: what init starts, and when.
//!
//! A line is `id:runlevels:action:process`, as inittab(5) of System V has it and BusyBox reads
//! it. The id names the terminal the process gets (`ttyS0` is /dev/ttyS0; empty is
//! /dev/console; `-` is none); the run levels are ignored, there is only one. Empty lines and
//! lines that begin with `#` are skipped. A line that begins with `if PATH` counts only where PATH
//! exists when the table is read: `if /dev/fb0 -::respawn:/bin/term`. A line that cannot be understood is reported and
//! skipped: a spelling mistake must not keep the machine from coming up.

use std::path::Path;

/// Where the table is when no other file is named.
pub const PATH: &str = "/etc/inittab";

/// Where that of a persona is.
pub const PERSONA_PATH: &str = "/etc/persona.inittab";

/// What runs when there is no table at all: a shell, so that one can be written.
const FALLBACK: &str = "::respawn:/bin/sh -l\n";

/// When an entry is started, and whether init waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// First of all; the next one starts when this one has ended.
    SysInit,
    /// After every `sysinit`; the next one starts when this one has ended.
    Wait,
    /// After every `wait`, once, without waiting for its end.
    Once,
    /// Like `once`, and started again whenever it ends.
    Respawn,
    /// Like `respawn`, but only after someone pressed Enter on the terminal.
    AskFirst,
    /// When process 1 gets SIGINT, which is what Ctrl-Alt-Del sends.
    CtrlAltDel,
    /// On the way down, before the other processes are asked to end.
    Shutdown,
}

impl Action {
    fn parse(word: &str) -> Option<Action> {
        Some(match word {
            "sysinit" => Action::SysInit,
            "wait" => Action::Wait,
            "once" => Action::Once,
            "respawn" => Action::Respawn,
            "askfirst" => Action::AskFirst,
            "ctrlaltdel" => Action::CtrlAltDel,
            "shutdown" => Action::Shutdown,
            _ => return None,
        })
    }
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The terminal the process is given: a path, or `-` for none.
    pub terminal: String,
    /// When it runs.
    pub action: Action,
    /// The command line as it stands in the table.
    pub process: String,
}

impl Entry {
    fn parse(line: &str) -> Result<Entry, String> {
        let fields: Vec<&str> = line.splitn(4, ':').collect();
        let [id, _run_levels, action, process] = fields[..] else {
            return Err("a line is id:runlevels:action:process".into());
        };
        let action = Action::parse(action.trim()).ok_or_else(|| {
            format!(
                "'{action}' is no action; known are sysinit, wait, once, respawn, askfirst, \
                 ctrlaltdel and shutdown"
            )
        })?;
        let process = process.trim();
        if process.is_empty() {
            return Err("the process is missing".into());
        }
        let terminal = match id.trim() {
            "" => "/dev/console".into(),
            "-" => "-".into(),
            path if path.starts_with('/') => path.into(),
            name => format!("/dev/{name}"),
        };
        Ok(Entry {
            terminal,
            action,
            process: process.into(),
        })
    }

    /// The words to execute.
    pub fn command(&self) -> Vec<String> {
        words_of(&self.process)
    }
}

/// The words of a command line. One with any of the shell's special characters is handed to
/// `/bin/sh -c`; a plain one is split at blanks, which saves a process.
pub fn words_of(line: &str) -> Vec<String> {
    if line.contains(|c| "~`!$^&*()=|\\{}[];\"'<>?#".contains(c)) {
        vec!["/bin/sh".into(), "-c".into(), line.into()]
    } else {
        line.split_whitespace().map(String::from).collect()
    }
}

/// What is left of a line after `if PATH`, when `exists` says that PATH is there. None: the line
/// does not count. A line without a condition is left as it is.
pub fn where_it_counts(line: &str, exists: impl Fn(&Path) -> bool) -> Option<&str> {
    let condition = line.strip_prefix("if ").map(str::trim_start);
    match condition.filter(|rest| rest.starts_with('/')) {
        None => Some(line),
        Some(rest) => {
            let (path, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            exists(Path::new(path)).then(|| rest.trim_start())
        }
    }
}

/// Reads a table from its text. Returns the entries in order and a message for each bad line.
pub fn parse(text: &str) -> (Vec<Entry>, Vec<String>) {
    let mut entries = Vec::new();
    let mut complaints = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some(line) = where_it_counts(line, Path::exists) else {
            continue;
        };
        match Entry::parse(line) {
            Ok(entry) => entries.push(entry),
            Err(why) => complaints.push(format!("line {}: {why}", index + 1)),
        }
    }
    (entries, complaints)
}

/// Reads the table of a persona in `file` and reports what is wrong with it. Nothing need be in
/// it: a persona lives by its first process alone, and gets what `persona run` brings.
pub fn read_persona(file: &Path) -> Vec<Entry> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| {
        eprintln!("init: {}: {error}; starting nothing", file.display());
        String::new()
    });
    let (entries, complaints) = parse(&text);
    report(file, &complaints);
    entries
}

fn report(file: &Path, complaints: &[String]) {
    for complaint in complaints {
        eprintln!("init: {}: {complaint}; line ignored", file.display());
    }
}

/// Reads the table in `file` and reports what is wrong with it on the console. Without a
/// readable table there is still a shell.
pub fn read(file: &Path) -> Vec<Entry> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| {
        eprintln!(
            "init: {}: {error}; starting a shell on the console",
            file.display()
        );
        FALLBACK.into()
    });
    let (entries, complaints) = parse(&text);
    report(file, &complaints);
    if entries.is_empty() {
        eprintln!(
            "init: {}: no entry; starting a shell on the console",
            file.display()
        );
        return parse(FALLBACK).0;
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_terminal_action_and_process() {
        let (entries, complaints) = parse("# comment\n\nttyS0:2345:respawn:/bin/sh -l\n");
        assert!(complaints.is_empty());
        assert_eq!(entries[0].terminal, "/dev/ttyS0");
        assert_eq!(entries[0].action, Action::Respawn);
        assert_eq!(entries[0].command(), ["/bin/sh", "-l"]);
    }

    #[test]
    fn the_process_may_hold_colons_and_shell_characters() {
        let (entries, _) = parse("-::once:echo a:b > /tmp/x\n");
        assert_eq!(entries[0].terminal, "-");
        assert_eq!(entries[0].command(), ["/bin/sh", "-c", "echo a:b > /tmp/x"]);
    }

    #[test]
    fn an_empty_id_is_the_console() {
        assert_eq!(parse("::wait:x").0[0].terminal, "/dev/console");
    }

    #[test]
    fn a_line_with_a_condition_counts_where_the_path_exists() {
        let text = "if /dev/null -::once:here\nif /no/such/thing -::once:there\n-::once:always\n";
        let (entries, complaints) = parse(text);
        assert!(complaints.is_empty(), "{complaints:?}");
        let started: Vec<_> = entries.iter().map(|entry| &entry.process).collect();
        assert_eq!(started, ["here", "always"]);
        assert_eq!(parse("if /dev/null").1.len(), 1, "nothing is left of it");
    }

    #[test]
    fn bad_lines_are_reported_with_their_number_and_skipped() {
        let (entries, complaints) = parse("rubbish\n::dance:/bin/sh\n::once:\n::once:/bin/true\n");
        assert_eq!(entries.len(), 1);
        assert!(
            complaints[0].starts_with("line 1: a line is"),
            "{complaints:?}"
        );
        assert!(
            complaints[1].starts_with("line 2: 'dance' is no action"),
            "{complaints:?}"
        );
        assert!(
            complaints[2].starts_with("line 3: the process is missing"),
            "{complaints:?}"
        );
    }
}
