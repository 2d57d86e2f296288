//! Redirections: carried out, and taken back after a built-in command.
//!
//! Contract: they are done in the order written; if one fails, those before it are taken back.
//! What is saved lies at private descriptors (see `descriptor.rs`). Source: POSIX.1-2017 XCU 2.7.

use crate::ast::{Bytes, HereDocument, Redirect, RedirectAction, Word};
use crate::descriptor;
use crate::error::Outcome;
use crate::options::Flag;
use crate::shell::{Shell, error_text, write_all};
use rustix::fs::{Mode, OFlags, open};
use std::os::fd::OwnedFd;

/// The largest here-document that is put into a pipe without anybody reading: a page, which every
/// pipe holds.
const PIPE_HOLDS: usize = 4096;

/// What the redirected descriptors were.
#[derive(Debug, Default)]
#[must_use]
pub struct Saved {
    /// Descriptor and the copy of what it was; nothing if it was closed.
    entries: Vec<(i32, Option<i32>)>,
}

impl Saved {
    /// Takes the redirections back.
    pub fn restore(self) {
        for (number, copy) in self.entries.into_iter().rev() {
            descriptor::close(number);
            if let Some(copy) = copy {
                // The copy was made from this very number, so it can only fit back.
                let _ = descriptor::duplicate(copy, number);
                descriptor::close(copy);
            }
        }
    }

    /// Lets the redirections stay: `exec`.
    pub fn keep(self) {
        for (_, copy) in self.entries {
            if let Some(copy) = copy {
                descriptor::close(copy);
            }
        }
    }
}

/// What a redirection makes of a descriptor.
enum Change {
    File(OwnedFd),
    CopyOf(i32),
    Close,
}

impl Shell {
    /// Carries redirections out. `Ok(None)`: one failed, it has been said, and none is left done.
    pub fn redirect(&mut self, redirects: &[Redirect]) -> Outcome<Option<Saved>> {
        let mut saved = Saved::default();
        for redirect in redirects {
            match self.redirect_one(redirect, &mut saved) {
                Ok(Ok(())) => {}
                Ok(Err(message)) => {
                    saved.restore();
                    self.complain(message);
                    self.status = 1;
                    return Ok(None);
                }
                Err(unwind) => {
                    saved.restore();
                    return Err(unwind);
                }
            }
        }
        Ok(Some(saved))
    }

    fn redirect_one(
        &mut self,
        redirect: &Redirect,
        saved: &mut Saved,
    ) -> Outcome<Result<(), String>> {
        let (default, change) = match &redirect.action {
            RedirectAction::Read(word) => (0, self.open(word, OFlags::RDONLY)?),
            RedirectAction::Write(word) if self.has(Flag::NoClobber) => (1, self.open_new(word)?),
            RedirectAction::Write(word) | RedirectAction::Clobber(word) => (
                1,
                self.open(word, OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC)?,
            ),
            RedirectAction::Append(word) => (
                1,
                self.open(word, OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND)?,
            ),
            RedirectAction::ReadWrite(word) => (0, self.open(word, OFlags::RDWR | OFlags::CREATE)?),
            RedirectAction::DuplicateInput(word) => (0, self.duplicate(word)?),
            RedirectAction::DuplicateOutput(word) => (1, self.duplicate(word)?),
            RedirectAction::Here(document) => (0, self.here_document(document)?),
        };
        let number = redirect.descriptor.unwrap_or(default);
        if number >= descriptor::FIRST_PRIVATE {
            return Ok(Err(format!(
                "{number}: descriptors in scripts are 0 to {}",
                descriptor::FIRST_PRIVATE - 1
            )));
        }
        Ok(change.and_then(|change| apply(change, number, saved)))
    }

    fn open(&mut self, word: &Word, flags: OFlags) -> Outcome<Result<Change, String>> {
        let path = self.expand_text(word)?;
        Ok(open_file(&path, flags).map(Change::File))
    }

    /// Opens for `>` under `set -C`: devices are written, an existing file is not.
    fn open_new(&mut self, word: &Word) -> Outcome<Result<Change, String>> {
        let path = self.expand_text(word)?;
        let file = std::path::Path::new(crate::text::os(&path));
        if file.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            return Ok(open_file(&path, OFlags::WRONLY).map(Change::File));
        }
        if file.exists() {
            let shown = String::from_utf8_lossy(&path);
            return Ok(Err(format!(
                "{shown}: the file exists (set -C); write >| to overwrite it"
            )));
        }
        Ok(open_file(&path, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL).map(Change::File))
    }

    fn duplicate(&mut self, word: &Word) -> Outcome<Result<Change, String>> {
        let text = self.expand_text(word)?;
        if text == b"-" {
            return Ok(Ok(Change::Close));
        }
        let number = std::str::from_utf8(&text)
            .ok()
            .and_then(|text| text.parse::<i32>().ok());
        Ok(match number {
            Some(number) if (0..descriptor::FIRST_PRIVATE).contains(&number) => {
                Ok(Change::CopyOf(number))
            }
            _ => Err(format!(
                "{}: expected a descriptor, 0 to 9, or -",
                String::from_utf8_lossy(&text)
            )),
        })
    }

    fn here_document(&mut self, document: &HereDocument) -> Outcome<Result<Change, String>> {
        let text = match document.body.get() {
            Some(body) => self.expand_text(body)?,
            None => Bytes::new(),
        };
        Ok(here_file(&text)
            .map(Change::File)
            .map_err(|error| format!("here-document: {}", error_text(error))))
    }
}

fn open_file(path: &[u8], flags: OFlags) -> Result<OwnedFd, String> {
    let mode = Mode::from_raw_mode(0o666);
    open(path, flags | OFlags::CLOEXEC, mode)
        .map_err(|error| format!("{}: {}", String::from_utf8_lossy(path), error_text(error)))
}

/// A descriptor to read `text` from: a pipe if it fits, else a file in memory.
fn here_file(text: &[u8]) -> rustix::io::Result<OwnedFd> {
    if text.len() <= PIPE_HOLDS {
        let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        write_all(writer, text)?;
        return Ok(reader);
    }
    let file = rustix::fs::memfd_create("here-document", rustix::fs::MemfdFlags::CLOEXEC)?;
    write_all(&file, text)?;
    rustix::fs::seek(&file, rustix::fs::SeekFrom::Start(0))?;
    Ok(file)
}

fn apply(change: Change, number: i32, saved: &mut Saved) -> Result<(), String> {
    let failed = |error: nix::errno::Errno| format!("{number}: {}", error.desc());
    if let Change::CopyOf(from) = change
        && descriptor::save(from)
            .map_err(failed)?
            .map(descriptor::close)
            .is_none()
    {
        return Err(format!("{from}: this descriptor is not open"));
    }
    if !saved.entries.iter().any(|(entry, _)| *entry == number) {
        // A file that was just opened may lie on the very number, which was closed then.
        let taken = matches!(&change, Change::File(file) if std::os::fd::AsRawFd::as_raw_fd(file) == number);
        let copy = if taken {
            None
        } else {
            descriptor::save(number).map_err(failed)?
        };
        saved.entries.push((number, copy));
    }
    match change {
        Change::File(file) => descriptor::place(file, number).map_err(failed),
        Change::CopyOf(from) => descriptor::duplicate(from, number).map_err(failed),
        Change::Close => {
            descriptor::close(number);
            Ok(())
        }
    }
}
