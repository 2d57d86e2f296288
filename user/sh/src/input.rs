//! Lines from standard input, not a byte more than the line.
//!
//! Contract: what follows the line is left for the next reader, which may be another program. A
//! file is read in blocks and the offset put back; anything else byte by byte, since no other way
//! is sure (POSIX.1-2017 XCU `sh`, "Input files", and `read`).

use crate::ast::Bytes;
use crate::shell::Shell;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{SeekFrom, seek};
use rustix::io::{Errno, read};
use rustix::stdio::stdin;

/// A line and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// The text, without the newline.
    pub text: Bytes,
    /// Whether a newline ended it; else the input did.
    pub ended: bool,
}

/// Reads a line; an error or a caught signal ends it early.
pub fn read_line(shell: &Shell) -> Result<Line, Errno> {
    let mut line = Line {
        text: Bytes::new(),
        ended: false,
    };
    let seekable = seek(stdin(), SeekFrom::Current(0)).is_ok();
    let mut buffer = [0; 512];
    let size = if seekable { buffer.len() } else { 1 };
    loop {
        // A read is begun anew after a signal, a poll is not: so wait with poll where it matters.
        if shell.traps.catches_any() {
            poll(&mut [PollFd::new(&stdin(), PollFlags::IN)], None)?;
        }
        let length = match read(stdin(), &mut buffer[..size]) {
            Ok(0) => return Ok(line),
            Ok(length) => length,
            Err(Errno::INTR) if !shell.traps.any_pending() => continue,
            Err(error) => return Err(error),
        };
        let block = &buffer[..length];
        if let Some(newline) = block.iter().position(|&byte| byte == b'\n') {
            line.text.extend_from_slice(&block[..newline]);
            line.ended = true;
            let unread = length - newline - 1;
            if unread > 0 {
                seek(stdin(), SeekFrom::Current(-(unread as i64)))?;
            }
            return Ok(line);
        }
        line.text.extend_from_slice(block);
    }
}
