//! Unpacking a ramdisk. That the archive itself is read right is tested in `formats`.

use super::{Playground, read};
use crate::file::{FileKind, LinkTarget, ramdisk, walk::Follow};
use alloc::{format, vec::Vec};

/// One entry: inode number, name, mode, number of links, data.
fn entry(archive: &mut Vec<u8>, number: u32, name: &str, mode: u32, links: u32, data: &[u8]) {
    let length = name.len() as u32 + 1;
    let size = data.len() as u32;
    let numbers = [number, mode, 3, 4, links, 1000, size, 0, 0, 1, 3, length, 0];
    archive.extend_from_slice(b"070701");
    for value in numbers {
        archive.extend_from_slice(format!("{value:08x}").as_bytes());
    }
    for part in [[name.as_bytes(), b"\0"].concat().as_slice(), data] {
        archive.extend_from_slice(part);
        archive.resize(archive.len().next_multiple_of(4), 0);
    }
}

metal::ktest! {
    /// Every kind of file comes out as it went in; missing directories are made.
    fn every_kind() {
        let mut archive = Vec::new();
        entry(&mut archive, 1, "./bin/deep/tool", 0o100750, 1, b"bytes");
        entry(&mut archive, 2, "link", 0o120777, 1, b"bin/deep/tool");
        entry(&mut archive, 3, "null", 0o020666, 1, b"");
        entry(&mut archive, 4, "/one", 0o100644, 2, b"");
        entry(&mut archive, 4, "two", 0o100644, 2, b"shared");
        let place = Playground::new();
        ramdisk::unpack(&archive, &place.root().dentry).unwrap();
        let metadata = place.at("bin/deep/tool").inode().metadata();
        assert_eq!(metadata.ownership.permissions, 0o750);
        assert_eq!((metadata.ownership.uid, metadata.ownership.gid), (3, 4));
        assert_eq!((metadata.size, metadata.modified.tv_sec), (5, 1000));
        assert!(place.at("link") == place.at("bin/deep/tool"));
        let device = place.at("null").inode().metadata();
        assert_eq!((device.kind, device.device.minor), (FileKind::CharacterDevice, 3));
        assert_eq!(read(&place.open("one"), 0, 10).unwrap(), b"shared");
        assert_eq!(place.at("two").inode().metadata().links, 2);
    }

    /// A later entry replaces an earlier one; a name with `..` is refused by name.
    fn replacing_and_refusing() {
        let mut archive = Vec::new();
        entry(&mut archive, 1, "name", 0o100644, 1, b"old");
        entry(&mut archive, 2, "name", 0o120777, 1, b"new");
        entry(&mut archive, 3, "a/../../etc", 0o100644, 1, b"");
        let place = Playground::new();
        let error = ramdisk::unpack(&archive, &place.root().dentry).unwrap_err();
        assert!(format!("{error}").contains("a/../../etc"), "{error}");
        let link = place.find("name", Follow::No).unwrap();
        match link.inode().read_link() {
            Ok(LinkTarget::Path(text)) => assert_eq!(*text, *b"new"),
            _ => panic!("the link is not there"),
        }
    }
}
