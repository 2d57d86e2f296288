//! Mapping ELF64 programs: fixed and position-independent, with or without an interpreter.
//!
//! What a file says is taken apart in `formats::elf`, where it can be fuzzed; here its segments
//! become mappings of the file, so a page is read when it is touched.
//!
//! Source: elf(5), execve(2).

use alloc::sync::Arc;
use alloc::vec::Vec;

use abi::raw::general::AT_FDCWD;
use formats::elf::{self, Program, Segment};

use crate::error::{Errno, Result};
use crate::file::{self, OpenFile};
use crate::memory::{
    AddressSpace, MapRequest, MappedObject, PAGE_SIZE, Place, Protection, STACK_TOP,
    page_align_down, page_align_up, zeroed_bytes,
};
use crate::process::{Process, Thread};

/// How much of a file is read to know what it is.
const HEAD_BYTES: usize = PAGE_SIZE;
/// Where position-independent programs are loaded, as on Linux without randomisation.
const PROGRAM_BASE: usize = 0x5555_5555_4000;
/// Where their interpreters are.
const INTERPRETER_BASE: usize = 0x7fff_7000_0000;
/// Programs leave so much below the top for the stack.
const STACK_ROOM: usize = 16 << 20;

/// A program that lies in memory.
pub struct Image {
    /// The first instruction: the interpreter's, if there is one.
    pub start: usize,
    /// The program's own first instruction (AT_ENTRY).
    pub entry: usize,
    /// Where the program headers lie (AT_PHDR).
    pub headers: usize,
    /// How many there are (AT_PHNUM).
    pub header_count: usize,
    /// Where the interpreter lies (AT_BASE); 0 without one.
    pub interpreter_base: usize,
}

/// The first bytes of a file.
///
/// # Errors
/// What reading it says.
pub fn read_head(file: &OpenFile) -> Result<Vec<u8>> {
    let mut head = zeroed_bytes(HEAD_BYTES)?;
    let length = file.read_at(0, &mut head)?;
    head.truncate(length);
    Ok(head)
}

/// One file's segments in memory.
struct Segments {
    bias: usize,
    entry: usize,
    headers: usize,
    header_count: usize,
    end: usize,
    interpreter: Option<Vec<u8>>,
}

/// Loads the program `file` and its interpreter.
///
/// # Errors
/// ENOEXEC for a file that is no program for this machine, ENOMEM, and what opening the
/// interpreter says.
pub fn load(
    thread: &Arc<Thread>,
    space: &AddressSpace,
    process: &Process,
    file: &Arc<OpenFile>,
    head: &[u8],
) -> Result<Image> {
    let program = load_segments(space, process, file, head, PROGRAM_BASE)?;
    {
        let mut state = space.lock();
        let heap = page_align_up(program.end).ok_or(Errno::ENOEXEC)?;
        state.heap = heap..heap;
    }
    let mut image = Image {
        start: program.entry,
        entry: program.entry,
        headers: program.headers,
        header_count: program.header_count,
        interpreter_base: 0,
    };
    if let Some(path) = program.interpreter {
        let interpreter = file::open_executable(thread, AT_FDCWD, &path, 0)?;
        let head = read_head(&interpreter)?;
        let loaded = load_segments(space, process, &interpreter, &head, INTERPRETER_BASE)?;
        image.start = loaded.entry;
        image.interpreter_base = loaded.bias;
    }
    Ok(image)
}

/// The file's own words about itself.
fn read_program(file: &OpenFile, head: &[u8]) -> Result<Program> {
    let read_at = |offset, length| {
        let mut bytes = zeroed_bytes(length).ok()?;
        (file.read_at(offset, &mut bytes) == Ok(length)).then_some(bytes)
    };
    elf::parse(head, read_at).map_err(|error| {
        let name = file.path_name();
        let name = alloc::string::String::from_utf8_lossy(&name);
        crate::log::limited!(debug, "execve: {name}: {error}");
        Errno::ENOEXEC
    })
}

fn load_segments(
    space: &AddressSpace,
    process: &Process,
    file: &Arc<OpenFile>,
    head: &[u8],
    base: usize,
) -> Result<Segments> {
    let program = read_program(file, head)?;
    let (lowest, highest) = program.extent();
    let bias = if program.position_independent {
        base.checked_sub(page_align_down(lowest as usize))
            .ok_or(Errno::ENOEXEC)?
    } else {
        0
    };
    let end = (highest as usize).checked_add(bias).ok_or(Errno::ENOEXEC)?;
    if end > STACK_TOP - STACK_ROOM {
        return Err(Errno::ENOEXEC);
    }
    for segment in &program.segments {
        map_segment(space, process, file, segment, bias)?;
    }
    let headers = program
        .headers_address
        .map_or(0, |address| address as usize);
    Ok(Segments {
        bias,
        entry: (program.entry as usize).wrapping_add(bias),
        headers: headers.wrapping_add(bias),
        header_count: program.header_count,
        end,
        interpreter: interpreter_path(file, &program)?,
    })
}

fn interpreter_path(file: &OpenFile, program: &Program) -> Result<Option<Vec<u8>>> {
    let Some((offset, length)) = program.interpreter else {
        return Ok(None);
    };
    let mut path = zeroed_bytes(length)?;
    if file.read_at(offset, &mut path)? != length || path.pop() != Some(0) {
        return Err(Errno::ENOEXEC);
    }
    Ok(Some(path))
}

fn protection_of(segment: &Segment) -> Protection {
    let mut protection = Protection::empty();
    protection.set(Protection::READ, segment.readable);
    protection.set(Protection::WRITE, segment.writable);
    protection.set(Protection::EXECUTE, segment.executable);
    protection
}

/// Maps one segment: the part that the file has, and zeros up to its size in memory.
fn map_segment(
    space: &AddressSpace,
    process: &Process,
    file: &Arc<OpenFile>,
    segment: &Segment,
    bias: usize,
) -> Result<()> {
    // `formats::elf` checked that none of these sums overflows.
    let start = segment.address as usize + bias;
    let page = page_align_down(start);
    let file_end = start + segment.file_bytes as usize;
    let memory_end = start + segment.memory_bytes as usize;
    let protection = protection_of(segment);
    let mut mapped_end = page;
    if segment.file_bytes > 0 {
        let mut request = MapRequest::anonymous(Place::Fixed(page), file_end - page, protection);
        let offset = segment.file_offset - (start - page) as u64;
        request.object = Some(MappedObject {
            pager: file.pager()?,
            file: Some(Arc::clone(file)),
            offset_bytes: offset,
        });
        space.map(process, request).map_err(not_a_program)?;
        mapped_end = page_align_up(file_end).ok_or(Errno::ENOEXEC)?;
        // What follows the file's bytes in their last page is zero in memory.
        if memory_end > file_end && segment.writable {
            let tail = mapped_end - file_end;
            space.write_bytes(file_end, &[0; PAGE_SIZE][..tail])?;
        }
    }
    if memory_end > mapped_end {
        let place = Place::Fixed(mapped_end);
        let request = MapRequest::anonymous(place, memory_end - mapped_end, protection);
        space.map(process, request).map_err(not_a_program)?;
    }
    Ok(())
}

/// An address that cannot be mapped is the file's mistake.
fn not_a_program(error: Errno) -> Errno {
    match error {
        Errno::ENOMEM | Errno::ENODEV => error,
        _ => Errno::ENOEXEC,
    }
}
