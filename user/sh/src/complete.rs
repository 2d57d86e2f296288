//! What Tab offers: commands, files, variables, jobs, aliases.
//!
//! Contract: pure questions about the shell's state and the file system; each function gives whole
//! words that begin with what was typed.

use crate::ast::Bytes;
use crate::builtin;
use crate::edit::{Completer, Completion};
use crate::parser::reserved_words;
use crate::shell::Shell;
use crate::text::os;
use std::collections::BTreeSet;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// All names that can be run.
pub fn command_names(shell: &Shell) -> BTreeSet<Bytes> {
    let mut names: BTreeSet<Bytes> = builtin::TABLE
        .iter()
        .map(|builtin| builtin.name.as_bytes().to_vec())
        .collect();
    names.extend(
        shell
            .functions
            .keys()
            .chain(shell.aliases.keys())
            .map(|name| name.clone().into_bytes()),
    );
    names.extend(reserved_words().map(|word| word.as_bytes().to_vec()));
    for folder in shell.path_folders() {
        let Ok(entries) = Path::new(os(&folder)).read_dir() else {
            continue;
        };
        let runnable = |path: &Path| {
            path.metadata()
                .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
        };
        names.extend(
            entries
                .flatten()
                .filter(|entry| runnable(&entry.path()))
                .map(|entry| entry.file_name().into_vec()),
        );
    }
    names
}

/// Commands.
pub fn commands(shell: &Shell, _: &[Bytes], typed: &[u8]) -> Vec<Bytes> {
    command_names(shell)
        .into_iter()
        .filter(|name| name.starts_with(typed))
        .collect()
}

/// Variables.
pub fn variables(shell: &Shell, _: &[Bytes], typed: &[u8]) -> Vec<Bytes> {
    let names = shell
        .variables
        .iter()
        .map(|(name, _)| name.clone().into_bytes());
    names.filter(|name| name.starts_with(typed)).collect()
}

/// Aliases.
pub fn aliases(shell: &Shell, _: &[Bytes], typed: &[u8]) -> Vec<Bytes> {
    shell
        .aliases
        .keys()
        .map(|name| name.clone().into_bytes())
        .filter(|name| name.starts_with(typed))
        .collect()
}

/// Jobs, as `%1`.
pub fn jobs(shell: &Shell, _: &[Bytes], typed: &[u8]) -> Vec<Bytes> {
    let names = shell
        .jobs
        .iter()
        .map(|job| format!("%{}", job.number).into_bytes());
    names.filter(|name| name.starts_with(typed)).collect()
}

/// Folders.
pub fn folders(shell: &Shell, _: &[Bytes], typed: &[u8]) -> Vec<Bytes> {
    files(shell, typed)
        .into_iter()
        .filter(|path| path.ends_with(b"/"))
        .collect()
}

/// Files; folders end in a slash. A leading `~` is looked through and kept.
pub fn files(shell: &Shell, typed: &[u8]) -> Vec<Bytes> {
    let cut = typed
        .iter()
        .rposition(|&byte| byte == b'/')
        .map_or(0, |at| at + 1);
    let (folder, start) = typed.split_at(cut);
    let real = match folder.strip_prefix(b"~") {
        Some(rest) => {
            let end = rest
                .iter()
                .position(|&byte| byte == b'/')
                .unwrap_or(rest.len());
            shell
                .home_of(&rest[..end])
                .map(|home| [home.as_slice(), &rest[end..]].concat())
        }
        None => None,
    };
    let real = real.unwrap_or_else(|| folder.to_vec());
    let here = if real.is_empty() { b".".to_vec() } else { real };
    let Ok(entries) = Path::new(os(&here)).read_dir() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let is_folder = entry.path().is_dir();
        let name = entry.file_name().into_vec();
        let hidden = name.first() == Some(&b'.') && start.first() != Some(&b'.');
        if !hidden && name.starts_with(start) {
            let slash: &[u8] = if is_folder { b"/" } else { b"" };
            found.push([folder, &name, slash].concat());
        }
    }
    found.sort();
    found
}

impl Completer for Shell {
    fn complete(&self, before: &str) -> Completion {
        let place = Place::find(before);
        let typed = place.typed.as_bytes();
        let mut candidates = self.candidates(&place);
        // `name=/pa` and `--option=/pa` complete what is after the sign.
        let mut kept: &[u8] = b"";
        if candidates.is_empty()
            && let Some(at) = typed.iter().rposition(|&byte| byte == b'=')
        {
            kept = &typed[..=at];
            candidates = files(self, &typed[at + 1..]);
        }
        let shown = candidates
            .iter()
            .map(|text| last_component(&crate::text::shown(text)).to_owned())
            .collect();
        let replacements = candidates
            .iter()
            .map(|text| place.quoted(&[kept, text].concat()))
            .collect();
        let after = place
            .quote
            .map_or(" ".to_owned(), |quote| format!("{quote} "));
        Completion {
            start: place.start,
            replacements,
            shown,
            after,
        }
    }
}

