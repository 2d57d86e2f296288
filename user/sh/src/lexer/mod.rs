//! Characters and tokens: the lower half of reading a program.
//!
//! Contract: [`Lexer::token`] gives the next token; words come with their quoting already taken
//! apart (`word.rs`, `dollar.rs`), and the bodies of here-documents are read when the newline
//! after them is reached (`here.rs`). More text is asked of the source only when a token cannot
//! end without it, so an interactive shell never waits for a line it does not need.
//! Source: POSIX.1-2017 XCU 2.2 (quoting), 2.3 (token recognition), 2.3.1 (aliases).

mod alias;
mod dollar;
mod here;
#[cfg(test)]
mod tests;
mod word;

use crate::ast::{Bytes, HereDocument, Word};
use crate::error::SyntaxError;
pub use alias::Aliases;
use alias::Injection;
pub use here::unquoted;
use std::rc::Rc;

/// Where further lines come from while a command is incomplete.
pub trait Source {
    /// The next line with its newline, or nothing at the end.
    /// `continuation` tells that the line continues a command.
    fn next_line(&mut self, continuation: bool) -> Option<Bytes>;
}

/// A token of the shell's grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A word; reserved words are told apart by the parser.
    Word(Word),
    /// The descriptor number directly before a redirection operator.
    Descriptor(i32),
    /// An operator, as written.
    Operator(&'static str),
    /// The end of a line.
    Newline,
    /// The end of the program.
    End,
}

/// Operators, longest first so that the first match is the right one.
const OPERATORS: [&str; 18] = [
    "<<-", "<<", "<&", "<>", ">>", ">&", ">|", "&&", "||", ";;", ";&", "<", ">", "&", "|", ";",
    "(", ")",
];

/// How deeply quotes, substitutions and commands may be nested: each level uses our own stack.
const DEEPEST_NESTING: u32 = 100;

/// The reader of tokens.
pub struct Lexer<'source> {
    text: Bytes,
    position: usize,
    line: u32,
    source_name: String,
    source: Option<&'source mut dyn Source>,
    started: bool,
    awaited_here: Vec<HereDocument>,
    aliases: Rc<Aliases>,
    injections: Vec<Injection>,
    nesting: u32,
}

impl<'source> Lexer<'source> {
    /// A lexer over a whole text. `name` is where it comes from, `line` the number of its first
    /// line.
    pub fn new(text: Bytes, name: &str, line: u32) -> Self {
        Lexer {
            text,
            position: 0,
            line,
            source_name: name.to_owned(),
            source: None,
            started: false,
            awaited_here: Vec::new(),
            aliases: Rc::default(),
            injections: Vec::new(),
            nesting: 0,
        }
    }

    /// A lexer that asks `source` for its lines, one at a time.
    pub fn from_source(source: &'source mut dyn Source, name: &str, line: u32) -> Self {
        Lexer {
            source: Some(source),
            ..Lexer::new(Bytes::new(), name, line)
        }
    }

    /// The line being read, from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Whether nothing but blanks and newlines is left of the text that is here.
    pub fn is_blank(&self) -> bool {
        let rest = self.text.get(self.position..).unwrap_or_default();
        self.source.is_none() && rest.trim_ascii().is_empty()
    }

    /// How much of the text has been read, for [`Lexer::text_since`].
    pub fn position(&self) -> usize {
        self.position
    }

    /// What was read since a position, aliases as their text.
    pub fn text_since(&self, position: usize) -> &[u8] {
        self.text
            .get(position..self.position.min(self.text.len()))
            .unwrap_or_default()
    }

    /// A syntax error at the current line.
    pub fn error(&self, message: impl Into<String>) -> SyntaxError {
        self.error_at(self.line, message)
    }

