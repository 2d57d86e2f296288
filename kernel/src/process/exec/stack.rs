//! The stack a program starts with: its arguments, its environment and the auxiliary vector.
//!
//! ```text
//! top  file name, environment strings, argument strings
//!      16 random bytes, the platform's name
//!      auxiliary vector, ended by AT_NULL
//!      environment pointers, ended by 0
//!      argument pointers, ended by 0
//!  sp  argument count            (16-byte aligned)
//! ```
//!
//! Source: the x86-64 psABI, section 3.4.1; getauxval(3).

use alloc::vec::Vec;
use core::ops::Range;

use abi::raw::auxvec as linux;

use super::Arguments;
use super::elf::Image;
use crate::error::{Errno, Result};
use crate::memory::{AddressSpace, MapRequest, PAGE_SIZE, Place, Protection, STACK_TOP};
use crate::process::Process;
use crate::process::credentials::Credentials;
use crate::process::signal;

/// Pages of the stack that are mapped from the start; it grows by faults.
const INITIAL_BYTES: usize = 33 * PAGE_SIZE;
const PLATFORM: &[u8] = b"x86_64\0";
/// Clock ticks per second, as times(2) counts.
const CLOCK_TICKS: usize = 100;

/// The strings, and where they will lie.
struct Strings {
    bytes: Vec<u8>,
    top: usize,
}

impl Strings {
    /// Adds bytes below what is there; returns their address. `bytes` is kept in reverse, so
    /// that the whole is written in one go.
    fn push(&mut self, bytes: &[u8]) -> usize {
        self.bytes.extend(bytes.iter().rev());
        self.top - self.bytes.len()
    }

    fn push_c_string(&mut self, string: &[u8]) -> usize {
        self.bytes.push(0);
        self.push(string)
    }

    fn push_all(&mut self, strings: &[Vec<u8>]) -> (Vec<usize>, Range<usize>) {
        let end = self.top - self.bytes.len();
        let mut addresses: Vec<usize> = strings
            .iter()
            .rev()
            .map(|string| self.push_c_string(string))
            .collect();
        addresses.reverse();
        (addresses, self.top - self.bytes.len()..end)
    }
}

/// Maps and fills the stack; returns the stack pointer.
///
/// # Errors
/// E2BIG when the strings do not fit, ENOMEM.
pub fn build(
    space: &AddressSpace,
    process: &Process,
    image: &Image,
    arguments: &Arguments,
    credentials: &Credentials,
    limit: u64,
) -> Result<usize> {
    let mut strings = Strings {
        bytes: Vec::new(),
        // The last word stays zero, as on Linux.
        top: STACK_TOP - size_of::<usize>(),
    };
    let file_name = strings.push_c_string(&arguments.file_name);
    let (environment, environment_range) = strings.push_all(&arguments.environment);
    let (argument_pointers, argument_range) = strings.push_all(&arguments.arguments);
    let platform = strings.push(PLATFORM);
    let random = strings.push(&random_bytes());
    let vdso = space.map_vdso()?;
    let auxiliary = auxiliary_vector(image, credentials, vdso, platform, random, file_name);

    let auxiliary_bytes = size_of_val(auxiliary.as_flattened());
    let words = words(&argument_pointers, &environment, &auxiliary);
    let lowest = strings.top - strings.bytes.len();
    let pointer = (lowest - words.len() * size_of::<usize>()) & !15;
    let used = STACK_TOP - pointer;
    if used > (limit as usize).min(64 << 20) - (limit as usize).min(64 << 20) / 8 {
        return Err(Errno::E2BIG);
    }
    map_stack(space, process, used)?;
    strings.bytes.reverse();
    space.write_bytes(lowest, &strings.bytes)?;
    let words: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    space.write_bytes(pointer, &words)?;
    let mut state = space.lock();
    state.arguments = argument_range;
    state.environment = environment_range;
    let end = pointer + words.len();
    state.auxiliary = end - auxiliary_bytes..end;
    state.stack_start = pointer;
    Ok(pointer)
}

fn map_stack(space: &AddressSpace, process: &Process, used: usize) -> Result<()> {
    let length = (used + PAGE_SIZE)
        .next_multiple_of(PAGE_SIZE)
        .max(INITIAL_BYTES);
    let protection = Protection::READ | Protection::WRITE;
    let mut request = MapRequest::anonymous(Place::Fixed(STACK_TOP - length), length, protection);
    request.grows_down = true;
    space.map(process, request).map(|_| ())
}

fn words(arguments: &[usize], environment: &[usize], auxiliary: &[[usize; 2]]) -> Vec<usize> {
    let mut words =
        Vec::with_capacity(arguments.len() + environment.len() + 2 * auxiliary.len() + 3);
    words.push(arguments.len());
    words.extend(arguments);
    words.push(0);
    words.extend(environment);
    words.push(0);
    words.extend(auxiliary.iter().flatten());
    words
}

fn auxiliary_vector(
    image: &Image,
    credentials: &Credentials,
    vdso: usize,
    platform: usize,
    random: usize,
    file_name: usize,
) -> Vec<[usize; 2]> {
    let secure = credentials.uid != credentials.euid || credentials.gid != credentials.egid;
    let entries: [(u32, usize); 21] = [
        (linux::AT_SYSINFO_EHDR, vdso),
        (
            linux::AT_HWCAP,
            metal::cpu::hardware_capabilities() as usize,
        ),
        (linux::AT_PAGESZ, PAGE_SIZE),
        (linux::AT_CLKTCK, CLOCK_TICKS),
        (linux::AT_PHDR, image.headers),
        (linux::AT_PHENT, 56),
        (linux::AT_PHNUM, image.header_count),
        (linux::AT_BASE, image.interpreter_base),
        (linux::AT_FLAGS, 0),
        (linux::AT_ENTRY, image.entry),
        (linux::AT_UID, credentials.uid as usize),
        (linux::AT_EUID, credentials.euid as usize),
        (linux::AT_GID, credentials.gid as usize),
        (linux::AT_EGID, credentials.egid as usize),
        (linux::AT_SECURE, usize::from(secure)),
        (linux::AT_RANDOM, random),
        (
            linux::AT_HWCAP2,
            metal::cpu::hardware_capabilities_2() as usize,
        ),
        (linux::AT_EXECFN, file_name),
        (linux::AT_PLATFORM, platform),
        (linux::AT_MINSIGSTKSZ, signal::STACK_BYTES_MIN),
        (linux::AT_NULL, 0),
    ];
    entries
        .iter()
        .map(|(kind, value)| [*kind as usize, *value])
        .collect()
}

/// Bytes for the program's stack protector and pointer guard.
fn random_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    for chunk in bytes.chunks_exact_mut(8) {
        let word = metal::random::hardware().unwrap_or_else(metal::random::jitter);
        chunk.copy_from_slice(&word.to_ne_bytes());
    }
    bytes
}
