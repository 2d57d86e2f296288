//! Shared by the host tests: builds archives, collects what a parser finds.

use formats::cpio::{Header, Visitor};

/// One entry as it came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its header.
    pub header: Header,
    /// Its name.
    pub name: Vec<u8>,
    /// Its data.
    pub data: Vec<u8>,
    /// Whether `end` was called.
    pub complete: bool,
}

/// Collects entries.
#[derive(Debug, Default)]
pub struct Collector(pub Vec<Entry>);

impl Visitor for Collector {
    type Error = core::convert::Infallible;

    fn begin(&mut self, header: &Header, name: &[u8]) -> Result<(), Self::Error> {
        let (header, name) = (*header, name.to_vec());
        self.0.push(Entry {
            header,
            name,
            data: Vec::new(),
            complete: false,
        });
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        let entry = self.0.last_mut().expect("data comes after begin");
        assert!(!entry.complete, "no data after end");
        entry.data.extend_from_slice(bytes);
        Ok(())
    }

    fn end(&mut self) -> Result<(), Self::Error> {
        let entry = self.0.last_mut().expect("end comes after begin");
        assert_eq!(entry.data.len(), entry.header.size as usize);
        entry.complete = true;
        Ok(())
    }
}

/// Appends one entry to an archive.
pub fn entry(archive: &mut Vec<u8>, name: &str, mode: u32, data: &[u8]) {
    let numbers = [
        7,
        mode,
        1,
        2,
        1,
        1000,
        data.len() as u32,
        0,
        3,
        5,
        6,
        name.len() as u32 + 1,
        0,
    ];
    archive.extend_from_slice(b"070701");
    for number in numbers {
        archive.extend_from_slice(format!("{number:08x}").as_bytes());
    }
    archive.extend_from_slice(name.as_bytes());
    archive.push(0);
    pad(archive);
    archive.extend_from_slice(data);
    pad(archive);
}

fn pad(archive: &mut Vec<u8>) {
    while !archive.len().is_multiple_of(4) {
        archive.push(0);
    }
}

/// An archive with a directory, a file and a symbolic link.
pub fn sample() -> Vec<u8> {
    let mut archive = Vec::new();
    entry(&mut archive, "bin", 0o040755, b"");
    entry(&mut archive, "bin/hello", 0o100755, b"hello, world");
    entry(&mut archive, "init", 0o120777, b"bin/hello");
    entry(&mut archive, "TRAILER!!!", 0, b"");
    archive
}

/// The bytes inside gzip, made with the compressor of the crate the parser inflates with.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut member = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3];
    member.extend_from_slice(b"name\0");
    member.extend(miniz_oxide::deflate::compress_to_vec(bytes, 6));
    member.extend_from_slice(&crc32fast::hash(bytes).to_le_bytes());
    member.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    member
}
