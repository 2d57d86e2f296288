//! Here-documents: text that follows the line which asks for it.
//!
//! Contract: bodies are read in the order of their operators, right after the newline that ends
//! the line (POSIX.1-2017 XCU 2.7.4). Without its end word, a document
//! goes on to the end of the text, as in other shells.

use super::Lexer;
use super::word::Place;
use crate::ast::{Bytes, HereDocument, Part, Word};
use crate::error::SyntaxError;

impl Lexer<'_> {
    /// Remembers a here-document whose body is to be read after this line.
    pub fn await_here(&mut self, document: HereDocument) {
        self.awaited_here.push(document);
    }

    /// Reads the bodies that are due.
    pub(super) fn finish_here_documents(&mut self) -> Result<(), SyntaxError> {
        for document in std::mem::take(&mut self.awaited_here) {
            let first_line = self.line;
            let text = self.here_text(&document);
            let word = if document.quoted {
                Word::quoted(text)
            } else {
                let mut body = Lexer::new(text, &self.source_name, first_line);
                body.set_aliases(self.aliases.clone());
                Word {
                    parts: body.parts(Place::Here)?,
                }
            };
            // Each document waits once, so its body is still unset.
            let _ = document.body.set(word);
        }
        Ok(())
    }

    /// All of the text as it would be read in a here-document: prompts are expanded so too.
    pub fn prompt_parts(&mut self) -> Result<Vec<Part>, SyntaxError> {
        self.parts(Place::Here)
    }

    fn here_text(&mut self, document: &HereDocument) -> Bytes {
        let mut text = Bytes::new();
        while self.peek_raw().is_some() {
            let (line, ended) = self.raw_line(document.strip_tabs);
            if line == document.delimiter {
                break;
            }
            text.extend_from_slice(&line);
            if ended {
                text.push(b'\n');
            }
        }
        text
    }

    /// A line as it stands, without its newline, and whether there was one.
    fn raw_line(&mut self, strip_tabs: bool) -> (Bytes, bool) {
        let mut line = Bytes::new();
        while let Some(byte) = self.peek_raw() {
            self.bump();
            if byte == b'\n' {
                return (line, true);
            }
            if !(strip_tabs && byte == b'\t' && line.is_empty()) {
                line.push(byte);
            }
        }
        (line, false)
    }
}

/// The text of a word with its quotes removed, and whether it had any.
pub fn unquoted(word: &Word) -> (Bytes, bool) {
    let mut text = Bytes::new();
    let mut quoted = false;
    for part in &word.parts {
        match part {
            Part::Literal(piece) => text.extend_from_slice(piece),
            Part::Quoted(piece) => {
                quoted = true;
                text.extend_from_slice(piece);
            }
            Part::DoubleQuoted(parts) => {
                quoted = true;
                text.extend(
                    unquoted(&Word {
                        parts: parts.clone(),
                    })
                    .0,
                );
            }
            // An end word is not expanded; an expansion stands for its own text.
            other => text.extend(crate::print::part(other)),
        }
    }
    (text, quoted)
}
