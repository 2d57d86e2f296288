//! Programs for tests on the host: memory, descriptors and threads of a make-believe process.
//!
//! A thread of one never sleeps: where it would, it is told EINTR. All is done by one real thread.

use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::ops::Range;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::Mutex;

use abi::Errno;
use abi::binder::{BINDER_WRITE_READ, TransactionData, WriteRead, reply};
use zerocopy::{FromBytes, IntoBytes};

use super::context::Context;
use super::file::Opening;
use super::process::Opener;
use super::{Caller, Milliseconds, Pages, PassedFile, Waker};
use crate::user::UserMemory;

/// Where a program's memory begins; before it, nothing can be read.
pub const MEMORY: usize = 0x10000;
/// Bytes of it.
const MEMORY_BYTES: usize = 0x20000;
/// Where commands are put.
const COMMANDS: usize = MEMORY;
/// Where returns are put.
const RETURNS: usize = MEMORY + 0x8000;
/// Where the structure of the call is put.
const CALL: usize = MEMORY + 0xf000;
/// Where tests put data.
pub const DATA: usize = MEMORY + 0x10000;
/// Where a program sees its room.
pub const ROOM: u64 = 0x5000_0000;

std::thread_local! {
    /// The memory of the program that calls.
    static CALLING: RefCell<Option<Rc<RefCell<Vec<u8>>>>> = const { RefCell::new(None) };
}

/// The memory of a room.
pub struct FakePages {
    bytes: Mutex<Vec<u8>>,
    /// How many requests for memory are granted before one is not.
    grants: AtomicUsize,
}

impl Default for FakePages {
    fn default() -> Self {
        Self {
            bytes: Mutex::default(),
            grants: AtomicUsize::new(usize::MAX),
        }
    }
}

impl FakePages {
    fn copied(&self, bytes: Range<usize>) -> Vec<u8> {
        self.bytes.lock().unwrap()[bytes].to_vec()
    }

    /// There is memory up to here.
    fn extend(&self, end: usize) {
        let mut room = self.bytes.lock().unwrap();
        let length = room.len().max(end);
        room.resize(length, 0);
    }
}

impl Pages for FakePages {
    fn supply(&self, bytes: Range<usize>) -> Result<(), Errno> {
        let grants = self.grants.load(Ordering::Relaxed).checked_sub(1);
        self.grants
            .store(grants.ok_or(Errno::ENOMEM)?, Ordering::Relaxed);
        self.extend(bytes.end);
        Ok(())
    }

    fn read(&self, offset: usize, into: &mut [u8]) {
        into.copy_from_slice(&self.copied(offset..offset + into.len()));
    }

    fn write(&self, offset: usize, from: &[u8]) {
        self.bytes.lock().unwrap()[offset..offset + from.len()].copy_from_slice(from);
    }

    fn zero(&self, bytes: Range<usize>) {
        self.extend(bytes.end);
        self.bytes.lock().unwrap()[bytes].fill(0);
    }

    fn copy_from_caller(&self, offset: usize, address: usize, length: usize) -> Result<(), Errno> {
        let memory = CALLING.with_borrow(|memory| memory.clone().unwrap());
        let memory = memory.borrow();
        let bytes = at(address, length).and_then(|bytes| memory.get(bytes));
        if self.bytes.lock().unwrap().len() < offset + length {
            self.supply(offset..offset + length)?;
        }
        self.write(offset, bytes.ok_or(Errno::EFAULT)?);
        Ok(())
    }

    fn release(&self, _pages: Range<usize>) -> bool {
        true
    }

    fn reclaim(&self) {}
}

fn at(address: usize, length: usize) -> Option<Range<usize>> {
    let start = address.checked_sub(MEMORY)?;
    Some(start..start.checked_add(length)?)
}

/// A file that tells when it is dropped.
pub struct FakeFile(pub Arc<AtomicU32>);

impl FakeFile {
    /// One more that is open.
    pub fn passed(open: &Arc<AtomicU32>) -> PassedFile {
        open.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self(Arc::clone(open)))
    }
}

