//! cat: copies files to standard output, one after another.
//!
//! Source: cat(1) of POSIX, with -A, -b, -e, -E, -n, -s, -t, -T and -v of the GNU one. The one of
//! uutils moves bytes with splice(2), which this kernel does not serve yet and reports once.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use lexopt::prelude::*;

use super::{Context, Failure, reason};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: cat [OPTION]... [FILE]...
Copy each FILE (- is standard input) to standard output.
  -n, -b   number all lines; those that are not empty
  -s       print one empty line for several in a row
  -E, -T   show $ at the end of lines; tabs as ^I
  -v       show other control characters as ^X and M-X
  -A, -e, -t   -vET; -vE; -vT
";

const BUFFER_BYTES: usize = 64 << 10;

/// How bytes are shown.
#[derive(Default)]
struct Form {
    number: bool,
    number_filled: bool,
    squeeze: bool,
    ends: bool,
    tabs: bool,
    controls: bool,
}

impl Form {
    fn take(&mut self, letter: char) -> bool {
        match letter {
            'n' => self.number = true,
            'b' => self.number_filled = true,
            's' => self.squeeze = true,
            'E' => self.ends = true,
            'T' => self.tabs = true,
            'v' => self.controls = true,
            'A' => (self.controls, self.ends, self.tabs) = (true, true, true),
            'e' => (self.controls, self.ends) = (true, true),
            't' => (self.controls, self.tabs) = (true, true),
            // Every read is written at once anyway.
            'u' => {}
            _ => return false,
        }
        true
    }

    /// Bytes go through as they are.
    fn is_plain(&self) -> bool {
        let Form {
            number,
            number_filled,
            squeeze,
            ends,
            tabs,
            controls,
        } = self;
        !(*number || *number_filled || *squeeze || *ends || *tabs || *controls)
    }
}

/// Where the text is; it goes on from one file to the next.
struct Place {
    line_number: u64,
    at_line_start: bool,
    /// Empty lines in a row so far.
    empty_lines: u64,
}

/// Copies the operands.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let mut form = Form::default();
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(argument) = context.arguments.next()? {
        match argument {
            Short(letter) if form.take(letter) => {}
            Long("number") => form.number = true,
            Long("number-nonblank") => form.number_filled = true,
            Long("squeeze-blank") => form.squeeze = true,
            Long("show-ends") => form.ends = true,
            Long("show-tabs") => form.tabs = true,
            Long("show-nonprinting") => form.controls = true,
            Long("show-all") => _ = form.take('A'),
            Long("help") => return Err(Failure::Help),
            Value(file) => files.push(file.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    if files.is_empty() {
        files.push("-".into());
    }
    let mut place = Place {
        line_number: 0,
        at_line_start: true,
        empty_lines: 0,
    };
    let mut status = 0;
    for file in &files {
        let copied = open(file)
            .map_err(|error| Failure::of(file, &error))
            .and_then(|input| {
                if is_own_output(&input)? {
                    let name = file.display();
                    return Err(Failure::Message(format!(
                        "{name}: input file is output file"
                    )));
                }
                copy(input, file, &form, &mut place)
            });
        match copied {
            Ok(()) => {}
            // Without an output there is no use in going on.
            Err(Failure::Trouble(_, message)) => return Err(Failure::Message(message)),
            Err(failure) => {
                context.complain(failure.text());
                status = 1;
            }
        }
    }
    Ok(status)
}

fn open(path: &Path) -> io::Result<File> {
    if path.as_os_str() == "-" {
        return Ok(rustix::io::dup(io::stdin()).map(File::from)?);
    }
    File::open(path)
}

/// A file that grows while it is read has no end.
fn is_own_output(input: &File) -> io::Result<bool> {
    let output = File::from(rustix::io::dup(io::stdout())?).metadata()?;
    let input_data = input.metadata()?;
    let same = (input_data.dev(), input_data.ino()) == (output.dev(), output.ino());
    Ok(same && input_data.is_file() && output.len() > 0)
}

fn copy(mut input: File, path: &Path, form: &Form, place: &mut Place) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut shown = Vec::new();
    loop {
        let length = match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::of(path, &error)),
        };
        let bytes = if form.is_plain() {
            &buffer[..length]
        } else {
            shown.clear();
            show(&buffer[..length], form, place, &mut shown);
            &shown
        };
        output
            .write_all(bytes)
            .and_then(|()| output.flush())
            .map_err(|error| Failure::Trouble(1, format!("write error: {}", reason(&error))))?;
    }
}

/// Appends `bytes` to `shown` as `form` wants them.
fn show(bytes: &[u8], form: &Form, place: &mut Place, shown: &mut Vec<u8>) {
    for byte in bytes {
        let ends_line = *byte == b'\n';
        if place.at_line_start {
            if ends_line {
                place.empty_lines += 1;
                if form.squeeze && place.empty_lines > 1 {
                    continue;
                }
            } else {
                place.empty_lines = 0;
            }
            let numbered = match form.number_filled {
                true => !ends_line,
                false => form.number,
            };
            if numbered {
                place.line_number += 1;
                shown.extend(format!("{:6}\t", place.line_number).bytes());
            }
        }
        match byte {
            b'\n' if form.ends => shown.extend(b"$\n"),
            b'\t' if form.tabs => shown.extend(b"^I"),
            b'\n' | b'\t' => shown.push(*byte),
            _ if form.controls => show_control(*byte, shown),
            _ => shown.push(*byte),
        }
        place.at_line_start = ends_line;
    }
}

fn show_control(byte: u8, shown: &mut Vec<u8>) {
    if byte >= 128 {
        shown.extend(b"M-");
    }
    match byte & 0x7f {
        low @ 0..32 => shown.extend([b'^', low + 64]),
        127 => shown.extend(b"^?"),
        low => shown.push(low),
    }
}
