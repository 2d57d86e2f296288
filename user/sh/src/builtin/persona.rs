//! `persona`: the crate of that name as a built-in command.
//!
//! What only looks and writes to the kernel is done here at once; what starts or waits for
//! other processes becomes a job, so that Ctrl-C and Ctrl-Z mean what they mean everywhere.

use crate::ast::Bytes;
use crate::complete as completion;
use crate::error::Outcome;
use crate::shell::{Shell, write_error};
use crate::text::shown;
use persona::{Candidates, PROGRAM};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// `persona [command [arguments]]`.
pub fn persona(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let rest = arguments.get(1..).unwrap_or_default();
    let words: Vec<OsString> = rest.iter().cloned().map(OsString::from_vec).collect();
    if persona::runs_apart(&words) {
        let words = [&[PROGRAM.into()], rest].concat();
        shell.run_apart(&words)?;
        return Ok(shell.status);
    }
    match persona::run(&words) {
        Ok(done) => Ok(shell.write_out(done.text.as_bytes()).max(done.status)),
        Err(failure) => {
            write_error(format!("{PROGRAM}: {failure}\n").as_bytes());
            Ok(failure.status)
        }
    }
}

/// What Tab offers for it.
pub fn complete(shell: &Shell, words: &[Bytes], typed: &[u8]) -> Vec<Bytes> {
    let words: Vec<String> = words.iter().skip(1).map(|word| shown(word)).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match persona::complete(&words) {
        Candidates::Commands => completion::commands(shell, &[], typed),
        Candidates::Arguments => completion::files(shell, typed),
        Candidates::Words(candidates) => candidates
            .into_iter()
            .map(String::into_bytes)
            .filter(|word| word.starts_with(typed))
            .collect(),
    }
}
