//! Tilde expansion: `~` and `~user`.
//!
//! Contract: an unknown user leaves the text as it is; the result is quoted, so a home folder with
//! blanks or stars in its name is safe. Source: POSIX.1-2017 XCU 2.6.1, passwd(5).

use super::field::{Fields, Mark};
use crate::ast::Bytes;
use crate::shell::Shell;

impl Shell {
    /// Expands the tilde a word begins with. `whole` tells that `text` is the whole word.
    pub(super) fn expand_leading_tilde(&self, text: &[u8], whole: bool, fields: &mut Fields) {
        let end = text
            .iter()
            .position(|&byte| byte == b'/')
            .unwrap_or(text.len());
        let (prefix, rest) = text.split_at(end);
        // A part that goes on after us could belong to the user's name, which then was quoted.
        let home = if whole || !rest.is_empty() {
            self.home_of(&prefix[1..])
        } else {
            None
        };
        match home {
            Some(home) => fields.push_quoted(&home),
            None => fields.push(prefix, Mark::Literal),
        }
        fields.push(rest, Mark::Literal);
    }

    /// Expands the tildes in the text of an assignment: at its start and after each colon.
    pub(super) fn expand_tildes(
        &self,
        text: &[u8],
        at_start: bool,
        whole: bool,
        fields: &mut Fields,
    ) {
        let pieces: Vec<&[u8]> = text.split(|&byte| byte == b':').collect();
        for (index, piece) in pieces.iter().enumerate() {
            if index > 0 {
                fields.push(b":", Mark::Literal);
            }
            let last = index + 1 == pieces.len();
            if piece.first() == Some(&b'~') && (index > 0 || at_start) {
                self.expand_leading_tilde(piece, whole || !last, fields);
            } else {
                fields.push(piece, Mark::Literal);
            }
        }
    }

    /// The home folder of a user; of ours for the empty name.
    pub fn home_of(&self, user: &[u8]) -> Option<Bytes> {
        if user.is_empty() {
            return self.variables.get("HOME").map(<[u8]>::to_vec);
        }
        let accounts = std::fs::read("/etc/passwd").ok()?;
        accounts.split(|&byte| byte == b'\n').find_map(|line| {
            let fields: Vec<&[u8]> = line.split(|&byte| byte == b':').collect();
            (fields.first() == Some(&user))
                .then(|| fields.get(5).map(|home| home.to_vec()))
                .flatten()
        })
    }
}
