//! The dentry tree and changes of names.

use super::Playground;
use crate::error::Result;
use crate::file::{
    NewContent, Reach,
    names::{self, Removal, Side},
    walk::Follow,
};
use abi::{Errno, raw::general};
use alloc::sync::Arc;

fn rename(place: &Playground, old: (&str, &str), new: (&str, &str), flags: u32) -> Result<()> {
    let (from, to) = (place.at(old.0), place.at(new.0));
    let side = |directory, name: &'static str| Side {
        directory,
        name: name.as_bytes(),
        trailing_slash: false,
    };
    let (old_name, new_name) = (leak_free(old.1), leak_free(new.1));
    names::rename(
        &place.credentials,
        &side(&from, old_name),
        &side(&to, new_name),
        flags,
    )
}

/// The few names the tests use, as statics.
fn leak_free(name: &str) -> &'static str {
    ["a", "b", "c", "d", "f", "g"]
        .into_iter()
        .find(|known| *known == name)
        .expect("a known name")
}

fn remove(place: &Playground, directory: &str, name: &str, removal: Removal) -> Result<()> {
    names::remove(
        &place.credentials,
        &place.at(directory),
        name.as_bytes(),
        removal,
    )
}

metal::ktest! {
    /// A working directory follows when a directory above it is renamed.
    fn paths_follow_a_rename() {
        let place = Playground::new();
        place.directory("a");
        place.directory("a/b");
        place.directory("c");
        let inside = place.at("a/b");
        rename(&place, ("/", "a"), ("/c", "d"), 0).unwrap();
        let (path, reach) = inside.path_from(&place.root());
        assert_eq!((&path[..], reach), (&b"/c/d/b"[..], Reach::Reachable));
        assert_eq!(place.find("a/b", Follow::Yes).err(), Some(Errno::ENOENT));
        assert!(place.at("c/d/b") == inside);
    }

    /// No directory can be moved below itself, and none replaced by what is below it.
    fn no_directory_below_itself() {
        let place = Playground::new();
        place.directory("a");
        place.directory("a/b");
        assert_eq!(rename(&place, ("/", "a"), ("/a/b", "c"), 0), Err(Errno::EINVAL));
        place.directory("a/b/c");
        assert_eq!(rename(&place, ("/a/b", "c"), ("/", "a"), 0), Err(Errno::ENOTEMPTY));
        let exchange = general::RENAME_EXCHANGE;
        assert_eq!(rename(&place, ("/a/b", "c"), ("/", "a"), exchange), Err(Errno::EINVAL));
    }

    /// Two names change places, and each directory's count of links follows.
    fn exchange_swaps() {
        let place = Playground::new();
        place.directory("a");
        place.directory("c");
        place.directory("a/b");
        place.file("c/f");
        rename(&place, ("/a", "b"), ("/c", "f"), general::RENAME_EXCHANGE).unwrap();
        assert!(place.at("c/f").dentry.is_directory());
        assert!(!place.at("a/b").dentry.is_directory());
        let links = |path| place.at(path).inode().metadata().links;
        assert_eq!((links("a"), links("c"), links("c/f")), (2, 3, 2));
    }

    /// A removed directory takes no new names, though somebody is still in it.
    fn removed_directory_stays_empty() {
        let place = Playground::new();
        place.directory("a");
        let inside = place.at("a");
        remove(&place, "/", "a", Removal::Directory).unwrap();
        place.context.set_cwd(inside.clone());
        assert_eq!(place.make("b", NewContent::Directory), Err(Errno::ENOENT));
        assert!(inside.dentry.is_removed());
        assert_eq!(inside.path_for_display(&place.root()), b"/a (deleted)");
    }

    /// Hard links count, and the file lives until its last name is gone.
    fn links_count() {
        let place = Playground::new();
        place.file("f");
        let file = place.at("f");
        names::link(&file, &place.root(), b"g").unwrap();
        assert_eq!(file.inode().metadata().links, 2);
        assert!(Arc::ptr_eq(place.at("g").inode(), file.inode()));
        remove(&place, "/", "f", Removal::File).unwrap();
        assert_eq!(place.at("g").inode().metadata().links, 1);
        assert_eq!(names::link(&place.root(), &place.root(), b"d"), Err(Errno::EPERM));
    }

    /// Directories nested deeper than the kernel stack could follow are dropped all the same,
    /// with the file system and one by one from inside.
    fn deep_trees_can_be_dropped() {
        const DEPTH: usize = 5_000;
        let place = Playground::new();
        for _ in 0..DEPTH {
            place.directory("d");
            place.context.set_cwd(place.at("d"));
        }
        let mut below = place.context.cwd();
        for _ in 0..DEPTH / 2 {
            let above = below.up().unwrap();
            names::remove(&place.credentials, &above, b"d", Removal::Directory).unwrap();
            below = above;
        }
        place.context.set_cwd(place.root());
    }

    /// A listing that goes on after changes neither repeats nor misses a name that stayed.
    fn listing_survives_changes() {
        let place = Playground::new();
        for name in ["a", "b", "c", "d"] {
            place.directory(name);
        }
        let root = place.root();
        let mut seen = alloc::vec::Vec::new();
        let mut cursor = 0;
        root.inode().list(0, &mut |entry| {
            seen.push(entry.name.to_vec());
            cursor = entry.next;
            seen.len() < 2
        }).unwrap();
        remove(&place, "/", "a", Removal::Directory).unwrap();
        remove(&place, "/", "c", Removal::Directory).unwrap();
        place.directory("e");
        root.inode().list(cursor, &mut |entry| {
            seen.push(entry.name.to_vec());
            true
        }).unwrap();
        assert_eq!(seen, [b"a", b"b", b"d", b"e"]);
    }

    /// In a directory with the sticky bit only owners remove.
    fn sticky_directory() {
        let place = Playground::with_options(b"mode=1777");
        place.file("f");
        let place = place.acting_as(7);
        assert_eq!(remove(&place, "/", "f", Removal::File), Err(Errno::EPERM));
    }
}
