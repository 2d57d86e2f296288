//! `/dev/binder`: wires its driver to processes, their memory and their descriptors.
//!
//! The rules are `drivers::binder`'s.

mod caller;
mod contexts;
mod debug;
mod file;
mod file_system;
mod pages;
mod reaper;
#[cfg(feature = "ktest")]
mod tests;

use alloc::sync::Arc;

use drivers::binder::persona::{BinderHandle, register};
use spin::Once;

use self::file::BinderFile;
use super::misc::{self, Rights};
use crate::error::{Errno, Result};
use crate::file::{Device, DeviceNumber, File, OpenFlags};
use crate::namespace::device::foreground;
use crate::process;

/// Every program may call: whom it reaches is the context manager's affair.
const RIGHTS: Rights = Rights {
    permissions: 0o666,
    group: 0,
};

static HANDLE: Once<BinderHandle> = Once::new();

/// Registers the class and makes the node. To be called once.
///
/// # Errors
/// What making the node answers.
pub fn initialise() -> Result<()> {
    let refused = |error: devns::RegisterError| Errno::from_number(error.errno());
    let handle = register(foreground()).map_err(refused)?;
    HANDLE.call_once(|| handle);
    reaper::initialise()?;
    file_system::register();
    debug::initialise()?;
    misc::add("binder", "binder", RIGHTS, Arc::new(BinderDevice))
}

struct BinderDevice;

impl Device for BinderDevice {
    fn open(&self, _number: DeviceNumber, flags: OpenFlags) -> Result<Arc<dyn File>> {
        let context = contexts::own(&process::current())?;
        Ok(Arc::new(BinderFile::open(&context, flags)?))
    }
}
