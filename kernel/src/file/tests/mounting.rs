//! Mounts.

use super::Playground;
use crate::file::{SuperBlock, tmpfs::Tmpfs, walk::Follow};
use abi::{Errno, raw::general};
use alloc::sync::Arc;

fn tmpfs() -> Arc<SuperBlock> {
    SuperBlock::new(Tmpfs::new("tmpfs", b"").expect("a tmpfs can be made"))
}

metal::ktest! {
    /// A mount hides what is below it and gives it back.
    fn a_mount_covers() {
        let place = Playground::new();
        place.directory("m");
        place.file("m/below");
        place.table.mount(place.at("m"), tmpfs(), b"x", 0).unwrap();
        assert_eq!(place.find("m/below", Follow::Yes).err(), Some(Errno::ENOENT));
        place.file("m/above");
        assert!(place.at("m/..") == place.root());
        let (path, _) = place.at("m/above").path_from(&place.root());
        assert_eq!(path, b"/m/above");
        place.table.unmount(place.at("m"), false).unwrap();
        assert!(place.find("m/below", Follow::Yes).is_ok());
        assert_eq!(place.table.unmount(place.at("m"), false), Err(Errno::EINVAL));
    }

    /// What is in use stays, unless it is detached lazily.
    fn busy_mounts_stay() {
        let place = Playground::new();
        place.directory("m");
        place.table.mount(place.at("m"), tmpfs(), b"x", 0).unwrap();
        place.directory("m/inner");
        let user = place.at("m/inner");
        assert_eq!(place.table.unmount(place.at("m"), false), Err(Errno::EBUSY));
        place.table.mount(place.at("m/inner"), tmpfs(), b"y", 0).unwrap();
        place.table.unmount(place.at("m"), true).unwrap();
        assert_eq!(place.table.mounts().len(), 1);
        assert_eq!(user.dentry.mounts(), 0);
        assert!(user.up().is_some());
    }

    /// A bind mount shows the same directory, and its flags are its own.
    fn bind_mounts_have_their_own_flags() {
        let place = Playground::new();
        place.directory("a");
        place.directory("b");
        place.file("a/f");
        place.table.bind(&place.at("a"), place.at("b"), false).unwrap();
        assert!(Arc::ptr_eq(place.at("b/f").inode(), place.at("a/f").inode()));
        place.table.remount(&place.at("b"), general::MS_RDONLY, None).unwrap();
        assert!(place.at("b/f").mount.has(general::MS_RDONLY));
        assert!(!place.at("a/f").mount.has(general::MS_RDONLY));
        assert_eq!(place.table.remount(&place.at("a"), 0, None), Err(Errno::EINVAL));
    }

    /// A recursive bind takes the mounts below along; a plain one does not.
    fn recursive_bind() {
        let place = Playground::new();
        for name in ["a", "a/m", "plain", "whole"] {
            place.directory(name);
        }
        place.table.mount(place.at("a/m"), tmpfs(), b"x", 0).unwrap();
        place.file("a/m/f");
        place.table.bind(&place.at("a"), place.at("plain"), false).unwrap();
        place.table.bind(&place.at("a"), place.at("whole"), true).unwrap();
        assert!(place.find("plain/m/f", Follow::Yes).is_err());
        assert!(place.find("whole/m/f", Follow::Yes).is_ok());
        place.table.unmount(place.at("whole"), true).unwrap();
        assert!(place.find("a/m/f", Follow::Yes).is_ok());
    }
}
