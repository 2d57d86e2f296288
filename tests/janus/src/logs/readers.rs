//! How a log is read and asked: waiting, places, overruns, lengths, commands.

use super::{
    FLUSH_LOG, GET_LOG_BUF_SIZE, GET_LOG_LEN, GET_NEXT_ENTRY_LEN, GET_VERSION, MAIN,
    SET_DEV_NS_FILTER, SET_VERSION, fresh, open, read_all, say, texts,
};
use crate::persona::inside;
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{spawn, until_asleep, wait};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;

cases![
    short_read_takes_nothing,
    blocking_read_is_woken,
    read_without_waiting,
    poll_by_direction,
    poll_is_woken,
    readers_have_places_of_their_own,
    overrun_moves_to_a_whole_entry,
    lengths,
    wrong_directions,
    unknown_commands,
    versions,
    seeking,
];

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
