//! Open files in parcels.

use abi_tests::check::{Failure, Outcome};
use abi_tests::{cases, gives, holds, same, sys};
use libc::*;

use crate::commands::Commands;
use crate::expect::{failed, saw};
use crate::pair::{NODE, Pair, look_up, publish};
use crate::parcel::{Parcel, binder, descriptor, flat};
use crate::protocol::{object, tf};

cases![
    arrives_open,
    close_on_exec,
    lowest_free_number,
    same_open_file,
    several,
    in_a_reply,
    in_a_reply_that_nobody_allowed,
    to_a_node_that_takes_none,
    not_open,
    negative,
    failed_call_leaves_none_open,
    failed_later_leaves_none_open,
    receiver_has_no_room,
    dropped_with_the_receiver,
    one_way,
    cookie_arrives,
    the_binder_file_itself,
    closed_by_the_sender_meanwhile,
    freeing_the_buffer_does_not_close,
];

/// A pipe: its read end and its write end.
fn pipe() -> Result<[i32; 2], Failure> {
    let mut ends = [0i32; 2];
    gives!(0, SYS_pipe2, &mut ends, O_CLOEXEC);
    Ok(ends)
}

/// How many descriptors this process has open.
fn open_count() -> usize {
    (0..200)
        .filter(|fd| sys!(SYS_fcntl, *fd, F_GETFD) >= 0)
        .count()
}

/// Whether what is written to `to` can be read from `from`.
fn connected(to: i32, from: i32) -> Outcome {
    let mut buffer = [0u8; 8];
    gives!(4, SYS_write, to, b"ping", 4);
    gives!(4, SYS_read, from, &mut buffer, 8);
    same!(&buffer[..4], b"ping");
    Ok(())
}

fn arrives_open() -> Outcome {
    let pair = Pair::new()?;
    let ends = pipe()?;
    let asked = pair.call(1, 0, &Parcel::default().object(&descriptor(ends[1])))?;
    same!(asked.number(0), object::FD);
    let fd = asked.number(8) as i32;
    holds!(fd != ends[1]);
    connected(fd, ends[0])
}

fn close_on_exec() -> Outcome {
    let pair = Pair::new()?;
    let fd = sys!(SYS_dup, 0) as i32;
    same!(sys!(SYS_fcntl, fd, F_GETFD), 0);
    let asked = pair.call(1, 0, &Parcel::default().object(&descriptor(fd)))?;
    gives!(FD_CLOEXEC, SYS_fcntl, asked.number(8), F_GETFD);
    Ok(())
}

fn lowest_free_number() -> Outcome {
    let pair = Pair::new()?;
    let free = sys!(SYS_dup, 0);
    sys!(SYS_close, free);
    let asked = pair.call(1, 0, &Parcel::default().object(&descriptor(0)))?;
    same!(asked.number(8) as isize, free);
    Ok(())
}

fn same_open_file() -> Outcome {
    let pair = Pair::new()?;
    std::fs::write("file", "0123456789")?;
    let fd = sys!(SYS_open, c"file", O_RDONLY) as i32;
    let asked = pair.call(1, 0, &Parcel::default().object(&descriptor(fd)))?;
    let theirs = asked.number(8);
    gives!(4, SYS_lseek, fd, 4, SEEK_SET);
    gives!(4, SYS_lseek, theirs, 0, SEEK_CUR);
    Ok(())
}

fn several() -> Outcome {
    let pair = Pair::new()?;
    let ends = pipe()?;
    let parcel = Parcel::default()
        .object(&descriptor(ends[0]))
        .object(&descriptor(ends[1]))
        .object(&descriptor(ends[1]));
    let asked = pair.call(1, 0, &parcel)?;
    let fds = [8, 32, 56].map(|at| asked.number(at) as i32);
    connected(fds[1], fds[0])?;
    connected(fds[2], fds[0])
}

fn in_a_reply() -> Outcome {
    let pair = Pair::new()?;
    let ends = pipe()?;
    let answer = Parcel::default().object(&descriptor(ends[1]));
    let (_, came) = pair.round(&Parcel::default(), &answer)?;
    connected(came.number(8) as i32, ends[0])
}

fn in_a_reply_that_nobody_allowed() -> Outcome {
    let pair = Pair::new()?;
    pair.call(1, 0, &Parcel::default())?;
    let before = open_count();
    let answer = Parcel::default().object(&descriptor(0));
    pair.server.write(&Commands::new().reply(0, &answer))?;
    saw(&pair.server.take()?, "TRANSACTION_COMPLETE")?;
    failed(&pair.client, "TRANSACTION_COMPLETE FAILED_REPLY", EPERM)?;
    same!(open_count(), before);
    Ok(())
}

fn to_a_node_that_takes_none() -> Outcome {
    let pair = Pair::new()?;
    publish(&pair.server, 1, &flat(object::BINDER, 0, 0x5000, 0))?;
    let handle = look_up(&pair.client, 1)?;
    let parcel = Parcel::default().object(&descriptor(0));
    pair.client
        .write(&Commands::new().transaction(handle, 1, tf::ACCEPT_FDS, &parcel))?;
    failed(&pair.client, "FAILED_REPLY", EPERM)
}

