//! What Tab offers: commands, files, variables, jobs, aliases.
//!
//! Contract: pure questions about the shell's state and the file system; each function gives whole
//! words that begin with what was typed.

use crate::ast::Bytes;
use crate::builtin;
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
