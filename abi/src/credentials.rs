//! Capabilities as programs pass them. Source: capget(2).
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// One 32-bit set of each kind.
pub const CAPABILITY_VERSION_1: u32 = 0x1998_0330;
/// Two of each; deprecated.
pub const CAPABILITY_VERSION_2: u32 = 0x2007_1026;
/// Two of each.
pub const CAPABILITY_VERSION_3: u32 = 0x2008_0522;

/// `struct __user_cap_header_struct`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
pub struct CapabilityHeader {
    /// Which version of the structures is meant.
    pub version: u32,
    /// The thread; 0 for the caller.
    pub pid: i32,
}

/// `struct __user_cap_data_struct`: 32 capabilities.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct CapabilitySet {
    /// Those in force.
    pub effective: u32,
    /// Those that may be put in force.
    pub permitted: u32,
    /// Those that a new program may keep.
    pub inheritable: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_linux() {
        assert_eq!(size_of::<CapabilityHeader>(), 8);
        assert_eq!(size_of::<CapabilitySet>(), 12);
    }
}
