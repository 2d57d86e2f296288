//! What an argument of a system call is, a right value for it, and the wrong ones.

use abi_tests::sys;
use libc::*;
use std::ffi::CStr;

/// The descriptor of a regular file, open for reading and writing.
pub const FILE: i32 = 40;
/// The descriptor of the working directory.
pub const DIRECTORY: i32 = 41;
/// The descriptor of a terminal.
pub const TERMINAL: i32 = 42;
/// The descriptor of the reading end of an empty pipe; the writing end is the next.
pub const PIPE: i32 = 44;

/// The descriptor of a file of proc, which has no extended attributes anywhere.
pub const PROC: i32 = 47;

/// An epoll instance without interests.
pub const EPOLL: i32 = 48;

/// The kind of an argument.
pub enum Argument {
    /// A descriptor; this one is right.
    Descriptor(i32),
    /// A directory descriptor for a relative path: AT_FDCWD is right.
    Folder,
    /// A path; this one is right.
    Path(&'static CStr),
    /// A pointer to this many bytes the kernel reads; zeros are right.
    In(usize),
    /// A pointer to words the kernel reads; these are right.
    Words(&'static [u64]),
    /// A pointer to this many bytes the kernel writes (or reads and writes).
    Out(usize),
    /// A length in bytes; this one is right.
    Size(usize),
    /// An address of the caller's own, not looked through: a mapped page is right.
    Address,
    /// Bits; these are right.
    Flags(i64),
    /// A number; this one is right.
    Number(i64),
    /// A value that always stays.
    Fixed(i64),
}

/// The memory that right and wrong pointers lead to, at addresses of our choice so that they are
/// the same everywhere.
pub struct Memory {
    base: usize,
}

const PAGE: usize = 4096;
/// Where the pages lie: words for reading, a page without a NUL before a hole, a read-only page,
/// a page without access. Low enough to be free in any program.
const BASE: usize = 0x2000_0000;

impl Memory {
    /// Maps the pages.
    pub fn new() -> Self {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
        let map = |page: usize, count: usize, protection: i32| {
            sys!(
                SYS_mmap,
                BASE + page * PAGE,
                count * PAGE,
                protection,
                flags,
                -1,
                0
            );
        };
        map(0, 8, PROT_READ | PROT_WRITE);
        for byte in 4 * PAGE..8 * PAGE {
            abi_tests::raw::poke(BASE + byte, b'a');
        }
        map(16, 1, PROT_READ);
        map(24, 1, PROT_NONE);
        Memory { base: BASE }
    }

    /// Zeroed memory.
    fn zeros(&self) -> usize {
        self.base
    }

    /// The end of the letters; behind it nothing is mapped.
    fn edge(&self) -> usize {
        self.base + 8 * PAGE
    }
}

/// Pointers that lead nowhere.
const NOWHERE: [(&str, usize); 8] = [
    ("null", 0),
    ("low", 16),
    ("hole", BASE + 9 * PAGE),
    ("no access", BASE + 24 * PAGE),
    ("user end", 0x7fff_ffff_f000),
    ("not canonical", 0x8000_0000_0000),
    ("kernel", 0xffff_ffff_8000_0000),
    ("last byte", usize::MAX),
];

const NUMBERS: [(&str, usize); 4] = [
    ("-1", usize::MAX),
    ("least", i32::MIN as usize),
    ("most", i32::MAX as usize),
    ("low half zero", 1 << 32),
];

impl Argument {
    /// A right value.
    pub fn right(&self, memory: &Memory) -> usize {
        match self {
            Argument::Descriptor(fd) => *fd as usize,
            Argument::Folder => AT_FDCWD as usize,
            Argument::Path(text) => text.as_ptr().expose_provenance(),
            Argument::Words(words) => words.as_ptr().expose_provenance(),
            Argument::In(_) | Argument::Out(_) | Argument::Address => memory.zeros(),
            Argument::Size(size) => *size,
            Argument::Flags(value) | Argument::Number(value) | Argument::Fixed(value) => {
                *value as usize
            }
        }
    }

    /// The wrong values, named.
    pub fn wrong(&self, memory: &Memory) -> Vec<(&'static str, usize)> {
        let straddling = |size: usize| ("half mapped", memory.edge() - size / 2);
        let with = |last: &[(&'static str, usize)]| {
            NOWHERE.iter().chain(last).copied().collect::<Vec<_>>()
        };
        match self {
            Argument::Descriptor(_) | Argument::Folder => vec![
                ("-1", usize::MAX),
                ("closed", 99),
                ("beyond", i32::MAX as usize),
                ("least", i32::MIN as usize),
                ("a pipe", PIPE as usize),
            ],
            Argument::Path(_) => with(&[
                ("half mapped", memory.edge() - 4),
                ("empty", memory.zeros()),
                ("too long", memory.edge() - 3 * PAGE),
            ]),
            Argument::In(size) => with(&[straddling(*size)]),
            Argument::Words(words) => with(&[straddling(words.len() * 8)]),
            Argument::Out(size) => with(&[straddling(*size), ("read only", BASE + 16 * PAGE)]),
            Argument::Size(_) => vec![
                ("0", 0),
                ("1", 1),
                ("-1", usize::MAX),
                ("negative", 1 << 63),
                ("beyond", 1 << 47),
            ],
            Argument::Address => with(&[("unaligned", memory.zeros() + 1)]),
            Argument::Flags(_) => vec![
                ("all", u32::MAX as usize),
                ("unknown", 1 << 30),
                ("sign", 1 << 31),
            ],
            Argument::Number(_) => NUMBERS.to_vec(),
            Argument::Fixed(_) => Vec::new(),
        }
    }
}
