//! ls: lists directories.
//!
//! Contract: names in byte order, output as GNU ls prints it in the C locale. Status 1 if
//! something inside a directory could not be read, 2 if an operand could not.
//!
//! Source: ls(1) of POSIX and of the GNU core utilities.

mod entry;
mod options;
mod print;

use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::{Context, Failure, reason};
use entry::Entry;
use options::{Layout, Links, Options};
use print::Printer;

pub use entry::mode_text;
pub use options::HELP;

/// Lists the operands.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let (options, mut operands) = Options::parse(&mut context.arguments)?;
    if operands.is_empty() {
        operands.push(".".into());
    }
    let mut listing = Listing {
        context,
        printer: Printer::new(&options),
        options: &options,
        output: BufWriter::new(Box::new(std::io::stdout().lock())),
        status: 0,
        with_heading: operands.len() > 1 || options.recursive,
        first: true,
    };
    listing.operands(&operands)?;
    listing.output.flush()?;
    Ok(listing.status)
}

struct Listing<'a> {
    context: &'a Context,
    options: &'a Options,
    printer: Printer<'a>,
    output: BufWriter<Box<dyn Write>>,
    status: i32,
    with_heading: bool,
    /// No directory has been listed yet, so no empty line goes before the next.
    first: bool,
}

impl Listing<'_> {
    fn operands(&mut self, operands: &[PathBuf]) -> Result<(), Failure> {
        let mut files = Vec::new();
        let mut directories = Vec::new();
        for path in operands {
            // An operand that is a link to a directory is listed, unless it is shown itself.
            let follow = match self.options.links {
                Links::Follow => true,
                Links::Operands => !self.options.directories_as_files,
                Links::Show => false,
            };
            match Entry::of(path, path.as_os_str(), follow) {
                Ok(entry) if entry.is_directory() && !self.options.directories_as_files => {
                    directories.push(entry);
                }
                Ok(entry) => files.push(entry),
                Err(error) => {
                    self.status = 2;
                    self.context.complain(format_args!(
                        "cannot access '{}': {}",
                        path.display(),
                        reason(&error)
                    ));
                }
            }
        }
        self.options.sort(&mut files);
        self.options.sort(&mut directories);
        if !files.is_empty() {
            self.printer.entries(&files, &mut self.output)?;
            self.first = false;
        }
        for directory in directories {
            self.directory(&directory.path, true)?;
        }
        Ok(())
    }

    /// Lists one directory, and those in it if that was asked for.
    fn directory(&mut self, path: &Path, operand: bool) -> Result<(), Failure> {
        let entries = match self.read(path) {
            Ok(entries) => entries,
            Err(error) => {
                self.status = self.status.max(if operand { 2 } else { 1 });
                self.context.complain(format_args!(
                    "cannot open directory '{}': {}",
                    path.display(),
                    reason(&error)
                ));
                return Ok(());
            }
        };
        if self.with_heading {
            let gap = if self.first { "" } else { "\n" };
            writeln!(self.output, "{gap}{}:", path.display())?;
        }
        self.first = false;
        if self.options.wants_total() {
            writeln!(self.output, "total {}", self.printer.total(&entries))?;
        }
        self.printer.entries(&entries, &mut self.output)?;
        if self.options.recursive {
            // Real directories only: a link may lead back up.
            for entry in entries
                .iter()
                .filter(|e| e.is_real_directory() && !e.is_dot())
            {
                self.directory(&entry.path, false)?;
            }
        }
        Ok(())
    }

    /// The entries of a directory in the order they are to be shown.
    fn read(&mut self, path: &Path) -> std::io::Result<Vec<Entry>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(path)? {
            let name = entry?.file_name();
            if self.options.shows(&name) {
                names.push(name);
            }
        }
        if self.options.shows_dots() {
            names.extend([".".into(), "..".into()]);
        }
        let mut entries = Vec::with_capacity(names.len());
        for name in names {
            let full =
                if path == Path::new(".") && name != "." && name != ".." && !self.options.recursive
                {
                    PathBuf::from(&name)
                } else {
                    path.join(&name)
                };
            match Entry::of(&full, &name, self.options.links == Links::Follow) {
                Ok(entry) => entries.push(entry),
                // Gone since its name was read, as are the threads and descriptors in /proc.
                Err(error)
                    if error.kind() == ErrorKind::NotFound
                        && self.options.layout != Layout::Long => {}
                Err(error) => {
                    self.status = self.status.max(1);
                    let reason = reason(&error);
                    self.context
                        .complain(format_args!("cannot access '{}': {reason}", full.display()));
                }
            }
        }
        self.options.sort(&mut entries);
        Ok(entries)
    }
}
