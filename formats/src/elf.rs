//! ELF64 programs: what execve(2) has to map, and where.
//!
//! [`parse`] turns the head of a file into a [`Program`]: its segments, its entry, where its
//! program headers will lie. It reads nothing else and trusts nothing: every sum is checked,
//! and a file that makes no sense is an [`ElfError`], whose text says what is wrong with it.
//! The bytes are taken apart by `goblin`; the rules are those of Linux's loader.
//!
//! Source: elf(5), the System V generic ABI, chapter 5.

use alloc::vec::Vec;
use core::fmt;

use goblin::elf64::header::{EM_X86_64, ET_DYN, ET_EXEC, Header, SIZEOF_EHDR};
use goblin::elf64::program_header::{PF_R, PF_W, PF_X, PT_INTERP, PT_LOAD, PT_PHDR, ProgramHeader};

/// Bytes of a page: a segment's address and offset must agree modulo this.
pub const PAGE_BYTES: u64 = 4096;
/// Bytes of a program header.
pub const PROGRAM_HEADER_BYTES: usize = 56;
/// As on Linux: the program headers of a file take at most 64 KiB.
const PROGRAM_HEADERS_BYTES_MAX: usize = 65_536;
/// No program reaches further (the end of the user half).
const ADDRESS_END: u64 = 0x7fff_ffff_f000;

/// Why a file is no program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElfError {
    /// It does not start with an ELF header for a 64-bit little-endian machine.
    NotElf,
    /// It is for another machine.
    WrongMachine,
    /// It is an object file or a core, or has no program headers.
    NotAProgram,
    /// The program headers lie outside the file or are of another size than 56 bytes.
    BadProgramHeaders,
    /// There is nothing to load.
    NothingToLoad,
    /// A segment is larger in the file than in memory, its address and offset disagree, or it
    /// reaches beyond what a program can have.
    BadSegment,
    /// The interpreter's path is empty, too long, or not ended by a NUL.
    BadInterpreter,
}

impl fmt::Display for ElfError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotElf => "not an ELF file for a 64-bit little-endian machine",
            Self::WrongMachine => "not for x86-64",
            Self::NotAProgram => "not an executable or position-independent program",
            Self::BadProgramHeaders => "its program headers are not where they should be",
            Self::NothingToLoad => "it has no segment to load",
            Self::BadSegment => "a segment has sizes or addresses that make no sense",
            Self::BadInterpreter => "the path of its interpreter makes no sense",
        })
    }
}

impl core::error::Error for ElfError {}

/// A part of the file that is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Address of the first byte, before relocation.
    pub address: u64,
    /// Bytes in memory.
    pub memory_bytes: u64,
    /// Offset of the first byte in the file.
    pub file_offset: u64,
    /// Bytes in the file; the rest of the memory is zero.
    pub file_bytes: u64,
    /// May be read.
    pub readable: bool,
    /// May be written.
    pub writable: bool,
    /// May be executed.
    pub executable: bool,
}

/// A program that can be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// It may be loaded anywhere.
    pub position_independent: bool,
    /// Address of the first instruction, before relocation.
    pub entry: u64,
    /// Address of the program headers once loaded, before relocation; none when no segment
    /// holds them.
    pub headers_address: Option<u64>,
    /// How many program headers there are.
    pub header_count: usize,
    /// What is mapped, in the file's order.
    pub segments: Vec<Segment>,
    /// Where in the file the interpreter's path lies with its NUL: offset and length.
    pub interpreter: Option<(u64, usize)>,
}

impl Program {
    /// The lowest address and the one after the highest, before relocation.
    pub fn extent(&self) -> (u64, u64) {
        let lowest = self.segments.iter().map(|segment| segment.address).min();
        let ends = self
            .segments
            .iter()
            .map(|segment| segment.address + segment.memory_bytes);
        (lowest.unwrap_or(0), ends.max().unwrap_or(0))
    }
}

