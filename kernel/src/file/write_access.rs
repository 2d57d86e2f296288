//! A file is either written or run: `ETXTBSY`.
//!
//! While somebody has a program open for writing it cannot be executed, and while it is executed
//! nobody can open it for writing. One count says both: how many write, or below zero how many
//! run it. Source: execve(2), open(2).

use crate::error::Result;
use abi::Errno;
use core::sync::atomic::{AtomicI32, Ordering};

/// Who uses a regular file in a way that excludes the other.
#[derive(Default)]
pub struct WriteAccess(AtomicI32);

impl WriteAccess {
    fn add(&self, step: i32) -> Result<()> {
        let change = |now: i32| (now.signum() != -step).then_some(now + step);
        self.0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, change)
            .map(|_| ())
            .map_err(|_| Errno::ETXTBSY)
    }

    /// Notes an open file that may write. `ETXTBSY`: the file is being executed.
    pub fn writer_added(&self) -> Result<()> {
        self.add(1)
    }

    /// Notes that such a file was closed.
    pub fn writer_removed(&self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }

    /// Notes a program that runs the file. `ETXTBSY`: it is open for writing.
    pub fn runner_added(&self) -> Result<()> {
        self.add(-1)
    }

    /// Notes that such a program is gone.
    pub fn runner_removed(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// `ETXTBSY` if the file is being executed, for truncation without an open file.
    pub fn check_not_run(&self) -> Result<()> {
        if self.0.load(Ordering::SeqCst) < 0 {
            Err(Errno::ETXTBSY)
        } else {
            Ok(())
        }
    }
}
