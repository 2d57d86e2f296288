//! The questions of `test` about files.

use super::Answer;
use crate::text::{number, os};
use rustix::fs::{Access, AtFlags, CWD, accessat};
use std::fs::Metadata;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// Answers `-letter operand`.
pub(super) fn question(letter: u8, operand: &[u8]) -> Answer {
    if letter == b't' {
        let terminal = match number::<i32>(operand) {
            Some(0) => rustix::termios::isatty(rustix::stdio::stdin()),
            Some(1) => rustix::termios::isatty(rustix::stdio::stdout()),
            Some(2) => rustix::termios::isatty(rustix::stdio::stderr()),
            // Others are asked through their entry in /proc, which leads to the same file.
            Some(other) => std::fs::File::open(format!("/proc/self/fd/{other}"))
                .is_ok_and(rustix::termios::isatty),
            None => false,
        };
        return Ok(terminal);
    }
    let path = Path::new(os(operand));
    if matches!(letter, b'h' | b'L') {
        return Ok(path
            .symlink_metadata()
            .is_ok_and(|found| found.is_symlink()));
    }
    let allowed = |access| accessat(CWD, path, access, AtFlags::EACCESS).is_ok();
    match letter {
        b'r' => return Ok(allowed(Access::READ_OK)),
        b'w' => return Ok(allowed(Access::WRITE_OK)),
        b'x' => return Ok(allowed(Access::EXEC_OK)),
        _ => {}
    }
    Ok(path.metadata().is_ok_and(|found| holds(letter, &found)))
}

fn holds(letter: u8, found: &Metadata) -> bool {
    let kind = found.file_type();
    match letter {
        b'b' => kind.is_block_device(),
        b'c' => kind.is_char_device(),
        b'd' => kind.is_dir(),
        b'e' => true,
        b'f' => kind.is_file(),
        b'p' => kind.is_fifo(),
        b'S' => kind.is_socket(),
        b's' => found.len() > 0,
        b'u' => found.mode() & 0o4000 != 0,
        b'g' => found.mode() & 0o2000 != 0,
        b'k' => found.mode() & 0o1000 != 0,
        b'O' => found.uid() == rustix::process::geteuid().as_raw(),
        b'G' => found.gid() == rustix::process::getegid().as_raw(),
        _ => false,
    }
}

/// Answers `left -nt right` and its relatives; a missing file is older than any other.
pub(super) fn compare(left: &[u8], operator: &[u8], right: &[u8]) -> bool {
    let left = Path::new(os(left)).metadata().ok();
    let right = Path::new(os(right)).metadata().ok();
    let time = |found: &Option<Metadata>| {
        found
            .as_ref()
            .map(|found| (found.mtime(), found.mtime_nsec()))
    };
    match operator {
        b"-nt" => time(&left) > time(&right),
        b"-ot" => time(&left) < time(&right),
        _ => match (left, right) {
            (Some(left), Some(right)) => (left.dev(), left.ino()) == (right.dev(), right.ino()),
            _ => false,
        },
    }
}
