//! The capabilities of the calling thread, for the cases about them. Source: capget(2).

use crate::check::{Failure, Outcome};
use crate::{gives, same, sys};
use libc::{SYS_capget, SYS_capset};

/// Give files away.
pub const CAP_CHOWN: u32 = 0;
/// Ignore permission bits.
pub const CAP_DAC_OVERRIDE: u32 = 1;
/// Ignore permission bits when reading.
pub const CAP_DAC_READ_SEARCH: u32 = 2;
/// Do what the owner may.
pub const CAP_FOWNER: u32 = 3;
/// Keep set-id bits.
pub const CAP_FSETID: u32 = 4;
/// Signal anybody.
pub const CAP_KILL: u32 = 5;
/// Take any group.
pub const CAP_SETGID: u32 = 6;
/// Take any user.
pub const CAP_SETUID: u32 = 7;
/// Change what programs get.
pub const CAP_SETPCAP: u32 = 8;
/// Memory where null pointers lead.
pub const CAP_SYS_RAWIO: u32 = 17;
/// Lock any memory.
pub const CAP_IPC_LOCK: u32 = 14;
/// Change the root directory.
pub const CAP_SYS_CHROOT: u32 = 18;
/// Administer.
pub const CAP_SYS_ADMIN: u32 = 21;
/// Switch off.
pub const CAP_SYS_BOOT: u32 = 22;
/// Run before others.
pub const CAP_SYS_NICE: u32 = 23;
/// Use more than the limits.
pub const CAP_SYS_RESOURCE: u32 = 24;
/// Set the clock.
pub const CAP_SYS_TIME: u32 = 25;
/// Make device nodes.
pub const CAP_MKNOD: u32 = 27;
/// One word for each set.
pub const VERSION_1: u32 = 0x1998_0330;
/// Two words for each set.
pub const VERSION_3: u32 = 0x2008_0522;

/// The three sets that capset takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sets {
    /// Those in force.
    pub effective: u64,
    /// Those that may be put in force.
    pub permitted: u64,
    /// Those that a program may keep.
    pub inheritable: u64,
}

/// Those of the calling thread.
///
/// # Errors
/// When capget fails.
pub fn sets() -> Result<Sets, Failure> {
    let mut words = [0u32; 6];
    gives!(0, SYS_capget, &[VERSION_3, 0], &mut words);
    let joined = |index: usize| u64::from(words[index]) | u64::from(words[index + 3]) << 32;
    Ok(Sets {
        effective: joined(0),
        permitted: joined(1),
        inheritable: joined(2),
    })
}

/// As they are passed: the low words, then the high ones.
pub fn words(sets: Sets) -> [u32; 6] {
    let low = [sets.effective, sets.permitted, sets.inheritable].map(|set| set as u32);
    let high = [sets.effective, sets.permitted, sets.inheritable].map(|set| (set >> 32) as u32);
    [low[0], low[1], low[2], high[0], high[1], high[2]]
}

/// Sets the three; 0 or an error as the call returns it.
pub fn set(sets: Sets) -> isize {
    sys!(SYS_capset, &[VERSION_3, 0], &words(sets))
}

/// Takes these out of the effective set.
///
/// # Errors
/// When that is refused.
pub fn without(list: &[u32]) -> Outcome {
    let mut own = sets()?;
    own.effective &= !list.iter().fold(0, |bits, number| bits | 1_u64 << number);
    same!(set(own), 0);
    Ok(())
}

/// Leaves only these permitted and in force.
///
/// # Errors
/// When that is refused.
pub fn only(list: &[u32]) -> Outcome {
    let bits = list.iter().fold(0, |bits, number| bits | 1_u64 << number);
    let wanted = Sets {
        effective: bits,
        permitted: bits,
        inheritable: 0,
    };
    same!(set(wanted), 0);
    Ok(())
}
