//! Compound commands: groups, conditions, loops (POSIX.1-2017 XCU 2.9.4).
//!
//! Contract: called where a command may begin; gives nothing when what stands there begins a
//! simple command instead.

use super::Parser;
use crate::ast::{Arm, Command, Compound, List, Redirect, Word, is_name};
use crate::error::SyntaxError;
use crate::lexer::Token;

impl Parser<'_, '_> {
    pub(super) fn compound(&mut self) -> Result<Option<Command>, SyntaxError> {
        self.peek()?;
        let opened = self.line();
        let compound = if self.accept_operator("(")? {
            let list = self.commands(")")?;
            self.expect_operator(")", "(", opened)?;
            Compound::Subshell(list)
        } else {
            let Some(word) = self.peek_word()? else {
                return Ok(None);
            };
            match word.as_slice() {
                b"{" => self.group(opened)?,
                b"if" => self.condition(opened)?,
                b"while" => self.repeat("while", opened)?,
                b"until" => self.repeat("until", opened)?,
                b"for" => self.for_each(opened)?,
                b"case" => self.case(opened)?,
                _ if self.at_closer()? => return Err(self.unexpected("a command")),
                _ => return Ok(None),
            }
        };
        Ok(Some(Command::Compound(compound, self.redirects()?)))
    }

    fn redirects(&mut self) -> Result<Vec<Redirect>, SyntaxError> {
        let mut redirects = Vec::new();
        while self.at_redirect()? {
            redirects.push(self.redirect()?);
        }
        Ok(redirects)
    }

    fn group(&mut self, opened: u32) -> Result<Compound, SyntaxError> {
        self.take()?;
        let list = self.commands("}")?;
        self.expect_word("}", "{", opened)?;
        Ok(Compound::Group(list))
    }

    fn condition(&mut self, opened: u32) -> Result<Compound, SyntaxError> {
        self.take()?;
        let mut branches = Vec::new();
        loop {
            let condition = self.commands("then")?;
            self.expect_word("then", "if", opened)?;
            let body = self.commands("fi")?;
            branches.push((condition, body));
            if !self.accept_word("elif")? {
                break;
            }
        }
        let otherwise = if self.accept_word("else")? {
            Some(self.commands("fi")?)
        } else {
            None
        };
        self.expect_word("fi", "if", opened)?;
        Ok(Compound::If(branches, otherwise))
    }

    fn repeat(&mut self, opener: &str, opened: u32) -> Result<Compound, SyntaxError> {
        self.take()?;
        let condition = self.commands("do")?;
        let body = self.body(opener, opened)?;
        Ok(Compound::Loop {
            until: opener == "until",
            condition,
            body,
        })
    }

    /// `do … done`.
    fn body(&mut self, opener: &str, opened: u32) -> Result<List, SyntaxError> {
        self.expect_word("do", opener, opened)?;
        let body = self.commands("done")?;
        self.expect_word("done", opener, opened)?;
        Ok(body)
    }

    fn for_each(&mut self, opened: u32) -> Result<Compound, SyntaxError> {
        self.take()?;
        let name = match self.peek_word()? {
            Some(text) if is_name(&text) => String::from_utf8_lossy(&text).into_owned(),
            _ => return Err(self.unexpected("the name of a variable after `for`")),
        };
        self.take()?;
        let mut words = None;
        if !self.accept_operator(";")? {
            self.skip_newlines()?;
            if self.accept_word("in")? {
                let mut list = Vec::new();
                while let Token::Word(_) = self.peek()? {
                    if let Token::Word(word) = self.take()? {
                        list.push(word);
                    }
                }
                words = Some(list);
                if !self.accept_operator(";")? && *self.peek()? != Token::Newline {
                    return Err(
                        self.unexpected("`;` or the end of the line after the words of `for`")
                    );
                }
            }
        }
        self.skip_newlines()?;
        let body = self.body("for", opened)?;
        Ok(Compound::For { name, words, body })
    }

    fn case(&mut self, opened: u32) -> Result<Compound, SyntaxError> {
        self.take()?;
        let subject = self.word("the word to compare after `case`")?;
        self.skip_newlines()?;
        self.expect_word("in", "case", opened)?;
        let mut arms = Vec::new();
        loop {
            self.skip_newlines()?;
            if self.accept_word("esac")? {
                return Ok(Compound::Case(subject, arms));
            }
            let (arm, last) = self.arm()?;
            arms.push(arm);
            if last {
                self.expect_word("esac", "case", opened)?;
                return Ok(Compound::Case(subject, arms));
            }
        }
    }

    /// A branch, and whether it must be the last because no `;;` ended it.
    fn arm(&mut self) -> Result<(Arm, bool), SyntaxError> {
        self.accept_operator("(")?;
        let mut patterns = vec![self.word("a pattern or `esac`")?];
        while self.accept_operator("|")? {
            patterns.push(self.word("a pattern after `|`")?);
        }
        if !self.accept_operator(")")? {
            return Err(self.unexpected("`)` after the pattern"));
        }
        let body = self.list()?;
        let falls_through = self.accept_operator(";&")?;
        let ended = falls_through || self.accept_operator(";;")?;
        Ok((
            Arm {
                patterns,
                body,
                falls_through,
            },
            !ended,
        ))
    }

    fn word(&mut self, expected: &str) -> Result<Word, SyntaxError> {
        if !matches!(self.peek()?, Token::Word(_)) {
            return Err(self.unexpected(expected));
        }
        match self.take()? {
            Token::Word(word) => Ok(word),
            _ => Err(self.unexpected(expected)),
        }
    }
}