impl Drop for FakeFile {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct FakeWaker;

impl Waker for FakeWaker {
    fn wake(self: Arc<Self>) {}
}

/// A make-believe process that has opened the device and mapped its room.
pub struct Program {
    pub opening: Opening,
    pub pid: u32,
    memory: Rc<RefCell<Vec<u8>>>,
    pages: Arc<FakePages>,
    pub files: RefCell<BTreeMap<u32, PassedFile>>,
    /// How many descriptors it may have.
    pub files_max: Cell<usize>,
    /// How many requests for memory are granted before one is not.
    pub room_for: Cell<usize>,
}

/// The length of a program's room.
pub const ROOM_BYTES: usize = 64 * 4096;

impl Program {
    /// A process of a context, of user `euid`.
    pub fn new(context: &Arc<Context>, pid: u32, euid: u32) -> Self {
        let program = Self::unmapped(context, pid, euid);
        program.opening.map(ROOM_BYTES).unwrap();
        program.opening.mapped(ROOM);
        program
    }

    /// One that has not mapped its room.
    pub fn unmapped(context: &Arc<Context>, pid: u32, euid: u32) -> Self {
        let pages = Arc::new(FakePages::default());
        let opener = Opener { pid, euid, nice: 0 };
        let given = Arc::clone(&pages) as Arc<dyn Pages>;
        Self {
            opening: Opening::new(context, opener, given, Arc::new(FakeWaker)).unwrap(),
            pid,
            memory: Rc::new(RefCell::new(vec![0; MEMORY_BYTES])),
            pages,
            files: RefCell::default(),
            files_max: Cell::new(100),
            room_for: Cell::new(usize::MAX),
        }
    }

    /// A thread of it.
    pub fn thread(&self, tid: u32) -> Actor<'_> {
        Actor { program: self, tid }
    }

    /// Puts bytes into its memory.
    pub fn put(&self, address: usize, bytes: &[u8]) {
        let range = at(address, bytes.len()).unwrap();
        self.memory.borrow_mut()[range].copy_from_slice(bytes);
    }

    /// Bytes of its memory.
    pub fn bytes(&self, address: usize, length: usize) -> Vec<u8> {
        let range = at(address, length).unwrap();
        self.memory.borrow()[range].to_vec()
    }

    /// How many requests for memory are granted from now on: to keep things in, and for its room.
    pub fn set_memory_left(&self, grants: usize) {
        self.room_for.set(grants);
        self.pages.grants.store(grants, Ordering::Relaxed);
    }

    /// Bytes of its room, by the address that it sees.
    pub fn room(&self, address: u64, length: u64) -> Vec<u8> {
        let start = (address - ROOM) as usize;
        self.pages.copied(start..start + length as usize)
    }
}

/// A thread of a program.
#[derive(Clone, Copy)]
pub struct Actor<'a> {
    pub program: &'a Program,
    pub tid: u32,
}

/// What a thread was returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    pub command: u32,
    pub payload: Vec<u8>,
}

impl Return {
    /// What came with a transaction or a reply.
    pub fn data(&self) -> TransactionData {
        TransactionData::read_from_prefix(&self.payload).unwrap().0
    }

    /// The first number that came with it.
    pub fn number(&self) -> u64 {
        u64::read_from_prefix(&self.payload).unwrap().0
    }
}

