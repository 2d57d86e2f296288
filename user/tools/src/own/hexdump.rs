//! hexdump: shows bytes as numbers.
//!
//! Contract: lines equal to the one before are shown once and then as `*`, unless -v is given.
//!
//! Source: hexdump(1) of BSD and util-linux: the default form and -C, -b, -c, -d, -o, -x.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;

use lexopt::prelude::*;

use super::{Context, Failure, reason, sizes};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: hexdump [-C | -b | -c | -d | -o | -x] [-v] [-n BYTES] [-s BYTES] [FILE]...
Show the bytes of the FILEs, or of standard input, 16 a line.
  -C        bytes in hexadecimal, and as text
  -b, -c    bytes in octal; as characters
  -x, -d, -o  two-byte numbers in hexadecimal (as without), decimal, octal
  -n, -s    only so many bytes; leave out so many at the start
  -v        show lines equal to the one before
";

const LINE_BYTES: usize = 16;

/// How the bytes of a line are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Words,
    Canonical,
    Bytes,
    Characters,
    WideWords,
    Decimal,
    Octal,
}

struct Dump<W: Write> {
    form: Form,
    verbose: bool,
    output: W,
    offset: u64,
    last: Option<Vec<u8>>,
    starred: bool,
}

/// Shows the operands as one run of bytes.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let (mut form, mut verbose) = (Form::Words, false);
    let (mut limit, mut skip) = (u64::MAX, 0);
    let mut files: Vec<PathBuf> = Vec::new();
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('C') | Long("canonical") => form = Form::Canonical,
            Short('b') => form = Form::Bytes,
            Short('c') => form = Form::Characters,
            Short('x') => form = Form::WideWords,
            Short('d') => form = Form::Decimal,
            Short('o') => form = Form::Octal,
            Short('v') | Long("no-squeezing") => verbose = true,
            Short('n') | Long("length") => limit = count(&arguments.value()?.string()?)?,
            Short('s') | Long("skip") => skip = count(&arguments.value()?.string()?)?,
            Long("help") => return Err(Failure::Help),
            Value(file) => files.push(file.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    let output = BufWriter::new(io::stdout().lock());
    let mut dump = Dump {
        form,
        verbose,
        output,
        offset: skip,
        last: None,
        starred: false,
    };
    let mut status = 0;
    let mut input: Box<dyn Read> = Box::new(io::empty());
    for file in &files {
        match File::open(file) {
            Ok(opened) => input = Box::new(input.chain(opened)),
            Err(error) => {
                context.complain(format_args!("{}: {}", file.display(), reason(&error)));
                status = 1;
            }
        }
    }
    if files.is_empty() {
        input = Box::new(io::stdin().lock());
    }
    let skipped = io::copy(&mut input.by_ref().take(skip), &mut io::sink())?;
    if skipped == skip && (status == 0 || files.len() > 1) {
        dump.all(BufReader::new(input.take(limit)))?;
    }
    dump.output.flush()?;
    Ok(status)
}

fn count(text: &str) -> Result<u64, Failure> {
    let number = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => sizes::parse(text),
    };
    number.ok_or_else(|| Failure::Usage(format!("'{text}' is no number of bytes")))
}

impl<W: Write> Dump<W> {
    fn all(&mut self, mut input: impl Read) -> io::Result<()> {
        let mut any = false;
        loop {
            let mut line = Vec::with_capacity(LINE_BYTES);
            input
                .by_ref()
                .take(LINE_BYTES as u64)
                .read_to_end(&mut line)?;
            if line.is_empty() {
                break;
            }
            any = true;
            self.line(&line)?;
            self.offset += line.len() as u64;
            if line.len() < LINE_BYTES {
                break;
            }
            self.last = Some(line);
        }
        if any {
            let width = if self.form == Form::Canonical { 8 } else { 7 };
            writeln!(self.output, "{:0width$x}", self.offset)?;
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        if !self.verbose && self.last.as_deref() == Some(line) {
            if !self.starred {
                writeln!(self.output, "*")?;
            }
            self.starred = true;
            return Ok(());
        }
        self.starred = false;
        let offset = self.offset;
        match self.form {
            Form::Canonical => writeln!(self.output, "{offset:08x}  {}", canonical(line)),
            Form::Bytes => self.cells(line, 1, |cell| format!(" {:03o}", cell[0])),
            Form::Characters => self.cells(line, 1, |cell| format!(" {:>3}", character(cell[0]))),
            Form::Words => self.cells(line, 2, |cell| format!(" {:04x}", word(cell))),
            Form::WideWords => self.cells(line, 2, |cell| format!("    {:04x}", word(cell))),
            Form::Decimal => self.cells(line, 2, |cell| format!("   {:05}", word(cell))),
            Form::Octal => self.cells(line, 2, |cell| format!("  {:06o}", word(cell))),
        }
    }

    /// Short lines are filled with blanks to the width of whole ones.
    fn cells(&mut self, line: &[u8], size: usize, cell: fn(&[u8]) -> String) -> io::Result<()> {
        let text: String = line.chunks(size).map(cell).collect();
        let width = cell(&[0, 0]).len() * (LINE_BYTES / size);
        writeln!(self.output, "{:07x}{text:width$}", self.offset)
    }
}

/// Little endian, as the machine reads memory.
fn word(cell: &[u8]) -> u16 {
    u16::from_le_bytes([cell[0], cell.get(1).copied().unwrap_or(0)])
}

fn canonical(line: &[u8]) -> String {
    let mut text = String::new();
    for index in 0..LINE_BYTES {
        if index == LINE_BYTES / 2 {
            text.push(' ');
        }
        text += &line
            .get(index)
            .map_or("   ".into(), |byte| format!("{byte:02x} "));
    }
    let visible = line.iter().map(|byte| match byte {
        32..=126 => char::from(*byte),
        _ => '.',
    });
    format!("{text} |{}|", visible.collect::<String>())
}

fn character(byte: u8) -> String {
    match byte {
        0 => "\\0".into(),
        7 => "\\a".into(),
        8 => "\\b".into(),
        9 => "\\t".into(),
        10 => "\\n".into(),
        11 => "\\v".into(),
        12 => "\\f".into(),
        13 => "\\r".into(),
        32..=126 => char::from(byte).to_string(),
        _ => format!("{byte:03o}"),
    }
}
