//! The machine that runs a script of sed: the line at hand (the pattern space), the one kept
//! (the hold space), and where it is in the script.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, Write};
use std::path::Path;

use regex_lite::{Captures, Regex};

use super::script::{Action, Address, Command, Piece};
use crate::own::Failure;

/// How a run came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The text has ended.
    Done,
    /// The script said so, with this status.
    Quit(i32),
}

/// What follows a command.
enum Next {
    Command,
    Jump(usize),
    /// The script is through; the line is printed unless -n was given.
    EndOfScript,
    /// Go on with the next line without printing this one.
    Deleted,
    /// As before, but with what is left of the line (`D`).
    Restart,
    /// Stop; print the line first or not.
    Quit(i32, bool),
}

/// A run of a script.
pub struct Machine<'a> {
    program: &'a [Command],
    quiet: bool,
    hold: String,
    line_number: u64,
    /// For each command with two addresses: until which line it applies.
    ranges: Vec<Option<RangeEnd>>,
    last_expression: Option<Regex>,
    replaced: bool,
    /// Text and files to print after the line.
    after: Vec<After>,
    written: BTreeMap<String, File>,
    /// The last line printed had no newline; it gets one if anything follows.
    owes_newline: bool,
}

enum After {
    Text(String),
    File(String),
}

#[derive(Clone)]
enum RangeEnd {
    Match,
    Last,
    Line(u64),
}

/// The text that is read, with one line seen in advance so that the last is known.
struct Input {
    text: Box<dyn BufRead>,
    ahead: Option<Vec<u8>>,
}

impl Input {
    fn next(&mut self) -> std::io::Result<Option<(String, bool)>> {
        let mut line = Vec::new();
        let following = match self.text.read_until(b'\n', &mut line)? {
            0 => None,
            _ => Some(line),
        };
        let current = std::mem::replace(&mut self.ahead, following);
        Ok(current.map(|mut bytes| {
            let closed = bytes.last() == Some(&b'\n');
            if closed {
                bytes.pop();
            }
            (String::from_utf8_lossy(&bytes).into_owned(), closed)
        }))
    }

    fn is_at_last(&self) -> bool {
        self.ahead.is_none()
    }
}

/// The line at hand.
struct Line {
    text: String,
    /// It ended with a newline, as all but the last must.
    closed: bool,
}

