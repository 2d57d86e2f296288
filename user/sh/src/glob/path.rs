//! Patterns against file names.
//!
//! Contract: the names that exist and match, sorted by their bytes; none if nothing matches. A
//! `/` is matched only by a `/`, and a leading `.` only by a `.` written in the pattern
//! (POSIX.1-2017 XCU 2.13.3). A folder that cannot be read has no matches: that is no error.

use super::{Marked, Pattern};
use crate::ast::Bytes;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// The paths that match a pattern; the text has at least one live pattern character.
pub fn expand_path(source: &[Marked]) -> Vec<Bytes> {
    let mut found = vec![Bytes::new()];
    let mut components = source.split(|&(byte, _)| byte == b'/').peekable();
    while let Some(component) = components.next() {
        let last = components.peek().is_none();
        found = found
            .iter()
            .flat_map(|base| matches_in(base, component, last))
            .collect();
        if !last {
            found.iter_mut().for_each(|path| path.push(b'/'));
        }
    }
    found.sort();
    found
}

/// The paths made of `base` and a name in it that matches one component.
fn matches_in(base: &[u8], component: &[Marked], last: bool) -> Vec<Bytes> {
    let pattern = Pattern::new(component);
    let join = |name: &[u8]| [base, name].concat();
    if let Some(name) = pattern.as_text() {
        let path = join(&name);
        // A literal in the middle is only followed; at the end it has to be there. An empty one
        // comes from `//` or from a `/` at either end.
        let exists = if last && !name.is_empty() {
            path_of(&path).symlink_metadata().is_ok()
        } else {
            true
        };
        let is_folder = !last || name.is_empty();
        let fits = exists && (!is_folder || path.is_empty() || path_of(&path).is_dir());
        return if fits { vec![path] } else { Vec::new() };
    }
    let folder = if base.is_empty() {
        Path::new(".")
    } else {
        path_of(base)
    };
    let Ok(entries) = folder.read_dir() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for name in entries.flatten().map(|entry| entry.file_name().into_vec()) {
        let hidden = name.first() == Some(&b'.');
        if (!hidden || pattern.starts_with(b'.')) && pattern.matches(&name) {
            let path = join(&name);
            if last || path_of(&path).is_dir() {
                found.push(path);
            }
        }
    }
    if pattern.starts_with(b'.') {
        let special: [&[u8]; 2] = [b".", b".."];
        found.extend(
            special
                .into_iter()
                .filter(|name| pattern.matches(name))
                .map(join),
        );
    }
    found
}

fn path_of(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}