impl Shell {
    fn candidates(&self, place: &Place) -> Vec<Bytes> {
        let typed = place.typed.as_bytes();
        if let Some(name) = typed.strip_prefix(b"$")
            && place.quote != Some('\'')
        {
            let (sign, name): (&[u8], _) = match name.strip_prefix(b"{") {
                Some(name) => (b"${", name),
                None => (b"$", name),
            };
            let close: &[u8] = if sign == b"${" { b"}" } else { b"" };
            let names = variables(self, &[], name).into_iter();
            return names
                .map(|name| [sign, name.as_slice(), close].concat())
                .collect();
        }
        let Some(command) = place.words.first() else {
            if place.is_file || typed.contains(&b'/') || typed.starts_with(b"~") {
                return files(self, typed);
            }
            return commands(self, &[], typed);
        };
        if place.is_file {
            return files(self, typed);
        }
        let words: Vec<Bytes> = place
            .words
            .iter()
            .map(|word| word.clone().into_bytes())
            .collect();
        match builtin::find(command).and_then(|builtin| builtin.complete) {
            Some(complete) => {
                let found = complete(self, &words, typed);
                if found.is_empty() {
                    files(self, typed)
                } else {
                    found
                }
            }
            None => files(self, typed),
        }
    }
}

/// Where in a command the cursor is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Place {
    /// Where the word begins, in characters.
    start: usize,
    /// The word so far, without its quotes.
    typed: String,
    /// The quote that is open.
    quote: Option<char>,
    /// The words of this command before it.
    words: Vec<String>,
    /// Whether a redirection stands before it.
    is_file: bool,
}

impl Place {
    /// Reads a line up to the cursor, roughly as the shell would.
    fn find(before: &str) -> Place {
        let mut place = Place::default();
        let mut in_word = false;
        let mut characters = before.chars().enumerate();
        while let Some((index, character)) = characters.next() {
            match (character, place.quote) {
                (close, Some(open)) if close == open => place.quote = None,
                ('\\', None | Some('"')) => {
                    if let Some((_, next)) = characters.next() {
                        place.typed.push(next);
                    }
                }
                (_, Some(_)) => place.typed.push(character),
                ('\'' | '"', None) => place.quote = Some(character),
                (' ' | '\t' | '\n' | ';' | '|' | '&' | '(' | ')' | '<' | '>' | '`', None) => {
                    place.end_word(in_word, character);
                    in_word = false;
                    place.start = index + 1;
                    continue;
                }
                _ => place.typed.push(character),
            }
            if !in_word {
                place.start = index;
                in_word = true;
            }
        }
        place
    }

    fn end_word(&mut self, in_word: bool, separator: char) {
        let word = std::mem::take(&mut self.typed);
        if in_word && self.is_file {
            self.is_file = false;
        } else if in_word {
            let assignment = word
                .split_once('=')
                .is_some_and(|(name, _)| crate::ast::is_name(name.as_bytes()));
            let first = self.words.is_empty();
            let keyword = reserved_words()
                .any(|reserved| reserved == word && !["for", "case"].contains(&reserved));
            // Another command follows a keyword, and the command itself an assignment.
            if !(first && (assignment || keyword)) {
                self.words.push(word);
            }
        }
        match separator {
            '<' | '>' => self.is_file = true,
            ';' | '|' | '&' | '(' | ')' | '`' | '\n' => {
                self.words.clear();
                self.is_file = false;
            }
            _ => {}
        }
    }

    /// A candidate as it must be written here.
    fn quoted(&self, candidate: &[u8]) -> String {
        let text = crate::text::shown(candidate);
        if let Some(quote) = self.quote {
            return format!("{quote}{text}");
        }
        let live = text.starts_with('$');
        let mut out = String::new();
        for (index, character) in text.chars().enumerate() {
            let special = " \t\n\"'`\\$&|;<>()*?[]#!{}".contains(character);
            if special && !live && !(index == 0 && character == '~') {
                out.push('\\');
            }
            out.push(character);
        }
        out
    }
}

/// The name a path ends in, with the slash of a folder.
fn last_component(path: &str) -> &str {
    let end = path.strip_suffix('/').unwrap_or(path);
    end.rfind('/').map_or(path, |at| &path[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::{Place, last_component};

    #[test]
    fn the_place_in_a_command_is_found() {
        let place = Place::find("cat foo | grep -v ba");
        assert_eq!((place.start, place.typed.as_str()), (18, "ba"));
        assert_eq!(place.words, ["grep", "-v"]);
        assert!(Place::find("if tr").words.is_empty());
        assert!(Place::find("X=1 tr").words.is_empty());
        assert!(Place::find("cat > fi").is_file);
        assert!(!Place::find("cat > file an").is_file);
    }

    #[test]
    fn quotes_are_taken_off_and_put_on() {
        let place = Place::find("ls my\\ fi");
        assert_eq!((place.start, place.typed.as_str()), (3, "my fi"));
        assert_eq!(place.quoted(b"my file"), "my\\ file");
        let place = Place::find("ls \"my fi");
        assert_eq!(
            (place.start, place.typed.as_str(), place.quote),
            (3, "my fi", Some('"'))
        );
        assert_eq!(place.quoted(b"my file"), "\"my file");
    }

    #[test]
    fn lists_show_the_last_name() {
        assert_eq!(last_component("/usr/lib/"), "lib/");
        assert_eq!(last_component("a/b"), "b");
        assert_eq!(last_component("b"), "b");
    }
}
