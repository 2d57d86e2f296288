//! The machines that run: where each can be spoken to.
//!
//! `run` leaves a link `target/janus/machines/NAME.qmp` to the machine's QMP socket; the socket
//! itself is in the host's temporary folder, since the path of a socket may have 107 bytes only
//! and that of a checkout may have more. A link whose socket nobody listens on is what a killed
//! machine left, and counts as nothing.

use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use qemu::TemporaryFile;

use crate::house::House;

/// What the links' names end with.
const ENDING: &str = "qmp";

/// A name that a machine of this program's has as long as this lives.
pub struct Name {
    link: PathBuf,
    socket: TemporaryFile,
}

impl Name {
    /// Takes `name` for a machine; where it is only what the machine would like to be called and
    /// another one is, takes that name with a number after it.
    ///
    /// # Errors
    /// When a machine of this name runs and no other will do, or the link cannot be made.
    pub fn take(house: &House, name: &str, will_do: bool) -> Result<Self> {
        let folder = folder(house)?;
        let socket = TemporaryFile::new(ENDING);
        let mut number = 1;
        loop {
            let called = match number {
                1 => name.to_owned(),
                _ => format!("{name}-{number}"),
            };
            let link = folder.join(&called).with_extension(ENDING);
            if !is_alive(&link) {
                // It may not be there; where it cannot be removed, making it says why.
                let _ = std::fs::remove_file(&link);
                match symlink(socket.path(), &link) {
                    Ok(()) => return Ok(Self { link, socket }),
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                    Err(error) => {
                        let what = format!("could not make the link {}", link.display());
                        return Err(error).context(what);
                    }
                }
            }
            if !will_do {
                bail!("a machine named `{called}` runs already: give this one another --name");
            }
            number += 1;
        }
    }

    /// The QMP socket that the machine must make.
    pub fn socket(&self) -> &Path {
        self.socket.path()
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        // A later machine may have taken the name of one that was slow to start.
        if std::fs::read_link(&self.link).is_ok_and(|to| to == self.socket.path()) {
            let _ = std::fs::remove_file(&self.link);
        }
    }
}

/// The QMP socket of the machine called `name`, or of the only one.
///
/// # Errors
/// When it does not run, or when it is not clear which one is meant.
pub fn find(house: &House, name: Option<&str>) -> Result<PathBuf> {
    let running = running(&folder(house)?)?;
    let names = running
        .iter()
        .map(|(name, _)| name.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    let mut fitting = running
        .iter()
        .filter(|(other, _)| name.is_none_or(|name| name == other));
    match (fitting.next(), fitting.next()) {
        (Some((_, socket)), None) => Ok(socket.clone()),
        (Some(_), Some(_)) => bail!("several machines run ({names}): say which with --machine"),
        _ if names.is_empty() => {
            bail!("no machine runs: start one with `cargo xtask run` in another terminal")
        }
        _ => bail!("no machine of that name runs; these do: {names}"),
    }
}

/// The names and sockets of all that run.
fn running(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let doing = || format!("could not read the folder {}", folder.display());
    let mut found = Vec::new();
    for entry in folder.read_dir().with_context(doing)? {
        let link = entry.with_context(doing)?.path();
        let name = link.file_stem().map(|name| name.to_string_lossy());
        if let (Some(name), true) = (name, is_alive(&link)) {
            let socket = std::fs::read_link(&link).with_context(doing)?;
            found.push((name.into_owned(), socket));
        }
    }
    found.sort();
    Ok(found)
}

/// Whether somebody listens behind the link.
fn is_alive(link: &Path) -> bool {
    std::fs::read_link(link).is_ok_and(|socket| UnixStream::connect(socket).is_ok())
}

/// The folder with the links, made if it is not there.
fn folder(house: &House) -> Result<PathBuf> {
    let folder = house.images()?.join("machines");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("could not make the folder {}", folder.display()))?;
    Ok(folder)
}
