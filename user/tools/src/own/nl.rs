//! nl: numbers lines.
//!
//! Source: nl(1) of POSIX. The marks of logical pages (`\:\:\:`, `\:\:`, `\:`) begin header, body
//! and footer; header and footer are not numbered, as is usual.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;

use lexopt::prelude::*;

use super::{Context, Failure, reason};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: nl [OPTION]... [FILE]...
Print each FILE with its lines numbered.
  -b a|t|n      number all lines, lines with text (the default), none
  -n ln|rn|rz   numbers to the left, to the right, with leading zeros
  -s TEXT       put TEXT after the number (a tab)
  -v NUMBER     begin with NUMBER (1)
  -i NUMBER     count in steps of NUMBER (1)
  -w COLUMNS    as wide as that (6)
  -p            do not begin anew at logical pages
";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    Text,
    None,
}

#[derive(Clone, Copy)]
enum Form {
    Left,
    Right,
    Zeros,
}

struct Numbering {
    which: Which,
    form: Form,
    separator: String,
    first: i64,
    step: i64,
    width: usize,
    anew_at_pages: bool,
    next: i64,
    in_body: bool,
}

/// Numbers the operands as one text.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let (mut numbering, mut files) = parse(context)?;
    if files.is_empty() {
        files.push("-".into());
    }
    let mut output = BufWriter::new(io::stdout().lock());
    let mut status = 0;
    for file in &files {
        let opened: io::Result<Box<dyn Read>> = if file.as_os_str() == "-" {
            Ok(Box::new(io::stdin()))
        } else {
            File::open(file).map(|file| Box::new(file) as Box<dyn Read>)
        };
        if let Err(error) = opened.and_then(|input| numbering.copy(input, &mut output)) {
            context.complain(format_args!("{}: {}", file.display(), reason(&error)));
            status = 1;
        }
    }
    output.flush()?;
    Ok(status)
}

fn parse(context: &mut Context) -> Result<(Numbering, Vec<PathBuf>), Failure> {
    let mut numbering = Numbering {
        which: Which::Text,
        form: Form::Right,
        separator: "\t".into(),
        first: 1,
        step: 1,
        width: 6,
        anew_at_pages: true,
        next: 1,
        in_body: true,
    };
    let mut files = Vec::new();
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('b') => {
                numbering.which = match arguments.value()?.to_str() {
                    Some("a") => Which::All,
                    Some("t") => Which::Text,
                    Some("n") => Which::None,
                    _ => return Err(Failure::Usage("-b takes a, t or n".into())),
                }
            }
            Short('n') => {
                numbering.form = match arguments.value()?.to_str() {
                    Some("ln") => Form::Left,
                    Some("rn") => Form::Right,
                    Some("rz") => Form::Zeros,
                    _ => return Err(Failure::Usage("-n takes ln, rn or rz".into())),
                }
            }
            Short('s') => numbering.separator = arguments.value()?.string()?,
            Short('v') => numbering.first = arguments.value()?.parse()?,
            Short('i') => numbering.step = arguments.value()?.parse()?,
            Short('w') => numbering.width = arguments.value()?.parse::<u16>()?.into(),
            Short('p') => numbering.anew_at_pages = false,
            Long("help") => return Err(Failure::Help),
            Value(file) => files.push(file.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    numbering.next = numbering.first;
    Ok((numbering, files))
}

impl Numbering {
    fn copy(&mut self, input: impl Read, output: &mut impl Write) -> io::Result<()> {
        let mut input = BufReader::new(input);
        let mut line = Vec::new();
        while input.read_until(b'\n', &mut line)? > 0 {
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            if !self.page_mark(text) {
                output.write_all(self.prefix(text).as_bytes())?;
                output.write_all(text)?;
            }
            output.write_all(b"\n")?;
            line.clear();
        }
        Ok(())
    }

    /// Whether the line is the mark of a logical page, which is printed as an empty line.
    fn page_mark(&mut self, text: &[u8]) -> bool {
        match text {
            b"\\:\\:\\:" => {
                self.in_body = false;
                if self.anew_at_pages {
                    self.next = self.first;
                }
            }
            b"\\:\\:" => self.in_body = true,
            b"\\:" => self.in_body = false,
            _ => return false,
        }
        true
    }

    fn prefix(&mut self, text: &[u8]) -> String {
        let numbered = self.in_body
            && match self.which {
                Which::All => true,
                Which::Text => !text.is_empty(),
                Which::None => false,
            };
        let width = self.width;
        if !numbered {
            return " ".repeat(width + self.separator.len());
        }
        let number = self.next;
        self.next = number.wrapping_add(self.step);
        let separator = &self.separator;
        match self.form {
            Form::Left => format!("{number:<width$}{separator}"),
            Form::Right => format!("{number:>width$}{separator}"),
            Form::Zeros => format!("{number:0>width$}{separator}"),
        }
    }
}