    /// A syntax error at a line remembered earlier.
    pub fn error_at(&self, line: u32, message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            source: self.source_name.clone(),
            line,
            message: message.into(),
        }
    }

    /// Enters one level of nesting; every successful call is paired with [`Lexer::leave`].
    pub fn enter(&mut self) -> Result<(), SyntaxError> {
        if self.nesting == DEEPEST_NESTING {
            return Err(self.error(format!("nested more than {DEEPEST_NESTING} levels deep")));
        }
        self.nesting += 1;
        Ok(())
    }

    /// Leaves the level entered last.
    pub fn leave(&mut self) {
        self.nesting -= 1;
    }

    /// The next token.
    pub fn token(&mut self) -> Result<Token, SyntaxError> {
        self.skip_blanks();
        let Some(byte) = self.peek() else {
            self.finish_here_documents()?;
            return Ok(Token::End);
        };
        if byte == b'\n' {
            self.bump();
            self.finish_here_documents()?;
            return Ok(Token::Newline);
        }
        if let Some(operator) = self.operator() {
            return Ok(Token::Operator(operator));
        }
        if let Some(number) = self.descriptor() {
            return Ok(Token::Descriptor(number));
        }
        Ok(Token::Word(self.word()?))
    }

    fn skip_blanks(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' => self.bump(),
                b'#' => {
                    while self.peek_raw().is_some_and(|byte| byte != b'\n') {
                        self.bump();
                    }
                }
                _ => return,
            }
        }
    }

    fn operator(&mut self) -> Option<&'static str> {
        let first = self.peek()?;
        if !b"<>&|;()".contains(&first) {
            return None;
        }
        // A continued line may split an operator, so look at the text with `\`-newline removed.
        let mut seen = String::new();
        let (position, line) = (self.position, self.line);
        while seen.len() < 3 {
            match self.peek_in_line() {
                Some(byte) if b"<>&|;()-".contains(&byte) => seen.push(char::from(byte)),
                _ => break,
            }
            self.bump();
        }
        (self.position, self.line) = (position, line);
        let operator = OPERATORS
            .into_iter()
            .find(|operator| seen.starts_with(operator))?;
        for _ in 0..operator.len() {
            self.peek();
            self.bump();
        }
        Some(operator)
    }

    /// Digits directly before `<` or `>`.
    fn descriptor(&mut self) -> Option<i32> {
        let rest = self.text.get(self.position..)?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || !matches!(rest.get(digits), Some(b'<' | b'>')) {
            return None;
        }
        let number = std::str::from_utf8(rest.get(..digits)?)
            .ok()?
            .parse()
            .ok()?;
        self.position += digits;
        Some(number)
    }

    /// The next byte, with line continuations removed.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = self.peek_raw()?;
            if byte != b'\\' || self.text.get(self.position + 1) != Some(&b'\n') {
                return Some(byte);
            }
            self.position += 2;
            self.line += 1;
        }
    }

    /// Like [`Lexer::peek`], but never asks for a further line.
    fn peek_in_line(&mut self) -> Option<u8> {
        self.text.get(self.position)?;
        self.peek()
    }

    /// The next byte as it stands.
    fn peek_raw(&mut self) -> Option<u8> {
        if self.position >= self.text.len() {
            self.refill();
        }
        self.text.get(self.position).copied()
    }

    /// The byte after the next one, if it is already here.
    fn peek_second(&self) -> Option<u8> {
        self.text.get(self.position + 1).copied()
    }

    fn refill(&mut self) {
        let Some(source) = self.source.as_mut() else {
            return;
        };
        match source.next_line(self.started) {
            Some(line) => {
                self.started = true;
                self.text.extend_from_slice(&line);
            }
            // An end is not asked for twice: a terminal would begin to wait again.
            None => self.source = None,
        }
    }

    fn bump(&mut self) {
        if self.text.get(self.position) == Some(&b'\n') {
            self.line += 1;
        }
        self.position += 1;
        self.retire_injections();
    }
}

/// Whether a byte ends an unquoted word.
fn ends_word(byte: u8) -> bool {
    b" \t\n;&|<>()".contains(&byte)
}