impl<'a> Machine<'a> {
    /// A machine before its first line.
    pub fn new(program: &'a [Command], quiet: bool) -> Machine<'a> {
        Machine {
            program,
            quiet,
            hold: String::new(),
            line_number: 0,
            ranges: initial_ranges(program),
            last_expression: None,
            replaced: false,
            after: Vec::new(),
            written: BTreeMap::new(),
            owes_newline: false,
        }
    }

    /// Forgets line number and ranges, for a text of its own.
    pub fn start_again(&mut self) {
        self.line_number = 0;
        self.ranges = initial_ranges(self.program);
        self.owes_newline = false;
    }

    /// Runs over `text`.
    pub fn run(
        &mut self,
        text: Box<dyn BufRead>,
        output: &mut impl Write,
    ) -> Result<Verdict, Failure> {
        let mut input = Input { text, ahead: None };
        input.next()?;
        let mut kept: Option<Line> = None;
        loop {
            let mut line = match kept.take() {
                Some(line) => line,
                None => match input.next()? {
                    Some((text, closed)) => {
                        self.line_number += 1;
                        self.replaced = false;
                        Line { text, closed }
                    }
                    None => return Ok(Verdict::Done),
                },
            };
            let next = self.script(&mut line, &mut input, output)?;
            let prints = !self.quiet && matches!(next, Next::EndOfScript | Next::Quit(_, true));
            if prints {
                self.print(&line.text, line.closed, output)?;
            }
            self.print_after(output)?;
            match next {
                Next::Quit(status, _) => return Ok(Verdict::Quit(status)),
                Next::Restart => kept = Some(line),
                _ => {}
            }
        }
    }

    fn script(
        &mut self,
        line: &mut Line,
        input: &mut Input,
        output: &mut impl Write,
    ) -> Result<Next, Failure> {
        let mut at = 0;
        while let Some(command) = self.program.get(at) {
            let applies = self.applies(at, command, line, input)? != command.negated;
            at += 1;
            if !applies {
                if let Action::Block(end) = command.action {
                    at = end;
                }
                continue;
            }
            match self.execute(at - 1, command, line, input, output)? {
                Next::Command => {}
                Next::Jump(target) => at = target,
                other => return Ok(other),
            }
        }
        Ok(Next::EndOfScript)
    }

    fn applies(
        &mut self,
        at: usize,
        command: &Command,
        line: &Line,
        input: &Input,
    ) -> Result<bool, Failure> {
        match &command.addresses[..] {
            [] => Ok(true),
            [one] => self.meets(one, line, input),
            [first, second, ..] => {
                if let Some(end) = self.ranges[at].clone() {
                    let over = match (&end, second) {
                        (RangeEnd::Match, address) => self.meets(address, line, input)?,
                        (RangeEnd::Last, _) => input.is_at_last(),
                        (RangeEnd::Line(number), _) => self.line_number >= *number,
                    };
                    let passed = matches!(end, RangeEnd::Line(n) if self.line_number > n);
                    if over {
                        self.ranges[at] = None;
                    }
                    if !passed {
                        return Ok(true);
                    }
                }
                let begins = self.meets(first, line, input)?;
                if begins {
                    let end = match second {
                        Address::Line(number) | Address::Every(number, _) => {
                            RangeEnd::Line(*number)
                        }
                        Address::After(count) => {
                            RangeEnd::Line(self.line_number.saturating_add(*count))
                        }
                        Address::Last => RangeEnd::Last,
                        Address::Match(_) => RangeEnd::Match,
                    };
                    // A number that is not beyond this line makes it the only one.
                    let only = matches!(end, RangeEnd::Line(n) if n <= self.line_number);
                    self.ranges[at] = (!only).then_some(end);
                }
                Ok(begins)
            }
        }
    }

    fn meets(&mut self, address: &Address, line: &Line, input: &Input) -> Result<bool, Failure> {
        Ok(match address {
            Address::Line(number) | Address::After(number) => self.line_number == *number,
            Address::Every(first, 0) => self.line_number == *first,
            Address::Every(first, step) => {
                self.line_number >= *first && (self.line_number - first).is_multiple_of(*step)
            }
            Address::Last => input.is_at_last(),
            Address::Match(expression) => self.expression(expression)?.is_match(&line.text),
        })
    }

    /// An empty expression stands for the last one used.
    fn expression(&mut self, given: &Option<Regex>) -> Result<Regex, Failure> {
        if let Some(expression) = given {
            self.last_expression = Some(expression.clone());
        }
        self.last_expression
            .clone()
            .ok_or_else(|| Failure::Message("no previous regular expression".into()))
    }

    fn execute(
        &mut self,
        at: usize,
        command: &Command,
        line: &mut Line,
        input: &mut Input,
        output: &mut impl Write,
    ) -> Result<Next, Failure> {
        match &command.action {
            Action::Block(_) | Action::Nothing => {}
            Action::Substitute {
                expression,
                replacement,
                first,
                all,
                print: show,
            } => {
                let expression = self.expression(expression)?;
                if substitute(&mut line.text, &expression, replacement, *first, *all) {
                    self.replaced = true;
                    if *show {
                        self.print(&line.text, line.closed, output)?;
                    }
                }
            }
            Action::Translate(pairs) => {
                let map = |c: char| {
                    pairs
                        .iter()
                        .find(|(from, _)| *from == c)
                        .map_or(c, |(_, to)| *to)
                };
                line.text = line.text.chars().map(map).collect();
            }
            Action::Append(text) => self.after.push(After::Text(text.clone())),
            Action::Read(file) => self.after.push(After::File(file.clone())),
            Action::Insert(text) => self.put(text, output)?,
            Action::Change(text) => {
                // Of a range only the end is replaced, the rest is taken away.
                if command.negated || self.ranges[at].is_none() {
                    self.put(text, output)?;
                }
                return Ok(Next::Deleted);
            }
            Action::Branch(target) => return Ok(Next::Jump(*target)),
            Action::BranchIfReplaced(target) => {
                if std::mem::take(&mut self.replaced) {
                    return Ok(Next::Jump(*target));
                }
            }
            Action::Write(file) => self.write(file, &line.text)?,
            Action::Quit(status, show) => return Ok(Next::Quit(*status, *show)),
            Action::Letter(letter) => return self.letter(*letter, line, input, output),
        }
        Ok(Next::Command)
    }

    fn letter(
        &mut self,
        letter: char,
        line: &mut Line,
        input: &mut Input,
        output: &mut impl Write,
    ) -> Result<Next, Failure> {
        match letter {
            'p' => self.print(&line.text, line.closed, output)?,
            'P' => self.print(line.text.split('\n').next().unwrap_or(""), true, output)?,
            '=' => self.put(&format!("{}\n", self.line_number), output)?,
            'l' => self.put(&format!("{}$\n", line.text.escape_default()), output)?,
            'd' => return Ok(Next::Deleted),
            'D' => match line.text.split_once('\n') {
                Some((_, rest)) => {
                    line.text = rest.to_string();
                    return Ok(Next::Restart);
                }
                None => return Ok(Next::Deleted),
            },
            'h' => self.hold.clone_from(&line.text),
            'H' => self.hold = format!("{}\n{}", self.hold, line.text),
            'g' => line.text.clone_from(&self.hold),
            'G' => line.text = format!("{}\n{}", line.text, self.hold),
            'x' => std::mem::swap(&mut line.text, &mut self.hold),
            // `n` and `N`: without a next line the line is printed and the run ends.
            _ => {
                if letter == 'n' && !self.quiet && !input.is_at_last() {
                    self.print(&line.text, line.closed, output)?;
                }
                self.print_after(output)?;
                let Some((text, closed)) = input.next()? else {
                    return Ok(Next::Quit(0, true));
                };
                self.line_number += 1;
                line.closed = closed;
                line.text = if letter == 'n' {
                    text
                } else {
                    format!("{}\n{text}", line.text)
                };
            }
        }
        Ok(Next::Command)
    }

    fn write(&mut self, file: &str, text: &str) -> Result<(), Failure> {
        if !self.written.contains_key(file) {
            let path = Path::new(file);
            let created = File::create(path).map_err(|error| Failure::of(path, &error))?;
            self.written.insert(file.to_string(), created);
        }
        if let Some(file) = self.written.get_mut(file) {
            writeln!(file, "{text}")?;
        }
        Ok(())
    }

    fn put(&mut self, text: &str, output: &mut impl Write) -> Result<(), Failure> {
        if std::mem::take(&mut self.owes_newline) {
            output.write_all(b"\n")?;
        }
        Ok(output.write_all(text.as_bytes())?)
    }

    fn print(&mut self, text: &str, closed: bool, output: &mut impl Write) -> Result<(), Failure> {
        self.put(text, output)?;
        if closed {
            output.write_all(b"\n")?;
        }
        self.owes_newline = !closed;
        Ok(())
    }

    fn print_after(&mut self, output: &mut impl Write) -> Result<(), Failure> {
        for after in std::mem::take(&mut self.after) {
            match after {
                After::Text(text) => self.put(&text, output)?,
                // POSIX: a file that cannot be read is like an empty one.
                After::File(file) => {
                    let bytes = std::fs::read(file).unwrap_or_default();
                    self.put(&String::from_utf8_lossy(&bytes), output)?;
                }
            }
        }
        Ok(())
    }
}

/// `0,/EXPR/` is a range that has begun before the first line.
fn initial_ranges(program: &[Command]) -> Vec<Option<RangeEnd>> {
    let begun = |command: &Command| match command.addresses[..] {
        [Address::Line(0), Address::Match(_)] => Some(RangeEnd::Match),
        _ => None,
    };
    program.iter().map(begun).collect()
}

/// Replaces the matches from number `first` on, one or all. Returns whether there was one.
fn substitute(
    text: &mut String,
    expression: &Regex,
    replacement: &[Piece],
    first: usize,
    all: bool,
) -> bool {
    let mut result = String::new();
    let mut copied = 0;
    let mut any = false;
    for found in expression.captures_iter(text).skip(first - 1) {
        let Some(whole) = found.get(0) else { continue };
        result.push_str(&text[copied..whole.start()]);
        put_in(&found, replacement, &mut result);
        copied = whole.end();
        any = true;
        if !all {
            break;
        }
    }
    if any {
        result.push_str(&text[copied..]);
        *text = result;
    }
    any
}

fn put_in(found: &Captures, replacement: &[Piece], result: &mut String) {
    for piece in replacement {
        match piece {
            Piece::Text(text) => result.push_str(text),
            Piece::Group(number) => {
                result.push_str(found.get(*number).map_or("", |group| group.as_str()));
            }
        }
    }
}
