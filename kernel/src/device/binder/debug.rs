//! `/sys/kernel/debug/binder`: what there is in the contexts of the reader's persona; the root sees
//! those of all, each persona's under a line that names it.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use abi::procfs::Text;
use drivers::binder::Reader;
use drivers::binder::context::Context;

use super::contexts::{Listed, visible};
use crate::error::{Errno, Result};
use crate::file::generated::{Contents, GeneratedInode, no_memory};
use crate::file::sysfs::Attribute;
use crate::file::{
    DirectoryFile, File, FileKind, Inode, ListEntry, Metadata, OpenFlags, clock, debugfs,
};
use crate::process;

/// The inode number of `proc`; those of the files in it follow.
const PROC_INODE: u64 = 1 << 32;
/// Who may read: as on Linux, whoever may enter debugfs.
const PERMISSIONS: u32 = 0o444;

/// Makes the files.
///
/// # Errors
/// EEXIST: something else has one of the names.
pub(super) fn initialise() -> Result<()> {
    let directory = debugfs::directory("binder")?;
    let files: [(&str, ShowContext); 3] = [
        ("state", |context, reader, text| {
            context.show_state(reader, text)
        }),
        ("stats", |context, reader, text| {
            context.show_statistics(reader, text)
        }),
        ("transactions", |context, reader, text| {
            context.show_transactions(reader, text)
        }),
    ];
    for (name, show) in files {
        directory.add_attribute(name, PERMISSIONS, Overview { name, show })?;
    }
    directory.add_inode("proc", Arc::new(Processes))
}

type ShowContext = fn(&Context, Reader<'_>, &mut Text) -> fmt::Result;

/// A file about all contexts.
struct Overview {
    name: &'static str,
    show: ShowContext,
}

impl Attribute for Overview {
    fn show(&self, text: &mut Text) -> Result<()> {
        fmt::Write::write_fmt(text, format_args!("binder {}:\n", self.name)).map_err(no_memory)?;
        show_each(text, self.show)
    }
}

/// Shows each context that the reader may see.
fn show_each(
    text: &mut Text,
    mut show: impl FnMut(&Context, Reader<'_>, &mut Text) -> fmt::Result,
) -> Result<()> {
    use fmt::Write;
    let thread = process::current();
    let sees = |number| thread.sees(number) as i32;
    for Listed {
        namespace,
        name,
        context,
    } in visible(&thread)
    {
        if let Some(namespace) = namespace {
            let init = sees(namespace.init_pid());
            let tag = namespace.tag();
            let tag = tag.as_bytes().escape_ascii();
            writeln!(text, "device namespace {init} \"{tag}\"").map_err(no_memory)?;
        }
        let reader = Reader {
            sees: &sees,
            name: &name,
        };
        show(&context, reader, text).map_err(no_memory)?;
    }
    Ok(())
}

/// The processes that the reader may see, the next one above a number: as the root and as the
/// reader sees it.
fn next_process(above: u32) -> Option<(u32, u32)> {
    let thread = process::current();
    let mut above = above;
    loop {
        let contexts = visible(&thread);
        let next = contexts
            .iter()
            .filter_map(|listed| listed.context.next_pid(above));
        let pid = next.min()?;
        let shown = thread.sees(pid);
        if shown != 0 {
            return Some((pid, shown));
        }
        above = pid;
    }
}

/// The directory `proc`.
struct Processes;

impl Inode for Processes {
    fn kind(&self) -> FileKind {
        FileKind::Directory
    }

    fn number(&self) -> u64 {
        PROC_INODE
    }

    fn metadata(&self) -> Metadata {
        Metadata::synthetic(PROC_INODE, FileKind::Directory, 0o755, clock::now())
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Ok(Arc::new(DirectoryFile))
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>> {
        let text = core::str::from_utf8(name).map_err(|_| Errno::ENOENT)?;
        let shown: u32 = text.parse().map_err(|_| Errno::ENOENT)?;
        let means = process::current().process.means(shown);
        let pid = means.ok_or(Errno::ENOENT)?;
        // Only as it is listed: no "007", and none that has not opened binder.
        let is_listed = next_process(pid.saturating_sub(1)).is_some_and(|(next, _)| next == pid);
        if !is_listed || format!("{shown}") != text {
            return Err(Errno::ENOENT);
        }
        let number = PROC_INODE + u64::from(pid);
        Ok(GeneratedInode::new(number, PERMISSIONS, OfProcess { pid }))
    }

    fn list(&self, cursor: u64, emit: &mut dyn FnMut(ListEntry<'_>) -> bool) -> Result<()> {
        let mut above = u32::try_from(cursor).unwrap_or(u32::MAX);
        while let Some((pid, shown)) = next_process(above) {
            above = pid;
            let name: String = format!("{shown}");
            let entry = ListEntry {
                name: name.as_bytes(),
                number: PROC_INODE + u64::from(pid),
                kind: FileKind::Regular,
                next: u64::from(pid),
            };
            if !emit(entry) {
                break;
            }
        }
        Ok(())
    }
}

/// The file of one process.
struct OfProcess {
    pid: u32,
}

impl Contents for OfProcess {
    fn show(&self, text: &mut Text) -> Result<()> {
        fmt::Write::write_str(text, "binder proc state:\n").map_err(no_memory)?;
        show_each(text, |context, reader, text| {
            context.show_process(self.pid, reader, text)
        })
    }
}
