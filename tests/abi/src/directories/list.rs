//! getdents64. Source: getdents(2).

use abi_tests::check::{Failure, Outcome};
use abi_tests::{cases, fails, gives, holds, same, works};
use libc::*;
use std::os::unix::fs::MetadataExt;

cases![
    list_empty,
    list_kinds,
    list_many_in_small_buffers,
    list_buffer_too_small,
    list_rewinds,
    list_seek_back_to_offset,
    list_while_removing,
    list_file_refused,
    list_bad_address,
    list_removed_directory,
    list_inode_numbers,
    list_records_aligned,
];

/// One record: inode, offset, length, kind, name.
struct Record {
    inode: u64,
    offset: i64,
    length: usize,
    kind: u8,
    name: String,
}

fn parse(mut bytes: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    while bytes.len() >= 19 {
        let number = |at: usize| {
            let mut word = [0u8; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        let length = u16::from_le_bytes([bytes[16], bytes[17]]) as usize;
        let name = bytes[19..length]
            .split(|b| *b == 0)
            .next()
            .unwrap_or_default();
        records.push(Record {
            inode: number(0),
            offset: number(8) as i64,
            length,
            kind: bytes[18],
            name: String::from_utf8_lossy(name).into_owned(),
        });
        bytes = &bytes[length..];
    }
    records
}

/// Reads on with buffers of `size` bytes up to the end.
fn read_all(fd: isize, size: usize) -> Result<Vec<Record>, Failure> {
    let mut all = Vec::new();
    let mut buffer = vec![0u8; size];
    loop {
        let count = works!(SYS_getdents64, fd, buffer.as_mut_slice(), size) as usize;
        if count == 0 {
            return Ok(all);
        }
        all.extend(parse(&buffer[..count]));
    }
}

fn names(mut records: Vec<Record>) -> Vec<String> {
    records.sort_by(|a, b| a.name.cmp(&b.name));
    records.into_iter().map(|record| record.name).collect()
}

fn list_empty() -> Outcome {
    let fd = works!(SYS_open, c".", O_RDONLY | O_DIRECTORY);
    same!(names(read_all(fd, 4096)?), [".", ".."]);
    gives!(0, SYS_getdents64, fd, &mut [0u8; 100], 100);
    Ok(())
}

fn list_kinds() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_creat, c"f", 0o644);
    works!(SYS_symlink, c"f", c"l");
    works!(SYS_mknod, c"p", S_IFIFO | 0o600, 0);
    works!(SYS_mknod, c"s", S_IFSOCK | 0o600, 0);
    works!(SYS_mknod, c"c", S_IFCHR | 0o600, makedev(1, 3));
    works!(SYS_mknod, c"b", S_IFBLK | 0o600, makedev(1, 3));
    let fd = works!(SYS_open, c".", O_RDONLY);
    let mut kinds: Vec<(String, u8)> = read_all(fd, 4096)?
        .into_iter()
        .map(|record| (record.name, record.kind))
        .collect();
    kinds.sort();
    let expected = [
        (".", DT_DIR),
        ("..", DT_DIR),
        ("b", DT_BLK),
        ("c", DT_CHR),
        ("d", DT_DIR),
        ("f", DT_REG),
        ("l", DT_LNK),
        ("p", DT_FIFO),
        ("s", DT_SOCK),
    ];
    same!(
        kinds,
        expected
            .map(|(name, kind)| (name.to_owned(), kind))
            .to_vec()
    );
    Ok(())
}

fn list_many_in_small_buffers() -> Outcome {
    for n in 0..300 {
        std::fs::write(format!("file-{n:03}"), "")?;
    }
    let fd = works!(SYS_open, c".", O_RDONLY);
    let seen = names(read_all(fd, 100)?);
    same!(seen.len(), 302);
    holds!(
        seen.windows(2).all(|pair| pair[0] != pair[1]),
        "a name came twice"
    );
    Ok(())
}

