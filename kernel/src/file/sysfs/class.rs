//! Devices by class: where a device with a node in `/dev` appears below `/sys`.
//!
//! The directory is `devices/virtual/CLASS/NAME`; `class/CLASS/NAME` and `dev/char/MAJOR:MINOR`
//! lead to it. Source: Linux's `Documentation/driver-api/driver-model/`, `udev(7)`.
use super::{Attribute, Directory, directory};
use crate::error::Result;
use crate::file::DeviceNumber;
use crate::file::generated::no_memory;
use abi::procfs::Text;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt::Write;

/// `dev`: the number of the device's node.
struct Number(DeviceNumber);

impl Attribute for Number {
    fn show(&self, text: &mut Text) -> Result<()> {
        writeln!(text, "{}:{}", self.0.major, self.0.minor).map_err(no_memory)
    }
}

/// `uevent`: what udev is told of the device.
struct Event {
    number: DeviceNumber,
    name: String,
}

impl Attribute for Event {
    fn show(&self, text: &mut Text) -> Result<()> {
        let DeviceNumber { major, minor } = self.number;
        writeln!(text, "MAJOR={major}\nMINOR={minor}\nDEVNAME={}", self.name).map_err(no_memory)
    }
}

/// Adds the character device `name` of class `class`, and returns its directory for more
/// attributes. `EEXIST`: the class has such a device already.
pub fn add_class_device(class: &str, name: &str, number: DeviceNumber) -> Result<Arc<Directory>> {
    add_class_device_in(class, name, "", number)
}

/// The same for a device whose node is in the directory `place` below `/dev` ("input/").
pub fn add_class_device_in(
    class: &str,
    name: &str,
    place: &str,
    number: DeviceNumber,
) -> Result<Arc<Directory>> {
    add_class_device_as(class, name, &format!("{place}{name}"), number)
}

/// The same for a device whose node is `node` below `/dev`.
pub fn add_class_device_as(
    class: &str,
    name: &str,
    node: &str,
    number: DeviceNumber,
) -> Result<Arc<Directory>> {
    let device = directory(&format!("devices/virtual/{class}/{name}"))?;
    device.add_attribute("dev", 0o444, Number(number))?;
    device.add_attribute(
        "uevent",
        0o444,
        Event {
            number,
            name: node.into(),
        },
    )?;
    device.add_link("subsystem", &format!("../../../../class/{class}"))?;
    directory(&format!("class/{class}"))?
        .add_link(name, &format!("../../devices/virtual/{class}/{name}"))?;
    directory("dev/char")?.add_link(
        &format!("{}:{}", number.major, number.minor),
        &format!("../../devices/virtual/{class}/{name}"),
    )?;
    Ok(device)
}
