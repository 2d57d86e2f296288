//! tail: the end of files, and what is added to them.
//!
//! Contract: a file one can seek in is read from its end; of a stream only what may be printed
//! is kept. `-f` looks for more five times a second.
//!
//! Source: tail(1) of POSIX and of the GNU core utilities.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lexopt::prelude::*;

use super::{Context, Failure, reason, sizes};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: tail [-f] [-q | -v] [-n [+]COUNT | -c [+]COUNT] [FILE]...
Print the last 10 lines of each FILE, or of standard input.
  -n COUNT   that many lines; with + from line COUNT on
  -c COUNT   that many bytes; with + from byte COUNT on; k and M may follow
  -f         go on: print what is added
  -q, -v     never print the names of files; always
";

const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Where printing starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    LastLines(u64),
    LastBytes(u64),
    /// Counted from 1.
    FromLine(u64),
    /// Counted from 1.
    FromByte(u64),
}

struct Request {
    start: Start,
    follow: bool,
    headings: Option<bool>,
    files: Vec<PathBuf>,
}

/// Prints the ends of the operands.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let mut request = parse(context)?;
    if request.files.is_empty() {
        request.files.push("-".into());
    }
    let headings = request.headings.unwrap_or(request.files.len() > 1);
    let mut output = io::stdout().lock();
    let mut status = 0;
    let mut followed = Vec::new();
    for path in &request.files {
        let name = if path == Path::new("-") {
            Path::new("standard input")
        } else {
            path
        };
        let opened = open(path).map_err(|error| ("cannot open", " for reading", error));
        let printed = opened.and_then(|mut file| {
            if headings {
                let gap = if followed.is_empty() { "" } else { "\n" };
                writeln!(output, "{gap}==> {} <==", name.display())
                    .map_err(|error| ("error writing", "", error))?;
            }
            print(&mut file, request.start, &mut output)
                .map_err(|error| ("error reading", "", error))?;
            Ok(file)
        });
        match printed {
            Ok(file) => followed.push((name, file)),
            Err((what, purpose, error)) => {
                context.complain(format_args!(
                    "{what} '{}'{purpose}: {}",
                    name.display(),
                    reason(&error)
                ));
                status = 1;
            }
        }
    }
    output.flush()?;
    if request.follow && !followed.is_empty() {
        follow(&mut followed, headings, &mut output)?;
    }
    Ok(status)
}

fn open(path: &Path) -> io::Result<File> {
    if path == Path::new("-") {
        return Ok(rustix::io::dup(io::stdin()).map(File::from)?);
    }
    File::open(path)
}

