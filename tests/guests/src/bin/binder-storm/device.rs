//! /dev/binder as a process of the storm has it: open for calls that do not wait, with a room.
//!
//! Threads close and unmap it while others use it. It has a high number among the descriptors,
//! since the low ones are passed on at random, and one that is on its way to itself would never be
//! closed: the kernel does not look for circles, as Linux does not. While it has a low number,
//! nobody may call: so whoever calls holds the lock for reading.

use std::io;
use std::sync::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use abi_tests::sys;
use guests::checked;
use libc::*;
use storm::{FILES, ROOM_BYTES};

/// The lowest number for the device.
const HIGH: u32 = 700;
/// How many descriptors the process may have of what it is passed.
const LIMIT: u32 = 16;
/// The same while it opens the device.
const LIMIT_OPENING: u32 = 1000;

/// The device.
pub struct Device {
    fd: AtomicUsize,
    /// Where the room is; 0: it is not mapped.
    room: AtomicUsize,
    calling: RwLock<()>,
}

impl Device {
    /// Opens it and maps a room. From now on the process can be passed only a few files.
    ///
    /// # Errors
    /// What the calls answer.
    pub fn open() -> io::Result<Self> {
        let (fd, room) = open_and_map()?;
        Ok(Self {
            fd: AtomicUsize::new(fd),
            room: AtomicUsize::new(room),
            calling: RwLock::new(()),
        })
    }

    fn fd(&self) -> usize {
        self.fd.load(Ordering::Relaxed)
    }

    /// Calls ioctl(2). Returns whether that went well.
    pub fn ioctl(&self, number: u32, argument: u64) -> bool {
        let _calling = self.calling.read();
        sys!(SYS_ioctl, self.fd(), number, argument) >= 0
    }

    /// Asks poll(2), without waiting.
    pub fn poll(&self) {
        let mut asked = [self.fd() as u64 | (POLLIN as u64) << 32];
        sys!(SYS_poll, &mut asked, 1, 0);
    }

    /// Closes what the process was passed.
    pub fn close_files(&self) {
        for fd in FILES..LIMIT {
            sys!(SYS_close, fd);
        }
    }

    /// Closes a duplicate.
    ///
    /// # Errors
    /// What fcntl(2) answers.
    pub fn flush(&self) -> io::Result<()> {
        let duplicate = {
            let _alone = self.calling.write();
            with_high_limit(|| high(self.fd()))
        };
        sys!(SYS_close, duplicate?);
        Ok(())
    }

    /// Unmaps the room.
    pub fn unmap(&self) {
        unmap(self.room.swap(0, Ordering::Relaxed));
    }

    /// Closes it, while others may be using it, and has opened it again.
    ///
    /// # Errors
    /// What the calls answer.
    pub fn reopen(&self) -> io::Result<()> {
        let (fd, room) = {
            let _alone = self.calling.write();
            open_and_map()?
        };
        let room = self.room.swap(room, Ordering::Relaxed);
        let fd = self.fd.swap(fd, Ordering::Relaxed);
        unmap(room);
        sys!(SYS_close, fd);
        Ok(())
    }
}

fn open_and_map() -> io::Result<(usize, usize)> {
    let fd = with_high_limit(|| {
        let flags = O_RDWR | O_CLOEXEC | O_NONBLOCK;
        let low = checked(sys!(SYS_open, c"/dev/binder", flags))?;
        let high = high(low);
        sys!(SYS_close, low);
        high
    })?;
    let mapped = sys!(SYS_mmap, 0, ROOM_BYTES, PROT_READ, MAP_PRIVATE, fd, 0);
    Ok((fd, checked(mapped)?))
}

fn unmap(room: usize) {
    if room != 0 {
        sys!(SYS_munmap, room, ROOM_BYTES);
    }
}

/// A duplicate with a high number.
fn high(fd: usize) -> io::Result<usize> {
    checked(sys!(SYS_fcntl, fd, F_DUPFD_CLOEXEC, HIGH))
}

fn with_high_limit<T>(open: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    limit(LIMIT_OPENING)?;
    let opened = open();
    limit(LIMIT)?;
    opened
}

fn limit(descriptors: u32) -> io::Result<()> {
    let limits = [u64::from(descriptors), u64::from(LIMIT_OPENING)];
    checked(sys!(SYS_prlimit64, 0, RLIMIT_NOFILE, &limits, 0)).map(drop)
}
