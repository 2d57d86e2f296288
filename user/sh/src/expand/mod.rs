//! Expansion: from words of the tree to the arguments of a command.
//!
//! Contract: the order is POSIX's (XCU 2.6): tilde, parameters, commands and arithmetic in one
//! walk; then field splitting of what came from expansions outside quotes; then file names; quotes
//! are gone at the end. Every byte carries a [`Mark`] until then, so nothing is quoted twice.

mod command;
mod field;
mod parameter;
#[cfg(test)]
mod tests;
mod tilde;

use crate::ast::{Bytes, Part, Word};
use crate::error::Outcome;
use crate::glob::{self, Marked, Pattern};
use crate::options::Flag;
use crate::shell::Shell;
use field::Fields;
pub use field::{Field, Mark, split};

impl Shell {
    /// Expands words to arguments.
    pub fn expand_words(&mut self, words: &[Word]) -> Outcome<Vec<Bytes>> {
        let mut arguments = Vec::with_capacity(words.len());
        for word in words {
            // Most words are plain text: nothing to expand, split or match.
            match word.as_literal() {
                Some(text) if text.iter().all(|byte| !b"*?[~".contains(byte)) => {
                    arguments.push(text.to_vec());
                }
                _ => self.expand_word(word, &mut arguments)?,
            }
        }
        Ok(arguments)
    }

    fn expand_word(&mut self, word: &Word, arguments: &mut Vec<Bytes>) -> Outcome {
        let mut fields = Fields::new(true);
        self.expand_tilde_and_parts(&word.parts, &mut fields)?;
        let separators = self.separators();
        for field in fields.finish() {
            for field in split(field, separators) {
                self.push_names(&field, arguments);
            }
        }
        Ok(())
    }

    /// Adds the file names a field matches, or its text.
    fn push_names(&self, field: &Field, arguments: &mut Vec<Bytes>) {
        if !self.has(Flag::NoGlob) && field.is_pattern() {
            let found = glob::expand_path(&field.marked());
            if !found.is_empty() {
                arguments.extend(found);
                return;
            }
        }
        arguments.push(field.text());
    }

    /// Expands a word to one text, without splitting and file names: assignments, redirections.
    pub fn expand_text(&mut self, word: &Word) -> Outcome<Bytes> {
        if let Some(text) = word.as_literal()
            && !text.contains(&b'~')
        {
            return Ok(text.to_vec());
        }
        Ok(self.expand_single(word)?.text())
    }

    /// Expands the value of an assignment, where a tilde counts after each colon too.
    pub fn expand_assignment(&mut self, word: &Word) -> Outcome<Bytes> {
        let mut fields = Fields::new(false);
        for (index, part) in word.parts.iter().enumerate() {
            match part {
                Part::Literal(text) if text.contains(&b'~') => {
                    let ends_word = index + 1 == word.parts.len();
                    self.expand_tildes(text, index == 0, ends_word, &mut fields);
                }
                _ => self.expand_part(part, false, &mut fields)?,
            }
        }
        Ok(fields.into_single().text())
    }

    /// Expands a word to a pattern, in which what was quoted is literal.
    pub fn expand_pattern(&mut self, word: &Word) -> Outcome<Pattern> {
        Ok(Pattern::new(&self.expand_single(word)?.marked()))
    }

    fn expand_single(&mut self, word: &Word) -> Outcome<Field> {
        let mut fields = Fields::new(false);
        self.expand_tilde_and_parts(&word.parts, &mut fields)?;
        Ok(fields.into_single())
    }

    fn expand_tilde_and_parts(&mut self, parts: &[Part], fields: &mut Fields) -> Outcome {
        let mut parts = parts;
        if let Some((Part::Literal(text), rest)) = parts.split_first()
            && text.first() == Some(&b'~')
        {
            self.expand_leading_tilde(text, rest.is_empty(), fields);
            parts = rest;
        }
        self.expand_parts(parts, false, fields)
    }

    /// Expands parts in order; `quoted` tells that they stand between double quotes.
    fn expand_parts(&mut self, parts: &[Part], quoted: bool, fields: &mut Fields) -> Outcome {
        for part in parts {
            self.expand_part(part, quoted, fields)?;
        }
        Ok(())
    }

    fn expand_part(&mut self, part: &Part, quoted: bool, fields: &mut Fields) -> Outcome {
        let expanded = if quoted { Mark::Quoted } else { Mark::Expanded };
        match part {
            Part::Literal(text) => {
                fields.push(text, if quoted { Mark::Quoted } else { Mark::Literal })
            }
            Part::Quoted(text) => fields.push_quoted(text),
            Part::DoubleQuoted(parts) => {
                let before = fields.begin_quotes();
                self.expand_parts(parts, true, fields)?;
                fields.end_quotes(before);
            }
            Part::Parameter(parameter) => self.expand_parameter(parameter, quoted, fields)?,
            Part::Command(list) => {
                let output = self.substitute(list)?;
                fields.push(&output, expanded);
            }
            Part::Arithmetic(parts) => {
                let mut text = Fields::new(false);
                self.expand_parts(parts, true, &mut text)?;
                let value = self.evaluate(&text.into_single().text())?;
                fields.push(value.to_string().as_bytes(), expanded);
            }
        }
        Ok(())
    }

    /// What fields are split at.
    pub fn separators(&self) -> &[u8] {
        self.variables.get("IFS").unwrap_or(b" \t\n")
    }
}

impl Field {
    /// Whether a pattern character in it is live.
    fn is_pattern(&self) -> bool {
        self.units()
            .any(|(byte, mark)| mark != Mark::Quoted && b"*?[".contains(&byte))
    }

    /// The field as the source of a pattern.
    fn marked(&self) -> Vec<Marked> {
        self.units()
            .map(|(byte, mark)| (byte, mark != Mark::Quoted))
            .collect()
    }
}