impl Actor<'_> {
    /// Calls ioctl(2).
    pub fn ioctl(&self, command: u32, argument: usize) -> Result<usize, Errno> {
        CALLING.set(Some(Rc::clone(&self.program.memory)));
        self.program.opening.ioctl(self, command, argument, false)
    }

    /// Gives commands and reads; returns what the call answered, and what was read.
    pub fn call(&self, commands: &[u8], reads: bool) -> (Result<usize, Errno>, WriteRead) {
        self.program.put(COMMANDS, commands);
        let call = WriteRead {
            write_size: commands.len() as u64,
            write_buffer: COMMANDS as u64,
            read_size: if reads { 0x1000 } else { 0 },
            read_buffer: RETURNS as u64,
            ..WriteRead::default()
        };
        self.program.put(CALL, call.as_bytes());
        let outcome = self.ioctl(BINDER_WRITE_READ, CALL);
        let memory = self.program.memory.borrow();
        let start = CALL - MEMORY;
        (
            outcome,
            WriteRead::read_from_prefix(&memory[start..]).unwrap().0,
        )
    }

    /// Gives commands, all of which must be taken.
    pub fn write(&self, commands: &[u8]) {
        let (outcome, call) = self.call(commands, false);
        assert_eq!(
            (outcome, call.write_consumed),
            (Ok(0), commands.len() as u64)
        );
    }

    /// Reads all that there is, up to a transaction. Nothing where it would wait.
    pub fn read(&self) -> Vec<Return> {
        let (outcome, call) = self.call(&[], true);
        match outcome {
            Err(Errno::EINTR) => return Vec::new(),
            other => assert_eq!(other, Ok(0)),
        }
        let memory = self.program.memory.borrow();
        let start = RETURNS - MEMORY;
        let mut bytes = &memory[start..start + call.read_consumed as usize];
        let mut returns = Vec::new();
        while let Ok((command, rest)) = u32::read_from_prefix(bytes) {
            let (payload, rest) = rest.split_at((command >> 16 & 0x3fff) as usize);
            bytes = rest;
            if command != reply::BR_NOOP {
                returns.push(Return {
                    command,
                    payload: payload.to_vec(),
                });
            }
        }
        returns
    }

    /// The commands of what it reads.
    pub fn read_commands(&self) -> Vec<u32> {
        self.read()
            .iter()
            .map(|returned| returned.command)
            .collect()
    }
}

impl UserMemory for Actor<'_> {
    fn read(&self, address: usize, into: &mut [u8]) -> Result<(), Errno> {
        let memory = self.program.memory.borrow();
        let bytes = at(address, into.len()).and_then(|bytes| memory.get(bytes));
        into.copy_from_slice(bytes.ok_or(Errno::EFAULT)?);
        Ok(())
    }

    fn write(&self, address: usize, from: &[u8]) -> Result<(), Errno> {
        let mut memory = self.program.memory.borrow_mut();
        let bytes = at(address, from.len()).and_then(|bytes| memory.get_mut(bytes));
        bytes.ok_or(Errno::EFAULT)?.copy_from_slice(from);
        Ok(())
    }
}

impl Caller for Actor<'_> {
    fn tid(&self) -> u32 {
        self.tid
    }

    fn euid(&self) -> u32 {
        0
    }

    fn opener_euid(&self) -> Option<u32> {
        None
    }

    fn sees(&self, pid: u32) -> i32 {
        pid as i32
    }

    fn means(&self, pid: u32) -> Option<u32> {
        Some(pid)
    }

    fn nice(&self) -> i32 {
        0
    }

    fn set_nice(&self, _nice: i32) {}

    fn waker(&self) -> Arc<dyn Waker> {
        Arc::new(FakeWaker)
    }

    fn sleep(&self) -> Result<(), Errno> {
        Err(Errno::EINTR)
    }

    fn sleep_until(&self, _deadline: Milliseconds) -> Result<bool, Errno> {
        Ok(false)
    }

    fn now(&self) -> Milliseconds {
        Milliseconds(0)
    }

    fn file(&self, descriptor: u32) -> Result<PassedFile, Errno> {
        let files = self.program.files.borrow();
        files.get(&descriptor).cloned().ok_or(Errno::EBADF)
    }

    fn install(&self, file: &PassedFile) -> Result<u32, Errno> {
        let mut files = self.program.files.borrow_mut();
        if files.len() >= self.program.files_max.get() {
            return Err(Errno::EMFILE);
        }
        let free = (0..).find(|fd| !files.contains_key(fd)).unwrap();
        files.insert(free, Arc::clone(file));
        Ok(free)
    }

    fn close(&self, descriptor: u32) {
        self.program.files.borrow_mut().remove(&descriptor);
    }

    fn require_room(&self, _bytes: usize) -> Result<(), Errno> {
        let left = self.program.room_for.get().checked_sub(1);
        self.program.room_for.set(left.ok_or(Errno::ENOMEM)?);
        Ok(())
    }
}