fn parse(context: &mut Context) -> Result<Request, Failure> {
    let mut request = Request {
        start: Start::LastLines(10),
        follow: false,
        headings: None,
        files: Vec::new(),
    };
    let arguments = &mut context.arguments;
    // The old form: tail -5, tail +5.
    if let Some(mut raw) = arguments.try_raw_args() {
        let word = raw
            .peek()
            .and_then(|word| word.to_str())
            .unwrap_or("")
            .to_string();
        let digits = word
            .strip_prefix('-')
            .or(word.strip_prefix('+').map(|_| word.as_str()));
        let begins = |text: &str| {
            text.trim_start_matches('+')
                .starts_with(|c: char| c.is_ascii_digit())
        };
        if let Some(digits) = digits.filter(|digits| begins(digits)) {
            request.start = count(digits, Start::LastLines, Start::FromLine)?;
            raw.next();
        }
    }
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('n') | Long("lines") => {
                let text = arguments.value()?.string()?;
                request.start = count(&text, Start::LastLines, Start::FromLine)?;
            }
            Short('c') | Long("bytes") => {
                let text = arguments.value()?.string()?;
                request.start = count(&text, Start::LastBytes, Start::FromByte)?;
            }
            Short('f' | 'F') | Long("follow") => request.follow = true,
            Short('q') | Long("quiet" | "silent") => request.headings = Some(false),
            Short('v') | Long("verbose") => request.headings = Some(true),
            Long("help") => return Err(Failure::Help),
            Value(file) => request.files.push(file.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(request)
}

fn count(text: &str, last: fn(u64) -> Start, from: fn(u64) -> Start) -> Result<Start, Failure> {
    let (kind, digits) = match text.strip_prefix('+') {
        Some(digits) => (from, digits),
        None => (last, text.strip_prefix('-').unwrap_or(text)),
    };
    let number = sizes::parse(digits)
        .ok_or_else(|| Failure::Usage(format!("invalid number of lines or bytes: '{text}'")))?;
    Ok(kind(number))
}

fn print(file: &mut File, start: Start, output: &mut impl Write) -> io::Result<()> {
    match start {
        Start::FromByte(place) => skip_bytes(file, place.saturating_sub(1), output),
        Start::FromLine(place) => skip_lines(file, place.saturating_sub(1), output),
        Start::LastLines(_) | Start::LastBytes(_) => match file.stream_position() {
            // Files in /proc and /sys say they are empty and are not.
            Ok(_) if file.metadata()?.is_file() && file.metadata()?.len() > 0 => {
                seek_to_last(file, start)?;
                io::copy(file, output).map(drop)
            }
            _ => keep_last(file, start, output),
        },
    }
}

fn skip_bytes(file: &mut File, count: u64, output: &mut impl Write) -> io::Result<()> {
    io::copy(&mut Read::take(&mut *file, count), &mut io::sink())?;
    io::copy(file, output).map(drop)
}

fn skip_lines(file: &mut File, mut count: u64, output: &mut impl Write) -> io::Result<()> {
    let mut buffer = [0; 16 << 10];
    while count > 0 {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        let mut rest = &buffer[..length];
        while count > 0
            && let Some(end) = rest.iter().position(|byte| *byte == b'\n')
        {
            rest = &rest[end + 1..];
            count -= 1;
        }
        if count == 0 {
            output.write_all(rest)?;
        }
    }
    io::copy(file, output).map(drop)
}

/// Moves to where the last lines or bytes begin, reading backwards in blocks.
fn seek_to_last(file: &mut File, start: Start) -> io::Result<()> {
    let begin = file.stream_position()?;
    let mut place = file.seek(SeekFrom::End(0))?.max(begin);
    let Start::LastLines(mut lines) = start else {
        if let Start::LastBytes(count) = start {
            file.seek(SeekFrom::Start(place.saturating_sub(count).max(begin)))?;
        }
        return Ok(());
    };
    let end = place;
    let mut buffer = [0; 16 << 10];
    while place > begin && lines > 0 {
        let length = (place - begin).min(buffer.len() as u64);
        let from = place - length;
        let block = &mut buffer[..usize::try_from(length).unwrap_or(0)];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(block)?;
        for (index, byte) in block.iter().enumerate().rev() {
            let at = from + index as u64;
            // The newline at the very end closes the last line and begins none.
            if *byte == b'\n' && at + 1 < end {
                lines -= 1;
                if lines == 0 {
                    file.seek(SeekFrom::Start(at + 1))?;
                    return Ok(());
                }
            }
        }
        place = from;
    }
    let from = if lines == 0 { end } else { begin };
    file.seek(SeekFrom::Start(from)).map(drop)
}

/// Reads a stream to its end, keeping no more than may be printed.
fn keep_last(file: &mut File, start: Start, output: &mut impl Write) -> io::Result<()> {
    let mut kept: VecDeque<u8> = VecDeque::new();
    let mut newlines: u64 = 0;
    let mut buffer = [0; 16 << 10];
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        let block = &buffer[..length];
        newlines += block.iter().filter(|byte| **byte == b'\n').count() as u64;
        kept.extend(block);
        let open_line = u64::from(kept.back() != Some(&b'\n'));
        match start {
            Start::LastBytes(count) => {
                let surplus = (kept.len() as u64).saturating_sub(count);
                kept.drain(..usize::try_from(surplus).unwrap_or(kept.len()));
            }
            Start::LastLines(count) => {
                while newlines + open_line > count && !kept.is_empty() {
                    let line = kept.iter().position(|byte| *byte == b'\n');
                    kept.drain(..line.map_or(kept.len(), |end| end + 1));
                    newlines = newlines.saturating_sub(1);
                }
            }
            Start::FromLine(_) | Start::FromByte(_) => {}
        }
    }
    let (front, back) = kept.as_slices();
    output.write_all(front)?;
    output.write_all(back)
}

/// Prints what is added to any of the files, for ever.
fn follow(
    files: &mut [(&Path, File)],
    headings: bool,
    output: &mut impl Write,
) -> Result<(), Failure> {
    let mut shown = files.len() - 1;
    loop {
        for (index, (name, file)) in files.iter_mut().enumerate() {
            let place = file.stream_position().unwrap_or(0);
            if file.metadata()?.is_file() && file.metadata()?.len() < place {
                eprintln!("tail: {}: file truncated", name.display());
                file.seek(SeekFrom::Start(0))?;
            }
            let mut added = Vec::new();
            Read::take(&mut *file, 1 << 20).read_to_end(&mut added)?;
            if added.is_empty() {
                continue;
            }
            if headings && shown != index {
                writeln!(output, "\n==> {} <==", name.display())?;
            }
            shown = index;
            output.write_all(&added)?;
            output.flush()?;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
