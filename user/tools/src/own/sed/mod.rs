//! sed: edits text line by line.
//!
//! Contract: the commands of POSIX, and of the GNU one -E, -i, -s, `address,+N`, `Q`, the flags `i`
//! and `I` of `s`, and one-line `a`, `i` and `c`. Expressions are those of `pattern.rs`, so there
//! are no back references in them. Text that is not UTF-8 is edited with
//! its odd bytes replaced.
//!
//! Source: sed(1) of POSIX.1-2024.

mod machine;
mod script;

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use lexopt::prelude::*;

use super::{Context, Failure, reason};
use machine::{Machine, Verdict};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: sed [-n] [-E] [-s] [-i] SCRIPT [FILE]...
       sed [OPTION]... -e SCRIPT... -f FILE... [FILE]...
Edit each line of the FILEs, or of standard input, as SCRIPT says, and print it.
  -n     print only what the script says
  -E     extended expressions
  -i     edit the FILEs themselves
  -s     each FILE has a last line of its own
Commands, each with up to two addresses (NUMBER, $, /EXPR/, +NUMBER) and ! before it:
  s/EXPR/TEXT/[g][p][i][NUMBER]  y/ABC/XYZ/  p P  d D  n N  q Q  =  a i c TEXT
  h H g G x  b t LABEL  : LABEL  { ... }  r FILE  w FILE
";

struct Request {
    quiet: bool,
    extended: bool,
    in_place: bool,
    separate: bool,
    scripts: Vec<String>,
    files: Vec<PathBuf>,
}

/// Edits the operands.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let request = parse(context)?;
    let script = request.scripts.join("\n");
    // The comment `#n` on the first line is the option -n.
    let quiet = request.quiet || script.starts_with("#n\n") || script == "#n";
    let program =
        script::parse(&script, request.extended).map_err(|message| Failure::Trouble(1, message))?;
    let mut machine = Machine::new(&program, quiet);
    let (texts, mut status) = open_all(context, &request.files);
    if request.in_place {
        for (path, text) in texts {
            let mut edited = Vec::new();
            let verdict = edit(&mut machine, vec![text], &mut edited)?;
            replace(&path, &edited).map_err(|error| Failure::of(&path, &error))?;
            machine.start_again();
            if let Verdict::Quit(code) = verdict {
                return Ok(code);
            }
        }
        return Ok(status);
    }
    let mut output = BufWriter::new(io::stdout().lock());
    let texts: Vec<_> = texts.into_iter().map(|(_, text)| text).collect();
    let groups: Vec<Vec<Box<dyn BufRead>>> = match request.separate {
        true => texts.into_iter().map(|text| vec![text]).collect(),
        false => vec![texts],
    };
    for group in groups {
        if let Verdict::Quit(code) = edit(&mut machine, group, &mut output)? {
            status = code;
            break;
        }
    }
    output.flush()?;
    Ok(status)
}

fn parse(context: &mut Context) -> Result<Request, Failure> {
    let mut request = Request {
        quiet: false,
        extended: false,
        in_place: false,
        separate: false,
        scripts: Vec::new(),
        files: Vec::new(),
    };
    let mut operands = Vec::new();
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('n') | Long("quiet" | "silent") => request.quiet = true,
            Short('E' | 'r') | Long("regexp-extended") => request.extended = true,
            Short('i') | Long("in-place") => request.in_place = true,
            Short('s') | Long("separate") => request.separate = true,
            Short('e') | Long("expression") => request.scripts.push(arguments.value()?.string()?),
            Short('f') | Long("file") => {
                let file = PathBuf::from(arguments.value()?);
                let text =
                    std::fs::read_to_string(&file).map_err(|error| Failure::of(&file, &error))?;
                request.scripts.push(text);
            }
            Long("help") => return Err(Failure::Help),
            Value(word) => operands.push(word),
            other => return Err(other.unexpected().into()),
        }
    }
    if request.scripts.is_empty() {
        if operands.is_empty() {
            return Err(Failure::Usage("no script specified".into()));
        }
        request.scripts.push(operands.remove(0).string()?);
    }
    request.files = operands.into_iter().map(PathBuf::from).collect();
    if request.files.is_empty() && !request.in_place {
        request.files.push("-".into());
    }
    Ok(request)
}

type Text = (PathBuf, Box<dyn BufRead>);

/// What can be opened, and the status for what cannot.
fn open_all(context: &Context, files: &[PathBuf]) -> (Vec<Text>, i32) {
    let mut texts: Vec<Text> = Vec::new();
    let mut status = 0;
    for path in files {
        let opened: io::Result<Box<dyn BufRead>> = match path.as_os_str() == "-" {
            true => Ok(Box::new(io::stdin().lock())),
            false => open(path),
        };
        match opened {
            Ok(text) => texts.push((path.clone(), text)),
            Err(error) => {
                let (path, reason) = (path.display(), reason(&error));
                context.complain(format_args!("can't read {path}: {reason}"));
                status = 2;
            }
        }
    }
    (texts, status)
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(Box::new(BufReader::new(file)))
}

/// Runs the script over texts that count as one.
fn edit(
    machine: &mut Machine,
    texts: Vec<Box<dyn BufRead>>,
    output: &mut impl Write,
) -> Result<Verdict, Failure> {
    let joined = texts
        .into_iter()
        .fold(Box::new(io::empty()) as Box<dyn BufRead>, |all, text| {
            Box::new(all.chain(text))
        });
    machine.run(joined, output)
}

/// Written beside the file and moved over it, so that no half of it is ever seen.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".sed{}", std::process::id()));
    let beside = path.with_file_name(name);
    std::fs::write(&beside, text)?;
    std::fs::set_permissions(&beside, std::fs::metadata(path)?.permissions())?;
    std::fs::rename(&beside, path)
}
