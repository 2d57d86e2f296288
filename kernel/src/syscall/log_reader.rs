//! The actions of `syslog(2)` on the kernel log.
//!
//! Source: `syslog(2)`.
use crate::error::{Errno, Result};
use crate::log;
use crate::memory::io::{Sink, UserRanges};
use crate::memory::user;
use crate::process::Thread;
use crate::process::capabilities::Capability;
use crate::sync::SpinLock;
use alloc::string::String;
use alloc::sync::Arc;
use drivers::kernel_log::{TEXT_LIMIT, format};

const CLOSE: i32 = 0;
const OPEN: i32 = 1;
const READ: i32 = 2;
const READ_ALL: i32 = 3;
const READ_CLEAR: i32 = 4;
const CLEAR: i32 = 5;
const CONSOLE_OFF: i32 = 6;
const CONSOLE_ON: i32 = 7;
const CONSOLE_LEVEL: i32 = 8;
const SIZE_UNREAD: i32 = 9;
const SIZE_BUFFER: i32 = 10;

/// Where the destructive reads ([`READ`]) have come to.
struct Position {
    sequence: u64,
    /// Bytes of that record's text which were read already.
    offset: usize,
}

static POSITION: SpinLock<Position> = SpinLock::new(Position {
    sequence: 0,
    offset: 0,
});

/// Whether a thread may take from the log. `EPERM`: it may not. Linux asked for `CAP_SYS_ADMIN`
/// once, and takes it still.
pub fn check_permission(thread: &Thread) -> Result<()> {
    let allowed = [Capability::Syslog, Capability::SysAdmin];
    if thread.credentials().has_any(&allowed) {
        Ok(())
    } else {
        Err(Errno::EPERM)
    }
}

/// Whether a thread may look at the log. `EPERM`: only the privileged may, and it is not.
pub fn check_look(thread: &Thread) -> Result<()> {
    if log::is_restricted() {
        check_permission(thread)
    } else {
        Ok(())
    }
}

/// Carries out an action.
pub(super) fn act(thread: &Arc<Thread>, action: i32, address: usize, length: i32) -> Result<usize> {
    if matches!(action, READ_ALL | SIZE_BUFFER) {
        check_look(thread)?;
    } else {
        check_permission(thread)?;
    }
    match action {
        CLOSE | OPEN => {}
        READ => {
            let length = checked(address, length)?;
            return read(&mut UserRanges::one(address, length).sink());
        }
        READ_ALL => return read_all(address, checked(address, length)?),
        READ_CLEAR => {
            let count = read_all(address, checked(address, length)?)?;
            log::clear();
            return Ok(count);
        }
        CLEAR => log::clear(),
        CONSOLE_OFF => log::switch_console(false),
        CONSOLE_ON => log::switch_console(true),
        CONSOLE_LEVEL => {
            let level = u8::try_from(length)
                .ok()
                .filter(|level| (1..=8).contains(level));
            log::set_console_level(level.ok_or(Errno::EINVAL)?);
        }
        SIZE_UNREAD => return Ok(unread()),
        SIZE_BUFFER => return Ok(log::capacity()),
        _ => return Err(Errno::EINVAL),
    }
    Ok(0)
}

fn checked(address: usize, length: i32) -> Result<usize> {
    let length = usize::try_from(length).map_err(|_| Errno::EINVAL)?;
    if address == 0 {
        Err(Errno::EINVAL)
    } else {
        Ok(length)
    }
}

/// A record as `syslog(2)` shows it; none when it is gone.
fn shown(sequence: u64) -> Option<String> {
    let mut text = [0; TEXT_LIMIT];
    let record = log::read(sequence, &mut text)?;
    let mut line = String::new();
    // Writing to a string cannot fail.
    format::write_syslog(&mut line, &record, &text[..record.length]).ok()?;
    Some(line)
}

/// How many bytes were not read yet.
fn unread() -> usize {
    let range = log::range();
    let (sequence, offset) = {
        let position = POSITION.lock();
        (position.sequence, position.offset)
    };
    let records = (sequence.max(range.start)..range.end).filter_map(shown);
    let bytes: usize = records.map(|line| line.len()).sum();
    let done = if sequence >= range.start { offset } else { 0 };
    bytes.saturating_sub(done)
}

/// Whether there is a record that was not read yet.
pub fn has_unread() -> bool {
    POSITION.lock().sequence < log::range().end
}

/// Waits for a record, then reads as many as fit, the last perhaps in part.
///
/// # Errors
/// ERESTARTSYS when a signal comes first, EFAULT.
pub fn read(sink: &mut Sink<'_>) -> Result<usize> {
    if sink.remaining() == 0 {
        return Ok(0);
    }
    log::readers().wait_until(|| has_unread().then_some(()))?;
    let mut done = 0;
    while sink.remaining() != 0 {
        let (sequence, offset) = {
            let mut position = POSITION.lock();
            let first = log::range().start;
            if position.sequence < first {
                *position = Position {
                    sequence: first,
                    offset: 0,
                };
            }
            (position.sequence, position.offset)
        };
        let Some(line) = shown(sequence) else { break };
        let rest = line.as_bytes().get(offset..).unwrap_or(&[]);
        let part = sink.write(&rest[..rest.len().min(sink.remaining())])?;
        done += part;
        let whole = part == rest.len();
        *POSITION.lock() = if whole {
            Position {
                sequence: sequence + 1,
                offset: 0,
            }
        } else {
            Position {
                sequence,
                offset: offset + part,
            }
        };
    }
    Ok(done)
}

/// Reads the newest records that fit, as far back as the log was last cleared.
fn read_all(address: usize, length: usize) -> Result<usize> {
    let range = log::range();
    let oldest = range.start.max(log::cleared());
    let (mut first, mut total) = (range.end, 0);
    for sequence in (oldest..range.end).rev() {
        let Some(line) = shown(sequence) else { break };
        total += line.len();
        if total > length {
            break;
        }
        first = sequence;
    }
    let mut done = 0;
    // What was overwritten meanwhile is left out.
    for line in (first..range.end).filter_map(shown) {
        user::write_bytes(address + done, line.as_bytes())?;
        done += line.len();
    }
    Ok(done)
}
