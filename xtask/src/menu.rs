//! What a bare `cargo xtask` prints: the commands, in the order in which a newcomer needs them;
//! and what a misspelt command is answered with.

use std::process::ExitCode;

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::options::Options;

/// How many letters may differ between what was typed and what was meant.
const LETTERS_APART: usize = 3;

/// The menu.
pub const TEXT: &str = "\
Janus: a kernel of our own that runs Linux programs, in QEMU.

  cargo xtask run            build everything, boot, and sit at its screen and its shell
                             (leave with: poweroff)
  cargo xtask run --exec 'ls -l /proc'
                             boot, run one command line, print its output, end with its status
  cargo xtask screenshot x.png
                             a picture of what the machine that runs shows
  cargo xtask demo           a tour of the personas in pictures, into target/demo/
  cargo xtask test           test everything: on the host, inside the kernel, from outside
  cargo xtask test pipe      only the tests with `pipe` in their names
  cargo xtask test --only kernel
                             one part of it: check, host, kernel, bench, abi, on-linux or
                             scenarios

  cargo xtask build          kernel and ramdisk, into target/janus/
  cargo xtask build --without devns
                             the same with a kernel that has no device namespaces, to compare
  cargo xtask check          formatting, clippy and documentation, warnings being errors
  cargo xtask debug          boot and wait for gdb; prints the line to type
  cargo xtask size           how large the image is, and which crate takes how much
  cargo xtask bench          instructions per operation, the same figure on any host
  cargo xtask bench --vs-linux
                             beside those of Debian's Linux kernel on the same machine
  cargo xtask bench --check  whether one costs more than tests/bench/ceilings.txt allows
  cargo xtask linux PROGRAM  run a static program on Debian's Linux kernel, to see what that does

What each takes: cargo xtask COMMAND --help. The first run fetches what is missing (on Debian and
Ubuntu as root) or says what to type.
";

/// Prints what is wrong with the command line, with the command that was probably meant; returns
/// the status to end with.
pub fn refuse(error: &clap::Error) -> ExitCode {
    let typed = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(typed)) if error.kind() == ErrorKind::InvalidSubcommand => typed,
        _ => error.exit(),
    };
    let commands = Options::command();
    let meant = nearest(
        typed,
        commands.get_subcommands().map(clap::Command::get_name),
    );
    match meant {
        Some(meant) => {
            eprintln!("error: there is no command `{typed}`; did you mean `cargo xtask {meant}`?")
        }
        None => {
            eprintln!("error: there is no command `{typed}`; a bare `cargo xtask` shows them all")
        }
    }
    ExitCode::from(2)
}

/// The name nearest to `typed`, if one is near enough.
fn nearest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (strsim::damerau_levenshtein(typed, name), name))
        .filter(|&(distance, name)| distance < LETTERS_APART.min(name.len()))
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspellings_are_understood() {
        let names = ["run", "test", "bench", "build"];
        let meant = |typed| nearest(typed, names.into_iter());
        assert_eq!(meant("rnu"), Some("run"));
        assert_eq!(meant("tset"), Some("test"));
        assert_eq!(meant("biuld"), Some("build"));
        assert_eq!(meant("frobnicate"), None);
    }

    #[test]
    fn the_menu_names_every_command() {
        for command in Options::command().get_subcommands() {
            assert!(
                TEXT.contains(&format!("cargo xtask {}", command.get_name())),
                "{}",
                command.get_name()
            );
        }
    }

    #[test]
    fn the_options_are_consistent() {
        Options::command().debug_assert();
    }
}
