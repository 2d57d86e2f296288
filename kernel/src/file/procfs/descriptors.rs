//! `/proc/PID/fd` and `/proc/PID/fdinfo`: the open files of a process.
use super::links::link_metadata;
use super::process::directory_metadata;
use super::root::parse_number;
use super::subject::{Subject, readers_root};
use crate::error::{Errno, Result};
use crate::file::generated::{Contents, GeneratedInode, no_memory};
use crate::file::{
    DirectoryFile, File, FileKind, Inode, LinkTarget, ListEntry, Metadata, NewNode, OpenFile,
    OpenFlags, epoll, eventfd, timerfd,
};
use crate::process::{Process, pidfd};
use abi::procfs::Text;
use abi::raw::general::O_CLOEXEC;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Write;

/// Codes of descriptors in inode numbers begin here.
const LINKS: u64 = 1 << 21;
const INFORMATION: u64 = 1 << 22;

/// What the directory shows of each descriptor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// A link to the file.
    Links,
    /// A file with the position and the flags.
    Information,
}

impl Shown {
    fn kind(self) -> FileKind {
        if self == Self::Links {
            FileKind::SymbolicLink
        } else {
            FileKind::Regular
        }
    }

    fn first_code(self) -> u64 {
        if self == Self::Links {
            LINKS
        } else {
            INFORMATION
        }
    }
}

/// `fd` or `fdinfo`.
pub(super) struct DescriptorDirectory {
    subject: Subject,
    number: u64,
    shown: Shown,
}

impl DescriptorDirectory {
    /// The directory of the descriptors of `subject`.
    pub(super) fn new(subject: Subject, number: u64, shown: Shown) -> Self {
        Self {
            subject,
            number,
            shown,
        }
    }

    fn number_of(&self, descriptor: i32) -> u64 {
        self.subject
            .inode_number(self.shown.first_code() + u64::from(descriptor.cast_unsigned()))
    }
}

