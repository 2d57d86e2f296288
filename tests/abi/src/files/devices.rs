//! The devices that need no hardware. Source: null(4), full(4), random(4).

use abi_tests::check::Outcome;
use abi_tests::{cases, fails, gives, same, works};
use libc::*;

cases![
    write_to_full_device,
    read_zero_device,
    null_device,
    random_devices,
];

fn write_to_full_device() -> Outcome {
    let fd = works!(SYS_open, c"/dev/full", O_RDWR);
    fails!(ENOSPC, SYS_write, fd, b"x", 1);
    let mut a = [1u8; 4];
    gives!(4, SYS_read, fd, &mut a, 4);
    same!(a, [0; 4]);
    Ok(())
}

fn read_zero_device() -> Outcome {
    let fd = works!(SYS_open, c"/dev/zero", O_RDWR);
    let mut a = [1u8; 4];
    gives!(4, SYS_read, fd, &mut a, 4);
    same!(a, [0; 4]);
    gives!(4, SYS_write, fd, &a, 4);
    Ok(())
}

fn null_device() -> Outcome {
    let fd = works!(SYS_open, c"/dev/null", O_RDWR);
    let mut a = [1u8; 4];
    gives!(0, SYS_read, fd, &mut a, 4);
    gives!(4, SYS_write, fd, &a, 4);
    gives!(4, SYS_write, fd, 0, 4);
    gives!(0, SYS_lseek, fd, 100, SEEK_SET);
    fails!(ENOTTY, SYS_ioctl, fd, TCGETS, &mut [0u8; 64]);
    Ok(())
}

fn random_devices() -> Outcome {
    for name in [c"/dev/random", c"/dev/urandom"] {
        let fd = works!(SYS_open, name, O_RDONLY);
        let mut a = [0u8; 32];
        gives!(32, SYS_read, fd, &mut a, 32);
        let mut b = [0u8; 32];
        gives!(32, SYS_read, fd, &mut b, 32);
        same!(a == b, false);
    }
    Ok(())
}
