//! `/dev/log/*` by raw calls: layouts, errors, and who sees what.

use crate::persona::{TAG, put};
use abi_tests::check::{Case, Failure, Outcome};
use abi_tests::process::inside_child;
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;
use std::ffi::CStr;
use std::os::unix::fs::MetadataExt;

mod readers;
mod visibility;

/// The tables of this family.
pub const TABLES: &[&[Case]] = &[CASES, readers::CASES, visibility::CASES];

cases![
    nodes_are_there,
    v1_layout,
    v2_layout,
    aware_layouts,
    vector_is_one_entry,
    long_write_is_cut,
    empty_write_is_no_entry,
    bad_pointers,
];

const MAIN: &CStr = c"/dev/log/main";
const GET_LOG_BUF_SIZE: u32 = 0xae01;
const GET_LOG_LEN: u32 = 0xae02;
const GET_NEXT_ENTRY_LEN: u32 = 0xae03;
const FLUSH_LOG: u32 = 0xae04;
const GET_VERSION: u32 = 0xae05;
const SET_VERSION: u32 = 0xae06;
const SET_DEV_NS_FILTER: u32 = 0xae0a;

/// Opens the log, emptied.
fn fresh(flags: i32) -> Result<isize, Failure> {
    let writer = works!(SYS_open, MAIN, O_WRONLY | O_CLOEXEC);
    gives!(0, SYS_ioctl, writer, FLUSH_LOG, 0);
    works!(SYS_close, writer);
    open(flags)
}

fn open(flags: i32) -> Result<isize, Failure> {
    Ok(works!(SYS_open, MAIN, flags | O_NONBLOCK | O_CLOEXEC))
}

fn say(text: &[u8]) -> Outcome {
    let file = works!(SYS_open, MAIN, O_WRONLY | O_CLOEXEC);
    gives!(text.len(), SYS_write, file, text, text.len());
    works!(SYS_close, file);
    Ok(())
}

/// Everything there is to read, by entry.
fn read_all(file: isize) -> Result<Vec<Vec<u8>>, Failure> {
    let mut entries = Vec::new();
    loop {
        let mut bytes = vec![0u8; 5000];
        let count = sys!(SYS_read, file, bytes.as_mut_slice(), bytes.len());
        if count == -(EAGAIN as isize) {
            return Ok(entries);
        }
        holds!(count > 0, "a read gave {count}");
        bytes.truncate(count as usize);
        entries.push(bytes);
    }
}

/// The texts of what is to be read behind headers of this size.
fn texts(file: isize, header: usize) -> Result<Vec<String>, Failure> {
    let entries = read_all(file)?;
    let text = |entry: &Vec<u8>| String::from_utf8_lossy(&entry[header..]).into_owned();
    Ok(entries.iter().map(text).collect())
}

fn int(bytes: &[u8], at: usize) -> i32 {
    i32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

fn my_pid() -> i32 {
    std::process::id() as i32
}

fn realtime() -> Result<[i64; 2], Failure> {
    let mut time = [0i64; 2];
    works!(SYS_clock_gettime, CLOCK_REALTIME, &mut time);
    Ok(time)
}

fn nodes_are_there() -> Outcome {
    for name in ["main", "events", "radio", "system"] {
        let found = std::fs::metadata(format!("/dev/log/{name}"))?;
        same!(
            (name, found.mode(), found.uid(), found.gid()),
            (name, 0o20666, 0, 1007)
        );
        let text = std::fs::read_to_string(format!("/sys/class/misc/log_{name}/dev"))?;
        let device = found.rdev();
        same!(text, format!("{}:{}\n", major(device), minor(device)));
    }
    Ok(())
}

fn v1_layout() -> Outcome {
    let file = fresh(O_RDONLY)?;
    let before = realtime()?;
    say(b"\x04tag\0hello\0")?;
    let after = realtime()?;
    let entry = read_all(file)?.remove(0);
    same!(entry.len(), 31);
    same!((short(&entry, 0), short(&entry, 2)), (11, 0));
    same!((int(&entry, 4), int(&entry, 8)), (my_pid(), my_pid()));
    let at = [int(&entry, 12).into(), int(&entry, 16).into()];
    holds!(before <= at && at <= after, "{at:?}");
    same!(&entry[20..], b"\x04tag\0hello\0");
    Ok(())
}

fn v2_layout() -> Outcome {
    let file = fresh(O_RDONLY)?;
    gives!(0, SYS_ioctl, file, SET_VERSION, &2i32);
    inside_child(|| {
        works!(SYS_setresuid, 1234, 1234, 1234);
        say(b"hello")
    })?;
    let entry = read_all(file)?.remove(0);
    same!((short(&entry, 0), short(&entry, 2)), (5, 24));
    same!(int(&entry, 20), 1234);
    same!(&entry[24..], b"hello");
    Ok(())
}

fn aware_layouts() -> Outcome {
    for (version, size, told) in [(1, 36, 0), (2, 40, 40)] {
        let file = fresh(O_RDONLY | O_DIRECT)?;
        gives!(0, SYS_ioctl, file, SET_VERSION, &version);
        put(TAG, "1:abcd")?;
        say(b"hello")?;
        put(TAG, "1:")?;
        let entry = read_all(file)?.remove(0);
        let mine = my_pid();
        same!(
            (int(&entry, 0), int(&entry, 4), int(&entry, 8)),
            (1, mine, mine)
        );
        same!(&entry[12..16], b"abcd");
        same!((short(&entry, 16), short(&entry, 18)), (5, told));
        same!(&entry[size..], b"hello");
    }
    Ok(())
}

fn vector_is_one_entry() -> Outcome {
    let file = fresh(O_RDWR)?;
    let parts = [b"\x04".as_slice(), b"tag\0", b"", b"text\0"];
    let vector = parts.map(|part| [part.as_ptr().expose_provenance(), part.len()]);
    gives!(10, SYS_writev, file, &vector, 4);
    same!(texts(file, 20)?, ["\x04tag\0text\0"]);
    Ok(())
}

fn long_write_is_cut() -> Outcome {
    let file = fresh(O_RDWR)?;
    let text = vec![b'x'; 5000];
    gives!(4076, SYS_write, file, text.as_slice(), 5000);
    let half = text.as_ptr().expose_provenance();
    gives!(4076, SYS_writev, file, &[[half, 4000], [half, 1000]], 2);
    let lengths: Vec<_> = read_all(file)?.iter().map(Vec::len).collect();
    same!(lengths, [4096, 4096]);
    Ok(())
}

fn empty_write_is_no_entry() -> Outcome {
    let file = fresh(O_RDWR)?;
    gives!(0, SYS_write, file, b"", 0);
    gives!(0, SYS_writev, file, 0, 0);
    gives!(0, SYS_ioctl, file, GET_LOG_LEN, 0);
    Ok(())
}

fn bad_pointers() -> Outcome {
    let file = fresh(O_RDWR)?;
    fails!(EFAULT, SYS_write, file, 8, 5);
    let good = b"good".as_ptr().expose_provenance();
    fails!(EFAULT, SYS_writev, file, &[[good, 4], [8, 4]], 2);
    gives!(0, SYS_ioctl, file, GET_LOG_LEN, 0);
    say(b"stays")?;
    fails!(EFAULT, SYS_read, file, 8, 100);
    fails!(EFAULT, SYS_ioctl, file, SET_VERSION, 8);
    same!(texts(file, 20)?, ["stays"]);
    Ok(())
}
