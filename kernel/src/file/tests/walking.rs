//! The path walk: dots, links, loops, and what is refused on the way. Source:
//! path_resolution(7).

use super::Playground;
use crate::file::{AttributeChange, NewContent, walk::Follow};
use abi::Errno;
use alloc::format;

fn link(place: &Playground, path: &str, target: &str) {
    place
        .make(path, NewContent::SymbolicLink(target.as_bytes()))
        .expect("the link can be made");
}

metal::ktest! {
    /// Forty links are followed, one more is not, and a ring of links ends.
    fn links_are_bounded() {
        let place = Playground::new();
        place.directory("0");
        for number in 1..=41 {
            link(&place, &format!("{number}"), &format!("{}", number - 1));
        }
        assert!(place.at("40") == place.at("0"));
        assert_eq!(place.find("41", Follow::Yes).err(), Some(Errno::ELOOP));
        link(&place, "ring", "ring/ring");
        assert_eq!(place.find("ring/x", Follow::No).err(), Some(Errno::ELOOP));
    }

    /// Slashes, dots and links in the middle and at the end.
    fn slashes_dots_and_links() {
        let place = Playground::new();
        place.directory("a");
        place.file("a/f");
        link(&place, "l", "a/");
        link(&place, "file", "/a/./f");
        assert!(place.at("//a///../l/f") == place.at("/a/f"));
        assert!(place.at("/../..") == place.root());
        let no = Follow::No;
        assert!(!place.find("l", no).unwrap().dentry.is_directory());
        assert!(place.find("l/", no).unwrap().dentry.is_directory());
        assert_eq!(place.find("file/", no).err(), Some(Errno::ENOTDIR));
        assert_eq!(place.find("a/f/.", no).err(), Some(Errno::ENOTDIR));
        assert_eq!(place.find("", no).err(), Some(Errno::ENOENT));
        let long = "n".repeat(256);
        assert_eq!(place.find(&long, no).err(), Some(Errno::ENAMETOOLONG));
    }

    /// `..` does not lead out of a changed root.
    fn chroot_holds() {
        let place = Playground::new();
        place.directory("a");
        place.directory("a/b");
        let inside = place.at("a");
        place.context.set_root(inside.clone());
        place.context.set_cwd(place.at("/b"));
        assert!(place.at("../../..") == inside);
        assert!(place.at("/..") == inside);
    }

    /// Searching a directory needs its permission.
    fn search_permission() {
        let place = Playground::new();
        place.directory("a");
        place.file("a/f");
        let change = AttributeChange { permissions: Some(0o700), ..Default::default() };
        place.at("a").inode().change(&change).unwrap();
        let place = place.acting_as(7);
        assert_eq!(place.find("a/f", Follow::Yes).err(), Some(Errno::EACCES));
        assert!(place.find("a", Follow::Yes).is_ok());
    }
}
