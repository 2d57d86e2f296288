//! The script of sed: its commands, and how they are read.

use std::iter::Peekable;
use std::str::Chars;

use regex_lite::Regex;

use crate::own::pattern::{self, Syntax};

/// Where a command applies.
#[derive(Clone, Debug)]
pub enum Address {
    /// The line of that number.
    Line(u64),
    /// From a line on every so many.
    Every(u64, u64),
    /// The last line.
    Last,
    /// Lines that match; the last expression used, if there is none here.
    Match(Option<Regex>),
    /// As a second address: so many lines after the first.
    After(u64),
}

/// A piece of the text that `s` puts in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Text(String),
    /// What a group matched; 0 is the whole.
    Group(usize),
}

/// What is done.
#[derive(Clone, Debug)]
pub enum Action {
    /// Begin of `{ … }`: the number of the command after its end.
    Block(usize),
    /// `}` and labels do nothing themselves.
    Nothing,
    /// `s`
    Substitute {
        /// The expression; the last one used, if none.
        expression: Option<Regex>,
        /// What is put in.
        replacement: Vec<Piece>,
        /// Which match is the first to be replaced.
        first: usize,
        /// All from there on.
        all: bool,
        /// Print the line if something was replaced.
        print: bool,
    },
    /// `y`
    Translate(Vec<(char, char)>),
    /// `a`, `i`, `c`
    Append(String),
    /// Text before the line.
    Insert(String),
    /// Text in place of the line.
    Change(String),
    /// Go to the command of that number.
    Branch(usize),
    /// Go there if something was replaced since the last line was read or the last `t`.
    BranchIfReplaced(usize),
    /// `r`
    Read(String),
    /// `w`
    Write(String),
    /// `q` and `Q` with a status.
    Quit(i32, bool),
    /// A command of one letter.
    Letter(char),
}

/// A command with its addresses.
#[derive(Clone, Debug)]
pub struct Command {
    /// None, one or two.
    pub addresses: Vec<Address>,
    /// Applies where the addresses do not.
    pub negated: bool,
    /// What it does.
    pub action: Action,
}

/// Reads a script.
///
/// # Errors
/// A sentence that names what is wrong.
pub fn parse(text: &str, extended: bool) -> Result<Vec<Command>, String> {
    let mut parser = Parser {
        text: text.chars().peekable(),
        syntax: if extended {
            Syntax::Extended
        } else {
            Syntax::Basic
        },
        commands: Vec::new(),
        blocks: Vec::new(),
        labels: Vec::new(),
        jumps: Vec::new(),
    };
    while parser.command()? {}
    if !parser.blocks.is_empty() {
        return Err("unmatched `{'".into());
    }
    for (at, label) in &parser.jumps {
        // Without a label a branch goes to the end.
        let target = match label.as_str() {
            "" => parser.commands.len(),
            _ => parser
                .labels
                .iter()
                .find(|(_, name)| name == label)
                .map(|(target, _)| *target)
                .ok_or_else(|| format!("can't find label for jump to `{label}'"))?,
        };
        match &mut parser.commands[*at].action {
            Action::Branch(place) | Action::BranchIfReplaced(place) => *place = target,
            _ => {}
        }
    }
    Ok(parser.commands)
}

struct Parser<'a> {
    text: Peekable<Chars<'a>>,
    syntax: Syntax,
    commands: Vec<Command>,
    blocks: Vec<usize>,
    labels: Vec<(usize, String)>,
    jumps: Vec<(usize, String)>,
}

