//! What a device namespace has to do with logs: whose an entry is, and which entries a reader
//! sees.
//!
//! A reader sees the entries of the namespace that opened the file, wherever the descriptor
//! travels; the root may look at all, or at those of another. A writer writes as what it is when
//! it writes. Nothing of this changes when the foreground does, so the logs need no state for
//! each namespace and are no class of `devns`.

use abi::Errno;
use abi::logger::{EntryHeader, NamespaceHeader};
use devns::Namespace;

use super::ring::Record;

/// Who writes, and when.
#[derive(Clone, Copy, Debug, Default)]
pub struct Writer {
    /// The process, as the root sees it.
    pub root_pid: u32,
    /// The thread, as the root sees it.
    pub root_tid: u32,
    /// The process, as its own pid namespace sees it.
    pub pid: u32,
    /// The thread, as its own pid namespace sees it.
    pub tid: u32,
    /// The user whose rights count.
    pub euid: u32,
    /// Nanoseconds since 1970.
    pub realtime: u64,
}

impl Writer {
    /// The record of an entry by this writer, a process of `namespace`.
    pub fn record(&self, namespace: &Namespace) -> Record {
        const SECOND: u64 = 1_000_000_000;
        let origin = NamespaceHeader {
            init_pid: namespace.init_pid() as i32,
            root_pid: self.root_pid as i32,
            root_tid: self.root_tid as i32,
            tag: namespace.tag().padded(),
        };
        let header = EntryHeader {
            length: 0,
            header_size: 0,
            pid: self.pid as i32,
            tid: self.tid as i32,
            seconds: (self.realtime / SECOND) as i32,
            nanoseconds: (self.realtime % SECOND) as i32,
            euid: self.euid,
        };
        Record::new(namespace.number(), origin, header)
    }
}

/// Which namespaces' entries a reader sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filter {
    /// Those of the namespace that opened the file.
    Own,
    /// All.
    Nothing,
    /// Those of the namespaces that have or had this init pid.
    InitPid(i32),
}

/// What a namespace sees of a log through one opening.
#[derive(Clone, Copy, Debug)]
pub struct View {
    namespace: u64,
    is_root: bool,
    filter: Filter,
}

impl View {
    /// For a process of `namespace` that opens a log, `unfiltered` or not.
    ///
    /// # Errors
    /// EPERM: only the root sees all.
    pub fn new(namespace: &Namespace, unfiltered: bool) -> Result<Self, Errno> {
        if unfiltered && !namespace.is_root() {
            return Err(Errno::EPERM);
        }
        Ok(Self {
            namespace: namespace.number(),
            is_root: namespace.is_root(),
            filter: if unfiltered {
                Filter::Nothing
            } else {
                Filter::Own
            },
        })
    }

    /// Chooses a namespace by its init pid; 0 for all.
    ///
    /// # Errors
    /// EPERM: only the root chooses. EINVAL: a negative number.
    pub fn set_filter(&mut self, init_pid: i32) -> Result<(), Errno> {
        if !self.is_root {
            return Err(Errno::EPERM);
        }
        self.filter = match init_pid {
            ..0 => return Err(Errno::EINVAL),
            0 => Filter::Nothing,
            pid => Filter::InitPid(pid),
        };
        Ok(())
    }

    /// Whether it shows an entry.
    pub fn shows(&self, record: &Record) -> bool {
        match self.filter {
            Filter::Own => record.namespace == self.namespace,
            Filter::Nothing => true,
            Filter::InitPid(pid) => record.origin.init_pid == pid,
        }
    }

    /// Whether entries tell where they are from.
    pub fn tells_origin(&self) -> bool {
        self.filter == Filter::Nothing
    }

    /// The namespace whose entries a flush drops; none for all of them.
    pub fn flushes(&self) -> Option<u64> {
        (!self.is_root).then_some(self.namespace)
    }
}
