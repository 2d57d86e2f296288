//! Named pipes. Source: fifo(7).

use abi_tests::check::Outcome;
use abi_tests::process::{self, spawn, wait};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;

cases![
    fifo_open_waits_for_other_end,
    fifo_reader_nonblocking_sees_end,
    fifo_read_write_open_never_waits,
    fifo_end_of_file_and_new_writer,
    fifo_open_interrupted,
    fifo_survives_unlink,
    fifo_stat_kind,
    fifo_permission,
    fifo_empty_between_uses,
];

fn fifo_open_waits_for_other_end() -> Outcome {
    works!(SYS_mknod, c"p", S_IFIFO | 0o600, 0);
    let child = spawn(|| {
        let fd = sys!(SYS_open, c"p", O_WRONLY);
        sys!(SYS_write, fd, b"hello", 5) as i32
    })?;
    holds!(process::until_asleep(child));
    let fd = works!(SYS_open, c"p", O_RDONLY);
    let mut text = [0u8; 8];
    gives!(5, SYS_read, fd, &mut text, 8);
    same!(wait(child)?, 5 << 8);
    gives!(0, SYS_read, fd, &mut text, 8);
    Ok(())
}

fn fifo_reader_nonblocking_sees_end() -> Outcome {
    works!(SYS_mknod, c"p", S_IFIFO | 0o600, 0);
    let out = works!(SYS_open, c"p", O_RDONLY | O_NONBLOCK);
    gives!(0, SYS_read, out, &mut [0u8], 1);
    let into = works!(SYS_open, c"p", O_WRONLY | O_NONBLOCK);
    fails!(EAGAIN, SYS_read, out, &mut [0u8], 1);
    gives!(1, SYS_write, into, b"x", 1);
    gives!(1, SYS_read, out, &mut [0u8], 1);
    Ok(())
}

fn fifo_read_write_open_never_waits() -> Outcome {
    works!(SYS_mknod, c"p", S_IFIFO | 0o600, 0);
    let both = works!(SYS_open, c"p", O_RDWR);
    gives!(2, SYS_write, both, b"ab", 2);
    let mut text = [0u8; 2];
    gives!(2, SYS_read, both, &mut text, 2);
    works!(SYS_open, c"p", O_WRONLY);
    works!(SYS_open, c"p", O_RDONLY);
    Ok(())
}

fn fifo_end_of_file_and_new_writer() -> Outcome {
    works!(SYS_mknod, c"p", S_IFIFO | 0o600, 0);
    let out = works!(SYS_open, c"p", O_RDONLY | O_NONBLOCK);
    for letter in [b"a", b"b"] {
        let into = works!(SYS_open, c"p", O_WRONLY);
        gives!(1, SYS_write, into, letter, 1);
        works!(SYS_close, into);
        let mut byte = [0u8];
        gives!(1, SYS_read, out, &mut byte, 1);
        same!(&byte, letter);
        gives!(0, SYS_read, out, &mut byte, 1);
    }
    Ok(())
}

extern "C" fn ignore(_: i32, _: &abi_tests::signal::Info, _: &mut abi_tests::signal::Context) {}

fn fifo_open_interrupted() -> Outcome {
    works!(SYS_mknod, c"p", S_IFIFO | 0o600, 0);
    abi_tests::raw::set_handler(SIGUSR1, ignore, 0, 0);
    let child = spawn(|| -sys!(SYS_open, c"p", O_RDONLY) as i32)?;
    holds!(process::until_asleep(child));
    works!(SYS_kill, child, SIGUSR1);
    same!(wait(child)?, EINTR << 8);
    Ok(())
}

fn fifo_survives_unlink() -> Outcome {
    works!(SYS_mknod, c"p", S_IFIFO | 0o600, 0);
    let both = works!(SYS_open, c"p", O_RDWR);
    works!(SYS_unlink, c"p");
    gives!(1, SYS_write, both, b"x", 1);
    gives!(1, SYS_read, both, &mut [0u8], 1);
    Ok(())
}

fn fifo_stat_kind() -> Outcome {
    works!(SYS_mknod, c"p", S_IFIFO | 0o640, 0);
    let both = works!(SYS_open, c"p", O_RDWR);
    gives!(5, SYS_write, both, b"12345", 5);
    let mut stat = [0u64; 18];
    works!(SYS_fstat, both, &mut stat);
    same!((stat[3] as u32, stat[6]), (S_IFIFO | 0o640, 0));
    fails!(ESPIPE, SYS_lseek, both, 0, SEEK_SET);
    fails!(EINVAL, SYS_truncate, c"p", 0);
    Ok(())
}

fn fifo_permission() -> Outcome {
    works!(SYS_mknod, c"p", S_IFIFO | 0o600, 0);
    process::inside_child(|| {
        works!(SYS_setuid, 1000);
        fails!(EACCES, SYS_open, c"p", O_RDONLY | O_NONBLOCK);
        Ok(())
    })
}

/// What was written and not read is gone once the last descriptor is closed.
fn fifo_empty_between_uses() -> Outcome {
    works!(SYS_mknod, c"p", S_IFIFO | 0o600, 0);
    let both = works!(SYS_open, c"p", O_RDWR);
    gives!(1, SYS_write, both, b"x", 1);
    works!(SYS_close, both);
    let both = works!(SYS_open, c"p", O_RDWR | O_NONBLOCK);
    fails!(EAGAIN, SYS_read, both, &mut [0u8], 1);
    Ok(())
}
