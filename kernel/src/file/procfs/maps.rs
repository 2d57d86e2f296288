//! What a process has mapped and mounted: `maps`, `mounts`, `mountinfo`.
use super::subject::{Subject, readers_root};
use crate::error::Result;
use crate::file::generated::no_memory;
use crate::file::{Backwards, DeviceNumber, Location, Mount, Reach};
use crate::memory::{AddressSpaceState, Area, Backing, PAGE_SIZE, Protection};
use abi::procfs::{self, Mapping, Text};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// How shared memory without a file is shown.
const SHARED_MEMORY: &[u8] = b"/dev/zero (deleted)";

/// `maps`.
pub(super) fn show_maps(subject: &Subject, text: &mut Text) -> Result<()> {
    let Some(space) = subject.address_space() else {
        return Ok(());
    };
    let root = readers_root()?;
    let state = space.lock();
    state
        .areas()
        .try_for_each(|area| show_area(&state, area, &root, text))
}

fn show_area(
    state: &AddressSpaceState,
    area: &Area,
    root: &Location,
    text: &mut Text,
) -> Result<()> {
    let (name, device, inode, offset) = match &area.backing {
        Backing::Anonymous => (name_of_anonymous(state, area).to_vec(), 0, 0, 0),
        Backing::Object {
            file: Some(file),
            first_page,
            ..
        } => (
            file.path_name_from(root),
            file.device_raw(),
            file.inode().number(),
            first_page * PAGE_SIZE as u64,
        ),
        Backing::Object {
            file: None,
            first_page,
            pager,
        } => match pager.special_name() {
            Some(name) => (name.to_vec(), 0, 0, 0),
            None => (SHARED_MEMORY.to_vec(), 1, 0, first_page * PAGE_SIZE as u64),
        },
    };
    let device = DeviceNumber::from_raw(device);
    let mapping = Mapping {
        start: area.range.start as u64,
        end: area.range.end as u64,
        read: area.protection.contains(Protection::READ),
        write: area.protection.contains(Protection::WRITE),
        execute: area.protection.contains(Protection::EXECUTE),
        shared: area.shared,
        offset,
        device: (device.major, device.minor),
        inode,
        name: &name,
    };
    mapping.write(text).map_err(no_memory)
}

fn name_of_anonymous(state: &AddressSpaceState, area: &Area) -> &'static [u8] {
    if area.range.contains(&state.stack_start.saturating_sub(1)) {
        b"[stack]"
    } else if area.range.start < state.heap.end && state.heap.start < area.range.end {
        b"[heap]"
    } else {
        b""
    }
}

/// Writes a line for each mount that the process sees below its root.
fn for_each_mount(
    subject: &Subject,
    mut write: impl FnMut(&procfs::Mount<'_>) -> core::fmt::Result,
) -> Result<()> {
    let fs = subject.fs()?;
    let root = fs.root();
    for mount in fs.mounts().mounts() {
        let (point, parent) = place_of(&mount, &root);
        let Some(point) = point else { continue };
        let superblock = mount.superblock();
        let start = path_inside(&mount);
        let device = superblock.device();
        write(&procfs::Mount {
            number: mount.id(),
            parent,
            device: (device.major, device.minor),
            root: &start,
            point: &point,
            options: &mount.options(),
            kind: superblock.file_system().type_name(),
            source: mount.source(),
            super_options: &super_options(&mount),
        })
        .map_err(no_memory)?;
    }
    Ok(())
}

/// Where a mount is seen from `root` (none: it is outside), and the number of the mount it is on.
fn place_of(mount: &Mount, root: &Location) -> (Option<Vec<u8>>, u32) {
    match mount.attached_to() {
        Some(point) => {
            let parent = point.mount.id();
            let (path, reach) = point.path_from(root);
            let is_root = root.mount.id() == mount.id();
            let path = if is_root { b"/".to_vec() } else { path };
            (
                (is_root || reach == Reach::Reachable).then_some(path),
                parent,
            )
        }
        None => (Some(b"/".to_vec()), mount.id()),
    }
}

/// The path from the root of a file system down to where a mount of it begins.
fn path_inside(mount: &Mount) -> Vec<u8> {
    let mut path = Backwards::default();
    let mut at = mount.root().clone();
    while let Some(parent) = at.parent() {
        path.put(&at.name());
        at = parent;
    }
    path.finish()
}

fn super_options(mount: &Mount) -> String {
    format!("rw{}", mount.superblock().file_system().options())
}

/// `mounts`.
pub(super) fn show_mounts(subject: &Subject, text: &mut Text) -> Result<()> {
    for_each_mount(subject, |mount| mount.write_mounts(text))
}

/// `mountinfo`.
pub(super) fn show_mount_information(subject: &Subject, text: &mut Text) -> Result<()> {
    for_each_mount(subject, |mount| mount.write_mountinfo(text))
}
