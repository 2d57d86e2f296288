//! The newc form of cpio: per entry a header of 110 ASCII characters, the name, the data, each
//! padded to four bytes; the entry `TRAILER!!!` ends it. Source: cpio(5), "New ASCII Format".

use super::{Content, Node};
use crate::{Error, Result};

/// File type bits of a mode, from inode(7).
pub mod kind {
    /// The bits of a mode that say the type.
    pub const MASK: u32 = 0o170_000;
    /// A named pipe.
    pub const FIFO: u32 = 0o010_000;
    /// A character device.
    pub const CHARACTER: u32 = 0o020_000;
    /// A folder.
    pub const FOLDER: u32 = 0o040_000;
    /// A block device.
    pub const BLOCK: u32 = 0o060_000;
    /// An ordinary file.
    pub const FILE: u32 = 0o100_000;
    /// A symbolic link.
    pub const SYMLINK: u32 = 0o120_000;
}

/// The archive is padded to this, as cpio does: some readers take whole blocks.
const BLOCK_BYTES: usize = 512;

/// What of a node goes into its header.
struct Header<'a> {
    inode: u32,
    mode: u32,
    links: u32,
    device: (u32, u32),
    name: &'a str,
    data: &'a [u8],
}

/// Writes `entries`, which must come with folders before what is in them.
pub fn write<'a>(entries: impl Iterator<Item = (&'a String, &'a Node)>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for (inode, (name, node)) in (1..).zip(entries) {
        let (kind, data, device): (u32, &[u8], _) = match &node.content {
            Content::Folder => (kind::FOLDER, &[], (0, 0)),
            Content::File(bytes) => (kind::FILE, bytes, (0, 0)),
            Content::Symlink(target) => (kind::SYMLINK, target.as_bytes(), (0, 0)),
            Content::Fifo => (kind::FIFO, &[], (0, 0)),
            Content::CharacterDevice(major, minor) => (kind::CHARACTER, &[], (*major, *minor)),
            Content::BlockDevice(major, minor) => (kind::BLOCK, &[], (*major, *minor)),
        };
        let links = if node.content == Content::Folder {
            2
        } else {
            1
        };
        let mode = kind | node.permissions;
        entry(
            &mut out,
            &Header {
                inode,
                mode,
                links,
                device,
                name,
                data,
            },
        )?;
    }
    let trailer = Header {
        inode: 0,
        mode: 0,
        links: 1,
        device: (0, 0),
        name: "TRAILER!!!",
        data: &[],
    };
    entry(&mut out, &trailer)?;
    out.resize(out.len().next_multiple_of(BLOCK_BYTES), 0);
    Ok(out)
}

/// Appends one entry.
fn entry(out: &mut Vec<u8>, header: &Header<'_>) -> Result<()> {
    let too_large = |_| Error::Ramdisk {
        path: format!("/{}", header.name),
        reason: "it is 4 GiB or more, which a newc archive cannot say".into(),
    };
    let data_bytes = u32::try_from(header.data.len()).map_err(too_large)?;
    let name_bytes = u32::try_from(header.name.len() + 1).map_err(too_large)?;
    out.extend_from_slice(b"070701");
    let (major, minor) = header.device;
    let fields = [
        header.inode,
        header.mode,
        0,
        0,
        header.links,
        0,
        data_bytes,
        0,
        0,
        major,
        minor,
        name_bytes,
        0,
    ];
    for field in fields {
        out.extend_from_slice(format!("{field:08x}").as_bytes());
    }
    out.extend_from_slice(header.name.as_bytes());
    out.push(0);
    out.resize(out.len().next_multiple_of(4), 0);
    out.extend_from_slice(header.data);
    out.resize(out.len().next_multiple_of(4), 0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::Ramdisk;
    use crate::ramdisk::Content;

    #[test]
    fn an_entry_has_the_documented_layout() {
        let mut disk = Ramdisk::new();
        disk.file("a", "hello").expect("fits");
        let bytes = disk.archive().expect("small");
        let header = concat!(
            "070701", "00000001", "000081a4", "00000000", "00000000", "00000001", "00000000",
            "00000005", "00000000", "00000000", "00000000", "00000000", "00000002", "00000000",
        );
        assert_eq!(&bytes[..110], header.as_bytes());
        assert_eq!(&bytes[110..120], b"a\0hello\0\0\0");
        assert_eq!(&bytes[120..126], b"070701");
        assert_eq!(bytes.len() % 512, 0);
    }

    #[test]
    fn every_kind_has_its_mode() {
        let mut disk = Ramdisk::new();
        disk.add("a", Content::CharacterDevice(5, 1), 0o600)
            .expect("fits");
        disk.add("b", Content::BlockDevice(7, 0), 0o660)
            .expect("fits");
        disk.add("c", Content::Fifo, 0o644).expect("fits");
        disk.add("d", Content::Folder, 0o1777).expect("fits");
        disk.symlink("e", "a").expect("fits");
        let text = String::from_utf8_lossy(&disk.archive().expect("small")).into_owned();
        for mode in ["00002180", "000061b0", "000011a4", "000043ff", "0000a1ff"] {
            assert!(text.contains(mode), "{mode}");
        }
        assert!(text.contains("0000000500000001"), "the device number");
    }

    /// The archive is read by a program that is not ours, where the host has one.
    #[test]
    fn cpio_itself_reads_it() {
        use std::io::Write;
        use std::process::{Command, Stdio};
        let mut disk = Ramdisk::new();
        disk.file("/etc/motd", "hi").expect("fits");
        disk.symlink("/bin/sh", "tools").expect("fits");
        let cpio = Command::new("cpio")
            .arg("-it")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = cpio else { return };
        let mut input = child.stdin.take().expect("piped");
        input
            .write_all(&disk.archive().expect("small"))
            .expect("it reads");
        drop(input);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "bin\nbin/sh\netc\netc/motd\n"
        );
    }
}