fn list_buffer_too_small() -> Outcome {
    let fd = works!(SYS_open, c".", O_RDONLY);
    fails!(EINVAL, SYS_getdents64, fd, &mut [0u8; 8], 8);
    fails!(EINVAL, SYS_getdents64, fd, 0, 0);
    // A count is an `int` for Linux.
    fails!(EINVAL, SYS_getdents64, fd, &mut [0u8; 100], 1_u32 << 31);
    fails!(EINVAL, SYS_getdents, fd, &mut [0u8; 100], -1);
    Ok(())
}

fn list_rewinds() -> Outcome {
    let fd = works!(SYS_open, c".", O_RDONLY);
    read_all(fd, 4096)?;
    works!(SYS_creat, c"new", 0o644);
    gives!(0, SYS_lseek, fd, 0, SEEK_SET);
    same!(names(read_all(fd, 4096)?), [".", "..", "new"]);
    Ok(())
}

/// The offset in a record is where the listing goes on after it.
fn list_seek_back_to_offset() -> Outcome {
    for name in [c"a", c"b", c"c", c"d"] {
        works!(SYS_creat, name, 0o644);
    }
    let fd = works!(SYS_open, c".", O_RDONLY);
    let first = read_all(fd, 4096)?;
    works!(SYS_lseek, fd, first[2].offset, SEEK_SET);
    let rest: Vec<String> = read_all(fd, 4096)?.into_iter().map(|r| r.name).collect();
    let expected: Vec<String> = first.into_iter().skip(3).map(|r| r.name).collect();
    same!(rest, expected);
    Ok(())
}

/// What rm -r does: reads some names, removes them, reads on. None may be missed.
fn list_while_removing() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    for n in 0..200 {
        std::fs::write(format!("d/file-{n:03}"), "")?;
    }
    let fd = works!(SYS_open, c"d", O_RDONLY);
    let mut buffer = [0u8; 500];
    loop {
        let count = works!(SYS_getdents64, fd, &mut buffer, 500) as usize;
        if count == 0 {
            break;
        }
        for record in parse(&buffer[..count])
            .iter()
            .filter(|r| !r.name.starts_with('.'))
        {
            std::fs::remove_file(format!("d/{}", record.name))?;
        }
    }
    works!(SYS_rmdir, c"d");
    Ok(())
}

fn list_file_refused() -> Outcome {
    let fd = works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o644);
    fails!(ENOTDIR, SYS_getdents64, fd, &mut [0u8; 100], 100);
    fails!(EBADF, SYS_getdents64, 99, &mut [0u8; 100], 100);
    Ok(())
}

fn list_bad_address() -> Outcome {
    let fd = works!(SYS_open, c".", O_RDONLY);
    fails!(EFAULT, SYS_getdents64, fd, 8, 4096);
    Ok(())
}

fn list_removed_directory() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    let fd = works!(SYS_open, c"d", O_RDONLY);
    works!(SYS_rmdir, c"d");
    fails!(ENOENT, SYS_getdents64, fd, &mut [0u8; 100], 100);
    Ok(())
}

fn list_inode_numbers() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_creat, c"d/f", 0o644);
    let fd = works!(SYS_open, c"d", O_RDONLY);
    for record in read_all(fd, 4096)? {
        let stat = std::fs::metadata(format!("d/{}", record.name))?;
        same!(
            (record.name.clone(), record.inode),
            (record.name, stat.ino())
        );
    }
    Ok(())
}

fn list_records_aligned() -> Outcome {
    for name in [
        "a",
        "bb",
        "ccc",
        "dddd",
        "eeeee",
        "a name of more than sixteen bytes",
    ] {
        std::fs::write(name, "")?;
    }
    let fd = works!(SYS_open, c".", O_RDONLY);
    for record in read_all(fd, 4096)? {
        let expected = (19 + record.name.len() + 1).next_multiple_of(8);
        same!(
            (record.name.clone(), record.length),
            (record.name, expected)
        );
    }
    Ok(())
}