impl Parser<'_> {
    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        while self.text.next_if(|character| skipped(*character)).is_some() {}
    }

    fn blanks(&mut self) {
        self.skip(|character| character == ' ' || character == '\t');
    }

    fn number(&mut self) -> Option<u64> {
        let mut digits = String::new();
        while let Some(digit) = self.text.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        digits.parse().ok()
    }

    /// What follows up to one of `ends`, which stays.
    fn until(&mut self, ends: &[char]) -> String {
        let mut text = String::new();
        while let Some(character) = self.text.next_if(|character| !ends.contains(character)) {
            text.push(character);
        }
        text.trim_end().to_string()
    }

    /// Reads one command. Returns false at the end.
    fn command(&mut self) -> Result<bool, String> {
        self.skip(|character| character.is_whitespace() || character == ';');
        if self.text.peek().is_none() {
            return Ok(false);
        }
        let addresses = self.addresses()?;
        self.blanks();
        let negated = self.text.next_if_eq(&'!').is_some();
        self.skip(|character| character == ' ' || character == '!');
        let letter = self.text.next().ok_or("missing command")?;
        if letter == '#' {
            self.until(&['\n']);
            return Ok(true);
        }
        let at = self.commands.len();
        let action = self.action(letter, at)?;
        self.commands.push(Command {
            addresses,
            negated,
            action,
        });
        self.end_of_command(letter)?;
        Ok(true)
    }

    fn addresses(&mut self) -> Result<Vec<Address>, String> {
        let mut addresses: Vec<Address> = self.address(false)?.into_iter().collect();
        self.blanks();
        if !addresses.is_empty() && self.text.next_if_eq(&',').is_some() {
            self.blanks();
            addresses.push(self.address(true)?.ok_or("unexpected `,'")?);
        }
        Ok(addresses)
    }

    fn address(&mut self, second: bool) -> Result<Option<Address>, String> {
        Ok(Some(match self.text.peek() {
            Some('0'..='9') => {
                let first = self.number().ok_or("a line number is too large")?;
                match self.text.next_if_eq(&'~') {
                    Some(_) => Address::Every(first, self.number().unwrap_or(0)),
                    None => Address::Line(first),
                }
            }
            Some('$') => {
                self.text.next();
                Address::Last
            }
            Some('+') if second => {
                self.text.next();
                Address::After(self.number().ok_or("expected a number after +")?)
            }
            Some('/' | '\\') => {
                let mut end = self.text.next().unwrap_or('/');
                if end == '\\' {
                    end = self.text.next().ok_or("unterminated address regex")?;
                }
                let text = self
                    .delimited(end, true)
                    .ok_or("unterminated address regex")?;
                let ignore_case = self.text.next_if_eq(&'I').is_some();
                Address::Match(self.expression(&text, ignore_case)?)
            }
            _ => return Ok(None),
        }))
    }

    fn expression(&self, text: &str, ignore_case: bool) -> Result<Option<Regex>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        pattern::compile(text, self.syntax, ignore_case).map(Some)
    }

    /// What stands before the next `end`. A backslash takes its meaning from it, and `\n` is a
    /// newline; in a bracket expression it is a character like any other.
    fn delimited(&mut self, end: char, expression: bool) -> Option<String> {
        let mut text = String::new();
        let mut bracket = 0;
        loop {
            let character = self.text.next()?;
            match character {
                _ if character == end && bracket == 0 => return Some(text),
                '\\' if bracket == 0 => match self.text.next()? {
                    'n' if expression => text.push('\n'),
                    next if next == end => text.push(next),
                    next => text.extend(['\\', next]),
                },
                '[' if expression && bracket == 0 => {
                    bracket = 1;
                    text.push('[');
                }
                // `]` right after the opening, or after its `^`, is a member.
                ']' if bracket == 1 && !text.ends_with('[') && !text.ends_with("[^") => {
                    bracket = 0;
                    text.push(']');
                }
                other => text.push(other),
            }
        }
    }

    fn action(&mut self, letter: char, at: usize) -> Result<Action, String> {
        Ok(match letter {
            '{' => {
                self.blocks.push(at);
                Action::Block(0)
            }
            '}' => {
                let begin = self.blocks.pop().ok_or("unexpected `}'")?;
                self.commands[begin].action = Action::Block(at + 1);
                Action::Nothing
            }
            's' => self.substitute()?,
            'y' => self.translate()?,
            'a' => Action::Append(self.text_argument()?),
            'i' => Action::Insert(self.text_argument()?),
            'c' => Action::Change(self.text_argument()?),
            ':' => {
                self.blanks();
                let label = self.until(&['\n', ';']);
                self.labels.push((at, label));
                Action::Nothing
            }
            'b' | 't' => {
                self.blanks();
                let label = self.until(&['\n', ';', '}']);
                self.jumps.push((at, label));
                if letter == 'b' {
                    Action::Branch(0)
                } else {
                    Action::BranchIfReplaced(0)
                }
            }
            'r' | 'w' => {
                self.blanks();
                let file = self.until(&['\n']);
                if file.is_empty() {
                    return Err("missing filename in r/w commands".into());
                }
                if letter == 'r' {
                    Action::Read(file)
                } else {
                    Action::Write(file)
                }
            }
            'q' | 'Q' => {
                self.blanks();
                let status = self.number().and_then(|status| i32::try_from(status).ok());
                Action::Quit(status.unwrap_or(0), letter == 'q')
            }
            'p' | 'P' | 'd' | 'D' | 'n' | 'N' | '=' | 'h' | 'H' | 'g' | 'G' | 'x' | 'l' => {
                Action::Letter(letter)
            }
            other => return Err(format!("unknown command: `{other}'")),
        })
    }

    fn end_of_command(&mut self, letter: char) -> Result<(), String> {
        if matches!(letter, '{' | 'a' | 'i' | 'c') {
            return Ok(());
        }
        self.blanks();
        match self.text.peek() {
            None | Some(';' | '\n' | '}' | '#') => Ok(()),
            Some(_) if letter == '}' => Ok(()),
            Some(_) => Err("extra characters after command".into()),
        }
    }

    /// `a text`, or `a\` and the text on the next lines, each but the last with a backslash.
    fn text_argument(&mut self) -> Result<String, String> {
        self.blanks();
        if self.text.next_if_eq(&'\\').is_some() {
            self.blanks();
            self.text.next_if_eq(&'\n');
        }
        let mut text = String::new();
        while let Some(character) = self.text.next() {
            match character {
                '\n' => break,
                '\\' => text.extend(self.text.next()),
                other => text.push(other),
            }
        }
        if text.is_empty() {
            return Err("expected \\ after `a', `c' or `i'".into());
        }
        text.push('\n');
        Ok(text)
    }

    fn translate(&mut self) -> Result<Action, String> {
        const UNTERMINATED: &str = "unterminated `y' command";
        let end = self.text.next().ok_or(UNTERMINATED)?;
        let mut part = || {
            let text = self.delimited(end, false).ok_or(UNTERMINATED)?;
            let plain = text.replace("\\n", "\n").replace("\\\\", "\\");
            Ok::<Vec<char>, String>(plain.chars().collect())
        };
        let (from, to) = (part()?, part()?);
        if from.len() != to.len() {
            return Err("strings for `y' command are different lengths".into());
        }
        Ok(Action::Translate(from.into_iter().zip(to).collect()))
    }

    fn substitute(&mut self) -> Result<Action, String> {
        const UNTERMINATED: &str = "unterminated `s' command";
        let end = self.text.next().ok_or(UNTERMINATED)?;
        let expression = self.delimited(end, true).ok_or(UNTERMINATED)?;
        let replacement = pieces(&self.delimited(end, false).ok_or(UNTERMINATED)?);
        let (mut first, mut all, mut print, mut ignore_case) = (1, false, false, false);
        loop {
            match self.text.peek() {
                Some('g') => all = true,
                Some('p') => print = true,
                Some('i' | 'I') => ignore_case = true,
                Some('0'..='9') => {
                    let number = self
                        .number()
                        .and_then(|number| usize::try_from(number).ok());
                    first = number
                        .filter(|n| *n > 0)
                        .ok_or("number option to `s' is 0")?;
                    continue;
                }
                _ => break,
            }
            self.text.next();
        }
        let expression = self.expression(&expression, ignore_case)?;
        let groups = expression.as_ref().map_or(10, Regex::captures_len);
        for piece in &replacement {
            if let Piece::Group(number) = piece
                && *number >= groups
            {
                return Err(format!("invalid reference \\{number} on `s' command's RHS"));
            }
        }
        Ok(Action::Substitute {
            expression,
            replacement,
            first,
            all,
            print,
        })
    }
}

/// The text that `s` puts in, taken apart.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let group = match character {
            '&' => Some(0),
            '\\' => match characters.next() {
                Some(digit @ '0'..='9') => digit.to_digit(10),
                Some('n') => {
                    plain.push('\n');
                    None
                }
                Some('t') => {
                    plain.push('\t');
                    None
                }
                Some(other) => {
                    plain.push(other);
                    None
                }
                None => None,
            },
            other => {
                plain.push(other);
                None
            }
        };
        if let Some(number) = group {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(Piece::Group(usize::try_from(number).unwrap_or(0)));
        }
    }
    pieces.push(Piece::Text(plain));
    pieces
}
