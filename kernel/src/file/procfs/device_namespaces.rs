//! `/proc/dev_ns`: who is in front, and the way to change that.
//!
//! The texts and the rules are `devns::proc`'s; this room brings the caller, the program's memory
//! and the processes. The rule is about the caller's device namespace, at every call: a
//! descriptor that was inherited, or a /proc of another pid namespace, gives no right.
//!
//! Source: the device namespaces of the Cells project, as `devns::proc` describes them.
use crate::error::{Errno, Result};
use crate::file::generated::{Entry, Node};
use crate::file::{File, IoFlags, Seek};
use crate::memory::io::{Sink, Source};
use crate::namespace::device::{foreground, now, of_process};
use crate::process;
use crate::sync::Mutex;
use alloc::sync::Arc;
use alloc::vec::Vec;
use devns::Namespace;
use devns::proc::{self, ProcError, Write};

#[rustfmt::skip]
pub(super) const ENTRIES: &[Entry] = &[
    Entry { name: "active_ns_pid", permissions: 0o644, node: Node::Opened(|| open(Which::Switched(proc::File::ActiveNsPid))) },
    Entry { name: "list",          permissions: 0o444, node: Node::Opened(|| open(Which::List)) },
    Entry { name: "ns_tag",        permissions: 0o644, node: Node::Opened(|| open(Which::Switched(proc::File::NsTag))) },
];

/// Which of the files.
#[derive(Clone, Copy)]
enum Which {
    /// One that can be written too.
    Switched(proc::File),
    /// `list`.
    List,
}

fn errno(error: ProcError) -> Errno {
    Errno::from_number(error.errno())
}

/// The device namespace of the caller.
fn callers() -> Arc<Namespace> {
    process::current().process.membership.namespace()
}

fn open(which: Which) -> Result<Arc<dyn File>> {
    proc::open(&callers()).map_err(errno)?;
    Ok(Arc::new(DeviceNamespaceFile {
        which,
        text: Mutex::new(None),
    }))
}

/// One opening of a file.
struct DeviceNamespaceFile {
    which: Which,
    /// What the reads since the last one from the start go on with.
    text: Mutex<Option<Vec<u8>>>,
}

impl DeviceNamespaceFile {
    fn make_text(&self, caller: &Namespace) -> Result<Vec<u8>> {
        match self.which {
            Which::Switched(file) => proc::read(file, foreground()),
            Which::List => proc::list(foreground(), caller),
        }
        .map_err(errno)
    }
}

impl File for DeviceNamespaceFile {
    fn read(&self, position: &mut u64, sink: &mut Sink<'_>, _flags: IoFlags) -> Result<usize> {
        let caller = callers();
        if let Which::List = self.which {
            // Who else there is, nobody outside may learn, by whatever descriptor: not from what
            // another read before either.
            proc::open(&caller).map_err(errno)?;
        }
        let mut text = self.text.lock();
        if *position == 0 || text.is_none() {
            *text = Some(self.make_text(&caller)?);
        }
        let start = usize::try_from(*position).unwrap_or(usize::MAX);
        let rest = text.as_ref().and_then(|text| text.get(start..));
        let count = sink.write(rest.unwrap_or(&[]))?;
        *position += count as u64;
        Ok(count)
    }

    fn write(&self, position: &mut u64, source: &mut Source<'_>, _flags: IoFlags) -> Result<usize> {
        let Which::Switched(file) = self.which else {
            return Err(Errno::EIO);
        };
        let write = Write {
            caller: &callers(),
            length: source.remaining(),
            copy: |buffer: &mut [u8]| source.read(buffer) == Ok(buffer.len()),
            find: of_process,
            now: now(),
        };
        let count = write.apply(file, foreground()).map_err(errno)?;
        *position += count as u64;
        Ok(count)
    }

    fn seek(&self) -> Seek {
        Seek::Positioned { size: 0 }
    }

    fn writes_at_a_position(&self) -> bool {
        false
    }
}
