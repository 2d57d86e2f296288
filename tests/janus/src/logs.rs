//! `/dev/log/*` by raw calls: layouts, errors, and who sees what.

use crate::persona::{Persona, TAG, inside, put, sleep_for_good};
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{inside_child, spawn, until_asleep, wait};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;
use std::ffi::CStr;
use std::os::unix::fs::MetadataExt;

cases![
    nodes_are_there,
    v1_layout,
    v2_layout,
    aware_layouts,
    persona_writes_with_both_numbers,
    vector_is_one_entry,
    long_write_is_cut,
    empty_write_is_no_entry,
    bad_pointers,
    short_read_takes_nothing,
    blocking_read_is_woken,
    read_without_waiting,
    poll_by_direction,
    poll_is_woken,
    readers_have_places_of_their_own,
    overrun_moves_to_a_whole_entry,
    other_users_see_their_own,
    group_sees_all_users,
    persona_sees_its_own,
    persona_may_not_look_around,
    root_chooses,
    flush_by_root,
    flush_by_persona,
    lengths,
    wrong_directions,
    unknown_commands,
    versions,
    seeking,
    inherited_reader_stays_the_root_s,
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

fn persona_writes_with_both_numbers() -> Outcome {
    let file = fresh(O_RDONLY | O_DIRECT)?;
    let persona = Persona::running(|| match say(b"inside") {
        Ok(()) => sleep_for_good(),
        Err(_) => 1,
    })?;
    holds!(until_asleep(persona.pid));
    let entry = read_all(file)?.remove(0);
    same!(
        [0, 4, 8].map(|at| int(&entry, at)),
        [persona.pid, persona.pid, persona.pid]
    );
    same!(&entry[12..16], b"\0\0\0\0");
    same!((int(&entry, 20), int(&entry, 24)), (1, 1));
    persona.end()
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

fn short_read_takes_nothing() -> Outcome {
    let file = fresh(O_RDWR)?;
    say(b"five!")?;
    let mut bytes = [0u8; 25];
    fails!(EINVAL, SYS_read, file, &mut bytes, 24);
    fails!(EINVAL, SYS_read, file, &mut bytes, 0);
    gives!(25, SYS_read, file, &mut bytes, 25);
    Ok(())
}

fn blocking_read_is_woken() -> Outcome {
    works!(SYS_close, fresh(O_RDONLY)?);
    let file = works!(SYS_open, MAIN, O_RDONLY);
    let reader = spawn(|| sys!(SYS_read, file, &mut [0u8; 100], 100) as i32)?;
    holds!(until_asleep(reader));
    // What a persona writes is not for this reader.
    inside(|| say(b"inside"))?;
    holds!(until_asleep(reader));
    say(b"hello")?;
    same!(wait(reader)?, 25 << 8);
    Ok(())
}

fn read_without_waiting() -> Outcome {
    let file = fresh(O_RDONLY)?;
    fails!(EAGAIN, SYS_read, file, &mut [0u8; 100], 100);
    fails!(EAGAIN, SYS_read, file, 8, 0);
    Ok(())
}

fn events(file: isize, timeout: i32) -> Result<i16, Failure> {
    let mut polled = [pollfd {
        fd: file as i32,
        events: POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM,
        revents: 0,
    }];
    let pointer = polled.as_mut_ptr().expose_provenance();
    works!(SYS_poll, pointer, 1, timeout);
    Ok(polled[0].revents)
}

fn poll_by_direction() -> Outcome {
    let reader = fresh(O_RDONLY)?;
    let writer = open(O_WRONLY)?;
    let write = POLLOUT | POLLWRNORM;
    same!((events(reader, 0)?, events(writer, 0)?), (write, write));
    inside(|| say(b"not for us"))?;
    same!(events(reader, 0)?, write);
    say(b"hello")?;
    let both = write | POLLIN | POLLRDNORM;
    same!((events(reader, 0)?, events(writer, 0)?), (both, write));
    Ok(())
}

fn poll_is_woken() -> Outcome {
    let reader = fresh(O_RDONLY)?;
    let waiter = spawn(|| {
        let mut polled = [reader as i32, POLLIN.into()];
        sys!(SYS_poll, &mut polled, 1, 5000) as i32
    })?;
    holds!(until_asleep(waiter));
    say(b"hello")?;
    same!(wait(waiter)?, 1 << 8);
    Ok(())
}

fn readers_have_places_of_their_own() -> Outcome {
    let first = fresh(O_RDONLY)?;
    say(b"one")?;
    same!(texts(first, 20)?, ["one"]);
    say(b"two")?;
    let second = open(O_RDONLY)?;
    same!(texts(first, 20)?, ["two"]);
    same!(texts(second, 20)?, ["one", "two"]);
    Ok(())
}

fn overrun_moves_to_a_whole_entry() -> Outcome {
    let file = fresh(O_RDWR)?;
    let size = works!(SYS_ioctl, file, GET_LOG_BUF_SIZE, 0) as usize;
    same!(size, 256 * 1024);
    for number in 0..100u8 {
        let text = [number; 4000];
        gives!(4000, SYS_write, file, &text, 4000);
    }
    let entries = read_all(file)?;
    holds!(
        (size / 4200..=size / 4000).contains(&entries.len()),
        "{}",
        entries.len()
    );
    let numbers: Vec<u8> = entries.iter().map(|entry| entry[20]).collect();
    let first = 100 - entries.len() as u8;
    same!(numbers, (first..100).collect::<Vec<_>>());
    let whole =
        |entry: &Vec<u8>| entry.len() == 4020 && entry[20..].iter().all(|b| *b == entry[20]);
    holds!(entries.iter().all(whole));
    Ok(())
}

fn other_users_see_their_own() -> Outcome {
    works!(SYS_close, fresh(O_RDONLY)?);
    say(b"of root")?;
    inside_child(|| {
        works!(SYS_setgroups, 0, 0);
        works!(SYS_setresgid, 1234, 1234, 1234);
        works!(SYS_setresuid, 1234, 1234, 1234);
        let file = open(O_RDWR)?;
        gives!(0, SYS_ioctl, file, GET_LOG_LEN, 0);
        say(b"mine")?;
        same!(texts(file, 20)?, ["mine"]);
        Ok(())
    })
}

fn group_sees_all_users() -> Outcome {
    works!(SYS_close, fresh(O_RDONLY)?);
    say(b"of root")?;
    for groups in [[1007u32, 5], [5, 1007]] {
        inside_child(|| {
            works!(SYS_setgroups, 1, &groups[1..]);
            works!(SYS_setresgid, groups[0], groups[0], groups[0]);
            works!(SYS_setresuid, 1234, 1234, 1234);
            same!(texts(open(O_RDONLY)?, 20)?, ["of root"]);
            Ok(())
        })?;
    }
    Ok(())
}

fn persona_sees_its_own() -> Outcome {
    let file = fresh(O_RDONLY)?;
    say(b"of root")?;
    inside(|| {
        let file = open(O_RDONLY)?;
        gives!(0, SYS_ioctl, file, GET_LOG_LEN, 0);
        gives!(0, SYS_ioctl, file, GET_NEXT_ENTRY_LEN, 0);
        say(b"inside")?;
        same!(texts(file, 20)?, ["inside"]);
        Ok(())
    })?;
    // Nor does the next one with the same numbers.
    inside(|| {
        same!(texts(open(O_RDONLY)?, 20)?, Vec::<String>::new());
        Ok(())
    })?;
    same!(texts(file, 20)?, ["of root"]);
    Ok(())
}

fn persona_may_not_look_around() -> Outcome {
    works!(SYS_close, fresh(O_RDONLY)?);
    inside(|| {
        fails!(EPERM, SYS_open, MAIN, O_RDONLY | O_DIRECT);
        let file = open(O_RDONLY)?;
        for pid in [-1, 0, 1] {
            fails!(EPERM, SYS_ioctl, file, SET_DEV_NS_FILTER, pid);
        }
        Ok(())
    })
}

fn root_chooses() -> Outcome {
    let file = fresh(O_RDONLY)?;
    let persona = Persona::running(|| match say(b"inside") {
        Ok(()) => sleep_for_good(),
        Err(_) => 1,
    })?;
    holds!(until_asleep(persona.pid));
    say(b"of root")?;
    gives!(0, SYS_ioctl, file, SET_DEV_NS_FILTER, persona.pid);
    same!(texts(file, 20)?, ["inside"]);
    let file = open(O_RDONLY)?;
    gives!(0, SYS_ioctl, file, SET_DEV_NS_FILTER, 0);
    same!(texts(file, 36)?, ["inside", "of root"]);
    let file = open(O_RDONLY | O_DIRECT)?;
    gives!(0, SYS_ioctl, file, SET_DEV_NS_FILTER, 1);
    same!(texts(file, 20)?, ["of root"]);
    let file = open(O_RDONLY)?;
    fails!(EINVAL, SYS_ioctl, file, SET_DEV_NS_FILTER, -1);
    gives!(0, SYS_ioctl, file, SET_DEV_NS_FILTER, 12345);
    same!(texts(file, 20)?, Vec::<String>::new());
    persona.end()
}

fn flush_by_root() -> Outcome {
    let file = fresh(O_RDWR | O_DIRECT)?;
    say(b"of root")?;
    inside(|| say(b"inside"))?;
    gives!(0, SYS_ioctl, file, FLUSH_LOG, 0);
    gives!(0, SYS_ioctl, file, GET_LOG_LEN, 0);
    say(b"new")?;
    same!(texts(file, 36)?, ["new"]);
    Ok(())
}

fn flush_by_persona() -> Outcome {
    let file = fresh(O_RDONLY | O_DIRECT)?;
    say(b"of root")?;
    inside(|| {
        say(b"inside")?;
        let file = open(O_RDWR)?;
        gives!(26, SYS_ioctl, file, GET_LOG_LEN, 0);
        gives!(0, SYS_ioctl, file, FLUSH_LOG, 0);
        gives!(0, SYS_ioctl, file, GET_LOG_LEN, 0);
        Ok(())
    })?;
    same!(texts(file, 36)?, ["of root"]);
    Ok(())
}

fn lengths() -> Outcome {
    let file = fresh(O_RDONLY)?;
    say(b"12345")?;
    inside(|| say(b"123"))?;
    say(b"1")?;
    gives!(25, SYS_ioctl, file, GET_NEXT_ENTRY_LEN, 0);
    gives!(46, SYS_ioctl, file, GET_LOG_LEN, 0);
    gives!(0, SYS_ioctl, file, SET_VERSION, &2i32);
    gives!(29, SYS_ioctl, file, GET_NEXT_ENTRY_LEN, 0);
    gives!(54, SYS_ioctl, file, GET_LOG_LEN, 0);
    gives!(0, SYS_ioctl, file, SET_DEV_NS_FILTER, 0);
    gives!(45, SYS_ioctl, file, GET_NEXT_ENTRY_LEN, 0);
    gives!(129, SYS_ioctl, file, GET_LOG_LEN, 0);
    Ok(())
}

fn wrong_directions() -> Outcome {
    let reader = fresh(O_RDONLY)?;
    let writer = open(O_WRONLY)?;
    fails!(EBADF, SYS_write, reader, b"x", 1);
    fails!(EBADF, SYS_read, writer, &mut [0u8; 100], 100);
    fails!(EBADF, SYS_ioctl, reader, FLUSH_LOG, 0);
    for command in [GET_LOG_LEN, GET_NEXT_ENTRY_LEN, GET_VERSION] {
        fails!(EBADF, SYS_ioctl, writer, command, 0);
    }
    fails!(EBADF, SYS_ioctl, writer, SET_VERSION, 8);
    fails!(EBADF, SYS_ioctl, writer, SET_DEV_NS_FILTER, -1);
    gives!(256 * 1024, SYS_ioctl, writer, GET_LOG_BUF_SIZE, 0);
    Ok(())
}

fn unknown_commands() -> Outcome {
    let file = fresh(O_RDWR)?;
    for command in [0xae00u32, 0xae07, 0xae09, 0xae0b, 0x8004_ae02, 0x5401] {
        fails!(ENOTTY, SYS_ioctl, file, command, 0);
    }
    Ok(())
}

fn versions() -> Outcome {
    let file = fresh(O_RDONLY)?;
    gives!(1, SYS_ioctl, file, GET_VERSION, 0);
    for version in [0, 3, -1] {
        fails!(EINVAL, SYS_ioctl, file, SET_VERSION, &version);
    }
    gives!(0, SYS_ioctl, file, SET_VERSION, &2i32);
    gives!(2, SYS_ioctl, file, GET_VERSION, 0);
    gives!(1, SYS_ioctl, open(O_RDONLY)?, GET_VERSION, 0);
    Ok(())
}

fn seeking() -> Outcome {
    let file = fresh(O_RDWR)?;
    fails!(ESPIPE, SYS_lseek, file, 0, SEEK_SET);
    fails!(ESPIPE, SYS_pread64, file, &mut [0u8; 100], 100, 0);
    fails!(ESPIPE, SYS_pwrite64, file, b"x", 1, 0);
    Ok(())
}

/// A file belongs to the namespace that opened it, an entry to the one that writes it.
fn inherited_reader_stays_the_root_s() -> Outcome {
    let file = fresh(O_RDWR)?;
    say(b"of root")?;
    inside(|| {
        gives!(6, SYS_write, file, b"inside", 6);
        same!(texts(file, 20)?, ["of root"]);
        Ok(())
    })?;
    same!(texts(file, 20)?, Vec::<String>::new());
    gives!(0, SYS_ioctl, file, SET_DEV_NS_FILTER, 0);
    same!(
        texts(open(O_RDONLY | O_DIRECT)?, 36)?,
        ["of root", "inside"]
    );
    Ok(())
}
