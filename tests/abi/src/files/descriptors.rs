//! dup, fcntl, close and close_range: the table of descriptors. Source: dup(2), fcntl(2),
//! close_range(2).

use abi_tests::check::Outcome;
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;

cases![
    dup_takes_lowest,
    dup_bad,
    dup_clears_cloexec,
    dup2_replaces,
    dup2_same_is_noop,
    dup2_bad_source,
    dup2_bad_target,
    dup3_cloexec,
    dup3_same_refused,
    dup3_bad_flags,
    fcntl_dupfd_at_least,
    fcntl_dupfd_cloexec,
    fcntl_dupfd_negative,
    fcntl_getfl_of_open_flags,
    fcntl_setfl_changes_only_some,
    fcntl_setfl_shared_by_dup,
    fcntl_setfd,
    fcntl_unknown_command,
    fcntl_bad_descriptor,
    fcntl_owner,
    close_twice,
    close_range_some,
    close_range_cloexec,
    close_range_errors,
    close_range_to_end,
    ioctl_cloexec,
    ioctl_nonblocking,
    ioctl_not_a_terminal,
    ioctl_readable_bytes,
    send_to_what_is_no_socket,
];

fn open_flags(fd: isize) -> isize {
    sys!(SYS_fcntl, fd, F_GETFD)
}

fn dup_takes_lowest() -> Outcome {
    let a = works!(SYS_open, c"/", O_RDONLY);
    let b = works!(SYS_dup, a);
    holds!(b > a);
    works!(SYS_close, a);
    gives!(a, SYS_dup, b);
    Ok(())
}

fn dup_bad() -> Outcome {
    fails!(EBADF, SYS_dup, 99);
    fails!(EBADF, SYS_dup, -1);
    Ok(())
}

fn dup_clears_cloexec() -> Outcome {
    let a = works!(SYS_open, c"/", O_RDONLY | O_CLOEXEC);
    let b = works!(SYS_dup, a);
    same!(open_flags(b), 0);
    let c = works!(SYS_dup2, a, 40);
    same!(open_flags(c), 0);
    same!(open_flags(a), 1);
    Ok(())
}

fn dup2_replaces() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let a = works!(SYS_open, c"/dev/zero", O_RDONLY);
    gives!(ends[0], SYS_dup2, a, ends[0]);
    let mut byte = [1u8; 1];
    gives!(1, SYS_read, ends[0], &mut byte, 1);
    same!(byte[0], 0);
    abi_tests::signal::dispose(SIGPIPE, SIG_IGN);
    fails!(EPIPE, SYS_write, ends[1], &byte, 1);
    Ok(())
}

fn dup2_same_is_noop() -> Outcome {
    let a = works!(SYS_open, c"/", O_RDONLY | O_CLOEXEC);
    gives!(a, SYS_dup2, a, a);
    same!(open_flags(a), 1);
    Ok(())
}

fn dup2_bad_source() -> Outcome {
    fails!(EBADF, SYS_dup2, 99, 50);
    fails!(EBADF, SYS_dup2, 99, 99);
    Ok(())
}

fn dup2_bad_target() -> Outcome {
    fails!(EBADF, SYS_dup2, 0, -1);
    fails!(EBADF, SYS_dup2, 0, i32::MAX);
    Ok(())
}

fn dup3_cloexec() -> Outcome {
    let a = works!(SYS_open, c"/", O_RDONLY);
    gives!(60, SYS_dup3, a, 60, O_CLOEXEC);
    same!(open_flags(60), 1);
    Ok(())
}

fn dup3_same_refused() -> Outcome {
    let a = works!(SYS_open, c"/", O_RDONLY);
    fails!(EINVAL, SYS_dup3, a, a, 0);
    Ok(())
}

fn dup3_bad_flags() -> Outcome {
    let a = works!(SYS_open, c"/", O_RDONLY);
    fails!(EINVAL, SYS_dup3, a, 60, O_APPEND);
    Ok(())
}

