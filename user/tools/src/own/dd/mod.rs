//! dd: copies and converts in blocks.
//!
//! Contract: one read a block of input, as it comes; a short one counts as a partial block, and
//! with `iflag=fullblock` is read on. Output is written in blocks of `obs` unless `bs` joins both.
//!
//! Source: dd(1) of POSIX and of the GNU core utilities. The one of uutils waits for signals in a
//! thread with a pair of sockets, to report on SIGUSR1; this one does not report on the way.

mod operands;

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

use super::{Context, Failure, reason};
use operands::{Conversion, Operands, Report};

pub use operands::HELP;

/// What has been copied so far.
#[derive(Default)]
struct Tally {
    whole_in: u64,
    partial_in: u64,
    whole_out: u64,
    partial_out: u64,
    bytes: u64,
}

/// Copies as the operands say.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let words = context.words(Failure::Usage)?;
    if words.iter().any(|word| word == "--help") {
        return Err(Failure::Help);
    }
    let operands = operands::parse(&words).map_err(Failure::Usage)?;
    let mut input = open_input(&operands)?;
    let mut output = open_output(&operands)?;
    let start = Instant::now();
    let mut copy = Copy {
        operands: &operands,
        tally: Tally::default(),
        pending: Vec::new(),
    };
    let result = copy
        .all(context, &mut input, &mut output)
        .and_then(|()| finish(&operands, &output));
    summary(&copy.tally, start.elapsed().as_secs_f64(), operands.report);
    result.map(|()| 0)
}

fn open_input(operands: &Operands) -> Result<File, Failure> {
    let mut input = match &operands.input {
        Some(path) => File::open(path).map_err(|error| cannot("failed to open", path, &error))?,
        None => File::from(rustix::io::dup(io::stdin())?),
    };
    let skip = operands.skip_bytes;
    if skip > 0
        && input
            .seek(SeekFrom::Current(i64::try_from(skip).unwrap_or(i64::MAX)))
            .is_err()
    {
        // A pipe: what cannot be jumped over is read.
        io::copy(&mut Read::take(&mut input, skip), &mut io::sink())?;
    }
    Ok(input)
}

fn open_output(operands: &Operands) -> Result<File, Failure> {
    let has = |conversion| operands.conversions.contains(&conversion);
    let Some(path) = &operands.output else {
        let mut output = File::from(rustix::io::dup(io::stdout())?);
        if operands.seek_bytes > 0 {
            output.seek(SeekFrom::Start(operands.seek_bytes))?;
        }
        return Ok(output);
    };
    let fail = |error: &io::Error| cannot("failed to open", path, error);
    let mut output = OpenOptions::new()
        .write(true)
        .append(operands.append)
        .create(!has(Conversion::NoCreate))
        .create_new(has(Conversion::Exclusive))
        .truncate(false)
        .open(path)
        .map_err(|error| fail(&error))?;
    let regular = output.metadata().map_err(|error| fail(&error))?.is_file();
    if regular && !has(Conversion::NoTruncate) && !operands.append {
        // What lies before the place to write to stays.
        output
            .set_len(operands.seek_bytes)
            .map_err(|error| fail(&error))?;
    }
    if operands.seek_bytes > 0 && !operands.append {
        output
            .seek(SeekFrom::Start(operands.seek_bytes))
            .map_err(|error| fail(&error))?;
    }
    Ok(output)
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::Message(format!("{what} '{}': {}", path.display(), reason(error)))
}

struct Copy<'a> {
    operands: &'a Operands,
    tally: Tally,
    /// Read and not yet a whole block of output.
    pending: Vec<u8>,
}

