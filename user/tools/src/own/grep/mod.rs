//! grep: prints the lines that match an expression.
//!
//! Contract: status 0 if a line was selected, 1 if none, 2 after an error. Expressions are those
//! of `pattern.rs`.
//!
//! Source: grep(1) of POSIX, with -r, -o, -w, -m, -A, -B and -C of the GNU one.

mod options;
mod search;

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::{Context, Failure, reason};
use options::Options;
use search::Search;

pub use options::HELP;

/// Searches the operands.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let (options, mut files) = Options::parse(&mut context.arguments)?;
    if files.is_empty() {
        files.push(if options.recursive { "." } else { "-" }.into());
    }
    let with_names = options
        .with_names
        .unwrap_or(files.len() > 1 || options.recursive);
    let output = BufWriter::new(io::stdout().lock());
    let mut walk = Walk {
        context,
        search: Search::new(&options, with_names, output),
        options: &options,
        failed: false,
    };
    for file in &files {
        if walk.visit(file, true) {
            break;
        }
    }
    walk.search.output.flush()?;
    Ok(match (walk.search.any_selected, walk.failed) {
        (true, _) if options.quiet => 0,
        (_, true) => 2,
        (true, false) => 0,
        (false, false) => 1,
    })
}

struct Walk<'a, W: Write> {
    context: &'a Context,
    search: Search<'a, W>,
    options: &'a Options,
    failed: bool,
}

impl<W: Write> Walk<'_, W> {
    /// Searches a file, or all below it. Returns whether to stop the whole search.
    fn visit(&mut self, path: &Path, operand: bool) -> bool {
        if path == Path::new("-") {
            return self.search(io::stdin().lock(), Path::new("(standard input)"));
        }
        let data = match if operand {
            path.metadata()
        } else {
            path.symlink_metadata()
        } {
            Ok(data) => data,
            Err(error) => return self.fail(path, &error),
        };
        if data.is_dir() {
            if !self.options.recursive {
                self.context
                    .complain(format_args!("{}: Is a directory", path.display()));
                self.failed = true;
                return false;
            }
            return self.directory(path);
        }
        // Devices and FIFOs met on the way down could block for ever.
        if !operand && !data.is_file() {
            return false;
        }
        match File::open(path) {
            Ok(file) => self.search(file, path),
            Err(error) => self.fail(path, &error),
        }
    }

    fn directory(&mut self, path: &Path) -> bool {
        let listed = std::fs::read_dir(path)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
        let mut below: Vec<PathBuf> = match listed {
            Ok(below) => below,
            Err(error) => return self.fail(path, &error),
        };
        below.sort();
        below.iter().any(|path| self.visit(path, false))
    }

    fn search(&mut self, input: impl Read, path: &Path) -> bool {
        if let Err(error) = self.search.file(input, path) {
            self.fail(path, &error);
        }
        self.options.quiet && self.search.any_selected
    }

    fn fail(&mut self, path: &Path, error: &io::Error) -> bool {
        self.failed = true;
        if !self.options.no_messages {
            self.context
                .complain(format_args!("{}: {}", path.display(), reason(error)));
        }
        false
    }
}
