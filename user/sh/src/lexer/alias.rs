//! Aliases: text put in the place of a command word before it is read.
//!
//! Contract: an alias is not expanded again inside its own text, so no alias can loop; a value
//! that ends in a blank makes the next word eligible too (POSIX.1-2017 XCU 2.3.1).

use super::Lexer;
use crate::ast::Bytes;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The aliases by name.
pub type Aliases = BTreeMap<String, Bytes>;

/// An alias whose text is being read.
pub(super) struct Injection {
    name: String,
    end: usize,
}

impl Lexer<'_> {
    /// Says which aliases hold for what is read next.
    pub fn set_aliases(&mut self, aliases: Rc<Aliases>) {
        self.aliases = aliases;
    }

    /// If `word` is an alias, puts its text next and tells whether that text ends in a blank.
    pub fn inject_alias(&mut self, word: &[u8]) -> Option<bool> {
        if self.aliases.is_empty() {
            return None;
        }
        let name = std::str::from_utf8(word).ok()?;
        if self
            .injections
            .iter()
            .any(|injection| injection.name == name)
        {
            return None;
        }
        let value = self.aliases.get(name)?.clone();
        let at = self.position.min(self.text.len());
        // A space keeps the alias apart from what follows, as its own end of word.
        let mut inserted = value.clone();
        inserted.push(b' ');
        for injection in &mut self.injections {
            injection.end += inserted.len();
        }
        self.injections.push(Injection {
            name: name.to_owned(),
            end: at + inserted.len(),
        });
        self.text.splice(at..at, inserted);
        Some(matches!(value.last(), Some(b' ' | b'\t')))
    }

    /// Forgets the aliases whose text has been read.
    pub(super) fn retire_injections(&mut self) {
        while self
            .injections
            .last()
            .is_some_and(|injection| self.position >= injection.end)
        {
            self.injections.pop();
        }
    }
}
