//! stty: shows and changes the settings of a terminal.
//!
//! Source: stty(1) of POSIX and of the GNU core utilities, termios(3).

mod settings;

use std::fs::{File, OpenOptions};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use rustix::termios::{
    ControlModes, OptionalActions, SpecialCodeIndex, Termios, Winsize, tcgetattr, tcgetwinsize,
    tcsetattr, tcsetwinsize,
};

use super::{Context, Failure};
use settings::{CHARACTERS, FLAGS, Flag};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: stty [-F DEVICE] [-a | -g | size | speed]
       stty [-F DEVICE] SETTING...
Show the settings of the terminal on standard input, or change them.
  -a         all of them; without, those that differ from 'sane'
  -g         all in one word, which stty takes as a SETTING
  size       rows and columns
  sane, raw, cooked, cbreak, nl     several at once
  echo, icanon, isig, icrnl, opost, onlcr, ixon, tostop ...; -NAME switches off
  intr, quit, erase, kill, eof, susp ... CHARACTER (^C, undef)
  rows N, cols N, min N, time N, SPEED
";

/// Makes the terminal of `input` sane again, as after a program that left it raw.
pub fn make_sane(input: impl AsFd) -> rustix::io::Result<()> {
    let mut modes = tcgetattr(&input)?;
    settings::apply(&mut modes, "sane");
    tcsetattr(&input, OptionalActions::Drain, &modes)
}

/// Shows or changes.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let words = context.words(Failure::Usage)?;
    let mut words = words.iter().map(String::as_str);
    let mut device: Option<(PathBuf, File)> = None;
    let mut all = false;
    let mut changes = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "--help" => return Err(Failure::Help),
            "-a" | "--all" => all = true,
            "-F" | "--file" => {
                let path = words
                    .next()
                    .ok_or_else(|| Failure::Usage("-F needs a device".into()))?;
                device = Some((path.into(), open(path)?));
            }
            other => changes.push(other),
        }
    }
    let standard = std::io::stdin();
    let (name, terminal) = match &device {
        Some((path, file)) => (path.display().to_string(), file.as_fd()),
        None => ("standard input".to_string(), standard.as_fd()),
    };
    let name_it = |error: rustix::io::Errno| {
        Failure::Message(format!("{name}: {}", super::reason(&error.into())))
    };
    let modes = tcgetattr(terminal).map_err(name_it)?;
    match changes[..] {
        [] => show(terminal, &modes, all),
        ["size"] => {
            let size = tcgetwinsize(terminal).map_err(name_it)?;
            println!("{} {}", size.ws_row, size.ws_col);
        }
        ["-g"] => println!("{}", settings::save(&modes)),
        ["speed"] => println!("{}", modes.output_speed()),
        _ => change(terminal, modes, &changes, &name)?,
    }
    Ok(0)
}

/// Not waiting for a line that is not connected.
fn open(path: &str) -> Result<File, Failure> {
    let flags = i32::try_from((rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY).bits());
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.unwrap_or(0))
        .open(path)
        .map_err(|error| Failure::of(path.as_ref(), &error))
}

fn show(terminal: BorrowedFd, modes: &Termios, all: bool) {
    let mut head = format!("speed {} baud;", modes.output_speed());
    if let (true, Ok(size)) = (all, tcgetwinsize(terminal)) {
        head += &format!(" rows {}; columns {};", size.ws_row, size.ws_col);
    }
    println!("{head} line = {};", modes.line_discipline);
    let characters = CHARACTERS
        .iter()
        .filter(|(_, index, sane)| all || modes.special_codes[*index] != *sane)
        .map(|(name, index, _)| {
            format!(
                "{name} = {};",
                settings::character_text(modes.special_codes[*index])
            )
        });
    let mut words: Vec<String> = characters.collect();
    if all || !Flag::Local(rustix::termios::LocalModes::ICANON).is_set(modes) {
        let codes = &modes.special_codes;
        words.push(format!("min = {};", codes[SpecialCodeIndex::VMIN]));
        words.push(format!("time = {};", codes[SpecialCodeIndex::VTIME]));
    }
    print_wrapped(&words);
    for kind in 0..4 {
        let of_kind = FLAGS.iter().filter(|(_, flag, _)| kind_of(*flag) == kind);
        let mut words: Vec<String> = of_kind
            .filter(|(_, flag, sane)| all || (kind > 0 && flag.is_set(modes) != *sane))
            .map(|(name, flag, _)| format!("{}{name}", if flag.is_set(modes) { "" } else { "-" }))
            .collect();
        if all && kind == 0 {
            words.insert(0, character_size(modes).into());
        }
        print_wrapped(&words);
    }
}

