//! xargs: makes command lines of what it reads.
//!
//! Contract: status 123 if a command failed, 124 if one ended with 255, 125 if one was killed by
//! a signal, 126 if it cannot be run, 127 if it is not found. The command's input is /dev/null.
//!
//! Source: xargs(1) of POSIX, with -0, -d, -a and -r of the GNU one.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use lexopt::prelude::*;

use super::{Context, Failure, reason};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: xargs [OPTION]... [COMMAND [ARG]...]
Run COMMAND (echo) with the words of standard input behind its ARGs.
  -0, -d CHAR  words end at a NUL; at CHAR; nothing else separates or quotes
  -n COUNT     at most COUNT words a command
  -L COUNT     at most COUNT lines a command
  -I TEXT      a command a line, with the line in place of TEXT
  -s BYTES     command lines of at most BYTES
  -a FILE      read FILE, not standard input
  -r           run nothing if there are no words
  -t           print each command first
";

/// The kernel allows a quarter of the stack (2 MiB usually) for words and environment.
const USUAL_BYTES: usize = 128 << 10;

struct Request {
    separator: Option<u8>,
    words_at_most: usize,
    lines_at_most: Option<usize>,
    replace: Option<String>,
    bytes_at_most: usize,
    file: Option<PathBuf>,
    run_if_empty: bool,
    trace: bool,
    command: Vec<OsString>,
}

/// Reads words and runs commands.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let request = parse(context)?;
    let mut input = Vec::new();
    match &request.file {
        Some(file) => File::open(file).and_then(|mut opened| opened.read_to_end(&mut input)),
        None => io::stdin().lock().read_to_end(&mut input),
    }
    .map_err(|error| match &request.file {
        Some(file) => Failure::of(file, &error),
        None => error.into(),
    })?;
    let lines = split(&input, &request).map_err(Failure::Message)?;
    let mut status = 0;
    for command in command_lines(&lines, &request)? {
        match execute(context, &request, &command) {
            0 => {}
            // These end the run; the others are remembered.
            end @ (124..=127) => return Ok(end),
            failed => status = failed,
        }
    }
    Ok(status)
}

fn parse(context: &mut Context) -> Result<Request, Failure> {
    let mut request = Request {
        separator: None,
        words_at_most: usize::MAX,
        lines_at_most: None,
        replace: None,
        bytes_at_most: USUAL_BYTES,
        file: None,
        run_if_empty: true,
        trace: false,
        command: Vec::new(),
    };
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('0') | Long("null") => request.separator = Some(0),
            Short('d') | Long("delimiter") => {
                request.separator = Some(separator(&arguments.value()?.string()?)?);
            }
            Short('n') | Long("max-args") => {
                request.words_at_most = at_least_one(arguments.value()?.parse()?)?;
            }
            Short('L') | Long("max-lines") => {
                request.lines_at_most = Some(at_least_one(arguments.value()?.parse()?)?);
            }
            Short('I') | Long("replace") => request.replace = Some(arguments.value()?.string()?),
            Short('s') | Long("max-chars") => {
                request.bytes_at_most = at_least_one(arguments.value()?.parse()?)?;
            }
            Short('a') | Long("arg-file") => request.file = Some(arguments.value()?.into()),
            Short('r') | Long("no-run-if-empty") => request.run_if_empty = false,
            Short('t') | Long("verbose") => request.trace = true,
            Long("help") => return Err(Failure::Help),
            // The options behind the command are its own.
            Value(program) => {
                request.command.push(program);
                request.command.extend(arguments.raw_args()?);
                break;
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if request.command.is_empty() {
        request.command.push("echo".into());
    }
    Ok(request)
}

fn at_least_one(count: usize) -> Result<usize, Failure> {
    match count {
        0 => Err(Failure::Usage("a limit must be at least 1".into())),
        count => Ok(count),
    }
}

fn separator(text: &str) -> Result<u8, Failure> {
    match text.as_bytes() {
        [one] => Ok(*one),
        b"\\n" => Ok(b'\n'),
        b"\\t" => Ok(b'\t'),
        b"\\0" => Ok(0),
        _ => Err(Failure::Usage(format!("'{text}' is not one character"))),
    }
}

/// The input as lines of words. With a separator of its own each word is a line.
fn split(input: &[u8], request: &Request) -> Result<Vec<Vec<OsString>>, String> {
    if let Some(separator) = request.separator {
        let input = input.strip_suffix(&[separator]).unwrap_or(input);
        if input.is_empty() {
            return Ok(Vec::new());
        }
        let words = input.split(|byte| *byte == separator);
        return Ok(words
            .map(|word| vec![OsString::from_vec(word.to_vec())])
            .collect());
    }
    // With -I a line is one word: blanks in it do not separate.
    quoted_words(input, request.replace.is_none())
}

/// Blanks separate, quotes and backslashes keep together, as in a simple shell.
fn quoted_words(input: &[u8], at_blanks: bool) -> Result<Vec<Vec<OsString>>, String> {
    let mut lines = vec![Vec::new()];
    let mut word: Option<Vec<u8>> = None;
    let mut quote = None;
    let mut bytes = input.iter().copied();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(open), b'\n') => {
                let kind = if open == b'"' { "double" } else { "single" };
                return Err(format!(
                    "unmatched {kind} quote; by default quotes are special to xargs unless you \
                     use the -0 option"
                ));
            }
            (Some(_), _) => word.get_or_insert_default().push(byte),
            (None, b'"' | b'\'') => {
                word.get_or_insert_default();
                quote = Some(byte);
            }
            (None, b'\\') => word.get_or_insert_default().extend(bytes.next()),
            (None, b' ' | b'\t') if word.is_none() => {}
            (None, b' ' | b'\t' | b'\n') if at_blanks || byte == b'\n' => {
                if let (Some(word), Some(line)) = (word.take(), lines.last_mut()) {
                    line.push(OsString::from_vec(word));
                }
                if byte == b'\n' {
                    lines.push(Vec::new());
                }
            }
            (None, _) => word.get_or_insert_default().push(byte),
        }
    }
    if quote.is_some() {
        return Err("unmatched quote at the end of the input".into());
    }
    if let (Some(word), Some(line)) = (word, lines.last_mut()) {
        line.push(OsString::from_vec(word));
    }
    lines.retain(|line| !line.is_empty());
    Ok(lines)
}

