//! The options of ls: which entries, in what order, in what form.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use lexopt::prelude::*;

use super::entry::Entry;
use crate::own::Failure;

/// What `--help` prints.
pub const HELP: &str = "\
Usage: ls [OPTION]... [FILE]...
List files, and what directories hold. Names that begin with a dot are hidden.
  -a, -A     show hidden names; with -A not . and ..
  -d         show directories themselves, not what they hold
  -R         list what is below as well
  -L         show what links point to
  -1, -C     one name a line; in columns (as on a terminal)
  -l         long form: mode, links, owner, group, size, time, name
  -n         long form with numbers for owner and group
  -g, -o     long form without owner; without group
  -h         sizes with K, M, G
  -i, -s     with inode number; with size in blocks of 1024 bytes
  -p, -F     mark directories with /; also * programs, @ links, | FIFOs, = sockets
  -t, -S, -X, -v, -U   newest first; largest first; by extension; by version; unsorted
  -u, -c     with -t or -l: time of last access; of last change of status
  -r         in reverse
  --full-time            long form with the whole time
  --color[=WHEN]         WHEN is always, auto or never
  --group-directories-first
";

/// How names are laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One a line.
    Lines,
    /// In columns, as wide as the terminal.
    Columns,
    /// One a line with all that is known.
    Long,
}

/// What decides the order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Name,
    Time,
    Size,
    Extension,
    Version,
    None,
}

/// Which time of a file is shown and sorted by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// When the contents changed.
    Modified,
    /// When it was read.
    Accessed,
    /// When anything about it changed.
    Changed,
}

/// Which links are looked through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// None.
    Show,
    /// Those named on the command line that point to directories.
    Operands,
    /// All.
    Follow,
}

/// Which hidden names are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hidden {
    None,
    AllButDots,
    All,
}

/// Everything that was asked for.
pub struct Options {
    hidden: Hidden,
    order: Order,
    reverse: bool,
    directories_first: bool,
    /// Which links are looked through.
    pub links: Links,
    /// Show directories themselves.
    pub directories_as_files: bool,
    /// Go down.
    pub recursive: bool,
    /// How names are laid out.
    pub layout: Layout,
    /// Which time is shown.
    pub stamp: Stamp,
    /// Show the time with all digits.
    pub full_time: bool,
    /// Show the owner in the long form.
    pub owner: bool,
    /// Show the group in the long form.
    pub group: bool,
    /// Numbers in place of names.
    pub numeric: bool,
    /// Sizes with K, M, G.
    pub human: bool,
    /// Show inode numbers.
    pub inodes: bool,
    /// Show sizes in blocks.
    pub blocks: bool,
    /// Mark directories.
    pub mark_directories: bool,
    /// Mark every other kind as well.
    pub mark_kinds: bool,
    /// Colour by kind.
    pub color: bool,
}

impl Options {
    fn new(terminal: bool) -> Options {
        Options {
            hidden: Hidden::None,
            order: Order::Name,
            reverse: false,
            directories_first: false,
            links: Links::Operands,
            directories_as_files: false,
            recursive: false,
            layout: if terminal {
                Layout::Columns
            } else {
                Layout::Lines
            },
            stamp: Stamp::Modified,
            full_time: false,
            owner: true,
            group: true,
            numeric: false,
            human: false,
            inodes: false,
            blocks: false,
            mark_directories: false,
            mark_kinds: false,
            color: false,
        }
    }

    /// Reads the command line. Returns the options and the operands.
    pub fn parse(arguments: &mut lexopt::Parser) -> Result<(Options, Vec<PathBuf>), Failure> {
        let terminal = rustix::termios::isatty(std::io::stdout());
        let mut options = Options::new(terminal);
        let mut operands = Vec::new();
        while let Some(argument) = arguments.next()? {
            match argument {
                Value(path) => operands.push(path.into()),
                Long("help") => return Err(Failure::Help),
                Long("full-time") => (options.layout, options.full_time) = (Layout::Long, true),
                Long("group-directories-first") => options.directories_first = true,
                Long("color") => {
                    let when = arguments.optional_value().unwrap_or("always".into());
                    options.color = match when.to_str() {
                        Some("always" | "yes") => true,
                        Some("auto" | "tty") => terminal,
                        Some("never" | "no" | "none") => false,
                        _ => {
                            return Err(Failure::Usage(
                                "--color takes always, auto or never".into(),
                            ));
                        }
                    };
                }
                Short(letter) if options.take_letter(letter) => {}
                other => match long_letter(&other) {
                    Some(letter) => {
                        options.take_letter(letter);
                    }
                    None => return Err(other.unexpected().into()),
                },
            }
        }
        // A link shown in the long form is shown itself, even as an operand.
        if options.links == Links::Operands
            && (options.layout == Layout::Long || options.mark_kinds)
        {
            options.links = Links::Show;
        }
        Ok((options, operands))
    }