fn not_open() -> Outcome {
    let pair = Pair::new()?;
    let parcel = Parcel::default().object(&descriptor(199));
    pair.client
        .write(&Commands::new().transaction(pair.handle, 1, 0, &parcel))?;
    failed(&pair.client, "FAILED_REPLY", EBADF)
}

fn negative() -> Outcome {
    let pair = Pair::new()?;
    let parcel = Parcel::default().object(&descriptor(-1));
    pair.client
        .write(&Commands::new().transaction(pair.handle, 1, 0, &parcel))?;
    failed(&pair.client, "FAILED_REPLY", EBADF)
}

fn failed_call_leaves_none_open() -> Outcome {
    let pair = Pair::new()?;
    let before = open_count();
    let parcel = Parcel::default()
        .object(&descriptor(0))
        .object(&descriptor(0))
        .object(&descriptor(199));
    pair.client
        .write(&Commands::new().transaction(pair.handle, 1, 0, &parcel))?;
    failed(&pair.client, "FAILED_REPLY", EBADF)?;
    same!(open_count(), before);
    Ok(())
}

/// The end of a pipe whose other end is closed tells when the last writer is gone.
fn failed_later_leaves_none_open() -> Outcome {
    let pair = Pair::new()?;
    let ends = pipe()?;
    let parcel = Parcel::default()
        .object(&descriptor(ends[1]))
        .object(&binder(NODE.0, 0));
    let mut bad = parcel.clone();
    bad.offsets[1] = 1;
    pair.client
        .write(&Commands::new().transaction(pair.handle, 1, 0, &bad))?;
    failed(&pair.client, "FAILED_REPLY", EFAULT)?;
    gives!(0, SYS_close, ends[1]);
    let mut buffer = [0u8; 8];
    // The end of the file: nobody has the write end.
    gives!(0, SYS_read, ends[0], &mut buffer, 8);
    Ok(())
}

fn receiver_has_no_room() -> Outcome {
    let pair = Pair::new()?;
    let before = open_count();
    // No number is free below the limit.
    let highest = (0..200).rev().find(|fd| sys!(SYS_fcntl, *fd, F_GETFD) >= 0);
    let limit = highest.unwrap_or(0) as u64 + 1;
    for fd in 0..limit {
        if sys!(SYS_fcntl, fd, F_GETFD) < 0 {
            sys!(SYS_dup3, 0, fd, O_CLOEXEC);
        }
    }
    let before = before.max(open_count());
    gives!(0, SYS_prlimit64, 0, RLIMIT_NOFILE, &[limit, 4096], 0);
    let parcel = Parcel::default().object(&descriptor(0));
    pair.client
        .write(&Commands::new().transaction(pair.handle, 1, 0, &parcel))?;
    // The receiver sees nothing of it, and the sender is told when the receiver reads.
    saw(&pair.server.take()?, "")?;
    saw(&pair.client.take()?, "TRANSACTION_COMPLETE FAILED_REPLY")?;
    same!(open_count(), before);
    Ok(())
}

fn dropped_with_the_receiver() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        manager,
    } = Pair::new()?;
    let ends = pipe()?;
    let parcel = Parcel::default().object(&descriptor(ends[1]));
    client.write(&Commands::new().transaction(handle, 1, tf::ONE_WAY, &parcel))?;
    drop(server);
    gives!(0, SYS_close, ends[1]);
    let mut buffer = [0u8; 8];
    gives!(0, SYS_read, ends[0], &mut buffer, 8);
    manager.kill()
}

fn one_way() -> Outcome {
    let pair = Pair::new()?;
    let ends = pipe()?;
    let asked = pair.call_one_way(1, &Parcel::default().object(&descriptor(ends[1])))?;
    connected(asked.number(8) as i32, ends[0])
}

fn cookie_arrives() -> Outcome {
    let pair = Pair::new()?;
    let object = flat(object::FD, 0, 0, 0x1122_3344_5566_7788);
    let asked = pair.call(1, 0, &Parcel::default().object(&object))?;
    same!(asked.word(16), 0x1122_3344_5566_7788);
    Ok(())
}

fn the_binder_file_itself() -> Outcome {
    let pair = Pair::new()?;
    let parcel = Parcel::default().object(&descriptor(pair.server.fd));
    let asked = pair.call(1, 0, &parcel)?;
    let mut version = 0u32;
    let fd = asked.number(8);
    gives!(
        0,
        SYS_ioctl,
        fd,
        crate::protocol::ioctl::VERSION,
        &mut version
    );
    gives!(0, SYS_close, fd);
    Ok(())
}

fn closed_by_the_sender_meanwhile() -> Outcome {
    let pair = Pair::new()?;
    let ends = pipe()?;
    let parcel = Parcel::default().object(&descriptor(ends[1]));
    pair.client
        .write(&Commands::new().transaction(pair.handle, 1, 0, &parcel))?;
    gives!(0, SYS_close, ends[1]);
    let asked = pair.server.transaction()?;
    connected(asked.number(8) as i32, ends[0])
}

fn freeing_the_buffer_does_not_close() -> Outcome {
    let pair = Pair::new()?;
    let ends = pipe()?;
    let asked = pair.call(1, 0, &Parcel::default().object(&descriptor(ends[1])))?;
    let fd = asked.number(8) as i32;
    pair.server.write(
        &Commands::new()
            .free(asked.buffer)
            .reply(0, &Parcel::default()),
    )?;
    connected(fd, ends[0])
}
