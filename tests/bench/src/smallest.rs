//! The smallest program there can be, for measuring execve alone: it asks the kernel to exit and
//! does nothing before. A program with the C library's start-up would measure its relocations and
//! its locale instead.
//!
//! The file is written here byte by byte: the header, one segment, three instructions. Source:
//! System V ABI, chapter 4 (object files) and, for AMD64, 3.4.1 (process entry) and A.2.1.

use std::ffi::{CStr, CString};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use goblin::elf64::header::{self, Header};
use goblin::elf64::program_header::{self, ProgramHeader};
use scroll::{LE, Pwrite};

/// Where the file lies in memory, from its first byte on.
const BASE: u64 = 0x40_0000;
const HEADERS_LENGTH: usize = header::SIZEOF_EHDR + program_header::SIZEOF_PHDR;

/// `mov eax, 231; xor edi, edi; syscall`: `exit_group(0)`, which does not return.
const INSTRUCTIONS: [u8; 9] = [0xb8, 231, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05];

const LENGTH: usize = HEADERS_LENGTH + INSTRUCTIONS.len();

/// An executable file in /tmp, which is a tmpfs in the guest. Removed when dropped.
pub struct SmallestProgram {
    path: CString,
}

impl SmallestProgram {
    /// Writes the file.
    ///
    /// # Errors
    /// A sentence, when /tmp does not take it.
    pub fn new() -> Result<Self, String> {
        let path = format!("/tmp/bench-exit.{}", std::process::id());
        let why = |error: std::io::Error| format!("{path}: {error}");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o700);
        let mut file = options.open(&path).map_err(why)?;
        let bytes = image().map_err(|error| error.to_string())?;
        file.write_all(&bytes).map_err(why)?;
        let path = CString::new(path).map_err(|error| error.to_string())?;
        Ok(SmallestProgram { path })
    }

    /// Where it lies.
    pub fn path(&self) -> &CStr {
        &self.path
    }
}

impl Drop for SmallestProgram {
    fn drop(&mut self) {
        abi_tests::sys!(libc::SYS_unlink, self.path.as_c_str());
    }
}

/// The bytes of the file.
fn image() -> Result<Vec<u8>, goblin::error::Error> {
    let mut identity = [0; header::SIZEOF_IDENT];
    identity[..header::SELFMAG].copy_from_slice(header::ELFMAG);
    identity[header::EI_CLASS] = header::ELFCLASS64;
    identity[header::EI_DATA] = header::ELFDATA2LSB;
    identity[header::EI_VERSION] = header::EV_CURRENT;
    let header = Header {
        e_ident: identity,
        e_type: header::ET_EXEC,
        e_machine: header::EM_X86_64,
        e_version: header::EV_CURRENT.into(),
        e_entry: BASE + HEADERS_LENGTH as u64,
        e_phoff: header::SIZEOF_EHDR as u64,
        e_ehsize: header::SIZEOF_EHDR as u16,
        e_phentsize: program_header::SIZEOF_PHDR as u16,
        e_phnum: 1,
        ..Header::default()
    };
    let segment = ProgramHeader {
        p_type: program_header::PT_LOAD,
        p_flags: program_header::PF_R | program_header::PF_X,
        p_offset: 0,
        p_vaddr: BASE,
        p_paddr: BASE,
        p_filesz: LENGTH as u64,
        p_memsz: LENGTH as u64,
        p_align: 4096,
    };
    let mut bytes = vec![0; LENGTH];
    let end = &mut 0;
    bytes.gwrite_with(header, end, LE)?;
    bytes.gwrite_with(segment, end, LE)?;
    bytes.gwrite(INSTRUCTIONS.as_slice(), end)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use goblin::elf::Elf;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn it_starts_at_the_instructions_behind_its_headers() {
        let bytes = image().expect("a vector takes any bytes");
        let elf = Elf::parse(&bytes).expect("it is a whole ELF file");
        assert!(elf.is_64 && elf.little_endian && !elf.is_lib);
        let at = (elf.entry - elf.program_headers[0].p_vaddr) as usize;
        assert_eq!(&bytes[at..], &INSTRUCTIONS);
    }

    #[test]
    fn it_runs_and_is_gone_afterwards() {
        let program = SmallestProgram::new().expect("/tmp can be written to");
        let path = std::path::PathBuf::from(std::ffi::OsStr::from_bytes(program.path().to_bytes()));
        let status = std::process::Command::new(&path).status();
        assert!(status.expect("the kernel takes it").success());
        drop(program);
        assert!(!path.exists());
    }
}
