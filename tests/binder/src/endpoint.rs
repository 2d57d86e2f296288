//! One open file on /dev/binder with its mapping: what the kernel calls a process.
//!
//! A process of ours may have several, and each is a peer of its own to the driver; so most cases
//! hold both ends in one thread and take each step when they like. No wait is without end: a
//! signal interrupts one that takes too long, and the case says so. A child that was forked later
//! has the descriptor too, and an endpoint lives until the last of them is closed: fork first.

use std::ffi::{CStr, CString};

use abi_tests::call::Word;
use abi_tests::check::{Failure, result_text};
use abi_tests::{raw, signal, sys};
use libc::*;

use crate::commands::Commands;
use crate::protocol::{bc, ioctl};
use crate::returns::{Return, names};

/// The size of a mapping in bytes unless a case wants another.
pub const MAP_BYTES: usize = 128 << 10;

/// The longest wait, in seconds.
const PATIENCE_SECONDS: i64 = 8;

/// What a BINDER_WRITE_READ did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What the call returned: 0 or a negative errno.
    pub result: isize,
    /// `write_consumed` as the kernel left it.
    pub written: u64,
    /// `read_consumed` as the kernel left it.
    pub read: u64,
}

/// What an ioctl takes: something in memory, or a bare number as a (bad) address. Not a number of
/// 32 or 64 bits, which would be a missing `&`.
pub trait Argument {
    /// The address.
    fn address(self) -> usize;
}

impl<T: ?Sized> Argument for &T {
    fn address(self) -> usize {
        std::ptr::from_ref(self).expose_provenance()
    }
}

impl<T: ?Sized> Argument for &mut T {
    fn address(self) -> usize {
        std::ptr::from_mut(self).expose_provenance()
    }
}

impl Argument for usize {
    fn address(self) -> usize {
        self
    }
}

/// An open /dev/binder.
#[derive(Debug)]
pub struct Endpoint {
    /// Its descriptor.
    pub fd: i32,
    /// Where its buffer is mapped, if it is.
    pub map: usize,
    size: usize,
}

impl Endpoint {
    /// Opens /dev/binder and maps its buffer.
    pub fn open() -> Result<Self, Failure> {
        Self::open_sized(MAP_BYTES)
    }

    /// The same with a mapping of `size` bytes.
    pub fn open_sized(size: usize) -> Result<Self, Failure> {
        let mut endpoint = Self::unmapped()?;
        let map = endpoint.map(size, PROT_READ, MAP_PRIVATE);
        if (-4095..0).contains(&map) {
            let said = format!("mmap of /dev/binder: saw {}", result_text(map));
            return Err(Failure::Wrong(said));
        }
        (endpoint.map, endpoint.size) = (map as usize, size);
        Ok(endpoint)
    }

    /// Opens /dev/binder and maps nothing.
    pub fn unmapped() -> Result<Self, Failure> {
        Self::unmapped_at(c"/dev/binder")
    }

    /// Opens another binder device.
    pub fn at(path: &str) -> Result<Self, Failure> {
        let path = CString::new(path).map_err(|error| Failure::Wrong(error.to_string()))?;
        let mut endpoint = Self::unmapped_at(&path)?;
        let map = endpoint.map(MAP_BYTES, PROT_READ, MAP_PRIVATE);
        if (-4095..0).contains(&map) {
            return Err(Failure::Wrong(format!("mmap: saw {}", result_text(map))));
        }
        (endpoint.map, endpoint.size) = (map as usize, MAP_BYTES);
        Ok(endpoint)
    }

    fn unmapped_at(path: &CStr) -> Result<Self, Failure> {
        let fd = sys!(SYS_open, path, O_RDWR | O_CLOEXEC);
        match fd {
            0.. => Ok(Self {
                fd: fd as i32,
                map: 0,
                size: 0,
            }),
            error => Err(Failure::Wrong(format!(
                "open of {}: saw {}",
                path.to_string_lossy(),
                result_text(error)
            ))),
        }
    }

    /// The bare mmap of this file.
    pub fn map(&self, size: usize, protection: i32, flags: i32) -> isize {
        sys!(SYS_mmap, 0, size, protection, flags, self.fd, 0)
    }

    /// A bare ioctl.
    pub fn ioctl(&self, number: u32, argument: impl Argument) -> isize {
        sys!(SYS_ioctl, self.fd, number, argument.address())
    }

    /// BINDER_WRITE_READ with these buffers, bounded in time.
    pub fn exchange(&self, write: &[u8], read: &mut [u8]) -> Exchange {
        let (write, read) = ((write.len(), write.word()), (read.len(), read.word()));
        self.exchange_words([
            write.0 as u64,
            0,
            write.1 as u64,
            read.0 as u64,
            0,
            read.1 as u64,
        ])
    }

    /// The same with each word as given: size, consumed, address of the write, then of the read.
    pub fn exchange_words(&self, mut words: [u64; 6]) -> Exchange {
        set_alarm(PATIENCE_SECONDS);
        let result = self.ioctl(ioctl::WRITE_READ, &mut words);
        set_alarm(0);
        Exchange {
            result,
            written: words[1],
            read: words[4],
        }
    }

    /// Writes commands, all of which the kernel must take.
    pub fn write(&self, commands: &Commands) -> Result<(), Failure> {
        let done = self.exchange(&commands.bytes, &mut []);
        match (done.result, done.written as usize == commands.bytes.len()) {
            (0, true) => Ok(()),
            _ => Err(Failure::Wrong(format!(
                "a write of {} bytes: saw {}, {} consumed",
                commands.bytes.len(),
                result_text(done.result),
                done.written
            ))),
        }
    }