/// Reads the program headers. `head` is the file from its start, as much of it as there is or
/// the caller cares to read; `read_at(offset, length)` gives other parts, or none when the file
/// ends before.
///
/// # Errors
/// Why the file cannot be run.
pub fn parse(
    head: &[u8],
    read_at: impl FnOnce(u64, usize) -> Option<Vec<u8>>,
) -> Result<Program, ElfError> {
    let header = parse_header(head)?;
    let length = usize::from(header.e_phnum) * PROGRAM_HEADER_BYTES;
    if length > PROGRAM_HEADERS_BYTES_MAX {
        return Err(ElfError::BadProgramHeaders);
    }
    let start = usize::try_from(header.e_phoff).map_err(|_| ElfError::BadProgramHeaders)?;
    let end = start
        .checked_add(length)
        .ok_or(ElfError::BadProgramHeaders)?;
    let elsewhere;
    let bytes = if let Some(bytes) = head.get(start..end) {
        bytes
    } else {
        elsewhere = read_at(header.e_phoff, length).ok_or(ElfError::BadProgramHeaders)?;
        elsewhere.get(..length).ok_or(ElfError::BadProgramHeaders)?
    };
    let headers = ProgramHeader::from_bytes(bytes, usize::from(header.e_phnum));
    let segments = headers
        .iter()
        .filter(|header| header.p_type == PT_LOAD)
        .map(segment)
        .collect::<Result<Vec<_>, _>>()?;
    if segments.is_empty() {
        return Err(ElfError::NothingToLoad);
    }
    Ok(Program {
        position_independent: header.e_type == ET_DYN,
        entry: header.e_entry,
        headers_address: headers_address(&headers, header.e_phoff),
        header_count: headers.len(),
        segments,
        interpreter: interpreter(&headers)?,
    })
}

fn parse_header(head: &[u8]) -> Result<Header, ElfError> {
    let bytes: &[u8; SIZEOF_EHDR] = head
        .get(..SIZEOF_EHDR)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(ElfError::NotElf)?;
    const CLASS_64: u8 = 2;
    const LITTLE_ENDIAN: u8 = 1;
    if &bytes[..4] != b"\x7fELF" || bytes[4] != CLASS_64 || bytes[5] != LITTLE_ENDIAN {
        return Err(ElfError::NotElf);
    }
    let header = *Header::from_bytes(bytes);
    if header.e_machine != EM_X86_64 {
        return Err(ElfError::WrongMachine);
    }
    if header.e_type != ET_EXEC && header.e_type != ET_DYN || header.e_phnum == 0 {
        return Err(ElfError::NotAProgram);
    }
    if usize::from(header.e_phentsize) != PROGRAM_HEADER_BYTES {
        return Err(ElfError::BadProgramHeaders);
    }
    Ok(header)
}

fn segment(header: &ProgramHeader) -> Result<Segment, ElfError> {
    let end = header.p_vaddr.checked_add(header.p_memsz);
    let file_end = header.p_offset.checked_add(header.p_filesz);
    let fits = end.is_some_and(|end| end <= ADDRESS_END)
        && file_end.is_some_and(|end| end <= i64::MAX as u64);
    let aligned = header.p_vaddr % PAGE_BYTES == header.p_offset % PAGE_BYTES;
    if !fits || !aligned || header.p_filesz > header.p_memsz {
        return Err(ElfError::BadSegment);
    }
    Ok(Segment {
        address: header.p_vaddr,
        memory_bytes: header.p_memsz,
        file_offset: header.p_offset,
        file_bytes: header.p_filesz,
        readable: header.p_flags & PF_R != 0,
        writable: header.p_flags & PF_W != 0,
        executable: header.p_flags & PF_X != 0,
    })
}

/// Where the headers lie in memory: where PT_PHDR says, else in the segment that holds them.
fn headers_address(headers: &[ProgramHeader], offset: u64) -> Option<u64> {
    if let Some(own) = headers.iter().find(|header| header.p_type == PT_PHDR) {
        return Some(own.p_vaddr);
    }
    headers
        .iter()
        .filter(|header| header.p_type == PT_LOAD)
        .find(|header| {
            let end = header.p_offset.saturating_add(header.p_filesz);
            (header.p_offset..end).contains(&offset)
        })
        .map(|header| header.p_vaddr + (offset - header.p_offset))
}

