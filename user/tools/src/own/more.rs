//! more: shows text a screen at a time.
//!
//! Contract: what does not go to a terminal is copied as it is. Keys are read from the terminal
//! on standard error, so that the text may come from standard input.
//!
//! Source: more(1) of POSIX, reduced to the keys people use.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;

use lexopt::prelude::*;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcsetattr,
};

use super::{Context, Failure, reason, screen};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: more [FILE]...
Show the FILEs, or standard input, a screen at a time.
Keys: blank or f the next screen, Enter or j the next line, d half a screen,
      q the end, h this
";

const KEYS: &str = "blank: next screen, Enter: next line, d: half a screen, q: end";

/// Shows the operands one after another.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(argument) = context.arguments.next()? {
        match argument {
            Long("help") => return Err(Failure::Help),
            Value(file) => files.push(file.into()),
            // Those that choose a manner of scrolling make no difference here.
            Short('d' | 'f' | 'l' | 'p' | 'c' | 's' | 'u' | 'e') => {}
            other => return Err(other.unexpected().into()),
        }
    }
    if files.is_empty() {
        if isatty(io::stdin()) {
            return Err(Failure::Usage(
                "bad usage: no FILE, and input is a terminal".into(),
            ));
        }
        files.push("-".into());
    }
    let paged = isatty(io::stdout()) && isatty(io::stderr());
    let mut status = 0;
    for file in &files {
        let opened: io::Result<Box<dyn Read>> = if file.as_os_str() == "-" {
            Ok(Box::new(io::stdin()))
        } else {
            File::open(file).map(|opened| Box::new(opened) as Box<dyn Read>)
        };
        let shown = opened.and_then(|input| {
            if files.len() > 1 {
                println!("::::::::::::::\n{}\n::::::::::::::", file.display());
            }
            if paged {
                page(BufReader::new(input))
            } else {
                io::copy(&mut BufReader::new(input), &mut io::stdout()).map(|_| true)
            }
        });
        match shown {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                context.complain(format_args!("{}: {}", file.display(), reason(&error)));
                status = 1;
            }
        }
    }
    Ok(status)
}

/// Shows one text. Returns false when the reader has had enough.
fn page(mut input: impl BufRead) -> io::Result<bool> {
    let mut output = io::stdout().lock();
    let (rows, columns) = screen::size();
    let mut left = rows.saturating_sub(1).max(1);
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Ok(true);
        }
        let needed = rows_of(&line, columns);
        while left < needed && left < rows.saturating_sub(1) {
            match ask(rows)? {
                Some(more) => left += more,
                None => return Ok(false),
            }
        }
        output.write_all(&line)?;
        output.flush()?;
        left = left.saturating_sub(needed);
    }
}

/// How many rows of the screen a line takes.
fn rows_of(line: &[u8], columns: usize) -> usize {
    let text = String::from_utf8_lossy(line);
    let mut width: usize = 0;
    for character in text.trim_end_matches('\n').chars() {
        width = if character == '\t' {
            (width / 8 + 1) * 8
        } else {
            width + 1
        };
    }
    width.div_ceil(columns.max(1)).max(1)
}

/// Waits for a key. Returns how many rows more to show, or nothing for the end.
fn ask(rows: usize) -> io::Result<Option<usize>> {
    let mut terminal = io::stderr();
    let mut prompt = "--More--";
    loop {
        write!(terminal, "\x1b[7m{prompt}\x1b[0m")?;
        terminal.flush()?;
        let key = read_key();
        write!(terminal, "\r\x1b[K")?;
        match key? {
            b' ' | b'f' => return Ok(Some(rows.saturating_sub(1))),
            b'\n' | b'\r' | b'j' => return Ok(Some(1)),
            b'd' => return Ok(Some((rows / 2).max(1))),
            // Signals are off while a key is waited for: 3 and 4 are Ctrl-C and Ctrl-D.
            b'q' | b'Q' | 3 | 4 => return Ok(None),
            _ => prompt = KEYS,
        }
    }
}

/// Reads one key without echo. The terminal is as it was before when this returns, also after
/// an error, so that no signal can find it otherwise.
fn read_key() -> io::Result<u8> {
    let terminal = io::stderr();
    let before = tcgetattr(&terminal)?;
    let mut modes: Termios = before.clone();
    modes
        .local_modes
        .remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
    modes.special_codes[SpecialCodeIndex::VMIN] = 1;
    modes.special_codes[SpecialCodeIndex::VTIME] = 0;
    tcsetattr(&terminal, OptionalActions::Now, &modes)?;
    let mut key = [0];
    let read = rustix::io::read(terminal.as_fd(), &mut key);
    tcsetattr(&terminal, OptionalActions::Now, &before)?;
    match read? {
        // The terminal was hung up.
        0 => Ok(b'q'),
        _ => Ok(key[0]),
    }
}

#[cfg(test)]
mod tests {
    use super::rows_of;

    #[test]
    fn long_lines_take_several_rows() {
        assert_eq!(rows_of(b"\n", 10), 1);
        assert_eq!(rows_of(b"0123456789\n", 10), 1);
        assert_eq!(rows_of(b"01234567890", 10), 2);
        assert_eq!(rows_of(b"\tx", 8), 2);
    }
}
