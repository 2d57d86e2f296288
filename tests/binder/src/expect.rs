//! What the cases expect, in their own words; what was as expected goes into the case's line.

use abi_tests::check::{Failure, Outcome, error_name, note, result_text};

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::protocol::ioctl;
use crate::returns::{Return, half, names};

/// A call must return 0, or fail with `errno`, which is noted.
pub fn answered(what: &str, seen: isize, errno: i32) -> Outcome {
    if seen != -(errno as isize) {
        return Err(Failure::Wrong(format!(
            "{what}: saw {}, expected {}",
            result_text(seen),
            result_text(-(errno as isize))
        )));
    }
    if errno != 0 {
        note(error_name(errno));
    }
    Ok(())
}

/// What was read must be these, in this order (names with spaces between).
pub fn saw(returns: &[Return], expected: &str) -> Outcome {
    let seen = names(returns);
    if seen != expected {
        return Err(Failure::Wrong(format!(
            "read `{seen}`, expected `{expected}`"
        )));
    }
    note(match expected {
        "" => "nothing",
        expected => expected,
    });
    Ok(())
}

/// The kernel must refuse the commands with `errno`, having consumed the first `consumed` bytes.
pub fn refused(endpoint: &Endpoint, commands: &Commands, errno: i32, consumed: u64) -> Outcome {
    let (error, seen) = endpoint.refused(commands)?;
    answered("the write", error, errno)?;
    if seen != consumed {
        return Err(Failure::Wrong(format!(
            "it consumed {seen} bytes, expected {consumed}"
        )));
    }
    Ok(())
}

/// A transaction or a reply must fail: what the sender reads next is `expected`, and the extended
/// error says the same with `errno`.
pub fn failed(sender: &Endpoint, expected: &str, errno: i32) -> Outcome {
    saw(&sender.take()?, expected)?;
    let (_, command, parameter) = extended_error(sender)?;
    let named = Return::parse(&command.to_ne_bytes());
    if !expected.ends_with(&names(&named)) {
        return Err(Failure::Wrong(format!(
            "the extended error has {}, expected {expected}",
            names(&named)
        )));
    }
    answered("the extended error", parameter as isize, errno)
}

/// What BINDER_GET_EXTENDED_ERROR says: id, command, parameter.
pub fn extended_error(endpoint: &Endpoint) -> Result<(u32, u32, i32), Failure> {
    let mut bytes = [0u8; 12];
    let seen = endpoint.ioctl(ioctl::GET_EXTENDED_ERROR, &mut bytes);
    match seen {
        0 => Ok((half(&bytes, 0), half(&bytes, 4), half(&bytes, 8) as i32)),
        error => Err(Failure::Wrong(format!(
            "BINDER_GET_EXTENDED_ERROR: saw {}",
            result_text(error)
        ))),
    }
}