impl Copy<'_> {
    fn all(
        &mut self,
        context: &Context,
        input: &mut File,
        output: &mut File,
    ) -> Result<(), Failure> {
        let operands = self.operands;
        let has = |conversion| operands.conversions.contains(&conversion);
        let mut block = vec![0; operands.input_block];
        let mut bytes_left = operands.count_bytes.unwrap_or(u64::MAX);
        let mut blocks_left = operands.count_blocks.unwrap_or(u64::MAX);
        while bytes_left > 0 && blocks_left > 0 {
            let wanted = usize::try_from(bytes_left)
                .unwrap_or(usize::MAX)
                .min(block.len());
            let mut length = match self.read(input, &mut block[..wanted]) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if has(Conversion::IgnoreErrors) => {
                    context.complain(format_args!("error reading: {}", reason(&error)));
                    block.fill(0);
                    input.seek(SeekFrom::Current(i64::try_from(wanted).unwrap_or(0)))?;
                    wanted
                }
                Err(error) => {
                    self.flush(output)?;
                    return Err(Failure::Message(format!(
                        "error reading: {}",
                        reason(&error)
                    )));
                }
            };
            bytes_left -= length as u64;
            blocks_left -= 1;
            if length == block.len() {
                self.tally.whole_in += 1;
            } else {
                self.tally.partial_in += 1;
                if has(Conversion::Pad) {
                    block[length..].fill(0);
                    length = block.len();
                }
            }
            convert(&mut block[..length], &operands.conversions);
            self.take(&block[..length], output)?;
        }
        self.flush(output)
    }

    fn read(&self, input: &mut File, block: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < block.len() {
            match input.read(&mut block[filled..]) {
                Ok(0) => break,
                Ok(length) => filled += length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            if !self.operands.full_blocks {
                break;
            }
        }
        Ok(filled)
    }

    fn take(&mut self, block: &[u8], output: &mut File) -> Result<(), Failure> {
        let Some(size) = self.operands.output_block else {
            return self.write(block, self.operands.input_block, output);
        };
        self.pending.extend_from_slice(block);
        while self.pending.len() >= size {
            let rest = self.pending.split_off(size);
            let whole = std::mem::replace(&mut self.pending, rest);
            self.write(&whole, size, output)?;
        }
        Ok(())
    }

    fn flush(&mut self, output: &mut File) -> Result<(), Failure> {
        let rest = std::mem::take(&mut self.pending);
        if rest.is_empty() {
            return Ok(());
        }
        self.write(
            &rest,
            self.operands.output_block.unwrap_or(rest.len()),
            output,
        )
    }

    fn write(&mut self, block: &[u8], size: usize, output: &mut File) -> Result<(), Failure> {
        output
            .write_all(block)
            .map_err(|error| Failure::Message(format!("error writing: {}", reason(&error))))?;
        if block.len() == size {
            self.tally.whole_out += 1;
        } else {
            self.tally.partial_out += 1;
        }
        self.tally.bytes += block.len() as u64;
        Ok(())
    }
}

fn convert(block: &mut [u8], conversions: &[Conversion]) {
    for conversion in conversions {
        match conversion {
            Conversion::Upper => block.make_ascii_uppercase(),
            Conversion::Lower => block.make_ascii_lowercase(),
            Conversion::Swap => block.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1)),
            _ => {}
        }
    }
}

fn finish(operands: &Operands, output: &File) -> Result<(), Failure> {
    let written = if operands.conversions.contains(&Conversion::SyncAll) {
        output.sync_all()
    } else if operands.conversions.contains(&Conversion::SyncData) {
        output.sync_data()
    } else {
        Ok(())
    };
    written.map_err(|error| Failure::Message(format!("fsync failed: {}", reason(&error))))
}

fn summary(tally: &Tally, seconds: f64, report: Report) {
    if report == Report::Nothing {
        return;
    }
    eprintln!("{}+{} records in", tally.whole_in, tally.partial_in);
    eprintln!("{}+{} records out", tally.whole_out, tally.partial_out);
    if report == Report::Records {
        return;
    }
    let bytes = tally.bytes;
    let plural = if bytes == 1 { "" } else { "s" };
    let (tens, twos) = (
        scaled(bytes as f64, 1000.0, "B"),
        scaled(bytes as f64, 1024.0, "iB"),
    );
    let sizes = match bytes {
        0..1000 => String::new(),
        1000..1024 => format!(" ({tens})"),
        _ => format!(" ({tens}, {twos})"),
    };
    // A clock that has not moved must not divide by nothing.
    let rate = scaled(bytes as f64 / seconds.max(1e-9), 1000.0, "B");
    eprintln!("{bytes} byte{plural}{sizes} copied, {seconds:.6} s, {rate}/s");
}

/// `3.1 kB`, `3.0 KiB`.
fn scaled(mut value: f64, step: f64, unit: &str) -> String {
    let letters = if step > 1000.0 {
        ["K", "M", "G", "T", "P"]
    } else {
        ["k", "M", "G", "T", "P"]
    };
    let mut letter = None;
    for next in letters {
        if value < step {
            break;
        }
        value /= step;
        letter = Some(next);
    }
    match letter {
        None => format!("{value:.0} B"),
        Some(letter) if value < 10.0 => format!("{value:.1} {letter}{unit}"),
        Some(letter) => format!("{value:.0} {letter}{unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_scaled_to_two_digits() {
        assert_eq!(scaled(999.0, 1000.0, "B"), "999 B");
        assert_eq!(scaled(3072.0, 1000.0, "B"), "3.1 kB");
        assert_eq!(scaled(3072.0, 1024.0, "iB"), "3.0 KiB");
        assert_eq!(scaled(52_000_000.0, 1000.0, "B"), "52 MB");
    }

    #[test]
    fn conversions_work_on_bytes() {
        let mut block = *b"aBcDe";
        convert(&mut block, &[Conversion::Upper, Conversion::Swap]);
        assert_eq!(&block, b"BADCE");
    }
}
