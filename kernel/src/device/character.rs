//! The character devices every Linux program expects, and their nodes in `/dev`.
//!
//! Source: Linux's `Documentation/admin-guide/devices.txt`.
use super::kmsg::{KMSG, KmsgDevice};
use super::memory::{FULL, MemoryDevice, NULL, ZERO};
use super::random::{RANDOM, RandomDevice, URANDOM};
use crate::error::Result;
use crate::file::{Device, DeviceNumber, File, FileKind, OpenFlags, device, devtmpfs, sysfs};
use crate::terminal::{self, pty};
use alloc::sync::Arc;

/// Major number of memory-like devices.
const MEMORY: u32 = 1;
/// Major number of the ways to terminals.
const TERMINAL: u32 = 5;

/// A device that is opened by a function.
struct Opener(fn(OpenFlags) -> Result<Arc<dyn File>>);

impl Device for Opener {
    fn open(&self, _number: DeviceNumber, flags: OpenFlags) -> Result<Arc<dyn File>> {
        (self.0)(flags)
    }
}

/// One row of the table: where the node is, who may use it, what it opens.
struct Row {
    path: &'static str,
    /// What `/proc/devices` calls the major number.
    name: &'static str,
    number: DeviceNumber,
    permissions: u32,
    device: Arc<dyn Device>,
}

fn row(
    path: &'static str,
    name: &'static str,
    number: (u32, u32),
    permissions: u32,
    device: impl Device + 'static,
) -> Row {
    let number = DeviceNumber::new(number.0, number.1);
    Row {
        path,
        name,
        number,
        permissions,
        device: Arc::new(device),
    }
}

#[rustfmt::skip]
fn rows() -> [Row; 10] {
    let serial = (terminal::SERIAL_DEVICE.major, terminal::SERIAL_DEVICE.minor);
    [
        row("null",    "mem",          (MEMORY, NULL),    0o666, MemoryDevice),
        row("zero",    "mem",          (MEMORY, ZERO),    0o666, MemoryDevice),
        row("full",    "mem",          (MEMORY, FULL),    0o666, MemoryDevice),
        row("random",  "mem",          (MEMORY, RANDOM),  0o666, RandomDevice),
        row("urandom", "mem",          (MEMORY, URANDOM), 0o666, RandomDevice),
        row("kmsg",    "mem",          (MEMORY, KMSG),    0o644, KmsgDevice),
        row("tty",     "/dev/tty",     (TERMINAL, 0),     0o666, Opener(terminal::open_controlling)),
        row("console", "/dev/console", (TERMINAL, 1),     0o600, Opener(terminal::open_console)),
        row("ptmx",    "/dev/ptmx",    (TERMINAL, 2),     0o666, Opener(pty::open_master)),
        row("ttyS0",   "ttyS",         serial,            0o660, Opener(terminal::open_serial)),
    ]
}

/// Registers the devices and makes their nodes. To be called once, when devtmpfs can be had.
pub fn initialise() -> Result<()> {
    for Row {
        path,
        name,
        number,
        permissions,
        device,
    } in rows()
    {
        device::register(FileKind::CharacterDevice, name, number, 1, device)?;
        devtmpfs::add_node(path, FileKind::CharacterDevice, number, permissions, 0)?;
        let class = if number.major == MEMORY { "mem" } else { "tty" };
        sysfs::add_class_device(class, path, number)?;
    }
    let first = DeviceNumber::new(pty::SLAVE_MAJOR, 0);
    let slaves = Arc::new(pty::SlaveDevice);
    device::register(
        FileKind::CharacterDevice,
        "pts",
        first,
        pty::COUNT_MAX,
        slaves,
    )?;
    devtmpfs::add_directory("pts")?;
    devtmpfs::add_directory("shm")?;
    for (path, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ] {
        devtmpfs::add_link(path, target)?;
    }
    Ok(())
}
