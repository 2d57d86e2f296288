//! Mounts: what is seen where one lies on another, and when one can go. Source: mount(2),
//! umount(2).

use super::Playground;
use crate::file::{
    MOUNTS_MAX, SuperBlock, Unmount,
    tmpfs::Tmpfs,
    walk::{Follow, Walk},
};
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
        place.table.unmount(place.at("m"), Unmount::IfUnused).unwrap();
        assert!(place.find("m/below", Follow::Yes).is_ok());
        assert_eq!(place.table.unmount(place.at("m"), Unmount::IfUnused), Err(Errno::EINVAL));
    }

    /// What is in use stays, unless it is detached lazily.
    fn busy_mounts_stay() {
        let place = Playground::new();
        place.directory("m");
        place.table.mount(place.at("m"), tmpfs(), b"x", 0).unwrap();
        place.directory("m/inner");
        let user = place.at("m/inner");
        assert_eq!(place.table.unmount(place.at("m"), Unmount::IfUnused), Err(Errno::EBUSY));
        place.table.mount(place.at("m/inner"), tmpfs(), b"y", 0).unwrap();
        place.table.unmount(place.at("m"), Unmount::Lazily).unwrap();
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

    /// A mount expires when nobody used it between two calls.
    fn mounts_expire() {
        let place = Playground::new();
        place.directory("m");
        place.table.mount(place.at("m"), tmpfs(), b"x", 0).unwrap();
        let quietly = || {
            let mut walk = Walk::as_user(&place.context, place.credentials.clone());
            walk.look_up(place.root(), b"m", Follow::Yes).expect("it is there")
        };
        let user = place.at("m");
        assert_eq!(place.table.unmount(quietly(), Unmount::IfExpired), Err(Errno::EBUSY));
        drop(user);
        assert_eq!(place.table.unmount(quietly(), Unmount::IfExpired), Err(Errno::EAGAIN));
        drop(place.at("m"));
        assert_eq!(place.table.unmount(quietly(), Unmount::IfExpired), Err(Errno::EAGAIN));
        assert_eq!(place.table.unmount(quietly(), Unmount::IfExpired), Ok(()));
    }

    /// Binding the root recursively below itself doubles the mounts, but not for ever.
    fn mounts_have_a_limit() {
        let place = Playground::new();
        let outcome = (0..20).try_for_each(|number| {
            let name = alloc::format!("d{number}");
            place.directory(&name);
            place.table.bind(&place.root(), place.at(&name), true)
        });
        assert_eq!(outcome, Err(Errno::ENOSPC));
        let count = place.table.mounts().len();
        assert!((MOUNTS_MAX / 2..=MOUNTS_MAX).contains(&count), "{count} mounts");
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
        place.table.unmount(place.at("whole"), Unmount::Lazily).unwrap();
        assert!(place.find("a/m/f", Follow::Yes).is_ok());
    }
}
