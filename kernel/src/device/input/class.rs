//! `/sys/class/input`: each device with its name, numbers and abilities, and each of its nodes
//! with a link to it.
//!
//! Source: Linux's `Documentation/ABI/testing/sysfs-class-input` and the attributes that udev and
//! libevdev read.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::fmt::Write;

use abi::procfs::Text;
use drivers::input::device::Identity;
use drivers::input::text::{LISTS, Words};

use crate::error::Result;
use crate::file::DeviceNumber;
use crate::file::generated::no_memory;
use crate::file::sysfs::{self, Attribute, Directory};

/// An attribute that never changes.
struct Fixed(String);

impl Attribute for Fixed {
    fn show(&self, text: &mut Text) -> Result<()> {
        writeln!(text, "{}", self.0).map_err(no_memory)
    }
}

/// Where a device is, below `/sys`.
pub fn path(device: usize) -> String {
    format!("devices/virtual/input/input{device}")
}

/// Adds a device.
pub(super) fn add_device(device: usize, identity: &Identity) -> Result<()> {
    let directory = sysfs::directory(&path(device))?;
    let add = |directory: &Directory, name: &str, value: String| {
        directory.add_attribute(name, 0o444, Fixed(value))
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    add(&directory, "name", identity.name.clone())?;
    add(&directory, "phys", text(&identity.phys))?;
    add(&directory, "uniq", text(&identity.uniq))?;
    let properties = Words(identity.properties.words()).to_string();
    add(&directory, "properties", properties)?;
    let numbers = directory.directory("id")?;
    let id = identity.id;
    for (name, value) in [
        ("bustype", id.bus),
        ("vendor", id.vendor),
        ("product", id.product),
        ("version", id.version),
    ] {
        add(&numbers, name, format!("{value:04x}"))?;
    }
    let abilities = directory.directory("capabilities")?;
    for (name, kind) in LISTS {
        let words = identity.codes(kind).unwrap_or_default();
        add(&abilities, &name.to_lowercase(), Words(&words).to_string())?;
    }
    add(&directory, "uevent", event_text(identity))?;
    directory.add_link("subsystem", "../../../../class/input")?;
    let name = format!("input{device}");
    sysfs::directory("class/input")?.add_link(&name, &format!("../../devices/virtual/input/{name}"))
}

fn event_text(identity: &Identity) -> String {
    let id = identity.id;
    format!(
        "PRODUCT={:x}/{:x}/{:x}/{:x}\nNAME=\"{}\"\nPHYS=\"{}\"\nPROP={}\nEV={}",
        id.bus,
        id.vendor,
        id.product,
        id.version,
        identity.name,
        identity.phys.as_deref().unwrap_or(""),
        Words(identity.properties.words()),
        Words(identity.types.words()),
    )
}

/// Adds a node of a device (`event0`, `mouse0`), or `mice`.
pub(super) fn add_handler(name: &str, number: DeviceNumber) -> Result<Arc<Directory>> {
    sysfs::add_class_device_in("input", name, "input/", number)
}

/// Says which device a node belongs to.
pub(super) fn link_device(node: &Directory, device: usize) -> Result<()> {
    node.add_link("device", &format!("../input{device}"))
}