fn interpreter(headers: &[ProgramHeader]) -> Result<Option<(u64, usize)>, ElfError> {
    const PATH_MAX: u64 = 4096;
    let Some(header) = headers.iter().find(|header| header.p_type == PT_INTERP) else {
        return Ok(None);
    };
    if header.p_filesz < 2 || header.p_filesz > PATH_MAX {
        return Err(ElfError::BadInterpreter);
    }
    Ok(Some((header.p_offset, header.p_filesz as usize)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn put(bytes: &mut [u8], offset: usize, value: &[u8]) {
        bytes[offset..offset + value.len()].copy_from_slice(value);
    }

    /// A program with one segment of 0x1800 bytes in memory, 0x1000 of them in the file.
    fn sample() -> Vec<u8> {
        let mut file = vec![0; 0x1000];
        put(&mut file, 0, b"\x7fELF\x02\x01\x01");
        put(&mut file, 16, &3_u16.to_le_bytes()); // ET_DYN
        put(&mut file, 18, &62_u16.to_le_bytes());
        put(&mut file, 24, &0x400_u64.to_le_bytes());
        put(&mut file, 32, &64_u64.to_le_bytes());
        put(&mut file, 54, &56_u16.to_le_bytes());
        put(&mut file, 56, &1_u16.to_le_bytes());
        put(&mut file, 64, &1_u32.to_le_bytes());
        put(&mut file, 68, &5_u32.to_le_bytes());
        put(&mut file, 96, &0x1000_u64.to_le_bytes());
        put(&mut file, 104, &0x1800_u64.to_le_bytes());
        file
    }

    fn parse_whole(file: &[u8]) -> Result<Program, ElfError> {
        parse(file, |_, _| None)
    }

    #[test]
    fn a_sound_program_is_understood() {
        let program = parse_whole(&sample()).expect("sound");
        assert!(program.position_independent);
        assert_eq!(program.headers_address, Some(64));
        assert_eq!(program.extent(), (0, 0x1800));
        assert!(program.segments[0].executable && !program.segments[0].writable);
    }

    #[test]
    fn headers_beyond_the_head_are_read() {
        let file = sample();
        let program = parse(&file[..64], |offset, length| {
            Some(file[offset as usize..][..length].to_vec())
        });
        assert_eq!(program, parse_whole(&file));
        assert_eq!(parse_whole(&file[..64]), Err(ElfError::BadProgramHeaders));
    }

    #[test]
    fn each_mistake_has_its_name() {
        let broken = |offset: usize, value: &[u8]| {
            let mut file = sample();
            put(&mut file, offset, value);
            parse_whole(&file)
        };
        assert_eq!(broken(0, b"#!"), Err(ElfError::NotElf));
        assert_eq!(broken(4, &[1]), Err(ElfError::NotElf));
        assert_eq!(broken(18, &[3]), Err(ElfError::WrongMachine));
        assert_eq!(broken(16, &[4]), Err(ElfError::NotAProgram));
        assert_eq!(broken(54, &[32]), Err(ElfError::BadProgramHeaders));
        assert_eq!(broken(32, &[0xff; 8]), Err(ElfError::BadProgramHeaders));
        assert_eq!(broken(56, &[0xff, 0xff]), Err(ElfError::BadProgramHeaders));
        assert_eq!(broken(64, &[6]), Err(ElfError::NothingToLoad));
        assert_eq!(broken(72, &[1]), Err(ElfError::BadSegment));
        assert_eq!(broken(96, &[0xff; 8]), Err(ElfError::BadSegment));
        assert_eq!(broken(80, &[0xff; 8]), Err(ElfError::BadSegment));
        assert_eq!(broken(64, &[3]), Err(ElfError::NothingToLoad));
    }

    #[test]
    fn no_bytes_make_it_panic() {
        // A small fuzzer that always runs: each byte of a sound file takes every value that
        // matters, and each prefix of the file is tried.
        let file = sample();
        for length in 0..file.len().min(200) {
            let _ = parse_whole(&file[..length]);
        }
        for offset in 0..200 {
            for value in [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff] {
                let mut file = sample();
                file[offset] = value;
                let _ = parse_whole(&file).map(|program| program.extent());
            }
        }
    }
}