/// The commands to run, in order.
fn command_lines(
    lines: &[Vec<OsString>],
    request: &Request,
) -> Result<Vec<Vec<OsString>>, Failure> {
    if let Some(mark) = &request.replace {
        let put_in = |line: &OsString| {
            request
                .command
                .iter()
                .map(|word| replace(word, mark, line))
                .collect()
        };
        return Ok(lines.iter().flatten().map(put_in).collect());
    }
    let size = |words: &[OsString]| words.iter().map(|word| word.len() + 1).sum::<usize>();
    let mut commands = Vec::new();
    let mut current = request.command.clone();
    let (mut words, mut line_count) = (0, 0);
    for line in lines {
        for word in line {
            let full = words >= request.words_at_most
                || request.lines_at_most.is_some_and(|most| line_count >= most)
                || size(&current) + word.len() + 1 > request.bytes_at_most;
            if full && words > 0 {
                commands.push(std::mem::replace(&mut current, request.command.clone()));
                (words, line_count) = (0, 0);
            }
            if size(&current) + word.len() + 1 > request.bytes_at_most {
                return Err(Failure::Message("argument line too long".into()));
            }
            current.push(word.clone());
            words += 1;
        }
        line_count += 1;
    }
    if words > 0 || (commands.is_empty() && request.run_if_empty) {
        commands.push(current);
    }
    Ok(commands)
}

fn replace(word: &OsStr, mark: &str, line: &OsStr) -> OsString {
    match word.to_str() {
        Some(text) if !mark.is_empty() && text.contains(mark) => {
            let mut result = OsString::new();
            for (index, piece) in text.split(mark).enumerate() {
                if index > 0 {
                    result.push(line);
                }
                result.push(piece);
            }
            result
        }
        _ => word.to_os_string(),
    }
}

/// Runs one command. Returns the status it gives xargs.
fn execute(context: &Context, request: &Request, words: &[OsString]) -> i32 {
    if request.trace {
        let shown: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        eprintln!("{}", shown.join(" "));
    }
    let [program, arguments @ ..] = words else {
        return 0;
    };
    match Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .status()
    {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(0), _) => 0,
            (Some(255), _) => {
                context.complain(format_args!(
                    "{}: exited with status 255; aborting",
                    program.display()
                ));
                124
            }
            (Some(_), _) => 123,
            (None, signal) => {
                context.complain(format_args!(
                    "{}: terminated by signal {}",
                    program.display(),
                    signal.unwrap_or(0)
                ));
                125
            }
        },
        Err(error) => {
            context.complain(format_args!("{}: {}", program.display(), reason(&error)));
            if error.kind() == ErrorKind::NotFound {
                127
            } else {
                126
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_words_together() {
        let lines = quoted_words(b"a 'b c' \"d\"e\\ f\n\n g ''\n", true).expect("well formed");
        assert_eq!(lines, [vec!["a", "b c", "de f"], vec!["g", ""]]);
        let lines = quoted_words(b" a 'b'  c\n", false).expect("well formed");
        assert_eq!(lines, [vec!["a b  c"]]);
        assert!(quoted_words(b"'a\n'", true).is_err());
        assert!(quoted_words(b"\"a", true).is_err());
    }
}
