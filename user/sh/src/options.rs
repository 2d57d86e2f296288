//! The options of `set` and of the command line.
//!
//! Contract: each option has a long name for `set -o` and, where POSIX gives it one, a letter;
//! the table is the only list of them. Source: POSIX.1-2017 XCU, `set` and `sh`.

/// An option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// `-a`: export what is assigned.
    AllExport,
    /// `-C`: `>` does not overwrite a file.
    NoClobber,
    /// `-e`: a failing command ends the shell.
    ErrorExit,
    /// `-f`: no file name patterns.
    NoGlob,
    /// `-i`: interactive.
    Interactive,
    /// The end of input does not end an interactive shell.
    IgnoreEof,
    /// `-l`: a login shell.
    Login,
    /// `-m`: job control.
    Monitor,
    /// `-n`: read commands, run none.
    NoExec,
    /// A pipeline fails if any of its commands does.
    PipeFail,
    /// `-s`: commands come from standard input.
    Stdin,
    /// `-u`: an unset parameter is an error.
    NoUnset,
    /// `-v`: show the program as it is read.
    Verbose,
    /// `-x`: show the commands as they are run.
    Trace,
}

/// Options with their letters and names.
pub const TABLE: [(Flag, Option<u8>, &str); 14] = [
    (Flag::AllExport, Some(b'a'), "allexport"),
    (Flag::NoClobber, Some(b'C'), "noclobber"),
    (Flag::ErrorExit, Some(b'e'), "errexit"),
    (Flag::NoGlob, Some(b'f'), "noglob"),
    (Flag::Interactive, Some(b'i'), "interactive"),
    (Flag::IgnoreEof, None, "ignoreeof"),
    (Flag::Login, Some(b'l'), "login"),
    (Flag::Monitor, Some(b'm'), "monitor"),
    (Flag::NoExec, Some(b'n'), "noexec"),
    (Flag::PipeFail, None, "pipefail"),
    (Flag::Stdin, Some(b's'), "stdin"),
    (Flag::NoUnset, Some(b'u'), "nounset"),
    (Flag::Verbose, Some(b'v'), "verbose"),
    (Flag::Trace, Some(b'x'), "xtrace"),
];

/// Which options are on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    bits: u32,
}

impl Options {
    /// Whether an option is on.
    pub fn has(self, flag: Flag) -> bool {
        self.bits & bit(flag) != 0
    }

    /// Turns an option on or off.
    pub fn set(&mut self, flag: Flag, on: bool) {
        if on {
            self.bits |= bit(flag);
        } else {
            self.bits &= !bit(flag);
        }
    }

    /// The letters of the options that are on: `$-`.
    pub fn letters(self) -> Vec<u8> {
        TABLE
            .iter()
            .filter(|(flag, _, _)| self.has(*flag))
            .filter_map(|(_, letter, _)| *letter)
            .collect()
    }
}

/// The option with a letter.
pub fn by_letter(letter: u8) -> Option<Flag> {
    TABLE
        .iter()
        .find(|(_, candidate, _)| *candidate == Some(letter))
        .map(|(flag, _, _)| *flag)
}

/// The option with a name.
pub fn by_name(name: &[u8]) -> Option<Flag> {
    TABLE
        .iter()
        .find(|(_, _, candidate)| candidate.as_bytes() == name)
        .map(|(flag, _, _)| *flag)
}

/// Whether a script may change an option with `set`; the others are decided at the start.
pub fn is_changeable(flag: Flag) -> bool {
    !matches!(flag, Flag::Interactive | Flag::Stdin | Flag::Login)
}

fn bit(flag: Flag) -> u32 {
    1 << flag as u32
}
