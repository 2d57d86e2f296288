//! Terminals, by way of pseudoterminals: the line discipline, windows and job control.

use abi_tests::check::{Case, Failure, Outcome};
use abi_tests::{same, works};
use libc::*;

mod jobs;
mod line;
mod pty;

/// The tables of this family.
pub const TABLES: &[&[Case]] = &[pty::CASES, line::CASES, jobs::CASES];

/// A pseudoterminal: the master and the slave, neither the controlling terminal of anyone.
struct Pair {
    master: isize,
    slave: isize,
}

/// Opens a new pair.
fn pair() -> Result<Pair, Failure> {
    let master = works!(SYS_open, c"/dev/ptmx", O_RDWR | O_NOCTTY);
    works!(SYS_ioctl, master, TIOCSPTLCK, &0i32);
    let slave = works!(SYS_open, name(master)?.as_c_str(), O_RDWR | O_NOCTTY);
    Ok(Pair { master, slave })
}

/// The path of the slave that belongs to `master`.
fn name(master: isize) -> Result<std::ffi::CString, Failure> {
    let mut number = -1i32;
    works!(SYS_ioctl, master, TIOCGPTN, &mut number);
    Ok(std::ffi::CString::new(format!("/dev/pts/{number}")).unwrap_or_default())
}

/// `struct termios` as the kernel has it: four flag words, line discipline, 19 control characters.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Termios {
    input: u32,
    output: u32,
    control: u32,
    local: u32,
    discipline: u8,
    characters: [u8; 19],
}

/// Reads the settings.
fn settings(fd: isize) -> Result<Termios, Failure> {
    let mut now = Termios::default();
    works!(SYS_ioctl, fd, TCGETS, &mut now);
    Ok(now)
}

/// Changes the settings by `change`.
fn set(fd: isize, change: impl FnOnce(&mut Termios)) -> Result<(), Failure> {
    let mut now = settings(fd)?;
    change(&mut now);
    works!(SYS_ioctl, fd, TCSETS, &now);
    Ok(())
}

/// Writes text to a side.
fn put(fd: isize, text: &str) -> Result<(), Failure> {
    let count = works!(SYS_write, fd, text.as_bytes(), text.len());
    match count as usize == text.len() {
        true => Ok(()),
        false => Err(Failure::Wrong(format!(
            "a write of {} bytes took {count}",
            text.len()
        ))),
    }
}

/// One read from a side.
fn get(fd: isize) -> Result<String, Failure> {
    let mut text = [0u8; 5000];
    let count = works!(SYS_read, fd, &mut text, text.len()) as usize;
    Ok(String::from_utf8_lossy(&text[..count]).into_owned())
}

/// Waits until this many bytes can be read at once. Linux hands them over in a work queue, a
/// little after the write.
fn arrived(fd: isize, count: i32) -> bool {
    abi_tests::process::until(|| waiting(fd).is_ok_and(|seen| seen == count))
}

/// Checks that exactly this can be read, all of it at once.
fn shows(fd: isize, text: &str) -> Outcome {
    arrived(fd, text.len() as i32);
    same!(get(fd)?, text);
    Ok(())
}

/// How many bytes could be read at once.
fn waiting(fd: isize) -> Result<i32, Failure> {
    let mut count = -1i32;
    works!(SYS_ioctl, fd, FIONREAD, &mut count);
    Ok(count)
}
