//! What a program wants to be treated as. Source: personality(2).
//!
//! Any value can be set and is told again. These have an effect, the same as on Linux:
//! PER_LINUX32 and UNAME26 change what uname(2) says, READ_IMPLIES_EXEC what mmap(2) and
//! mprotect(2) allow. The others are about what this kernel does not do in the first place
//! (addresses are not randomised) or about systems whose programs it does not run.

use core::sync::atomic::Ordering;

use abi::system::Utsname;

use super::Process;
use crate::memory::Protection;

/// The low byte is the system.
const SYSTEM: u32 = 0xff;
const PER_LINUX32: u32 = 0x08;
const UNAME26: u32 = 0x002_0000;
const MMAP_PAGE_ZERO: u32 = 0x010_0000;
const ADDR_NO_RANDOMIZE: u32 = 0x004_0000;
const ADDR_COMPAT_LAYOUT: u32 = 0x020_0000;
const READ_IMPLIES_EXEC: u32 = 0x040_0000;
/// What could weaken a program that gives more rights than its caller has.
const CLEARED_ON_SETID: u32 =
    READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT | MMAP_PAGE_ZERO;

fn of(process: &Process) -> u32 {
    process.personality.load(Ordering::Relaxed)
}

/// What a mapping gets that is asked for with this protection.
pub fn protection(process: &Process, asked: Protection) -> Protection {
    if asked.contains(Protection::READ) && of(process) & READ_IMPLIES_EXEC != 0 {
        asked | Protection::EXECUTE
    } else {
        asked
    }
}

/// The names of the system as the process is to see them: 32-bit, or with a release of the
/// 2.6 series, where 6.1 is the 61st.
pub fn disguise(process: &Process, names: &mut Utsname) {
    let personality = of(process);
    let [_, _, release, _, machine, _] = &mut names.names;
    if personality & SYSTEM == PER_LINUX32 {
        put(machine, b"i686");
    }
    if personality & UNAME26 != 0 {
        put(release, b"2.6.61-janus");
    }
}

fn put(field: &mut [u8], text: &[u8]) {
    field.fill(0);
    field[..text.len()].copy_from_slice(text);
}

/// execve(2): a 64-bit program does not ask that what can be read can be executed, and one that
/// `gives_rights` starts without what might weaken it.
pub fn start_program(process: &Process, gives_rights: bool) {
    let cleared = if gives_rights {
        CLEARED_ON_SETID
    } else {
        READ_IMPLIES_EXEC
    };
    process.personality.fetch_and(!cleared, Ordering::Relaxed);
}