    /// Writes commands that the kernel must refuse; gives its errno and what it consumed.
    pub fn refused(&self, commands: &Commands) -> Result<(isize, u64), Failure> {
        let done = self.exchange(&commands.bytes, &mut []);
        match done.result {
            0 => Err(Failure::Wrong("a write succeeded that must fail".into())),
            error => Ok((error, done.written)),
        }
    }

    /// What one read gives, after waiting for something. The BR_NOOP at its head is left out; one
    /// with nothing after it is no answer: Linux gives it to a thread's first read, and to all
    /// that wait when somebody closes a descriptor of the same file.
    pub fn read(&self) -> Result<Vec<Return>, Failure> {
        loop {
            let returns = self.read_once()?;
            if !returns.is_empty() {
                return Ok(returns);
            }
        }
    }

    fn read_once(&self) -> Result<Vec<Return>, Failure> {
        let mut buffer = [0u8; 1024];
        let done = self.exchange(&[], &mut buffer);
        match done.result {
            0 => without_noop(&buffer[..done.read as usize]),
            error if error == -(EINTR as isize) => {
                Err(Failure::Wrong("a read waited in vain".into()))
            }
            error => Err(Failure::Wrong(format!("read: saw {}", result_text(error)))),
        }
    }

    /// What is there to be read now, perhaps nothing.
    pub fn take(&self) -> Result<Vec<Return>, Failure> {
        let mut all = Vec::new();
        loop {
            let mut buffer = [0u8; 1024];
            self.set_nonblocking(true);
            let done = self.exchange(&[], &mut buffer);
            self.set_nonblocking(false);
            match done.result {
                0 => all.extend(without_noop(&buffer[..done.read as usize])?),
                error if error == -(EAGAIN as isize) => return Ok(all),
                error => {
                    return Err(Failure::Wrong(format!("read: saw {}", result_text(error))));
                }
            }
        }
    }

    /// Sets or clears O_NONBLOCK.
    pub fn set_nonblocking(&self, on: bool) {
        let flags = sys!(SYS_fcntl, self.fd, F_GETFL, 0) as i32 & !O_NONBLOCK;
        let flags = if on { flags | O_NONBLOCK } else { flags };
        sys!(SYS_fcntl, self.fd, F_SETFL, flags);
    }

    /// Reads until `wanted` takes one; references to our nodes are acknowledged on the way. What
    /// comes after it in the same read must be nothing.
    pub fn wait_for<T>(&self, wanted: impl Fn(&Return) -> Option<T>) -> Result<T, Failure> {
        loop {
            let returns = self.read()?;
            self.acknowledge(&returns)?;
            if let Some(found) = returns.iter().find_map(&wanted) {
                return Ok(found);
            }
            let bad = |r: &Return| matches!(r, Return::FailedReply | Return::DeadReply);
            if returns.iter().any(bad) {
                let said = format!("waited for something else: saw {}", names(&returns));
                return Err(Failure::Wrong(said));
            }
        }
    }

    /// Acknowledges the references to our nodes that are among `returns`.
    pub fn acknowledge(&self, returns: &[Return]) -> Result<(), Failure> {
        let mut commands = Commands::new();
        for one in returns {
            commands = match *one {
                Return::Increfs(pointer, cookie) => {
                    commands.with_node(bc::INCREFS_DONE, (pointer, cookie))
                }
                Return::Acquire(pointer, cookie) => {
                    commands.with_node(bc::ACQUIRE_DONE, (pointer, cookie))
                }
                _ => commands,
            };
        }
        match commands.bytes.is_empty() {
            true => Ok(()),
            false => self.write(&commands),
        }
    }

    /// Waits for a transaction.
    pub fn transaction(&self) -> Result<crate::returns::Incoming, Failure> {
        self.wait_for(|one| match one {
            Return::Transaction(incoming) => Some(*incoming),
            _ => None,
        })
    }

    /// Waits for a reply.
    pub fn reply(&self) -> Result<crate::returns::Incoming, Failure> {
        self.wait_for(|one| match one {
            Return::Reply(incoming) => Some(*incoming),
            _ => None,
        })
    }

    /// Frees a buffer that came in.
    pub fn free(&self, buffer: u64) -> Result<(), Failure> {
        self.write(&Commands::new().free(buffer))
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        if self.map != 0 {
            sys!(SYS_munmap, self.map, self.size);
        }
        sys!(SYS_close, self.fd);
    }
}

/// The commands in a read buffer, which must begin with a BR_NOOP.
fn without_noop(bytes: &[u8]) -> Result<Vec<Return>, Failure> {
    let mut returns = Return::parse(bytes);
    if returns.first() != Some(&Return::Noop) {
        let said = format!("a read began with {}, not NOOP", names(&returns));
        return Err(Failure::Wrong(said));
    }
    returns.remove(0);
    Ok(returns)
}

/// Makes SIGALRM interrupt a call of this process after `seconds`, and every second from then on;
/// 0 ends that.
fn set_alarm(seconds: i64) {
    extern "C" fn nothing(_: i32, _: &signal::Info, _: &mut signal::Context) {}
    raw::set_handler(SIGALRM, nothing, 0, 0);
    let interval = i64::from(seconds > 0);
    sys!(SYS_setitimer, ITIMER_REAL, &[interval, 0, seconds, 0], 0);
}
