//! Orders from the scenario to a program in the guest: lines in the FIFO `/tmp/NAME.orders`, each
//! answered by one line in `/tmp/NAME.answers`, which waits until somebody reads it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, FileType, Mode, mknodat};

/// The ear for orders.
pub struct Orders {
    orders: BufReader<File>,
    answers: PathBuf,
}

impl Orders {
    /// Makes the two FIFOs. The one for orders is the last, so that whoever sees it can send some.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn of(name: &str) -> io::Result<Self> {
        let path = |kind: &str| PathBuf::from(format!("/tmp/{name}.{kind}"));
        for kind in ["answers", "orders"] {
            mknodat(CWD, path(kind), FileType::Fifo, Mode::RWXU, 0)?;
        }
        // Open for writing too, so that it never ends.
        let orders = File::options()
            .read(true)
            .write(true)
            .open(path("orders"))?;
        Ok(Self {
            orders: BufReader::new(orders),
            answers: path("answers"),
        })
    }

    /// Waits until there is an order, or something to read in one of `files`.
    ///
    /// # Errors
    /// What poll(2) answers.
    pub fn wait<'a>(&'a self, files: impl Iterator<Item = &'a File>) -> io::Result<()> {
        wait(files.chain([self.orders.get_ref()]), None).map(drop)
    }

    /// The order, if there is one.
    ///
    /// # Errors
    /// What poll(2) and read(2) answer.
    pub fn take(&mut self) -> io::Result<Option<String>> {
        if !wait(std::iter::once(self.orders.get_ref()), Some(Duration::ZERO))? {
            return Ok(None);
        }
        let mut order = String::new();
        self.orders.read_line(&mut order)?;
        Ok(Some(order.trim().to_owned()))
    }

    /// Answers it.
    ///
    /// # Errors
    /// What open(2) and write(2) answer.
    pub fn answer(&self, answer: &str) -> io::Result<()> {
        let mut answers = File::options().write(true).open(&self.answers)?;
        writeln!(answers, "=> {answer}")
    }
}

/// Waits until there is something to read in one of `files`, but no longer than `limit`; whether
/// there is.
///
/// # Errors
/// What poll(2) answers.
pub fn wait<'a>(
    files: impl Iterator<Item = &'a File>,
    limit: Option<Duration>,
) -> io::Result<bool> {
    let mut waited: Vec<PollFd<'a>> = files
        .map(|file| PollFd::from_borrowed_fd(file.as_fd(), PollFlags::IN))
        .collect();
    let limit = limit.map(|limit| Timespec {
        tv_sec: limit.as_secs().cast_signed(),
        tv_nsec: limit.subsec_nanos().into(),
    });
    Ok(poll(&mut waited, limit.as_ref())? > 0)
}
