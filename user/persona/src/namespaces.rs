//! New namespaces, and those of another process, for this one.
//!
//! Contract: the caller has one thread. A new pid namespace, or another's, is for the children;
//! the first child of a new one is its init. The device namespace comes with the pid namespace;
//! entering one by itself moves the whole process.
//!
//! Source: unshare(2), setns(2), namespaces(7), mount_namespaces(7).

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::sched::{CloneFlags, setns, unshare};
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};

/// A set of kinds of namespaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Numbers of processes.
    pub pid: bool,
    /// What is mounted where.
    pub mount: bool,
    /// The names of the system.
    pub uts: bool,
    /// Who has the devices. Cannot be made by itself: a new one comes with a pid namespace.
    pub device: bool,
}

impl Kinds {
    /// What a persona has of its own. The device namespace comes by itself.
    pub const PERSONA: Kinds = Kinds {
        pid: true,
        mount: true,
        uts: true,
        device: false,
    };

    fn flags(self) -> CloneFlags {
        let mut flags = CloneFlags::empty();
        flags.set(CloneFlags::CLONE_NEWPID, self.pid);
        flags.set(CloneFlags::CLONE_NEWNS, self.mount);
        flags.set(CloneFlags::CLONE_NEWUTS, self.uts);
        flags
    }
}

/// Gives this process new namespaces of these kinds. What is mounted in a new mount namespace
/// later does not show outside of it.
///
/// # Errors
/// As unshare(2).
pub fn create(kinds: Kinds) -> io::Result<()> {
    unshare(kinds.flags())?;
    if kinds.mount {
        let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
        mount_change("/", private)?;
    }
    Ok(())
}

/// Mounts a /proc on `folder` that shows the pid namespace this process is in itself.
///
/// # Errors
/// As mount(2).
pub fn mount_proc(folder: &str) -> io::Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    Ok(mount("proc", folder, "proc", flags, c"")?)
}

/// Opens the device namespace of the process `pid`.
///
/// # Errors
/// As open(2): the process is gone, or the kernel has none.
pub fn open_device(pid: i32) -> io::Result<File> {
    File::open(format!("/proc/{pid}/ns/dev"))
}

/// Takes this process into the namespaces of these kinds that the process behind the pidfd
/// `target` is in; into the device namespace behind `device` if that is given.
///
/// # Errors
/// As setns(2).
pub fn enter(target: BorrowedFd<'_>, kinds: Kinds, device: Option<File>) -> io::Result<()> {
    if !kinds.flags().is_empty() {
        setns(target, kinds.flags())?;
    }
    match device {
        Some(device) => Ok(setns(device.as_fd(), CloneFlags::empty())?),
        None => Ok(()),
    }
}
