//! The file itself and its ioctls.

use abi_tests::check::{Outcome, note};
use abi_tests::{cases, fails, holds, same, sys};
use libc::*;

use crate::endpoint::Endpoint;
use crate::expect::{answered, extended_error};
use crate::protocol::ioctl;

cases![
    version,
    version_at_a_bad_address,
    unknown_ioctl,
    ioctl_of_another_type,
    known_number_with_another_size,
    read_and_write_calls,
    read_only_descriptor,
    max_threads,
    max_threads_at_a_bad_address,
    idle_timeout,
    idle_priority,
    thread_exit,
    spam_detection_at_a_bad_address,
    extended_error_at_first,
    extended_error_at_a_bad_address,
    fsync_and_seek,
];

/// An address that nothing is mapped at.
const NOWHERE: usize = 8;

fn version() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    let mut version = 0u32;
    same!(endpoint.ioctl(ioctl::VERSION, &mut version), 0);
    same!(version, 8);
    note("8");
    Ok(())
}

fn version_at_a_bad_address() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    answered("VERSION", endpoint.ioctl(ioctl::VERSION, NOWHERE), EINVAL)
}

fn unknown_ioctl() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    for number in [0u32, 2, 4, 10, 18, 99] {
        let number = 0x4004_6200 | number;
        let seen = endpoint.ioctl(number, &[0u64; 8]);
        same!((number, seen), (number, -(EINVAL as isize)));
    }
    note("EINVAL");
    Ok(())
}

fn ioctl_of_another_type() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    // A terminal's.
    let seen = endpoint.ioctl(TCGETS as u32, &[0u64; 8]);
    answered("TCGETS", seen, EINVAL)
}

fn known_number_with_another_size() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    for number in [ioctl::VERSION, ioctl::SET_MAX_THREADS, ioctl::WRITE_READ] {
        let other = number ^ 4 << 16;
        same!(endpoint.ioctl(other, &[0u64; 8]), -(EINVAL as isize));
    }
    note("EINVAL");
    Ok(())
}

fn read_and_write_calls() -> Outcome {
    let endpoint = Endpoint::open()?;
    let mut buffer = [0u8; 64];
    fails!(EINVAL, SYS_read, endpoint.fd, &mut buffer, 64);
    fails!(EINVAL, SYS_write, endpoint.fd, &buffer, 64);
    note("EINVAL");
    Ok(())
}

fn read_only_descriptor() -> Outcome {
    let fd = sys!(SYS_open, c"/dev/binder", O_RDONLY);
    holds!(fd >= 0);
    let mut version = 0u32;
    same!(sys!(SYS_ioctl, fd, ioctl::VERSION, &mut version), 0);
    let map = sys!(SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    holds!(!(-4095..0).contains(&map));
    Ok(())
}

fn max_threads() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    for count in [0u32, 15, u32::MAX] {
        same!(endpoint.ioctl(ioctl::SET_MAX_THREADS, &count), 0);
    }
    Ok(())
}

fn max_threads_at_a_bad_address() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    let seen = endpoint.ioctl(ioctl::SET_MAX_THREADS, NOWHERE);
    answered("SET_MAX_THREADS", seen, EINVAL)
}

fn idle_timeout() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    let seen = endpoint.ioctl(ioctl::SET_IDLE_TIMEOUT, &1u64);
    answered("SET_IDLE_TIMEOUT", seen, EINVAL)
}

fn idle_priority() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    let seen = endpoint.ioctl(ioctl::SET_IDLE_PRIORITY, &1u64);
    answered("SET_IDLE_PRIORITY", seen, EINVAL)
}

fn thread_exit() -> Outcome {
    let endpoint = Endpoint::open()?;
    for _ in 0..3 {
        same!(endpoint.ioctl(ioctl::THREAD_EXIT, 0usize), 0);
    }
    // The next call makes the thread known again.
    same!(endpoint.take()?, []);
    Ok(())
}

fn spam_detection_at_a_bad_address() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    let number = ioctl::ENABLE_ONEWAY_SPAM_DETECTION;
    answered("it", endpoint.ioctl(number, NOWHERE), EFAULT)?;
    same!(endpoint.ioctl(number, &1u32), 0);
    same!(endpoint.ioctl(number, &0u32), 0);
    Ok(())
}

fn extended_error_at_first() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    let (id, command, parameter) = extended_error(&endpoint)?;
    // BR_OK.
    same!((id, command, parameter), (0, 0x7201, 0));
    Ok(())
}

fn extended_error_at_a_bad_address() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    let seen = endpoint.ioctl(ioctl::GET_EXTENDED_ERROR, NOWHERE);
    answered("GET_EXTENDED_ERROR", seen, EFAULT)
}

fn fsync_and_seek() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    fails!(EINVAL, SYS_fsync, endpoint.fd);
    fails!(ESPIPE, SYS_lseek, endpoint.fd, 0, SEEK_SET);
    Ok(())
}
