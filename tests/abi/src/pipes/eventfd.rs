//! Event counters. Source: eventfd(2).

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, spawn, wait};
use abi_tests::{cases, fails, gives, holds, same, works};
use libc::*;
use std::os::unix::fs::MetadataExt;

cases![
    eventfd_flags,
    eventfd_read_takes_all,
    eventfd_semaphore_takes_one,
    eventfd_short_buffers,
    eventfd_overflow_waits,
    eventfd_poll_states,
    eventfd_reader_sleeps,
    eventfd_writer_sleeps,
    eventfd_edges_in_epoll,
    eventfd_name_and_fdinfo,
];

fn create(count: u32, flags: i32) -> Result<i32, Failure> {
    Ok(works!(SYS_eventfd2, count, flags) as i32)
}

fn add(fd: i32, count: u64) -> Outcome {
    gives!(8, SYS_write, fd, &count, 8);
    Ok(())
}

fn take(fd: i32) -> Result<u64, Failure> {
    let mut count = 0u64;
    gives!(8, SYS_read, fd, &mut count, 8);
    Ok(count)
}

fn eventfd_flags() -> Outcome {
    fails!(EINVAL, SYS_eventfd2, 0, 2);
    fails!(EINVAL, SYS_eventfd2, 0, O_APPEND);
    let plain = works!(SYS_eventfd, 3);
    gives!(O_RDWR, SYS_fcntl, plain, F_GETFL);
    gives!(0, SYS_fcntl, plain, F_GETFD);
    let both = create(0, EFD_NONBLOCK | EFD_CLOEXEC)?;
    gives!(O_RDWR | O_NONBLOCK, SYS_fcntl, both, F_GETFL);
    gives!(FD_CLOEXEC, SYS_fcntl, both, F_GETFD);
    gives!(0, SYS_lseek, both, 5, SEEK_SET);
    fails!(ESPIPE, SYS_pread64, both, &mut 0u64, 8, 0);
    Ok(())
}

fn eventfd_read_takes_all() -> Outcome {
    let fd = create(3, EFD_NONBLOCK)?;
    add(fd, 4)?;
    same!(take(fd)?, 7);
    fails!(EAGAIN, SYS_read, fd, &mut 0u64, 8);
    add(fd, 0)?;
    fails!(EAGAIN, SYS_read, fd, &mut 0u64, 8);
    Ok(())
}

fn eventfd_semaphore_takes_one() -> Outcome {
    let fd = create(2, EFD_NONBLOCK | EFD_SEMAPHORE)?;
    same!((take(fd)?, take(fd)?), (1, 1));
    fails!(EAGAIN, SYS_read, fd, &mut 0u64, 8);
    Ok(())
}

fn eventfd_short_buffers() -> Outcome {
    let fd = create(5, EFD_NONBLOCK)?;
    fails!(EINVAL, SYS_read, fd, &mut [0u8; 7], 7);
    fails!(EINVAL, SYS_write, fd, &[0u8; 7], 7);
    fails!(EFAULT, SYS_write, fd, 8, 8);
    let mut long = [0u64; 2];
    gives!(8, SYS_read, fd, &mut long, 16);
    same!(long, [5, 0]);
    Ok(())
}

fn eventfd_overflow_waits() -> Outcome {
    let fd = create(1, EFD_NONBLOCK)?;
    fails!(EINVAL, SYS_write, fd, &u64::MAX, 8);
    fails!(EAGAIN, SYS_write, fd, &(u64::MAX - 1), 8);
    add(fd, u64::MAX - 2)?;
    fails!(EAGAIN, SYS_write, fd, &1u64, 8);
    add(fd, 0)?;
    same!(take(fd)?, u64::MAX - 1);
    Ok(())
}

fn poll(fd: i32) -> Result<i16, Failure> {
    let mut list = [pollfd {
        fd,
        events: POLLIN | POLLOUT,
        revents: 0,
    }];
    works!(SYS_poll, &mut list, 1, 0);
    Ok(list[0].revents)
}

fn eventfd_poll_states() -> Outcome {
    let fd = create(0, 0)?;
    same!(poll(fd)?, POLLOUT);
    add(fd, 1)?;
    same!(poll(fd)?, POLLIN | POLLOUT);
    add(fd, u64::MAX - 2)?;
    same!(poll(fd)?, POLLIN);
    Ok(())
}

fn eventfd_reader_sleeps() -> Outcome {
    let fd = create(0, 0)?;
    let child = spawn(|| take(fd).map_or(0, |count| count as i32))?;
    holds!(process::until_asleep(child));
    add(fd, 9)?;
    same!(wait(child)?, 9 << 8);
    Ok(())
}

fn eventfd_writer_sleeps() -> Outcome {
    let fd = create(0, 0)?;
    add(fd, u64::MAX - 1)?;
    let child = spawn(|| add(fd, 5).is_err() as i32)?;
    holds!(process::until_asleep(child));
    same!(take(fd)?, u64::MAX - 1);
    same!(wait(child)?, 0);
    same!(take(fd)?, 5);
    Ok(())
}

fn eventfd_edges_in_epoll() -> Outcome {
    let (fd, epoll) = (create(0, 0)?, works!(SYS_epoll_create1, 0));
    let wanted = epoll_event {
        events: (EPOLLIN | EPOLLET) as u32,
        u64: 4,
    };
    gives!(0, SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, fd, &wanted);
    let mut room = [wanted; 2];
    for _ in 0..2 {
        gives!(0, SYS_epoll_wait, epoll, &mut room, 2, 0);
        add(fd, 1)?;
        gives!(1, SYS_epoll_wait, epoll, &mut room, 2, 0);
    }
    same!(take(fd)?, 2);
    Ok(())
}

fn eventfd_name_and_fdinfo() -> Outcome {
    let fd = create(0x1f, 0)?;
    let name = std::fs::read_link(format!("/proc/self/fd/{fd}"))?;
    same!(name.to_str(), Some("anon_inode:[eventfd]"));
    // It is of none of the kinds that stat(2) knows.
    let epoll = works!(SYS_epoll_create1, 0);
    let timer = works!(SYS_timerfd_create, CLOCK_MONOTONIC, 0);
    let process = works!(SYS_pidfd_open, std::process::id(), 0);
    for fd in [fd as isize, epoll, timer, process] {
        let metadata = std::fs::metadata(format!("/proc/self/fd/{fd}"))?;
        holds!(!metadata.file_type().is_file());
    }
    same!(
        std::fs::metadata(format!("/proc/self/fd/{epoll}"))?.mode(),
        0o600
    );
    let text = std::fs::read_to_string(format!("/proc/self/fdinfo/{fd}"))?;
    holds!(
        text.contains("eventfd-count:               1f\n"),
        "saw {text:?}"
    );
    Ok(())
}
