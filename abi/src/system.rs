//! The system's names and figures, as `uname(2)` and `sysinfo(2)` give them.
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes of each name in [`Utsname`], the NUL at its end included.
pub const NAME_LENGTH: usize = 65;

/// `struct new_utsname`.
#[repr(C)]
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
pub struct Utsname {
    /// The names in order: system, host, release, version, machine, domain.
    pub names: [[u8; NAME_LENGTH]; 6],
}

impl Utsname {
    /// The structure with these names, each cut to 64 bytes.
    pub fn new(names: [&[u8]; 6]) -> Self {
        let mut result = Self {
            names: [[0; NAME_LENGTH]; 6],
        };
        for (slot, name) in result.names.iter_mut().zip(names) {
            let length = name.len().min(NAME_LENGTH - 1);
            slot[..length].copy_from_slice(&name[..length]);
        }
        result
    }
}

/// `struct sysinfo`. Sizes are in units of `mem_unit` bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
pub struct Sysinfo {
    /// Seconds since boot.
    pub uptime: i64,
    /// Load averages over 1, 5 and 15 minutes, with 16 fractional bits.
    pub loads: [u64; 3],
    /// All memory.
    pub totalram: u64,
    /// Memory in no use.
    pub freeram: u64,
    /// Memory shared between programs.
    pub sharedram: u64,
    /// Memory of buffers.
    pub bufferram: u64,
    /// All swap space.
    pub totalswap: u64,
    /// Swap space in no use.
    pub freeswap: u64,
    /// Threads there are.
    pub procs: u16,
    /// Explicit padding, as on other machines.
    pub pad: [u16; 3],
    /// All high memory: none on 64 bits.
    pub totalhigh: u64,
    /// High memory in no use.
    pub freehigh: u64,
    /// Unit of the sizes, in bytes.
    pub mem_unit: u32,
    /// Fills the structure to its alignment.
    pub reserved: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_linux_headers() {
        assert_eq!(size_of::<Utsname>(), 390);
        assert_eq!(size_of::<Sysinfo>(), 112);
    }

    #[test]
    fn long_names_are_cut_and_ended() {
        let names = Utsname::new([&[b'x'; 100], b"", b"", b"", b"", b""]);
        assert_eq!(names.names[0][63..], [b'x', 0]);
    }
}
