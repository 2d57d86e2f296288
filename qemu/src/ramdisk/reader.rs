//! Reads a newc archive back into a [`Ramdisk`], so that a test can change one that was built.
//! Only what [`super::archive`] writes is of interest, yet anything else is refused with a reason.

use super::archive::kind;
use super::{Content, Ramdisk};
use crate::{Error, Result};

/// Bytes of an entry's header: the magic and 13 fields of eight digits.
const HEADER_BYTES: usize = 6 + 13 * 8;

/// The tree that `bytes` hold.
pub fn read(bytes: &[u8]) -> Result<Ramdisk> {
    let mut disk = Ramdisk::new();
    let mut at = 0;
    loop {
        let refuse = |reason: &str| Error::Ramdisk {
            path: format!("the entry at byte {at}"),
            reason: format!("{reason}; the archive is damaged, build it again"),
        };
        let header = bytes
            .get(at..at + HEADER_BYTES)
            .ok_or_else(|| refuse("its header is cut off"))?;
        if !header.starts_with(b"070701") {
            return Err(refuse("it has no newc header"));
        }
        let field = |index: usize| {
            let digits = std::str::from_utf8(&header[6 + index * 8..14 + index * 8]).ok()?;
            u32::from_str_radix(digits, 16).ok()
        };
        let number = |index| field(index).ok_or_else(|| refuse("its header is not hexadecimal"));
        let (mode, data_bytes, name_bytes) =
            (number(1)?, number(6)? as usize, number(11)? as usize);
        let device = (number(9)?, number(10)?);
        let name_at = at + HEADER_BYTES;
        let data_at = (name_at + name_bytes).next_multiple_of(4);
        let name = bytes.get(name_at..(name_at + name_bytes).saturating_sub(1));
        let name = name.and_then(|name| std::str::from_utf8(name).ok());
        let name = name.ok_or_else(|| refuse("its name is cut off or not UTF-8"))?;
        if name == "TRAILER!!!" {
            return Ok(disk);
        }
        let data = bytes
            .get(data_at..data_at + data_bytes)
            .ok_or_else(|| refuse("its data are cut off"))?;
        let content = match mode & kind::MASK {
            kind::FOLDER => Content::Folder,
            kind::FILE => Content::File(data.to_vec()),
            kind::SYMLINK => Content::Symlink(String::from_utf8_lossy(data).into_owned()),
            kind::FIFO => Content::Fifo,
            kind::CHARACTER => Content::CharacterDevice(device.0, device.1),
            kind::BLOCK => Content::BlockDevice(device.0, device.1),
            _ => return Err(refuse("its file type is unknown")),
        };
        disk.add(name, content, mode)?;
        at = (data_at + data_bytes).next_multiple_of(4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let mut disk = Ramdisk::new();
        disk.file("/etc/motd", "hello").expect("fits");
        disk.symlink("/bin/sh", "tools").expect("fits");
        disk.add("/dev/console", Content::CharacterDevice(5, 1), 0o600)
            .expect("fits");
        disk.add("/tmp", Content::Folder, 0o1777).expect("fits");
        let again = read(&disk.archive().expect("small")).expect("our own");
        assert_eq!(again.nodes, disk.nodes);
    }

    #[test]
    fn damage_is_refused() {
        let mut disk = Ramdisk::new();
        disk.file("a", "hello").expect("fits");
        let bytes = disk.archive().expect("small");
        for length in [0, 50, 111, 115] {
            assert!(read(&bytes[..length]).is_err(), "{length} bytes");
        }
        let mut wrong = bytes.clone();
        wrong[20] = b'x';
        assert!(read(&wrong).is_err());
    }
}