fn kind_of(flag: Flag) -> u8 {
    match flag {
        Flag::Control(_) => 0,
        Flag::Input(_) => 1,
        Flag::Output(_) => 2,
        Flag::Local(_) => 3,
    }
}

fn character_size(modes: &Termios) -> &'static str {
    match modes.control_modes & ControlModes::CSIZE {
        size if size == ControlModes::CS5 => "cs5",
        size if size == ControlModes::CS6 => "cs6",
        size if size == ControlModes::CS7 => "cs7",
        _ => "cs8",
    }
}

fn print_wrapped(words: &[String]) {
    let width = super::screen::width();
    let mut line = String::new();
    for word in words {
        if !line.is_empty() && line.len() + 1 + word.len() > width {
            println!("{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        println!("{line}");
    }
}

/// Changes one setting after another; the terminal takes them all at once.
fn change(
    terminal: BorrowedFd,
    mut modes: Termios,
    words: &[&str],
    name: &str,
) -> Result<(), Failure> {
    let fail = |error: rustix::io::Errno| {
        Failure::Message(format!("{name}: {}", super::reason(&error.into())))
    };
    let mut size: Option<Winsize> = None;
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        let mut number = |what: &str| {
            let text = words.next().unwrap_or("");
            text.parse::<u16>().map_err(|_| {
                Failure::Usage(format!("invalid integer argument '{text}' to '{what}'"))
            })
        };
        match word {
            "rows" | "cols" | "columns" => {
                let count = number(word)?;
                let size = match &mut size {
                    Some(size) => size,
                    None => size.insert(tcgetwinsize(terminal).map_err(fail)?),
                };
                *(if word == "rows" {
                    &mut size.ws_row
                } else {
                    &mut size.ws_col
                }) = count;
            }
            "min" | "time" => {
                let index = match word {
                    "min" => SpecialCodeIndex::VMIN,
                    _ => SpecialCodeIndex::VTIME,
                };
                modes.special_codes[index] = u8::try_from(number(word)?)
                    .map_err(|_| Failure::Usage(format!("'{word}' is at most 255")))?;
            }
            "ispeed" | "ospeed" => modes.set_speed(number(word)?.into()).map_err(fail)?,
            _ if word.parse::<u32>().is_ok() => {
                modes.set_speed(word.parse().unwrap_or(0)).map_err(fail)?;
            }
            _ => one(&mut modes, word, &mut words)?,
        }
    }
    tcsetattr(terminal, OptionalActions::Drain, &modes).map_err(fail)?;
    match size {
        Some(size) => tcsetwinsize(terminal, size).map_err(fail),
        None => Ok(()),
    }
}

fn one<'a>(
    modes: &mut Termios,
    word: &str,
    words: &mut impl Iterator<Item = &'a str>,
) -> Result<(), Failure> {
    if let Some((_, index, _)) = CHARACTERS.iter().find(|(name, _, _)| *name == word) {
        let text = words.next().unwrap_or("");
        modes.special_codes[*index] = settings::character(text)
            .ok_or_else(|| Failure::Usage(format!("invalid character '{text}' for '{word}'")))?;
        return Ok(());
    }
    if settings::apply(modes, word) || settings::restore(modes, word) {
        Ok(())
    } else {
        Err(Failure::Usage(format!("invalid argument '{word}'")))
    }
}
