//! The options of grep, and the test they amount to.

use std::path::PathBuf;

use lexopt::prelude::*;
use regex_lite::Regex;

use crate::own::Failure;
use crate::own::pattern::{self, Syntax};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: grep [OPTION]... PATTERN [FILE]...
       grep [OPTION]... -e PATTERN... -f FILE... [FILE]...
Print the lines of each FILE that match PATTERN.
  -E, -F, -G   PATTERN is an extended expression; plain text; a basic expression
  -i, -v       ignore case; select the lines that do not match
  -w, -x       match whole words; whole lines
  -c, -l, -L   print only a count; the names of files that match; that do not
  -n, -H, -h   with line numbers; with names of files; without
  -o           print only what matched
  -q, -s       print nothing; no messages about unreadable files
  -m COUNT     stop after COUNT lines
  -r           search directories
  -A, -B, -C COUNT   print COUNT lines after, before, around as well
";

/// What is printed of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// Its lines.
    Lines,
    /// What matched in them.
    Matches,
    /// How many there are.
    Count,
    /// Its name, if there are some.
    NamesWith,
    /// Its name, if there are none.
    NamesWithout,
}

/// Everything that was asked for.
pub struct Options {
    expressions: Vec<Regex>,
    whole_words: bool,
    whole_lines: bool,
    /// Select what does not match.
    pub invert: bool,
    /// What is printed.
    pub report: Report,
    /// Print numbers of lines.
    pub numbers: bool,
    /// Print names of files, if that was said.
    pub with_names: Option<bool>,
    /// Print nothing.
    pub quiet: bool,
    /// Do not report files that cannot be read.
    pub no_messages: bool,
    /// Search directories.
    pub recursive: bool,
    /// Stop after that many lines of a file.
    pub limit: u64,
    /// Lines printed before a selected one.
    pub before: usize,
    /// Lines printed after a selected one.
    pub after: usize,
}

/// What is collected before the expressions can be compiled.
struct Sources {
    patterns: Vec<String>,
    given: bool,
    syntax: Syntax,
    ignore_case: bool,
}

impl Options {
    /// Reads the command line. Returns the options and the files.
    pub fn parse(arguments: &mut lexopt::Parser) -> Result<(Options, Vec<PathBuf>), Failure> {
        let mut options = Options {
            expressions: Vec::new(),
            whole_words: false,
            whole_lines: false,
            invert: false,
            report: Report::Lines,
            numbers: false,
            with_names: None,
            quiet: false,
            no_messages: false,
            recursive: false,
            limit: u64::MAX,
            before: 0,
            after: 0,
        };
        let mut sources = Sources {
            patterns: Vec::new(),
            given: false,
            syntax: Syntax::Basic,
            ignore_case: false,
        };
        let mut operands = Vec::new();
        while let Some(argument) = arguments.next()? {
            match argument {
                Value(word) => operands.push(word),
                Long("help") => return Err(Failure::Help),
                Short('e') | Long("regexp") => sources.add(&arguments.value()?.string()?),
                Short('f') | Long("file") => {
                    let file = PathBuf::from(arguments.value()?);
                    let text = std::fs::read_to_string(&file)
                        .map_err(|error| Failure::Trouble(2, Failure::of(&file, &error).text()))?;
                    sources.given = true;
                    sources.patterns.extend(text.lines().map(String::from));
                }
                Short('m') | Long("max-count") => options.limit = arguments.value()?.parse()?,
                Short('A') | Long("after-context") => options.after = arguments.value()?.parse()?,
                Short('B') | Long("before-context") => {
                    options.before = arguments.value()?.parse()?;
                }
                Short('C') | Long("context") => {
                    options.after = arguments.value()?.parse()?;
                    options.before = options.after;
                }
                Long("color" | "colour") => drop(arguments.optional_value()),
                Short(letter) if options.take(letter) || sources.take(letter) => {}
                Long(name) => {
                    let letter = letter_of(name).ok_or_else(|| Long(name).unexpected())?;
                    if !options.take(letter) {
                        sources.take(letter);
                    }
                }
                other => return Err(other.unexpected().into()),
            }
        }
        if !sources.given {
            if operands.is_empty() {
                return Err(Failure::Usage("missing PATTERN".into()));
            }
            sources.add(&operands.remove(0).string()?);
        }
        options.expressions = sources.compile(options.whole_lines)?;
        Ok((options, operands.into_iter().map(PathBuf::from).collect()))
    }

