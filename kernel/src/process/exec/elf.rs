//! Loading ELF64 programs: fixed and position-independent, with or without an interpreter.
//!
//! Only the head of the file is parsed (`goblin`); segments are mappings of the file, so a
//! page is read when it is touched. Nothing in a file is trusted: every sum is checked, and a
//! file that makes no sense is ENOEXEC.
//!
//! Source: elf(5), the System V generic ABI chapter 5.

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use goblin::elf64::header::{EM_X86_64, ET_DYN, ET_EXEC, Header, SIZEOF_EHDR};
use goblin::elf64::program_header::{PF_R, PF_W, PF_X, PT_INTERP, PT_LOAD, PT_PHDR, ProgramHeader};

use crate::error::{Errno, Result};
use crate::file::{self, OpenFile};
use crate::memory::{
    AddressSpace, MapRequest, PAGE_SIZE, Place, Protection, STACK_TOP, page_align_down,
    page_align_up,
};
use crate::process::{Process, Thread};
use abi::raw::general::AT_FDCWD;

/// How much of a file is read to know what it is.
const HEAD_BYTES: usize = PAGE_SIZE;
/// Where position-independent programs are loaded, as on Linux without randomisation.
const PROGRAM_BASE: usize = 0x5555_5555_4000;
/// Where their interpreters are.
const INTERPRETER_BASE: usize = 0x7fff_7000_0000;
const PROGRAM_HEADER_BYTES: usize = 56;

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
    let mut head = vec![0; HEAD_BYTES];
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

fn parse_header(head: &[u8]) -> Result<Header> {
    let bytes: &[u8; SIZEOF_EHDR] = head
        .get(..SIZEOF_EHDR)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(Errno::ENOEXEC)?;
    let header = *Header::from_bytes(bytes);
    let little_endian_64 = bytes[4] == 2 && bytes[5] == 1;
    let fits = header.e_machine == EM_X86_64
        && (header.e_type == ET_EXEC || header.e_type == ET_DYN)
        && usize::from(header.e_phentsize) == PROGRAM_HEADER_BYTES
        && header.e_phnum > 0;
    if &bytes[..4] != b"\x7fELF" || !little_endian_64 || !fits {
        return Err(Errno::ENOEXEC);
    }
    Ok(header)
}

fn program_headers(file: &OpenFile, head: &[u8], header: &Header) -> Result<Vec<ProgramHeader>> {
    let length = usize::from(header.e_phnum) * PROGRAM_HEADER_BYTES;
    let start = usize::try_from(header.e_phoff).map_err(|_| Errno::ENOEXEC)?;
    let end = start.checked_add(length).ok_or(Errno::ENOEXEC)?;
    let bytes = match head.get(start..end) {
        Some(bytes) => bytes.to_vec(),
        None => {
            let mut bytes = vec![0; length];
            if file.read_at(header.e_phoff, &mut bytes)? != length {
                return Err(Errno::ENOEXEC);
            }
            bytes
        }
    };
    Ok(ProgramHeader::from_bytes(
        &bytes,
        usize::from(header.e_phnum),
    ))
}

fn load_segments(
    space: &AddressSpace,
    process: &Process,
    file: &Arc<OpenFile>,
    head: &[u8],
    base: usize,
) -> Result<Segments> {
    let header = parse_header(head)?;
    let headers = program_headers(file, head, &header)?;
    let (lowest, highest) = extent(&headers)?;
    let bias = if header.e_type == ET_DYN {
        base.checked_sub(page_align_down(lowest))
            .ok_or(Errno::ENOEXEC)?
    } else {
        0
    };
    let end = highest.checked_add(bias).ok_or(Errno::ENOEXEC)?;
    if end > STACK_TOP - (16 << 20) {
        return Err(Errno::ENOEXEC);
    }
    for segment in headers.iter().filter(|segment| segment.p_type == PT_LOAD) {
        map_segment(space, process, file, segment, bias)?;
    }
    let entry = (header.e_entry as usize).wrapping_add(bias);
    Ok(Segments {
        bias,
        entry,
        headers: headers_address(&headers, &header, bias),
        header_count: headers.len(),
        end,
        interpreter: interpreter_path(file, &headers)?,
    })
}