    /// Takes a one-letter option; false if there is none of that letter.
    fn take_letter(&mut self, letter: char) -> bool {
        match letter {
            'a' => self.hidden = Hidden::All,
            'A' => self.hidden = Hidden::AllButDots,
            'd' => self.directories_as_files = true,
            'R' => self.recursive = true,
            'L' => self.links = Links::Follow,
            '1' if self.layout != Layout::Long => self.layout = Layout::Lines,
            '1' => {}
            'C' => self.layout = Layout::Columns,
            'l' => self.layout = Layout::Long,
            'n' => (self.layout, self.numeric) = (Layout::Long, true),
            'g' => (self.layout, self.owner) = (Layout::Long, false),
            'o' => (self.layout, self.group) = (Layout::Long, false),
            'h' => self.human = true,
            'i' => self.inodes = true,
            's' => self.blocks = true,
            'k' => {}
            'p' => self.mark_directories = true,
            'F' => (self.mark_directories, self.mark_kinds) = (true, true),
            't' => self.order = Order::Time,
            'S' => self.order = Order::Size,
            'X' => self.order = Order::Extension,
            'v' => self.order = Order::Version,
            'U' => self.order = Order::None,
            'f' => (self.order, self.hidden) = (Order::None, Hidden::All),
            'u' => self.stamp = Stamp::Accessed,
            'c' => self.stamp = Stamp::Changed,
            'r' => self.reverse = true,
            _ => return false,
        }
        true
    }

    /// Whether a name that was read from a directory is shown.
    pub fn shows(&self, name: &OsStr) -> bool {
        self.hidden != Hidden::None || !name.as_bytes().starts_with(b".")
    }

    /// Whether `.` and `..` are.
    pub fn shows_dots(&self) -> bool {
        self.hidden == Hidden::All
    }

    /// Whether the sum of all sizes goes first.
    pub fn wants_total(&self) -> bool {
        self.layout == Layout::Long || self.blocks
    }

    /// Puts the entries in order.
    pub fn sort(&self, entries: &mut [Entry]) {
        if self.order != Order::None {
            entries.sort_by(|left, right| self.compare(left, right));
        }
        if self.reverse {
            entries.reverse();
        }
        if self.directories_first {
            entries.sort_by_key(|entry| !entry.is_directory());
        }
    }

    fn compare(&self, left: &Entry, right: &Entry) -> Ordering {
        let first = match self.order {
            Order::Time => right.time(self.stamp).cmp(&left.time(self.stamp)),
            Order::Size => right.data.size().cmp(&left.data.size()),
            Order::Extension => left.path.extension().cmp(&right.path.extension()),
            Order::Version => by_version(left.name.as_bytes(), right.name.as_bytes()),
            Order::Name | Order::None => Ordering::Equal,
        };
        first.then_with(|| left.name.cmp(&right.name))
    }
}

/// The letter a long option stands for.
fn long_letter(argument: &lexopt::Arg) -> Option<char> {
    Some(match argument {
        Long("all") => 'a',
        Long("almost-all") => 'A',
        Long("directory") => 'd',
        Long("recursive") => 'R',
        Long("dereference") => 'L',
        Long("human-readable") => 'h',
        Long("inode") => 'i',
        Long("size") => 's',
        Long("reverse") => 'r',
        Long("classify") => 'F',
        Long("numeric-uid-gid") => 'n',
        _ => return None,
    })
}

/// Compares runs of digits as numbers and everything else byte by byte.
fn by_version(left: &[u8], right: &[u8]) -> Ordering {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (mut left, mut right) = (left, right);
    loop {
        let (Some(a), Some(b)) = (left.first(), right.first()) else {
            return left.len().cmp(&right.len());
        };
        if a.is_ascii_digit() && b.is_ascii_digit() {
            let (l, r) = (left.split_at(digits(left)), right.split_at(digits(right)));
            let significant = |text: &[u8]| {
                let zeros = text.iter().take_while(|byte| **byte == b'0').count();
                text[zeros..].to_vec()
            };
            let (x, y) = (significant(l.0), significant(r.0));
            match x.len().cmp(&y.len()).then_with(|| x.cmp(&y)) {
                Ordering::Equal => (left, right) = (l.1, r.1),
                other => return other,
            }
        } else if a != b {
            return a.cmp(b);
        } else {
            (left, right) = (&left[1..], &right[1..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(by_version(b"a9", b"a10"), Ordering::Less);
        assert_eq!(by_version(b"a010", b"a9"), Ordering::Greater);
        assert_eq!(by_version(b"a1b", b"a1"), Ordering::Greater);
        assert_eq!(by_version(b"x", b"x"), Ordering::Equal);
    }
}
