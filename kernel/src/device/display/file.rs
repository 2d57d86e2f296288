//! `/dev/fb0` as an open file. The rules are `drivers::display::fbdev`'s.

use core::any::Any;

use alloc::sync::Arc;
use drivers::display::fbdev::{Caller, Framebuffer};

use super::memory::ScreenFrames;
use super::{machine, presenter};
use crate::device::caller;
use crate::error::{Errno, Result};
use crate::file::{
    Device, DeviceNumber, File, FileKind, IoFlags, OpenFlags, Seek, device, devtmpfs,
};
use crate::memory::Pager;
use crate::memory::io::{Sink, Source};
use crate::process;

/// The number of the first, and here only, framebuffer.
pub(super) const NUMBER: DeviceNumber = DeviceNumber::new(29, 0);
const PERMISSIONS: u32 = 0o660;

/// Registers the number and makes the nodes.
pub(super) fn initialise() -> Result<()> {
    let kind = FileKind::CharacterDevice;
    device::register(kind, "fb", NUMBER, 1, Arc::new(FramebufferDevice))?;
    for path in ["fb0", "graphics/fb0"] {
        devtmpfs::add_node(path, kind, NUMBER, PERMISSIONS, 0)?;
    }
    Ok(())
}

/// Opens the display for the running process.
///
/// # Errors
/// ENODEV without a display; ENOMEM, EIO: there is no screen and none can be made.
pub(super) fn open() -> Result<Framebuffer> {
    let machine = machine().ok_or(Errno::ENODEV)?;
    let namespace = process::current().process.membership.namespace();
    Framebuffer::open(&machine.display, &machine.handle, &namespace)
}

/// The running process's screen, if its persona has one.
pub(super) fn find() -> Option<Framebuffer> {
    let machine = machine()?;
    let namespace = process::current().process.membership.namespace();
    Framebuffer::find(&machine.display, &machine.handle, &namespace)
}

struct FramebufferDevice;

impl Device for FramebufferDevice {
    fn open(&self, _number: DeviceNumber, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        let framebuffer = open()?;
        let memory = Arc::clone(framebuffer.memory()) as Arc<dyn Any + Send + Sync>;
        let frames = memory.downcast().map_err(|_| Errno::ENODEV)?;
        Ok(Arc::new(FramebufferFile {
            framebuffer,
            frames,
        }))
    }
}

/// One opening.
struct FramebufferFile {
    framebuffer: Framebuffer,
    /// The memory of its screen.
    frames: Arc<ScreenFrames>,
}

impl Caller for caller::Caller {
    fn wait_for_frame(&self) -> Result<()> {
        presenter::wait_for_frame()
    }
}

impl File for FramebufferFile {
    fn read(&self, position: &mut u64, sink: &mut Sink<'_>, _flags: IoFlags) -> Result<usize> {
        let room = sink.remaining();
        let count = self
            .framebuffer
            .read(*position, room, &mut |offset, length| {
                process::yield_if_needed();
                self.frames.read_to(sink, offset, length)
            })?;
        *position += count as u64;
        Ok(count)
    }

    fn write(&self, position: &mut u64, source: &mut Source<'_>, _flags: IoFlags) -> Result<usize> {
        let length = source.remaining();
        let count = self
            .framebuffer
            .write(*position, length, &mut |offset, length| {
                process::yield_if_needed();
                self.frames.write_from(source, offset, length)
            })?;
        *position += count as u64;
        Ok(count)
    }

    fn ioctl(&self, command: u32, argument: usize) -> Result<usize> {
        self.framebuffer.ioctl(&caller::Caller, command, argument)
    }

    /// The node has no size, so there is nothing to seek from its end.
    fn seek(&self) -> Seek {
        Seek::Positioned { size: 0 }
    }

    fn pager(self: Arc<Self>) -> Result<Arc<dyn Pager>> {
        Ok(Arc::clone(&self.frames) as Arc<dyn Pager>)
    }

    fn synchronise(&self) -> Result<()> {
        Ok(())
    }
}
