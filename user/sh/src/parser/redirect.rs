//! Redirections in the grammar (POSIX.1-2017 XCU 2.7).
//!
//! Contract: the target word is kept unexpanded, except the end word of a here-document, which is
//! never expanded and only loses its quotes.

use super::Parser;
use crate::ast::{HereDocument, Redirect, RedirectAction, Word};
use crate::error::SyntaxError;
use crate::lexer::{Token, unquoted};

impl Parser<'_, '_> {
    pub(super) fn at_redirect(&mut self) -> Result<bool, SyntaxError> {
        Ok(matches!(
            self.peek()?,
            Token::Descriptor(_)
                | Token::Operator("<" | ">" | ">>" | "<&" | ">&" | "<>" | ">|" | "<<" | "<<-")
        ))
    }

    pub(super) fn redirect(&mut self) -> Result<Redirect, SyntaxError> {
        let descriptor = match self.peek()? {
            Token::Descriptor(number) => Some(*number),
            _ => None,
        };
        if descriptor.is_some() {
            self.ahead = None;
        }
        let Token::Operator(operator) = self.take()? else {
            return Err(self.unexpected("a redirection"));
        };
        if !matches!(self.peek()?, Token::Word(_)) {
            let target = if operator.starts_with("<<") {
                "the end word"
            } else {
                "a file name"
            };
            return Err(self.unexpected(&format!("{target} after `{operator}`")));
        }
        let Token::Word(target) = self.take()? else {
            return Err(self.unexpected("a word"));
        };
        Ok(Redirect {
            descriptor,
            action: self.action(operator, target),
        })
    }

    fn action(&mut self, operator: &str, target: Word) -> RedirectAction {
        match operator {
            "<" => RedirectAction::Read(target),
            ">" => RedirectAction::Write(target),
            ">|" => RedirectAction::Clobber(target),
            ">>" => RedirectAction::Append(target),
            "<>" => RedirectAction::ReadWrite(target),
            "<&" => RedirectAction::DuplicateInput(target),
            ">&" => RedirectAction::DuplicateOutput(target),
            _ => {
                let (delimiter, quoted) = unquoted(&target);
                let strip_tabs = operator == "<<-";
                let document = HereDocument {
                    delimiter,
                    quoted,
                    strip_tabs,
                    body: std::rc::Rc::default(),
                };
                self.lexer.await_here(document.clone());
                RedirectAction::Here(document)
            }
        }
    }
}
