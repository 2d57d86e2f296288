//! From tokens to the tree: lists and pipelines.
//!
//! Contract: [`Parser::complete_command`] reads exactly one command line and not a byte further,
//! so that the shell can run it before it reads the next (`alias`, `.` and a program on standard
//! input depend on it). Every error says what was found and what was expected.
//! Source: the grammar of POSIX.1-2017 XCU 2.10.

mod compound;
mod redirect;
mod simple;
#[cfg(test)]
mod tests;

use crate::ast::{AndOr, Command, Connector, Item, List, Pipeline};
use crate::error::SyntaxError;
use crate::lexer::{Lexer, Token};

/// Words that end a list where a command could stand.
const CLOSERS: [&str; 8] = ["then", "else", "elif", "fi", "do", "done", "esac", "}"];
/// Words that begin a construct where a command could stand.
const OPENERS: [&str; 7] = ["if", "while", "until", "for", "case", "{", "!"];

/// Whether a word is part of the grammar when it stands where a command could.
pub fn is_reserved(word: &[u8]) -> bool {
    reserved_words().any(|reserved| reserved.as_bytes() == word)
}

/// All reserved words.
pub fn reserved_words() -> impl Iterator<Item = &'static str> {
    OPENERS.into_iter().chain(CLOSERS)
}

/// A parser over a lexer, with one token of look-ahead.
pub struct Parser<'lexer, 'source> {
    lexer: &'lexer mut Lexer<'source>,
    ahead: Option<(Token, u32)>,
}

impl<'lexer, 'source> Parser<'lexer, 'source> {
    /// A parser that reads on where the lexer stands.
    pub fn new(lexer: &'lexer mut Lexer<'source>) -> Self {
        Parser { lexer, ahead: None }
    }

    /// Reads the commands of a `$(` up to and with its `)`; `opened` is the line of the start.
    pub fn substitution(&mut self, opened: u32) -> Result<List, SyntaxError> {
        let list = self.list()?;
        self.expect_operator(")", "$(", opened)?;
        Ok(list)
    }

    /// Reads everything up to the end of the text.
    pub fn program(&mut self) -> Result<List, SyntaxError> {
        let mut all = List::default();
        while let Some(list) = self.complete_command()? {
            all.items.extend(list.items);
        }
        Ok(all)
    }

    /// Reads the next command line, which may be blank; nothing at the end of the text.
    pub fn complete_command(&mut self) -> Result<Option<List>, SyntaxError> {
        let mut list = List::default();
        match self.peek()? {
            Token::End => return Ok(None),
            Token::Newline => {
                self.take()?;
                return Ok(Some(list));
            }
            _ => {}
        }
        loop {
            let separated = self.item(&mut list)?;
            match self.peek()? {
                Token::End => return Ok(Some(list)),
                Token::Newline => {
                    self.take()?;
                    return Ok(Some(list));
                }
                _ if separated => {}
                _ => return Err(self.unexpected("an operator or the end of the line")),
            }
        }
    }

    /// Commands up to a word or operator that closes something, newlines included; may be empty.
    fn list(&mut self) -> Result<List, SyntaxError> {
        let mut list = List::default();
        let mut separated = true;
        loop {
            separated |= self.skip_newlines()?;
            if self.at_closer()? {
                return Ok(list);
            }
            if !separated {
                return Err(self.unexpected("an operator or the end of the line"));
            }
            separated = self.item(&mut list)?;
        }
    }

    /// Like [`Parser::list`], but at least one command; `before` is what follows it.
    fn commands(&mut self, before: &str) -> Result<List, SyntaxError> {
        let list = self.list()?;
        if list.items.is_empty() {
            return Err(self.unexpected(&format!("a command before `{before}`")));
        }
        Ok(list)
    }

    /// An and-or list and the `;` or `&` after it, which it tells of.
    fn item(&mut self, list: &mut List) -> Result<bool, SyntaxError> {
        let and_or = self.and_or()?;
        let background = self.accept_operator("&")?;
        let separated = background || self.accept_operator(";")?;
        list.items.push(Item { and_or, background });
        Ok(separated)
    }