    fn take(&mut self, letter: char) -> bool {
        match letter {
            'v' => self.invert = true,
            'w' => self.whole_words = true,
            'x' => self.whole_lines = true,
            'c' => self.report = Report::Count,
            'l' => self.report = Report::NamesWith,
            'L' => self.report = Report::NamesWithout,
            'o' => self.report = Report::Matches,
            'n' => self.numbers = true,
            'H' => self.with_names = Some(true),
            'h' => self.with_names = Some(false),
            'q' => self.quiet = true,
            's' => self.no_messages = true,
            'r' | 'R' => self.recursive = true,
            'a' | 'I' => {}
            _ => return false,
        }
        true
    }

    /// The first match in `line` from byte `from` on, of all expressions the leftmost, and of
    /// those the longest.
    pub fn find(&self, line: &str, from: usize) -> Option<(usize, usize)> {
        self.expressions
            .iter()
            .filter_map(|expression| self.find_one(expression, line, from))
            .min_by_key(|(start, end)| (*start, usize::MAX - end))
    }

    fn find_one(&self, expression: &Regex, line: &str, mut from: usize) -> Option<(usize, usize)> {
        loop {
            let found = expression.find_at(line, from)?;
            let whole_word = !self.whole_words
                || (!line[..found.start()].ends_with(is_word)
                    && !line[found.end()..].starts_with(is_word));
            if whole_word {
                return Some((found.start(), found.end()));
            }
            from = found.start() + line[found.start()..].chars().next()?.len_utf8();
        }
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

impl Sources {
    /// Each line of a pattern is a pattern of its own.
    fn add(&mut self, text: &str) {
        self.given = true;
        self.patterns.extend(text.split('\n').map(String::from));
    }

    fn take(&mut self, letter: char) -> bool {
        match letter {
            'E' => self.syntax = Syntax::Extended,
            'F' => self.syntax = Syntax::Fixed,
            'G' => self.syntax = Syntax::Basic,
            'i' | 'y' => self.ignore_case = true,
            _ => return false,
        }
        true
    }

    fn compile(&self, whole_lines: bool) -> Result<Vec<Regex>, Failure> {
        let compile = |text: &String| {
            let regex = pattern::compile(text, self.syntax, self.ignore_case)?;
            if !whole_lines {
                return Ok(regex);
            }
            let case = if self.ignore_case { "(?i)" } else { "" };
            Regex::new(&format!("{case}^(?:{})$", regex.as_str())).map_err(|e| e.to_string())
        };
        let compiled: Result<Vec<_>, String> = self.patterns.iter().map(compile).collect();
        compiled.map_err(|message| Failure::Trouble(2, message))
    }
}

/// The letter a long option stands for.
fn letter_of(name: &str) -> Option<char> {
    Some(match name {
        "extended-regexp" => 'E',
        "fixed-strings" => 'F',
        "basic-regexp" => 'G',
        "ignore-case" => 'i',
        "invert-match" => 'v',
        "word-regexp" => 'w',
        "line-regexp" => 'x',
        "count" => 'c',
        "files-with-matches" => 'l',
        "files-without-match" => 'L',
        "line-number" => 'n',
        "with-filename" => 'H',
        "no-filename" => 'h',
        "only-matching" => 'o',
        "quiet" | "silent" => 'q',
        "no-messages" => 's',
        "recursive" => 'r',
        _ => return None,
    })
}
