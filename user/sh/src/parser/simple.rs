//! Simple commands and function definitions.
//!
//! Contract: assignments are recognised only in front of the command name, and only when the name
//! and the `=` are unquoted (POSIX.1-2017 XCU 2.9.1, 2.9.5).

use super::{Parser, is_reserved};
use crate::ast::{Command, Part, Simple, Word, is_name};
use crate::error::SyntaxError;
use crate::lexer::Token;
use std::rc::Rc;

impl Parser<'_, '_> {
    /// A simple command. `expand_next` tells that the command word came from an alias which asks
    /// for the word after it to be looked up too.
    pub(super) fn simple(&mut self, mut expand_next: bool) -> Result<Command, SyntaxError> {
        self.peek()?;
        let mut simple = Simple {
            line: self.line(),
            ..Simple::default()
        };
        loop {
            if self.at_redirect()? {
                let redirect = self.redirect()?;
                simple.redirects.push(redirect);
                continue;
            }
            let Token::Word(word) = self.peek()? else {
                break;
            };
            let word = word.clone();
            if expand_next
                && !simple.words.is_empty()
                && let Some(text) = word.as_literal()
            {
                if let Some(blank) = self.lexer.inject_alias(text) {
                    self.ahead = None;
                    expand_next = blank;
                    continue;
                }
                expand_next = false;
            }
            self.ahead = None;
            if simple.words.is_empty()
                && let Some(assignment) = as_assignment(&word)
            {
                simple.assignments.push(assignment);
                continue;
            }
            if let Some(name) = self.function_name(&simple, &word)? {
                return self.function(name);
            }
            simple.words.push(word);
        }
        if simple.words.is_empty() && simple.assignments.is_empty() && simple.redirects.is_empty() {
            return Err(self.unexpected("a command"));
        }
        Ok(Command::Simple(simple))
    }

    /// The name, if `word` begins a function definition.
    fn function_name(
        &mut self,
        before: &Simple,
        word: &Word,
    ) -> Result<Option<String>, SyntaxError> {
        let alone =
            before.words.is_empty() && before.assignments.is_empty() && before.redirects.is_empty();
        if !alone || !matches!(self.peek()?, Token::Operator("(")) {
            return Ok(None);
        }
        match word.as_literal() {
            Some(text) if is_function_name(text) => {
                Ok(Some(String::from_utf8_lossy(text).into_owned()))
            }
            _ => Err(self.unexpected(
                "the arguments of a command; a function needs a plain name before its ()",
            )),
        }
    }

    fn function(&mut self, name: String) -> Result<Command, SyntaxError> {
        let line = self.line();
        self.accept_operator("(")?;
        self.expect_operator(")", &format!("{name}("), line)?;
        self.skip_newlines()?;
        self.lexer.enter()?;
        let Some(body) = self.compound()? else {
            return Err(self.unexpected(&format!(
                "`{{` or another compound command as the body of {name}()"
            )));
        };
        self.lexer.leave();
        Ok(Command::Function(name, Rc::new(body)))
    }
}

fn is_function_name(text: &[u8]) -> bool {
    // Wider than POSIX asks: `-`, `.` and `:` are harmless and common in scripts.
    !text.is_empty()
        && !is_reserved(text)
        && text
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.:+@".contains(byte))
}

/// Takes `name=value` apart.
fn as_assignment(word: &Word) -> Option<(String, Word)> {
    let Some(Part::Literal(first)) = word.parts.first() else {
        return None;
    };
    let equals = first.iter().position(|&byte| byte == b'=')?;
    let (name, value) = first.split_at(equals);
    if !is_name(name) {
        return None;
    }
    let mut parts = word.parts.clone();
    match value.get(1..) {
        Some(rest) if !rest.is_empty() => parts[0] = Part::Literal(rest.to_vec()),
        _ => {
            parts.remove(0);
        }
    }
    Some((String::from_utf8_lossy(name).into_owned(), Word { parts }))
}