fn fcntl_dupfd_at_least() -> Outcome {
    let a = works!(SYS_open, c"/", O_RDONLY);
    gives!(100, SYS_fcntl, a, F_DUPFD, 100);
    gives!(101, SYS_fcntl, a, F_DUPFD, 100);
    same!(open_flags(101), 0);
    Ok(())
}

fn fcntl_dupfd_cloexec() -> Outcome {
    let a = works!(SYS_open, c"/", O_RDONLY);
    gives!(100, SYS_fcntl, a, F_DUPFD_CLOEXEC, 100);
    same!(open_flags(100), 1);
    Ok(())
}

fn fcntl_dupfd_negative() -> Outcome {
    let a = works!(SYS_open, c"/", O_RDONLY);
    fails!(EINVAL, SYS_fcntl, a, F_DUPFD, -1);
    fails!(EINVAL, SYS_fcntl, a, F_DUPFD, i32::MAX);
    Ok(())
}

/// Flags that act only on opening (O_CREAT, O_TRUNC …) are not kept; O_LARGEFILE always is set.
fn fcntl_getfl_of_open_flags() -> Outcome {
    let flags = O_CREAT | O_TRUNC | O_RDWR | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
    let fd = works!(SYS_open, c"f", flags, 0o600);
    gives!(
        O_RDWR | O_APPEND | O_NONBLOCK | 0o100000,
        SYS_fcntl,
        fd,
        F_GETFL
    );
    Ok(())
}

fn fcntl_setfl_changes_only_some() -> Outcome {
    let fd = works!(SYS_open, c"f", O_CREAT | O_RDONLY, 0o600);
    gives!(
        0,
        SYS_fcntl,
        fd,
        F_SETFL,
        O_RDWR | O_NONBLOCK | O_EXCL | O_APPEND
    );
    gives!(O_NONBLOCK | O_APPEND | 0o100000, SYS_fcntl, fd, F_GETFL);
    gives!(0, SYS_fcntl, fd, F_SETFL, 0);
    gives!(0o100000, SYS_fcntl, fd, F_GETFL);
    Ok(())
}

fn fcntl_setfl_shared_by_dup() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let copy = works!(SYS_dup, ends[0]);
    works!(SYS_fcntl, copy, F_SETFL, O_NONBLOCK);
    let mut byte = [0u8; 1];
    fails!(EAGAIN, SYS_read, ends[0], &mut byte, 1);
    Ok(())
}

fn fcntl_setfd() -> Outcome {
    let fd = works!(SYS_open, c"/", O_RDONLY);
    gives!(0, SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
    same!(open_flags(fd), 1);
    gives!(0, SYS_fcntl, fd, F_SETFD, 2);
    same!(open_flags(fd), 0);
    Ok(())
}

fn fcntl_unknown_command() -> Outcome {
    let fd = works!(SYS_open, c"/", O_RDONLY);
    fails!(EINVAL, SYS_fcntl, fd, 9999, 0);
    fails!(EINVAL, SYS_fcntl, fd, -1, 0);
    gives!(F_UNLCK, SYS_fcntl, fd, F_GETLEASE, 0);
    Ok(())
}

fn fcntl_bad_descriptor() -> Outcome {
    for command in [F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, 9999] {
        fails!(EBADF, SYS_fcntl, 99, command, 0);
    }
    Ok(())
}

fn fcntl_owner() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    gives!(0, SYS_fcntl, ends[0], F_GETOWN, 0);
    let me = works!(SYS_getpid);
    gives!(0, SYS_fcntl, ends[0], F_SETOWN, me);
    gives!(me, SYS_fcntl, ends[0], F_GETOWN, 0);
    Ok(())
}

fn close_twice() -> Outcome {
    let fd = works!(SYS_open, c"/", O_RDONLY);
    gives!(0, SYS_close, fd);
    fails!(EBADF, SYS_close, fd);
    Ok(())
}