impl Inode for DescriptorDirectory {
    fn kind(&self) -> FileKind {
        FileKind::Directory
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn metadata(&self) -> Metadata {
        let permissions = if self.shown == Shown::Links {
            0o500
        } else {
            0o555
        };
        directory_metadata(&self.subject, self.number, permissions)
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Ok(Arc::new(DirectoryFile))
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>> {
        let number = parse_number(name).ok_or(Errno::ENOENT)?;
        let descriptor = i32::try_from(number).map_err(|_| Errno::ENOENT)?;
        self.subject.check_access()?;
        self.subject
            .files()?
            .get(descriptor)
            .map_err(|_| Errno::ENOENT)?;
        let number = self.number_of(descriptor);
        let subject = self.subject.clone();
        Ok(match self.shown {
            Shown::Links => Arc::new(DescriptorLink {
                subject,
                number,
                descriptor,
            }),
            Shown::Information => GeneratedInode::new(
                number,
                0o444,
                Information {
                    subject,
                    descriptor,
                },
            ),
        })
    }

    fn create(&self, _name: &[u8], _node: &NewNode<'_>) -> Result<Arc<dyn Inode>> {
        // Not EACCES: a name that is not here cannot be looked up, even to make it.
        Err(Errno::ENOENT)
    }

    fn list(&self, cursor: u64, emit: &mut dyn FnMut(ListEntry<'_>) -> bool) -> Result<()> {
        self.subject.check_access()?;
        let files = self.subject.files()?;
        // Beyond an int there is none.
        let mut from = i32::try_from(cursor).ok();
        while let Some(descriptor) = from.and_then(|from| files.next_open(from)) {
            let position = u64::from(descriptor.cast_unsigned());
            let name = format!("{descriptor}");
            let entry = ListEntry {
                name: name.as_bytes(),
                number: self.number_of(descriptor),
                kind: self.shown.kind(),
                next: position + 1,
            };
            if !emit(entry) {
                break;
            }
            from = descriptor.checked_add(1);
        }
        Ok(())
    }

    fn is_stale(&self) -> bool {
        self.subject.is_gone()
    }
}

/// A link in `fd`.
struct DescriptorLink {
    subject: Subject,
    number: u64,
    descriptor: i32,
}

impl DescriptorLink {
    fn file(&self) -> Result<Arc<OpenFile>> {
        self.subject
            .files()?
            .get(self.descriptor)
            .map_err(|_| Errno::ENOENT)
    }
}

impl Inode for DescriptorLink {
    fn kind(&self) -> FileKind {
        FileKind::SymbolicLink
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn metadata(&self) -> Metadata {
        let flags = self.file().map(|file| file.flags());
        let mut permissions = 0;
        if flags.is_ok_and(OpenFlags::readable) {
            permissions |= 0o500;
        }
        if flags.is_ok_and(OpenFlags::writable) {
            permissions |= 0o300;
        }
        Metadata {
            size: 64,
            ..link_metadata(&self.subject, self.number, permissions)
        }
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Err(Errno::ELOOP)
    }

    fn read_link(&self) -> Result<LinkTarget> {
        self.subject.check_access()?;
        let file = self.file()?;
        let text = file.path_name_from(&readers_root()?);
        Ok(LinkTarget::Jump {
            location: file.location(),
            text,
        })
    }

    fn is_stale(&self) -> bool {
        self.subject.is_gone() || self.file().is_err()
    }
}

/// A file in `fdinfo`.
struct Information {
    subject: Subject,
    descriptor: i32,
}

impl Information {
    /// Whom a descriptor of a process is of: 0 when it is not in sight, -1 when it is gone
    /// (pidfd_open(2)).
    fn show_process(&self, text: &mut Text, process: &Arc<Process>) -> Result<()> {
        let numbers = if !pidfd::is_known(process) {
            String::from("-1")
        } else if self.subject.view.shown(process.pid) == 0 {
            String::from("0")
        } else {
            let numbers = self.subject.view.shown_below(process, process.pid);
            let numbers: Vec<String> = numbers.iter().map(|number| format!("{number}")).collect();
            numbers.join("\t")
        };
        let own = numbers.split('\t').next().unwrap_or_default();
        writeln!(text, "Pid:\t{own}\nNSpid:\t{numbers}").map_err(no_memory)
    }
}

impl Contents for Information {
    fn show(&self, text: &mut Text) -> Result<()> {
        let files = self.subject.files()?;
        let file = files.get(self.descriptor).map_err(|_| Errno::ENOENT)?;
        let closes = files
            .close_on_exec_of(self.descriptor)
            .is_ok_and(|closes| closes);
        let flags = file.flags().raw() | if closes { O_CLOEXEC } else { 0 };
        // A reader that holds the position (a blocked read) must not hold up this one.
        let position = file.try_position().unwrap_or(0);
        let (mount, inode) = (file.mount_id(), file.inode().number());
        writeln!(
            text,
            "pos:\t{position}\nflags:\t0{flags:o}\nmnt_id:\t{mount}\nino:\t{inode}"
        )
        .map_err(no_memory)?;
        if let Some(process) = pidfd::of_file(&file) {
            self.show_process(text, &process)?;
        }
        if let Ok(epoll) = epoll::behind(&file) {
            epoll.show(text).map_err(no_memory)?;
        }
        if let Some(event) = eventfd::behind(&file) {
            event.show(text).map_err(no_memory)?;
        }
        if let Some(timer) = timerfd::behind(&file) {
            timer.show(text).map_err(no_memory)?;
        }
        Ok(())
    }

    fn owner(&self) -> (u32, u32) {
        self.subject.owner()
    }

    fn is_gone(&self) -> bool {
        let file = self
            .subject
            .files()
            .and_then(|files| files.get(self.descriptor));
        self.subject.is_gone() || file.is_err()
    }

    fn check_open(&self) -> Result<()> {
        self.subject.check_access()
    }
}
