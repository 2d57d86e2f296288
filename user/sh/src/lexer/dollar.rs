//! What begins with `$` or a backquote: parameters, command substitution, arithmetic.
//!
//! Contract: a `$` that begins none of these is text. Source: POSIX.1-2017 XCU 2.6.2 to 2.6.4.

use super::Lexer;
use super::word::Place;
use crate::ast::{Bytes, End, Form, List, Name, Parameter, Part, TestKind, Word, is_name};
use crate::error::SyntaxError;
use crate::parser::Parser;
use std::rc::Rc;

impl Lexer<'_> {
    /// The expansion that begins at the `$` under the cursor; nothing if it is only a dollar.
    pub(super) fn dollar(&mut self, place: Place) -> Result<Option<Part>, SyntaxError> {
        self.bump();
        Ok(match self.peek() {
            Some(b'{') => Some(self.braces(place)?),
            Some(b'(') => Some(self.parenthesis()?),
            Some(byte) if byte.is_ascii_digit() => {
                self.bump();
                Some(plain(digit_name(usize::from(byte - b'0'))))
            }
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                Some(plain(Name::Variable(self.variable_name())))
            }
            Some(byte) if b"@*#?-$!".contains(&byte) => {
                self.bump();
                Some(plain(Name::Special(byte)))
            }
            _ => None,
        })
    }

    fn variable_name(&mut self) -> String {
        let mut name = String::new();
        while let Some(byte) = self.peek_in_line() {
            if !byte.is_ascii_alphanumeric() && byte != b'_' {
                break;
            }
            name.push(char::from(byte));
            self.bump();
        }
        name
    }

    fn braces(&mut self, place: Place) -> Result<Part, SyntaxError> {
        let opened = self.line;
        self.bump();
        // `${#}` is the number of arguments, `${#-x}` tests it; `${#x}` is a length.
        let length = self.peek() == Some(b'#')
            && self
                .peek_second()
                .is_some_and(|next| !b"}:=+%".contains(&next))
            && !(self.peek_second() == Some(b'-')
                && self.text.get(self.position + 2) != Some(&b'}'))
            && !(self.peek_second() == Some(b'?')
                && self.text.get(self.position + 2) != Some(&b'}'));
        if length {
            self.bump();
        }
        let name = self.parameter_name(opened)?;
        let form = if length {
            Form::Length
        } else {
            self.form(place, opened)?
        };
        if self.peek() != Some(b'}') {
            return Err(self.error_at(opened, "no closing } for the ${ opened here"));
        }
        self.bump();
        Ok(Part::Parameter(Box::new(Parameter { name, form })))
    }

    fn parameter_name(&mut self, opened: u32) -> Result<Name, SyntaxError> {
        let Some(byte) = self.peek() else {
            return Err(self.error_at(opened, "no closing } for the ${ opened here"));
        };
        if b"@*#?-$!".contains(&byte) {
            self.bump();
            return Ok(Name::Special(byte));
        }
        let name = self.variable_name();
        if name.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            return match name.parse() {
                Ok(number) => Ok(digit_name(number)),
                Err(_) => Err(self.error_at(opened, format!("${{{name}…}}: not a parameter"))),
            };
        }
        if !is_name(name.as_bytes()) {
            return Err(self.error_at(opened, "expected the name of a parameter after ${"));
        }
        Ok(Name::Variable(name))
    }

    fn form(&mut self, place: Place, opened: u32) -> Result<Form, SyntaxError> {
        let empty_counts = self.peek() == Some(b':');
        if empty_counts {
            self.bump();
        }
        let operator = match self.peek() {
            None | Some(b'}') if !empty_counts => return Ok(Form::Plain),
            other => other,
        };
        let kind = match operator {
            Some(b'-') => TestKind::Default,
            Some(b'=') => TestKind::Assign,
            Some(b'?') => TestKind::Error,
            Some(b'+') => TestKind::Alternative,
            Some(byte @ (b'#' | b'%')) if !empty_counts => return self.strip(byte),
            _ => {
                return Err(
                    self.error_at(opened, "bad substitution: expected } or one of - = ? + # %")
                );
            }
        };
        self.bump();
        let inside = match place {
            Place::Word | Place::Brace => Place::Brace,
            _ => Place::QuotedBrace,
        };
        let word = Word {
            parts: self.parts(inside)?,
        };
        Ok(Form::Test {
            kind,
            empty_counts,
            word,
        })
    }

    fn strip(&mut self, operator: u8) -> Result<Form, SyntaxError> {
        self.bump();
        let longest = self.peek() == Some(operator);
        if longest {
            self.bump();
        }
        let end = if operator == b'#' {
            End::Prefix
        } else {
            End::Suffix
        };
        // Quotes in the pattern are live even between double quotes: they quote pattern characters.
        let pattern = Word {
            parts: self.parts(Place::Brace)?,
        };
        Ok(Form::Strip {
            end,
            longest,
            pattern,
        })
    }

    fn parenthesis(&mut self) -> Result<Part, SyntaxError> {
        if self.peek_second() == Some(b'(') {
            let (position, line) = (self.position, self.line);
            if let Some(part) = self.arithmetic()? {
                return Ok(part);
            }
            // `$((a) | (b))`: a command substitution that begins with a subshell.
            (self.position, self.line) = (position, line);
        }
        let opened = self.line;
        self.bump();
        self.enter()?;
        let list = Parser::new(self).substitution(opened)?;
        self.leave();
        Ok(Part::Command(Rc::new(list)))
    }

    /// `((…))` under the cursor; nothing if it does not end in `))`.
    fn arithmetic(&mut self) -> Result<Option<Part>, SyntaxError> {
        let opened = self.line;
        self.bump();
        self.bump();
        let Ok(parts) = self.parts(Place::Arithmetic) else {
            return Ok(None);
        };
        if self.peek().is_none() {
            return Err(self.error_at(opened, "no closing )) for the $(( opened here"));
        }
        self.bump();
        if self.peek() != Some(b')') {
            return Ok(None);
        }
        self.bump();
        Ok(Some(Part::Arithmetic(parts)))
    }

    /// A command between backquotes: its text is unquoted once, then read as a program.
    pub(super) fn backquotes(&mut self, place: Place) -> Result<Part, SyntaxError> {
        let opened = self.line;
        self.bump();
        let mut text = Bytes::new();
        loop {
            let Some(byte) = self.peek_raw() else {
                return Err(self.error_at(opened, "no closing ` for the one opened here"));
            };
            self.bump();
            match byte {
                b'`' => break,
                b'\\' => match self.peek_raw() {
                    Some(next)
                        if b"$`\\".contains(&next)
                            || (place == Place::DoubleQuotes && next == b'"') =>
                    {
                        self.bump();
                        text.push(next);
                    }
                    _ => text.push(b'\\'),
                },
                _ => text.push(byte),
            }
        }
        let mut inner = Lexer::new(text, &self.source_name, opened);
        inner.set_aliases(self.aliases.clone());
        // The nesting counts on, so that a program cannot dig deeper by changing the quotes.
        inner.nesting = self.nesting;
        inner.enter()?;
        let list: List = Parser::new(&mut inner).program()?;
        Ok(Part::Command(Rc::new(list)))
    }
}

fn plain(name: Name) -> Part {
    Part::Parameter(Box::new(Parameter {
        name,
        form: Form::Plain,
    }))
}

fn digit_name(number: usize) -> Name {
    if number == 0 {
        Name::Special(b'0')
    } else {
        Name::Positional(number)
    }
}