/// The lowest and the highest address of what is to be loaded.
fn extent(headers: &[ProgramHeader]) -> Result<(usize, usize)> {
    let mut lowest = usize::MAX;
    let mut highest = 0;
    for segment in headers.iter().filter(|segment| segment.p_type == PT_LOAD) {
        let end = segment
            .p_vaddr
            .checked_add(segment.p_memsz)
            .ok_or(Errno::ENOEXEC)?;
        let aligned = segment.p_vaddr % PAGE_SIZE as u64 == segment.p_offset % PAGE_SIZE as u64;
        if segment.p_filesz > segment.p_memsz || !aligned || end > STACK_TOP as u64 {
            return Err(Errno::ENOEXEC);
        }
        lowest = lowest.min(segment.p_vaddr as usize);
        highest = highest.max(end as usize);
    }
    if lowest == usize::MAX {
        Err(Errno::ENOEXEC)
    } else {
        Ok((lowest, highest))
    }
}

fn headers_address(headers: &[ProgramHeader], header: &Header, bias: usize) -> usize {
    if let Some(own) = headers.iter().find(|segment| segment.p_type == PT_PHDR) {
        return (own.p_vaddr as usize).wrapping_add(bias);
    }
    headers
        .iter()
        .filter(|segment| segment.p_type == PT_LOAD)
        .find(|segment| {
            let end = segment.p_offset.saturating_add(segment.p_filesz);
            (segment.p_offset..end).contains(&header.e_phoff)
        })
        .map_or(0, |segment| {
            let address = segment.p_vaddr + (header.e_phoff - segment.p_offset);
            (address as usize).wrapping_add(bias)
        })
}

fn interpreter_path(file: &OpenFile, headers: &[ProgramHeader]) -> Result<Option<Vec<u8>>> {
    const PATH_MAX: u64 = 4096;
    let Some(segment) = headers.iter().find(|segment| segment.p_type == PT_INTERP) else {
        return Ok(None);
    };
    if segment.p_filesz < 2 || segment.p_filesz > PATH_MAX {
        return Err(Errno::ENOEXEC);
    }
    let mut path = vec![0; segment.p_filesz as usize];
    let length = file.read_at(segment.p_offset, &mut path)?;
    if length != path.len() || path.pop() != Some(0) {
        return Err(Errno::ENOEXEC);
    }
    Ok(Some(path))
}

fn protection_of(segment: &ProgramHeader) -> Protection {
    let mut protection = Protection::empty();
    for (flag, right) in [
        (PF_R, Protection::READ),
        (PF_W, Protection::WRITE),
        (PF_X, Protection::EXECUTE),
    ] {
        if segment.p_flags & flag != 0 {
            protection |= right;
        }
    }
    protection
}

/// Maps one segment: the part that the file has, and zeros up to its size in memory.
fn map_segment(
    space: &AddressSpace,
    process: &Process,
    file: &Arc<OpenFile>,
    segment: &ProgramHeader,
    bias: usize,
) -> Result<()> {
    let start = (segment.p_vaddr as usize)
        .checked_add(bias)
        .ok_or(Errno::ENOEXEC)?;
    let page = page_align_down(start);
    let before = start - page;
    let protection = protection_of(segment);
    let file_end = start + segment.p_filesz as usize;
    let memory_end = start + segment.p_memsz as usize;
    if segment.p_filesz > 0 {
        let mut request = MapRequest::anonymous(Place::Fixed(page), file_end - page, protection);
        let offset = segment.p_offset - before as u64;
        request.object = Some((file.pager()?, Some(Arc::clone(file)), offset));
        space.map(process, request).map_err(not_a_program)?;
    }
    let mapped_end = page_align_up(file_end).ok_or(Errno::ENOEXEC)?;
    let mapped_end = if segment.p_filesz > 0 {
        mapped_end
    } else {
        page
    };
    if memory_end > mapped_end {
        let request = MapRequest::anonymous(
            Place::Fixed(mapped_end),
            memory_end - mapped_end,
            protection,
        );
        space.map(process, request).map_err(not_a_program)?;
    }
    // What follows the file's bytes in their last page is zero in memory.
    let tail = mapped_end.min(memory_end).saturating_sub(file_end);
    if segment.p_filesz > 0 && tail > 0 && protection.contains(Protection::WRITE) {
        let tail = if memory_end > file_end {
            mapped_end - file_end
        } else {
            tail
        };
        space.write_bytes(file_end, &[0; PAGE_SIZE][..tail])?;
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