fn close_range_some() -> Outcome {
    for target in 50..60 {
        works!(SYS_dup2, 0, target);
    }
    gives!(0, SYS_close_range, 52, 56, 0);
    let open: Vec<i32> = (50..60)
        .filter(|fd| open_flags(*fd as isize) >= 0)
        .collect();
    same!(open, [50, 51, 57, 58, 59]);
    Ok(())
}

fn close_range_cloexec() -> Outcome {
    for target in 50..54 {
        works!(SYS_dup2, 0, target);
    }
    gives!(0, SYS_close_range, 51, 52, CLOSE_RANGE_CLOEXEC);
    let flags: Vec<isize> = (50..54).map(open_flags).collect();
    same!(flags, [0, 1, 1, 0]);
    Ok(())
}

fn close_range_errors() -> Outcome {
    fails!(EINVAL, SYS_close_range, 60, 50, 0);
    fails!(EINVAL, SYS_close_range, 50, 60, 8);
    Ok(())
}

fn close_range_to_end() -> Outcome {
    works!(SYS_dup2, 0, 50);
    gives!(0, SYS_close_range, 50, u32::MAX, 0);
    same!(open_flags(50), -(EBADF as isize));
    gives!(0, SYS_close_range, 1000, u32::MAX, 0);
    Ok(())
}

fn ioctl_cloexec() -> Outcome {
    let fd = works!(SYS_open, c"/", O_RDONLY);
    gives!(0, SYS_ioctl, fd, FIOCLEX, 0);
    same!(open_flags(fd), 1);
    gives!(0, SYS_ioctl, fd, FIONCLEX, 0);
    same!(open_flags(fd), 0);
    Ok(())
}

fn ioctl_nonblocking() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    gives!(0, SYS_ioctl, ends[0], FIONBIO, &1i32);
    gives!(O_NONBLOCK, SYS_fcntl, ends[0], F_GETFL);
    gives!(0, SYS_ioctl, ends[0], FIONBIO, &0i32);
    gives!(0, SYS_fcntl, ends[0], F_GETFL);
    Ok(())
}

fn ioctl_not_a_terminal() -> Outcome {
    let fd = works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o600);
    let mut buffer = [0u8; 64];
    fails!(ENOTTY, SYS_ioctl, fd, TCGETS, &mut buffer);
    fails!(ENOTTY, SYS_ioctl, fd, TIOCGWINSZ, &mut buffer);
    fails!(ENOTTY, SYS_ioctl, fd, 0x1234_5678, 0);
    fails!(EBADF, SYS_ioctl, 99, TCGETS, &mut buffer);
    Ok(())
}

fn ioctl_readable_bytes() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    gives!(5, SYS_write, ends[1], b"12345", 5);
    let mut count = 0i32;
    gives!(0, SYS_ioctl, ends[0], FIONREAD, &mut count);
    same!(count, 5);
    let fd = works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o600);
    gives!(7, SYS_write, fd, b"1234567", 7);
    works!(SYS_lseek, fd, 3, SEEK_SET);
    gives!(0, SYS_ioctl, fd, FIONREAD, &mut count);
    same!(count, 4);
    Ok(())
}

/// With nothing to send, as programs ask whether it is a socket.
fn send_to_what_is_no_socket() -> Outcome {
    let file = works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o600);
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    for descriptor in [file, ends[0] as isize, ends[1] as isize] {
        for count in [0, 4] {
            fails!(ENOTSOCK, SYS_sendto, descriptor, c"some", count, 0, 0, 0);
        }
    }
    let path = works!(SYS_open, c"f", O_PATH);
    for descriptor in [path, 99, -1] {
        fails!(EBADF, SYS_sendto, descriptor, c"some", 4, 0, 0, 0);
    }
    fails!(EFAULT, SYS_sendto, 99, usize::MAX - 9, 4, 0, 0, 0);
    Ok(())
}
