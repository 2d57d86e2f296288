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

use super::elf::Image;
use super::identity::Identity;
use super::{Arguments, Strings};
use crate::error::{Errno, Result};
use crate::memory::{AddressSpace, MapRequest, PAGE_SIZE, Place, Protection, STACK_TOP};
use crate::process::Process;
use crate::process::signal;

/// Pages of the stack that are mapped from the start; it grows by faults.
const INITIAL_BYTES: usize = 33 * PAGE_SIZE;
/// Pairs in the auxiliary vector, the last one included.
const AUXILIARY_ENTRIES: usize = 21;
const RANDOM_BYTES: usize = 16;
const PLATFORM: &[u8] = b"x86_64\0";
/// Clock ticks per second, as times(2) counts.
const CLOCK_TICKS: usize = 100;

/// Where the parts lie, from the top down.
struct Layout {
    file_name: usize,
    environment: Range<usize>,
    arguments: Range<usize>,
    platform: usize,
    random: usize,
    pointer: usize,
}

impl Layout {
    fn new(arguments: &Arguments) -> Option<Self> {
        // The last word stays zero, as on Linux.
        let top = STACK_TOP - size_of::<usize>();
        let file_name = top.checked_sub(arguments.file_name.len() + 1)?;
        let below = |top: usize, bytes: &[u8]| top.checked_sub(bytes.len());
        let environment = below(file_name, arguments.environment.as_bytes())?;
        let argument = below(environment, arguments.arguments.as_bytes())?;
        let platform = below(argument, PLATFORM)?;
        let random = platform - RANDOM_BYTES;
        let words =
            arguments.arguments.len() + arguments.environment.len() + 2 * AUXILIARY_ENTRIES + 3;
        let pointer = random.checked_sub(words * size_of::<usize>())? & !15;
        Some(Self {
            file_name,
            environment: environment..file_name,
            arguments: argument..environment,
            platform,
            random,
            pointer,
        })
    }
}

/// Writes words upwards, a page of them at a time.
struct Words<'a> {
    space: &'a AddressSpace,
    address: usize,
    buffer: Vec<u8>,
}

impl<'a> Words<'a> {
    fn new(space: &'a AddressSpace, address: usize) -> Result<Self> {
        let mut buffer = Vec::new();
        buffer
            .try_reserve_exact(PAGE_SIZE)
            .map_err(|_| Errno::ENOMEM)?;
        Ok(Self {
            space,
            address,
            buffer,
        })
    }

    fn push(&mut self, word: usize) -> Result<()> {
        self.buffer.extend_from_slice(&word.to_ne_bytes());
        if self.buffer.len() == PAGE_SIZE {
            self.flush()?;
        }
        Ok(())
    }

    /// The addresses of strings, of which the first lies at `address`, and a null pointer.
    fn push_pointers(&mut self, strings: &Strings, mut address: usize) -> Result<()> {
        for string in strings.iter() {
            self.push(address)?;
            address += string.len() + 1;
        }
        self.push(0)
    }

    fn flush(&mut self) -> Result<()> {
        self.space.write_bytes(self.address, &self.buffer)?;
        self.address += self.buffer.len();
        self.buffer.clear();
        Ok(())
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
    identity: &Identity,
    limit: u64,
) -> Result<usize> {
    let layout = Layout::new(arguments).ok_or(Errno::E2BIG)?;
    let used = STACK_TOP - layout.pointer;
    if used > (limit as usize).min(64 << 20) - (limit as usize).min(64 << 20) / 8 {
        return Err(Errno::E2BIG);
    }
    map_stack(space, process, used)?;
    space.write_bytes(layout.file_name, &arguments.file_name)?;
    space.write_bytes(layout.environment.start, arguments.environment.as_bytes())?;
    space.write_bytes(layout.arguments.start, arguments.arguments.as_bytes())?;
    space.write_bytes(layout.platform, PLATFORM)?;
    space.write_bytes(layout.random, &random_bytes())?;
    let mut words = Words::new(space, layout.pointer)?;
    words.push(arguments.arguments.len())?;
    words.push_pointers(&arguments.arguments, layout.arguments.start)?;
    words.push_pointers(&arguments.environment, layout.environment.start)?;
    let vdso = space.map_vdso()?;
    let auxiliary = auxiliary_vector(image, identity, vdso, &layout);
    for word in auxiliary.as_flattened() {
        words.push(*word)?;
    }
    words.flush()?;
    let mut state = space.lock();
    state.arguments = layout.arguments;
    state.environment = layout.environment;
    let end = words.address;
    state.auxiliary = end - size_of_val(auxiliary.as_flattened())..end;
    state.stack_start = layout.pointer;
    Ok(layout.pointer)
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

fn auxiliary_vector(
    image: &Image,
    identity: &Identity,
    vdso: usize,
    layout: &Layout,
) -> [[usize; 2]; AUXILIARY_ENTRIES] {
    let credentials = &identity.credentials;
    let entries: [(u32, usize); AUXILIARY_ENTRIES] = [
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
        (linux::AT_SECURE, usize::from(identity.is_secure)),
        (linux::AT_RANDOM, layout.random),
        (
            linux::AT_HWCAP2,
            metal::cpu::hardware_capabilities_2() as usize,
        ),
        (linux::AT_EXECFN, layout.file_name),
        (linux::AT_PLATFORM, layout.platform),
        (linux::AT_MINSIGSTKSZ, signal::STACK_BYTES_MIN),
        (linux::AT_NULL, 0),
    ];
    entries.map(|(kind, value)| [kind as usize, value])
}

/// Bytes for the program's stack protector and pointer guard.
fn random_bytes() -> [u8; RANDOM_BYTES] {
    let mut bytes = [0; RANDOM_BYTES];
    for chunk in bytes.chunks_exact_mut(8) {
        let word = metal::random::hardware().unwrap_or_else(metal::random::jitter);
        chunk.copy_from_slice(&word.to_ne_bytes());
    }
    bytes
}
