//! The everyday tools in one multi-call program: `tools NAME ARG…`, or a symbolic link named
//! NAME that points here.
//!
//! Contract: `tools --list` prints every name, one a line; whoever packs a root file system
//! makes the links from it. Most tools are the uutils ones (`uutils.rs`); the rest are our own,
//! a file each (`own/`). Process 1, the shell and the terminal are here as well (`programs.rs`).

mod own;
mod programs;
mod uutils;

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::exit;

/// The name under which this program is itself and not one of the tools.
const OWN_NAME: &str = "tools";

const HELP: &str = "\
Usage: tools NAME [ARG...]   run the tool NAME
       tools --list          print the names, one a line
       tools --help          print this
A symbolic link to this program, named after a tool, runs that tool.
";

fn main() {
    let words: Vec<OsString> = std::env::args_os().collect();
    exit(dispatch(words));
}

fn base_name(word: &OsStr) -> Option<&str> {
    Path::new(word).file_name()?.to_str()
}

fn dispatch(mut words: Vec<OsString>) -> i32 {
    let called = words
        .first()
        .and_then(|word| base_name(word))
        .unwrap_or(OWN_NAME);
    if called != OWN_NAME {
        let called = called.to_owned();
        // A login shell is called with a dash before its name; a tool may be, too.
        let name = called.strip_prefix('-').unwrap_or(&called).to_owned();
        return run(&name, words, false);
    }
    words.remove(0);
    let Some(first) = words
        .first()
        .and_then(|word| word.to_str())
        .map(str::to_owned)
    else {
        print!("{HELP}");
        return 0;
    };
    match first.as_str() {
        "--list" => {
            for name in names() {
                println!("{name}");
            }
            0
        }
        "--help" | "-h" => {
            print!("{HELP}");
            0
        }
        name => run(name, words, true),
    }
}

/// Every name, sorted.
fn names() -> Vec<&'static str> {
    let uutils = uutils::TOOLS.iter().map(|(name, _)| *name);
    let mut names: Vec<_> = uutils
        .chain(own::TOOLS.iter().map(|tool| tool.name))
        .chain(programs::PROGRAMS.iter().map(|(name, _)| *name))
        .collect();
    names.sort_unstable();
    names
}

fn run(name: &str, words: Vec<OsString>, behind_our_name: bool) -> i32 {
    if let Some(main) = programs::find(name) {
        return main(words);
    }
    if let Some(tool) = own::find(name) {
        return own::run(tool, words);
    }
    if let Some(main) = uutils::find(name) {
        return uutils::run(main, words, behind_our_name);
    }
    eprintln!("tools: there is no tool '{name}'; 'tools --list' prints those there are");
    127
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_there_twice() {
        let mut seen = names();
        let count = seen.len();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }

    #[test]
    fn a_name_is_the_last_part_of_the_path_it_was_called_by() {
        assert_eq!(base_name(OsStr::new("/bin/ls")), Some("ls"));
        assert_eq!(base_name(OsStr::new("ls")), Some("ls"));
        assert_eq!(base_name(OsStr::new("/")), None);
    }
}
