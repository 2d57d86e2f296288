//! Where programs find the devices: nodes below `/dev/input`, and what `/proc/bus/input` tells.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Write;

use abi::procfs::Text;
use drivers::input::device::Identity;
use drivers::input::text::describe;

use super::event_file::{self, EventDevice};
use super::mouse_file::{self, MouseDevice};
use super::{class, identity_of};
use crate::error::{Errno, Result};
use crate::file::generated::no_memory;
use crate::file::{DeviceNumber, FileKind, device, devtmpfs};
use crate::sync::SpinLock;

/// Major number of input devices.
const INPUT: u32 = 13;
/// Who may use the nodes: root and its group.
const PERMISSIONS: u32 = 0o660;

/// The devices and the names of their nodes.
static DEVICES: SpinLock<Vec<Names>> = SpinLock::new(Vec::new());

#[derive(Clone)]
struct Names {
    event: String,
    mouse: Option<String>,
    is_keyboard: bool,
}

/// How many devices have nodes.
pub(super) fn count() -> usize {
    DEVICES.lock().len()
}

fn exists(device: usize) -> bool {
    device < count()
}

/// The device that is the mouse with this number.
fn mouse_device(mouse: usize) -> Option<usize> {
    let devices = DEVICES.lock();
    let mut mice = devices
        .iter()
        .enumerate()
        .filter(|(_, names)| names.mouse.is_some());
    mice.nth(mouse).map(|(device, _)| device)
}

/// Registers the numbers, and makes `mice`, which is there without any mouse.
pub(super) fn initialise() -> Result<()> {
    let register = |minor, count, device| {
        let first = DeviceNumber::new(INPUT, minor);
        device::register(FileKind::CharacterDevice, "input", first, count, device)
    };
    let mice = Arc::new(MouseDevice {
        device_of: mouse_device,
    });
    let mice_count = mouse_file::MICE_MINOR - mouse_file::FIRST_MINOR + 1;
    register(mouse_file::FIRST_MINOR, mice_count, mice)?;
    let events = Arc::new(EventDevice { exists });
    register(event_file::FIRST_MINOR, event_file::COUNT, events)?;
    add_node("mice", mouse_file::MICE_MINOR).map(drop)
}

fn add_node(name: &str, minor: u32) -> Result<Arc<crate::file::sysfs::Directory>> {
    let number = DeviceNumber::new(INPUT, minor);
    let path = format!("input/{name}");
    devtmpfs::add_node(&path, FileKind::CharacterDevice, number, PERMISSIONS, 0)?;
    class::add_handler(name, number)
}

/// Makes the nodes of a device. ENOSPC: there are as many as there may be.
pub(super) fn add(device: usize, identity: &Identity) -> Result<()> {
    let count = event_file::COUNT as usize;
    if device >= count {
        return Err(Errno::ENOSPC);
    }
    let mice = {
        let devices = DEVICES.lock();
        devices.iter().filter(|names| names.mouse.is_some()).count()
    };
    let is_mouse = identity.is_pointer() && mice < (count - 1);
    let names = Names {
        event: format!("event{device}"),
        mouse: is_mouse.then(|| format!("mouse{mice}")),
        is_keyboard: identity.is_keyboard(),
    };
    DEVICES.lock().push(names.clone());
    class::add_device(device)?;
    let event = add_node(&names.event, event_file::FIRST_MINOR + device as u32)?;
    class::link_device(&event, device)?;
    if let Some(mouse) = &names.mouse {
        let directory = add_node(mouse, mouse_file::FIRST_MINOR + mice as u32)?;
        class::link_device(&directory, device)?;
    }
    Ok(())
}

/// `/proc/bus/input/devices`.
pub fn show_devices(text: &mut Text) -> Result<()> {
    let devices = DEVICES.lock().clone();
    for (number, names) in devices.iter().enumerate() {
        let identity = identity_of(number)?;
        let mut handlers = Vec::new();
        handlers.extend(names.mouse.as_deref());
        handlers.extend(names.is_keyboard.then_some("kbd"));
        handlers.push(names.event.as_str());
        let path = format!("/{}", class::path(number));
        describe(text, &identity, &path, &handlers).map_err(no_memory)?;
    }
    Ok(())
}

/// `/proc/bus/input/handlers`.
pub fn show_handlers(text: &mut Text) -> Result<()> {
    let (mouse, event) = (mouse_file::FIRST_MINOR, event_file::FIRST_MINOR);
    writeln!(text, "N: Number=0 Name=mousedev Minor={mouse}").map_err(no_memory)?;
    writeln!(text, "N: Number=1 Name=evdev Minor={event}").map_err(no_memory)
}