    fn and_or(&mut self) -> Result<AndOr, SyntaxError> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            let connector = if self.accept_operator("&&")? {
                Connector::And
            } else if self.accept_operator("||")? {
                Connector::Or
            } else {
                return Ok(AndOr { first, rest });
            };
            self.skip_newlines()?;
            rest.push((connector, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Result<Pipeline, SyntaxError> {
        let mut negated = false;
        while self.accept_word("!")? {
            negated = !negated;
        }
        let mut commands = vec![self.command()?];
        while self.accept_operator("|")? {
            self.skip_newlines()?;
            commands.push(self.command()?);
        }
        Ok(Pipeline { negated, commands })
    }

    fn command(&mut self) -> Result<Command, SyntaxError> {
        self.lexer.enter()?;
        let mut expand_next = false;
        while let Some(word) = self.peek_word()?
            && !is_reserved(&word)
            && let Some(blank) = self.lexer.inject_alias(&word)
        {
            expand_next = blank;
            self.ahead = None;
        }
        let command = match self.compound()? {
            Some(command) => command,
            None => self.simple(expand_next)?,
        };
        self.lexer.leave();
        Ok(command)
    }

    /// The next token, left where it is.
    fn peek(&mut self) -> Result<&Token, SyntaxError> {
        if self.ahead.is_none() {
            let token = self.lexer.token()?;
            self.ahead = Some((token, self.lexer.line()));
        }
        Ok(self.ahead.as_ref().map_or(&Token::End, |(token, _)| token))
    }

    /// The next token, taken.
    fn take(&mut self) -> Result<Token, SyntaxError> {
        self.peek()?;
        Ok(self.ahead.take().map_or(Token::End, |(token, _)| token))
    }

    /// The next token if it is a word without quotes or expansions.
    fn peek_word(&mut self) -> Result<Option<Vec<u8>>, SyntaxError> {
        Ok(match self.peek()? {
            Token::Word(word) => word.as_literal().map(<[u8]>::to_vec),
            _ => None,
        })
    }

    fn at_word(&mut self, expected: &str) -> Result<bool, SyntaxError> {
        Ok(match self.peek()? {
            Token::Word(word) => word.as_literal() == Some(expected.as_bytes()),
            _ => false,
        })
    }

    fn accept_word(&mut self, expected: &str) -> Result<bool, SyntaxError> {
        let found = self.at_word(expected)?;
        if found {
            self.ahead = None;
        }
        Ok(found)
    }

    /// Takes the word that closes what `opener` began on the line `opened`.
    fn expect_word(
        &mut self,
        expected: &str,
        opener: &str,
        opened: u32,
    ) -> Result<(), SyntaxError> {
        if self.accept_word(expected)? {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{expected}` for the `{opener}` of line {opened}")))
    }

    fn accept_operator(&mut self, expected: &str) -> Result<bool, SyntaxError> {
        let found = matches!(self.peek()?, Token::Operator(operator) if *operator == expected);
        if found {
            self.ahead = None;
        }
        Ok(found)
    }

    fn expect_operator(
        &mut self,
        expected: &str,
        opener: &str,
        opened: u32,
    ) -> Result<(), SyntaxError> {
        if self.accept_operator(expected)? {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{expected}` for the `{opener}` of line {opened}")))
    }

    fn at_closer(&mut self) -> Result<bool, SyntaxError> {
        Ok(match self.peek()? {
            Token::End | Token::Operator(")" | ";;" | ";&") => true,
            Token::Word(word) => word
                .as_literal()
                .is_some_and(|text| CLOSERS.iter().any(|closer| closer.as_bytes() == text)),
            _ => false,
        })
    }

    fn skip_newlines(&mut self) -> Result<bool, SyntaxError> {
        let mut any = false;
        while *self.peek()? == Token::Newline {
            self.ahead = None;
            any = true;
        }
        Ok(any)
    }

    fn line(&self) -> u32 {
        self.ahead
            .as_ref()
            .map_or_else(|| self.lexer.line(), |(_, line)| *line)
    }

    /// The error for the next token, which is not what the grammar wants.
    fn unexpected(&mut self, expected: &str) -> SyntaxError {
        let mut line = self.line();
        let found = match self.peek() {
            Err(error) => return error,
            Ok(Token::End) => "the end of the text".to_owned(),
            Ok(Token::Newline) => {
                line = line.saturating_sub(1).max(1);
                "the end of the line".to_owned()
            }
            Ok(Token::Operator(operator)) => format!("`{operator}`"),
            Ok(Token::Descriptor(number)) => format!("`{number}`"),
            Ok(Token::Word(word)) => {
                format!("`{}`", String::from_utf8_lossy(&crate::print::word(word)))
            }
        };
        self.lexer
            .error_at(line, format!("found {found}, expected {expected}"))
    }
}
