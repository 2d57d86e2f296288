//! `/proc/sysrq-trigger`, as far as a program lives to tell of it: who may use it, and the letters
//! that do not end the machine. On Linux none of this can be tried without harm to the host.
//!
//! Those that end it are tried in the scenarios. Source: Linux's
//! `Documentation/admin-guide/sysrq.rst`.

use crate::persona::{inside, open, put, text};
use abi_tests::check::Outcome;
use abi_tests::process::inside_child;
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;
use std::ffi::CStr;

cases![
    a_letter_without_a_meaning_is_taken_and_told_of,
    only_the_first_byte_counts,
    digits_set_the_log_level_of_the_console,
    it_cannot_be_read,
    bad_memory_does_nothing,
    it_is_roots_alone,
    no_other_persona_may_use_it,
];

const TRIGGER: &CStr = c"/proc/sysrq-trigger";
const LEVEL: &CStr = c"/proc/sys/kernel/printk";
const KMSG: &CStr = c"/dev/kmsg";

/// How many records from here on have these words.
fn said(reader: isize, words: &str) -> usize {
    let mut count = 0;
    let mut bytes = vec![0_u8; 8192];
    loop {
        let length = sys!(SYS_read, reader, bytes.as_mut_slice(), bytes.len());
        if length <= 0 {
            return count;
        }
        let record = String::from_utf8_lossy(&bytes[..length as usize]);
        count += usize::from(record.contains(words));
    }
}

/// A reader of what the kernel says from now on.
fn listen() -> Result<isize, abi_tests::check::Failure> {
    let reader = works!(SYS_open, KMSG, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    gives!(0, SYS_lseek, reader, 0, SEEK_END);
    Ok(reader)
}

fn a_letter_without_a_meaning_is_taken_and_told_of() -> Outcome {
    let reader = listen()?;
    let file = open(TRIGGER, O_WRONLY)?;
    for letter in [b"h", b"?", b"C", b"\0", b"\xff"] {
        gives!(1, SYS_write, file, letter, 1);
    }
    same!(said(reader, "sysrq: HELP : "), 5);
    gives!(0, SYS_write, file, b"h", 0);
    same!(said(reader, "sysrq: "), 0);
    Ok(())
}

fn only_the_first_byte_counts() -> Outcome {
    let reader = listen()?;
    put(TRIGGER, "hcb5\n")?;
    let file = open(TRIGGER, O_WRONLY | O_TRUNC)?;
    gives!(0, SYS_lseek, file, 2, SEEK_SET);
    gives!(3, SYS_write, file, b" cb", 3);
    same!(said(reader, "sysrq: HELP : "), 2);
    Ok(())
}

fn digits_set_the_log_level_of_the_console() -> Outcome {
    let before = text(LEVEL)?;
    put(TRIGGER, "3\n")?;
    holds!(text(LEVEL)?.starts_with("3\t"));
    put(TRIGGER, "6")?;
    holds!(text(LEVEL)?.starts_with("6\t"));
    put(LEVEL, &before)
}

fn it_cannot_be_read() -> Outcome {
    let file = open(TRIGGER, O_RDWR)?;
    let mut byte = [0_u8];
    fails!(EIO, SYS_read, file, &mut byte, 1);
    fails!(EIO, SYS_read, file, &mut byte, 1);
    let file = open(TRIGGER, O_RDONLY)?;
    fails!(EBADF, SYS_write, file, b"h", 1);
    Ok(())
}

fn bad_memory_does_nothing() -> Outcome {
    let reader = listen()?;
    let file = open(TRIGGER, O_WRONLY)?;
    fails!(EFAULT, SYS_write, file, 8, 1);
    same!(said(reader, "sysrq: "), 0);
    Ok(())
}

fn it_is_roots_alone() -> Outcome {
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata("/proc/sysrq-trigger")?.permissions(),
    );
    same!(mode, S_IFREG | 0o200);
    inside_child(|| {
        works!(SYS_setresuid, 1000, 1000, 1000);
        fails!(EACCES, SYS_open, TRIGGER, O_WRONLY);
        fails!(EACCES, SYS_open, TRIGGER, O_RDONLY);
        Ok(())
    })
}

fn no_other_persona_may_use_it() -> Outcome {
    let reader = listen()?;
    let file = open(TRIGGER, O_WRONLY)?;
    inside(|| {
        fails!(EPERM, SYS_open, TRIGGER, O_WRONLY);
        fails!(EPERM, SYS_write, file, b"c", 1);
        Ok(())
    })?;
    same!(said(reader, "sysrq: "), 0);
    Ok(())
}
