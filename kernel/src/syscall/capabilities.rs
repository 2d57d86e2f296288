//! Which of the superuser's rights a thread has: capget, capset and the options of prctl.
//!
//! The rules are in [`crate::process::capabilities`]; here arguments are read and answers written.
//!
//! Source: capabilities(7), capget(2), prctl(2).

use alloc::sync::Arc;

use abi::credentials::{
    CAPABILITY_VERSION_1, CAPABILITY_VERSION_2, CAPABILITY_VERSION_3, CapabilityHeader,
    CapabilitySet as Words,
};
use abi::raw::prctl as names;

use crate::error::{Errno, Result};
use crate::memory::user;
use crate::process::Thread;
use crate::process::capabilities::{Capabilities, Capability, CapabilitySet, SecureBits};
use crate::process::credentials::Credentials;

/// How many words of 32 a version has for each set; for one that is not known, the newest is
/// stored instead.
fn words_of_version(header: usize, version: u32) -> Result<usize> {
    match version {
        CAPABILITY_VERSION_1 => Ok(1),
        CAPABILITY_VERSION_2 | CAPABILITY_VERSION_3 => Ok(2),
        _ => {
            user::write(header, &CAPABILITY_VERSION_3)?;
            Err(Errno::EINVAL)
        }
    }
}

fn to_words(sets: &Capabilities) -> [Words; 2] {
    [0, 32].map(|shift| Words {
        effective: (sets.effective.bits() >> shift) as u32,
        permitted: (sets.permitted.bits() >> shift) as u32,
        inheritable: (sets.inheritable.bits() >> shift) as u32,
    })
}

/// One of the sets out of the two words it is passed in. Bits that mean nothing are ignored.
fn from_words(words: &[Words; 2], part: impl Fn(&Words) -> u32) -> CapabilitySet {
    let [low, high] = words;
    CapabilitySet::from_bits(u64::from(part(low)) | u64::from(part(high)) << 32)
}

/// capget(2).
pub fn sys_capget(thread: &Arc<Thread>, header: usize, data: usize) -> Result<usize> {
    // Piece by piece: a version that is not known is said before the rest is looked at.
    let version: u32 = user::read(header)?;
    let count = match words_of_version(header, version) {
        // Without room for an answer, the question was which version there is.
        Err(Errno::EINVAL) if data == 0 => return Ok(0),
        other => other?,
    };
    let asked: CapabilityHeader = user::read(header)?;
    if asked.pid < 0 {
        return Err(Errno::EINVAL);
    }
    let target = match asked.pid as u32 {
        0 => Arc::clone(thread),
        tid => thread.thread_named(tid)?,
    };
    if data != 0 {
        let words = to_words(&target.credentials().capabilities);
        user::write(data, &words[..count])?;
    }
    Ok(0)
}

/// capset(2), for the calling thread only.
pub fn sys_capset(thread: &Arc<Thread>, header: usize, data: usize) -> Result<usize> {
    let version: u32 = user::read(header)?;
    let count = words_of_version(header, version)?;
    let asked: CapabilityHeader = user::read(header)?;
    if asked.pid != 0 && asked.pid as u32 != thread.local_tid() {
        return Err(Errno::EPERM);
    }
    let mut words = [Words::default(); 2];
    for (index, set) in words.iter_mut().take(count).enumerate() {
        *set = user::read(data.wrapping_add(index * size_of::<Words>()))?;
    }
    let mut after = Credentials::clone(&thread.credentials());
    after.capabilities = after.capabilities.changed(
        from_words(&words, |word| word.effective),
        from_words(&words, |word| word.permitted),
        from_words(&words, |word| word.inheritable),
    )?;
    thread.change_credentials(after);
    Ok(0)
}

/// The options of prctl(2) about capabilities. `EINVAL`: another one.
pub(super) fn option(
    thread: &Thread,
    option: u32,
    second: usize,
    rest: [usize; 3],
) -> Result<usize> {
    let before = thread.credentials();
    let bits = before.secure_bits;
    let after = match option {
        names::PR_GET_KEEPCAPS => return Ok(usize::from(bits.contains(SecureBits::KEEP_CAPS))),
        names::PR_SET_KEEPCAPS => keep(&before, second)?,
        names::PR_GET_SECUREBITS => return Ok(bits.bits() as usize),
        names::PR_SET_SECUREBITS => with_bits(&before, second)?,
        names::PR_CAPBSET_READ => {
            let one = CapabilitySet::of_number(second)?;
            return Ok(usize::from(before.capabilities.bounding.contains(one)));
        }
        names::PR_CAPBSET_DROP => without_bound(&before, second)?,
        names::PR_CAP_AMBIENT => match ambient(&before, second as u32, rest)? {
            Ambient::Answer(is_set) => return Ok(usize::from(is_set)),
            Ambient::Change(after) => after,
        },
        _ => return Err(Errno::EINVAL),
    };
    thread.change_credentials(after);
    Ok(0)
}

/// PR_SET_KEEPCAPS.
fn keep(before: &Credentials, wanted: usize) -> Result<Credentials> {
    if wanted > 1 {
        return Err(Errno::EINVAL);
    }
    if before.secure_bits.contains(SecureBits::KEEP_CAPS_LOCKED) {
        return Err(Errno::EPERM);
    }
    let mut after = before.clone();
    after.secure_bits.set(SecureBits::KEEP_CAPS, wanted == 1);
    Ok(after)
}

/// PR_SET_SECUREBITS.
fn with_bits(before: &Credentials, wanted: usize) -> Result<Credentials> {
    let mut after = before.clone();
    after.secure_bits = before.secure_bits.replaced_by(wanted)?;
    before.require(Capability::Setpcap)?;
    Ok(after)
}

/// PR_CAPBSET_DROP.
fn without_bound(before: &Credentials, number: usize) -> Result<Credentials> {
    before.require(Capability::Setpcap)?;
    let one = CapabilitySet::of_number(number)?;
    let mut after = before.clone();
    after.capabilities.bounding = before.capabilities.bounding.without(one);
    Ok(after)
}

/// What PR_CAP_AMBIENT came to.
enum Ambient {
    /// Whether the capability is ambient.
    Answer(bool),
    /// Other sets.
    Change(Credentials),
}

fn ambient(before: &Credentials, operation: u32, rest: [usize; 3]) -> Result<Ambient> {
    let [number, fourth, fifth] = rest;
    if [fourth, fifth] != [0; 2] {
        return Err(Errno::EINVAL);
    }
    let mut after = before.clone();
    let sets = &mut after.capabilities;
    if operation == names::PR_CAP_AMBIENT_CLEAR_ALL {
        if number != 0 {
            return Err(Errno::EINVAL);
        }
        sets.ambient = CapabilitySet::NONE;
        return Ok(Ambient::Change(after));
    }
    let one = CapabilitySet::of_number(number)?;
    match operation {
        names::PR_CAP_AMBIENT_IS_SET => return Ok(Ambient::Answer(sets.ambient.contains(one))),
        names::PR_CAP_AMBIENT_RAISE => {
            if before.secure_bits.contains(SecureBits::NO_AMBIENT_RAISE) {
                return Err(Errno::EPERM);
            }
            *sets = sets.with_ambient(one)?;
        }
        names::PR_CAP_AMBIENT_LOWER => sets.ambient = sets.ambient.without(one),
        _ => return Err(Errno::EINVAL),
    }
    Ok(Ambient::Change(after))
}
