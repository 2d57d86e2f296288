//! What the ramdisk parser finds in good archives and says about bad ones.

mod common;

use common::{Collector, entry, gzip, sample};
use formats::{Failure, cpio, gzip as gzip_format, ramdisk};

fn unpack(image: &[u8]) -> Result<Vec<common::Entry>, ramdisk::Error> {
    let mut collector = Collector::default();
    match ramdisk::unpack(image, &mut collector) {
        Ok(()) => Ok(collector.0),
        Err(Failure::Format(error)) => Err(error),
        Err(Failure::Receiver(never)) => match never {},
    }
}

#[test]
fn entries_come_out_whole() {
    let entries = unpack(&sample()).unwrap();
    let names: Vec<_> = entries.iter().map(|entry| entry.name.as_slice()).collect();
    assert_eq!(names, [&b"bin"[..], b"bin/hello", b"init"]);
    assert_eq!(entries[1].data, b"hello, world");
    assert_eq!(entries[1].header.mode, 0o100755);
    assert_eq!(entries[1].header.special, (5, 6));
    assert!(entries.iter().all(|entry| entry.complete));
}

#[test]
fn gzip_and_concatenation() {
    let mut image = sample();
    image.extend([0; 512]);
    image.extend(gzip(&sample()));
    image.extend(sample());
    assert_eq!(unpack(&image).unwrap().len(), 9);
    let two_in_one = [sample(), vec![0; 100], sample()].concat();
    assert_eq!(unpack(&gzip(&two_in_one)).unwrap().len(), 6);
}

#[test]
fn more_than_a_window_of_data() {
    let data: Vec<u8> = (0..200_000u32)
        .map(|n| (n.wrapping_mul(n) >> 7) as u8)
        .collect();
    let mut archive = Vec::new();
    entry(&mut archive, "big", 0o100644, &data);
    entry(&mut archive, "TRAILER!!!", 0, b"");
    assert_eq!(unpack(&gzip(&archive)).unwrap()[0].data, data);
}

#[test]
fn pieces_of_any_size_give_the_same() {
    let archive = sample();
    let whole = unpack(&archive).unwrap();
    for size in 1..archive.len() {
        let mut collector = Collector::default();
        let mut reader = cpio::Reader::new();
        for piece in archive.chunks(size) {
            assert_eq!(reader.push(piece, &mut collector), Ok(piece.len()));
        }
        reader.finish().unwrap();
        assert_eq!(collector.0, whole);
    }
}

#[test]
fn damage_is_named() {
    use ramdisk::Error::{Cpio, Gzip};
    let good = sample();
    assert_eq!(unpack(b"070707"), Err(Cpio(cpio::Error::Truncated(6))));
    assert_eq!(unpack(&[b'x'; 200]), Err(Cpio(cpio::Error::BadMagic(0))));
    let with = |at: usize, byte: u8| {
        let mut image = good.clone();
        image[at] = byte;
        unpack(&image)
    };
    assert_eq!(with(6, b'g'), Err(Cpio(cpio::Error::BadNumber(0))));
    assert_eq!(with(94, b'f'), Err(Cpio(cpio::Error::BadNameLength(0))));
    assert_eq!(with(110, 0), Err(Cpio(cpio::Error::BadName(0))));
    let mut member = gzip(&good);
    let last = member.len() - 1;
    assert_eq!(
        unpack(&member[..last]),
        Err(Gzip(gzip_format::Error::Truncated))
    );
    member[last] ^= 1;
    assert_eq!(unpack(&member), Err(Gzip(gzip_format::Error::BadChecksum)));
    member[2] = 7;
    assert_eq!(unpack(&member), Err(Gzip(gzip_format::Error::BadHeader)));
}

#[test]
fn every_truncation_ends_in_an_error_or_between_entries() {
    let archive = sample();
    for length in 0..archive.len() {
        if let Ok(entries) = unpack(&archive[..length]) {
            assert!(entries.iter().all(|entry| entry.complete));
        }
    }
}

#[test]
fn nothing_is_an_empty_ramdisk() {
    assert_eq!(unpack(&[]), Ok(Vec::new()));
    assert_eq!(unpack(&[0; 1024]), Ok(Vec::new()));
}
