//! Whose turn it is to draw, among the programs of one persona.
//!
//! The terminal draws when it has something to draw; a program that fills the screen, started
//! from it, wants it alone. Both lock one file: the terminal while it draws, the other for its
//! whole life. The kernel gives the lock back however that one ends.
//!
//! A byte in the file says whether the picture is in order. It is while the terminal draws. It
//! is not while the other has the screen, and is again after that one has put back what it
//! found. So if that one was killed, the terminal sees it and draws everything anew; a pipe beside
//! the file wakes it ([`Door`]).
//!
//! The file is in `/run`, of which each persona has its own. Where it cannot be made, everyone
//! draws at will: a picture in disorder is better than none.
//!
//! Source: flock(2).

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::door::{self, Door};

const PATH: &str = "/run/fb0.lock";

const IN_ORDER: u8 = b'0';
const IN_DISORDER: u8 = b'1';

/// How long the terminal may draw: who waits longer waits for a program.
const PATIENCE: Duration = Duration::from_secs(3);

/// The lock, not held.
#[derive(Debug)]
pub struct Turn {
    file: Option<File>,
    door: PathBuf,
}

/// What the terminal found when it asked for its turn.
#[derive(Debug)]
pub enum Chance<'a> {
    /// Draw, until this is dropped; what was drawn last is still there.
    Yours(Hold<'a>),
    /// Draw, but everything: someone else has drawn.
    Spoilt(Hold<'a>),
    /// Someone else is drawing.
    Taken,
}

/// The lock, held until this is dropped.
#[derive(Debug)]
pub struct Hold<'a> {
    file: Option<&'a File>,
    /// A program's end of the pipe; closed after the lock is free.
    _door: Option<File>,
}

impl<'a> Hold<'a> {
    fn of(file: Option<&'a File>) -> Self {
        Self { file, _door: None }
    }
}

impl Turn {
    /// Opens the file of this persona.
    pub fn open() -> Self {
        Self::open_at(Path::new(PATH))
    }

    /// Opens another file; for tests.
    pub fn open_at(path: &Path) -> Self {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        Self {
            file: options.mode(0o666).open(path).ok(),
            door: path.with_extension("door"),
        }
    }

    /// For the terminal: what wakes it when a program has left the screen.
    pub fn door(&self) -> Door {
        Door::open_at(self.door.clone())
    }

    /// For the terminal: a turn to draw, if it can be had now.
    pub fn take(&self) -> Chance<'_> {
        let Some(file) = &self.file else {
            return Chance::Yours(Hold::of(None));
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Chance::Taken,
            // No locks on this file system: as without the file.
            Err(TryLockError::Error(_)) => return Chance::Yours(Hold::of(None)),
        }
        let hold = Hold::of(Some(file));
        if !is_in_disorder(file) {
            return Chance::Yours(hold);
        }
        note(file, IN_ORDER);
        Chance::Spoilt(hold)
    }

    /// For a program that wants the screen alone: takes it until this is dropped. Until
    /// [`Hold::in_order`] is called, the picture counts as spoilt.
    ///
    /// # Errors
    /// Another program has it: a sentence that says so.
    pub fn keep(&self) -> Result<Hold<'_>, String> {
        let Some(file) = &self.file else {
            return Ok(Hold::of(None));
        };
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(_)) => return Ok(Hold::of(None)),
                Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                    sleep(Duration::from_millis(10));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(
                        "another program has the screen to itself; leave that one first".into(),
                    );
                }
            }
        }
        note(file, IN_DISORDER);
        Ok(Hold {
            file: Some(file),
            _door: door::enter(&self.door),
        })
    }
}

fn is_in_disorder(file: &File) -> bool {
    let mut state = [IN_ORDER];
    matches!(file.read_at(&mut state, 0), Ok(1)) && state[0] == IN_DISORDER
}

/// A write that fails costs a picture in disorder at most.
fn note(file: &File, state: u8) {
    let _ = file.write_at(&[state], 0);
}

impl Hold<'_> {
    /// Says that the picture is again what it was when the lock was taken.
    pub fn in_order(&self) {
        if let Some(file) = self.file {
            note(file, IN_ORDER);
        }
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        if let Some(file) = self.file {
            // It can only fail for a lock that is not there.
            let _ = file.unlock();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two(name: &str) -> (Turn, Turn) {
        let path = std::env::temp_dir().join(format!("turn-{name}-{}", std::process::id()));
        let turns = (Turn::open_at(&path), Turn::open_at(&path));
        std::fs::remove_file(path).expect("it was made");
        turns
    }

    #[test]
    fn a_program_that_puts_back_what_it_found_spoils_nothing() {
        let (terminal, program) = two("order");
        let hold = program.keep().expect("nobody draws");
        assert!(matches!(terminal.take(), Chance::Taken));
        hold.in_order();
        drop(hold);
        assert!(matches!(terminal.take(), Chance::Yours(_)));
    }

    #[test]
    fn a_program_that_just_ends_has_spoilt_the_picture_once() {
        let (terminal, program) = two("spoilt");
        drop(program.keep().expect("nobody draws"));
        assert!(matches!(terminal.take(), Chance::Spoilt(_)));
        assert!(matches!(terminal.take(), Chance::Yours(_)));
    }

    #[test]
    fn the_second_program_is_told() {
        let (one, other) = two("second");
        let _hold = one.keep().expect("nobody draws");
        let message = other.keep().expect_err("one has it");
        assert!(message.contains("another program"), "{message}");
    }

    #[test]
    fn without_a_file_everyone_draws() {
        let turn = Turn::open_at(Path::new("/nowhere/at/all"));
        let _hold = turn.keep().expect("nothing to hold");
        assert!(matches!(turn.take(), Chance::Yours(_)));
    }
}
