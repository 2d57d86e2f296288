//! `/etc/personas`: which personas start with the machine.
//!
//! A line is `NAME [COMMAND...]`, as `persona create` takes it; a command with any of the shell's
//! special characters goes through `/bin/sh -c`. Empty lines and lines that begin with `#` are
//! skipped, and so are those that begin with `if PATH` where PATH does not exist, as in the
//! table. They are made one after the other, after the `sysinit` entries of the table and
//! before everything else, so whoever logs in finds them; one that cannot be made is reported
//! on the console and the boot goes on. Where the file names none, no process is started.

use std::path::Path;

use crate::{service, supervisor, table};

/// Where the list is.
pub const PATH: &str = "/etc/personas";
/// The program that makes a persona.
const PROGRAM: [&str; 2] = ["/bin/persona", "create"];

/// Makes the personas that `file` names.
pub fn start(file: &Path) {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(error) => return eprintln!("init: {}: {error}", file.display()),
    };
    for words in parse(&text) {
        let started = service::start_deaf(&words).and_then(supervisor::wait_for);
        if let Err(message) = started {
            eprintln!("init: {}: {}: {message}", file.display(), words.join(" "));
        }
    }
}

/// The command lines that make them.
fn parse(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().map(str::trim);
    let entries = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let entries = entries.filter_map(|line| table::where_it_counts(line, Path::exists));
    entries
        .filter(|line| !line.is_empty())
        .map(command)
        .collect()
}

fn command(line: &str) -> Vec<String> {
    let (name, command) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let mut words = PROGRAM.map(String::from).to_vec();
    words.push(name.into());
    words.extend(table::words_of(command));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_a_persona_and_perhaps_its_command() {
        let text = "# comment\n\nwork\n  play\tsleep 1000\nlog cat < /dev/kmsg > /tmp/log\n\
                    if /dev/null there\nif /no/such/thing nowhere\n";
        let create = |rest: &[&str]| -> Vec<String> {
            let words = PROGRAM.iter().chain(rest);
            words.map(|word| (*word).to_owned()).collect()
        };
        let expected = [
            create(&["work"]),
            create(&["play", "sleep", "1000"]),
            create(&["log", "/bin/sh", "-c", "cat < /dev/kmsg > /tmp/log"]),
            create(&["there"]),
        ];
        assert_eq!(parse(text), expected);
    }
}
