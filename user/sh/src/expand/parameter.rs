//! Parameters: `$x`, `${x…}`, `$@` and the other special ones.
//!
//! Contract: POSIX.1-2017 XCU 2.5 and 2.6.2; lengths count characters; patterns are cut off by the
//! matcher of `glob`.

use super::field::{Fields, Mark};
use crate::ast::{Bytes, End, Form, Name, Parameter, Part, TestKind, Word};
use crate::error::Outcome;
use crate::glob::first_character;
use crate::options::Flag;
use crate::print;
use crate::shell::Shell;

impl Shell {
    pub(super) fn expand_parameter(
        &mut self,
        parameter: &Parameter,
        quoted: bool,
        fields: &mut Fields,
    ) -> Outcome {
        let list = matches!(parameter.name, Name::Special(b'@' | b'*'));
        match &parameter.form {
            Form::Plain if list => self.expand_arguments(&parameter.name, quoted, fields),
            Form::Plain => {
                let value = self.value_or_error(parameter)?;
                fields.push_value(&value, quoted);
            }
            Form::Length => {
                let length = if list {
                    self.arguments.len()
                } else {
                    character_count(&self.value_or_error(parameter)?)
                };
                fields.push_value(length.to_string().as_bytes(), quoted);
            }
            Form::Test {
                kind,
                empty_counts,
                word,
            } => {
                return self.expand_test(parameter, *kind, *empty_counts, word, quoted, fields);
            }
            Form::Strip {
                end,
                longest,
                pattern,
            } => {
                let value = self.value_or_error(parameter)?;
                let pattern = self.expand_pattern(pattern)?;
                let rest = match end {
                    End::Prefix => pattern
                        .match_prefix(&value, *longest)
                        .map(|at| &value[at..]),
                    End::Suffix => pattern
                        .match_suffix(&value, *longest)
                        .map(|at| &value[..at]),
                };
                fields.push_value(rest.unwrap_or(&value), quoted);
            }
        }
        Ok(())
    }

    fn expand_test(
        &mut self,
        parameter: &Parameter,
        kind: TestKind,
        empty_counts: bool,
        word: &Word,
        quoted: bool,
        fields: &mut Fields,
    ) -> Outcome {
        let value = self.value(&parameter.name);
        let present = value
            .as_ref()
            .is_some_and(|value| !(empty_counts && value.is_empty()));
        match (kind, value) {
            (TestKind::Alternative, _) => {
                if present {
                    self.expand_alternative(word, quoted, fields)?;
                }
            }
            (_, Some(value)) if present => match parameter.name {
                Name::Special(b'@' | b'*') => {
                    self.expand_arguments(&parameter.name, quoted, fields)
                }
                _ => fields.push_value(&value, quoted),
            },
            (TestKind::Default, _) => self.expand_alternative(word, quoted, fields)?,
            (TestKind::Assign, _) => {
                let Name::Variable(name) = &parameter.name else {
                    return self.fail(
                        2,
                        format!("{}: only a variable can be assigned to", text_of(parameter)),
                    );
                };
                let value = self.expand_text(word)?;
                self.assign(name, value.clone())?;
                fields.push_value(&value, quoted);
            }
            (TestKind::Error, _) => {
                let message = self.expand_text(word)?;
                let message = match message.is_empty() {
                    true if empty_counts => "is unset or empty".to_owned(),
                    true => "is not set".to_owned(),
                    false => String::from_utf8_lossy(&message).into_owned(),
                };
                return self.fail(2, format!("{}: {message}", name_of(&parameter.name)));
            }
        }
        Ok(())
    }

    /// The word of `${x-word}`: unquoted text in it may be split, as if it had come from `$x`.
    fn expand_alternative(&mut self, word: &Word, quoted: bool, fields: &mut Fields) -> Outcome {
        for (index, part) in word.parts.iter().enumerate() {
            match part {
                Part::Literal(text) if !quoted && index == 0 && text.first() == Some(&b'~') => {
                    self.expand_leading_tilde(text, word.parts.len() == 1, fields);
                }
                Part::Literal(text) if !quoted => fields.push(text, Mark::Expanded),
                _ => self.expand_part(part, quoted, fields)?,
            }
        }
        if quoted && word.parts.is_empty() {
            fields.push_quoted(b"");
        }
        Ok(())
    }

    /// `$@` and `$*`.
    fn expand_arguments(&mut self, name: &Name, quoted: bool, fields: &mut Fields) {
        let at = *name == Name::Special(b'@');
        if self.arguments.is_empty() {
            if quoted && at {
                fields.note_vanished();
            }
            return;
        }
        let separate = fields.separate && (at || !quoted);
        let joint = if at {
            b" ".to_vec()
        } else {
            self.join_separator()
        };
        for (index, argument) in self.arguments.iter().enumerate() {
            if index > 0 && separate {
                fields.next_field();
            } else if index > 0 {
                fields.push_value(&joint, quoted);
            }
            fields.push_value(argument, quoted);
        }
    }

    /// What `$*` puts between arguments: the first character of IFS.
    fn join_separator(&self) -> Bytes {
        let separators = self.separators();
        let length = first_character(separators).map_or(0, |(_, length)| length);
        separators[..length].to_vec()
    }

    fn value_or_error(&mut self, parameter: &Parameter) -> Outcome<Bytes> {
        match self.value(&parameter.name) {
            Some(value) => Ok(value),
            // `$@` without arguments is empty, not unset.
            None if self.has(Flag::NoUnset)
                && !matches!(parameter.name, Name::Special(b'@' | b'*')) =>
            {
                self.fail(
                    2,
                    format!("{}: is not set (set -u)", name_of(&parameter.name)),
                )
            }
            None => Ok(Bytes::new()),
        }
    }

    /// The value of a parameter, if it is set.
    pub fn value(&self, name: &Name) -> Option<Bytes> {
        match name {
            Name::Variable(name) if name == "LINENO" => Some(self.line.to_string().into_bytes()),
            Name::Variable(name) => self.variables.get(name).map(<[u8]>::to_vec),
            Name::Positional(number) => self.arguments.get(number - 1).cloned(),
            Name::Special(byte) => self.special_value(*byte),
        }
    }

    fn special_value(&self, byte: u8) -> Option<Bytes> {
        let number = match byte {
            b'@' | b'*' => {
                let separator = if byte == b'@' {
                    b" ".to_vec()
                } else {
                    self.join_separator()
                };
                return (!self.arguments.is_empty())
                    .then(|| self.arguments.join(separator.as_slice()));
            }
            b'-' => return Some(self.options.letters()),
            b'0' => return Some(self.name.clone()),
            b'!' => self.last_background?.to_string(),
            b'#' => self.arguments.len().to_string(),
            b'$' => self.pid.to_string(),
            _ => self.status.to_string(),
        };
        Some(number.into_bytes())
    }
}

fn character_count(mut text: &[u8]) -> usize {
    let mut count = 0;
    while let Some((_, length)) = first_character(text) {
        text = &text[length..];
        count += 1;
    }
    count
}

fn name_of(name: &Name) -> String {
    match name {
        Name::Variable(name) => name.clone(),
        Name::Positional(number) => number.to_string(),
        Name::Special(byte) => char::from(*byte).to_string(),
    }
}

fn text_of(parameter: &Parameter) -> String {
    String::from_utf8_lossy(&print::part(&Part::Parameter(Box::new(parameter.clone()))))
        .into_owned()
}
