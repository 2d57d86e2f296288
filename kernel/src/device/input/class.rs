//! `/sys/class/input`: each device with its name, numbers and abilities, and each of its nodes
//! with a link to it.
//!
//! Source: Linux's `Documentation/ABI/testing/sysfs-class-input` and the attributes that udev and
//! libevdev read.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt::{self, Write};

use abi::procfs::Text;
use drivers::input::device::Identity;
use drivers::input::text::{Alias, LISTS, Words, event};

use super::identity_of;
use crate::error::Result;
use crate::file::DeviceNumber;
use crate::file::generated::no_memory;
use crate::file::sysfs::{self, Attribute, Directory};

/// What a device tells of itself, as it is now: programs may change what keys it has for their
/// persona.
struct Told<S> {
    device: usize,
    say: S,
}

impl<S> Attribute for Told<S>
where
    S: Fn(&Identity, &mut Text) -> fmt::Result + Send + Sync + 'static,
{
    fn show(&self, text: &mut Text) -> Result<()> {
        (self.say)(&identity_of(self.device)?, text).map_err(no_memory)
    }
}

/// Where a device is, below `/sys`.
pub fn path(device: usize) -> String {
    format!("devices/virtual/input/input{device}")
}

/// Adds a device. There is no `inhibited`: one persona's word would take a device from all.
pub(super) fn add_device(device: usize) -> Result<()> {
    let directory = sysfs::directory(&path(device))?;
    add_texts(&directory, device)?;
    let numbers = directory.directory("id")?;
    add_numbers(&numbers, device)?;
    let abilities = directory.directory("capabilities")?;
    for (name, kind) in LISTS {
        add(&abilities, &name.to_lowercase(), device, move |it, text| {
            let words = it.codes(kind).unwrap_or_default();
            writeln!(text, "{}", Words(&words))
        })?;
    }
    directory.add_link("subsystem", "../../../../class/input")?;
    let name = format!("input{device}");
    sysfs::directory("class/input")?.add_link(&name, &format!("../../devices/virtual/input/{name}"))
}

fn add(
    directory: &Directory,
    name: &str,
    device: usize,
    say: impl Fn(&Identity, &mut Text) -> fmt::Result + Send + Sync + 'static,
) -> Result<()> {
    directory.add_attribute(name, 0o444, Told { device, say })
}

fn add_texts(directory: &Directory, device: usize) -> Result<()> {
    add(directory, "name", device, |it, text| {
        writeln!(text, "{}", it.name)
    })?;
    add(directory, "phys", device, |it, text| {
        writeln!(text, "{}", it.phys.as_deref().unwrap_or(""))
    })?;
    add(directory, "uniq", device, |it, text| {
        writeln!(text, "{}", it.uniq.as_deref().unwrap_or(""))
    })?;
    add(directory, "modalias", device, |it, text| {
        writeln!(text, "{}", Alias(it))
    })?;
    add(directory, "properties", device, |it, text| {
        writeln!(text, "{}", Words(it.properties.words()))
    })?;
    add(directory, "uevent", device, |it, text| event(text, it))
}

fn add_numbers(directory: &Directory, device: usize) -> Result<()> {
    let add_number = |name, number: fn(&Identity) -> u16| {
        add(directory, name, device, move |it, text| {
            writeln!(text, "{:04x}", number(it))
        })
    };
    add_number("bustype", |it| it.id.bus)?;
    add_number("vendor", |it| it.id.vendor)?;
    add_number("product", |it| it.id.product)?;
    add_number("version", |it| it.id.version)
}

/// Adds a node of a device (`event0`, `mouse0`), or `mice`.
pub(super) fn add_handler(name: &str, number: DeviceNumber) -> Result<Arc<Directory>> {
    sysfs::add_class_device_in("input", name, "input/", number)
}

/// Says which device a node belongs to.
pub(super) fn link_device(node: &Directory, device: usize) -> Result<()> {
    node.add_link("device", &format!("../input{device}"))
}
