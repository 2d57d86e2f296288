//! Android's logger, `/dev/log/*`, with the device namespaces' part: the headers in front of an
//! entry, and the commands.
//!
//! Source: Android's `drivers/staging/android/logger.h`; the namespace part is that of the Cells
//! project's device namespaces.
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// What an entry begins with, `struct user_logger_entry_compat` (the first 20 bytes) and
/// `struct logger_entry` (all of it).
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct EntryHeader {
    /// Bytes of what follows the header.
    pub length: u16,
    /// Version 2: bytes of the whole header. Version 1: 0.
    pub header_size: u16,
    /// The process that wrote it, as it saw itself.
    pub pid: i32,
    /// The thread that wrote it, as it saw itself.
    pub tid: i32,
    /// When, since 1970.
    pub seconds: i32,
    /// And nanoseconds.
    pub nanoseconds: i32,
    /// Version 2 only: who wrote it.
    pub euid: u32,
}

/// What stands in front of that for readers who see all namespaces.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct NamespaceHeader {
    /// The init process of the writer's device namespace, as the root sees it.
    pub init_pid: i32,
    /// The process that wrote it, as the root sees it.
    pub root_pid: i32,
    /// The thread that wrote it, as the root sees it.
    pub root_tid: i32,
    /// The tag of the namespace when it was written.
    pub tag: [u8; 4],
}

/// Bytes of [`EntryHeader`] that readers of version 1 get.
pub const HEADER_1: usize = 20;
/// Bytes of [`EntryHeader`] that readers of version 2 get.
pub const HEADER_2: usize = size_of::<EntryHeader>();
/// Bytes of [`NamespaceHeader`].
pub const NAMESPACE_HEADER: usize = size_of::<NamespaceHeader>();
/// The most bytes an entry has behind its header (`LOGGER_ENTRY_MAX_PAYLOAD`).
pub const PAYLOAD_MAX: usize = 4076;
/// The group whose members read everybody's entries (`AID_LOG`).
pub const LOG_GROUP: u32 = 1007;

/// `_IO(0xAE, number)`.
const fn command(number: u32) -> u32 {
    0xae << 8 | number
}

/// How many bytes the log keeps.
pub const LOGGER_GET_LOG_BUF_SIZE: u32 = command(1);
/// How many bytes there are to read.
pub const LOGGER_GET_LOG_LEN: u32 = command(2);
/// How many bytes the next entry has, its header included.
pub const LOGGER_GET_NEXT_ENTRY_LEN: u32 = command(3);
/// Drops all entries.
pub const LOGGER_FLUSH_LOG: u32 = command(4);
/// Which version of the header this reader gets.
pub const LOGGER_GET_VERSION: u32 = command(5);
/// Chooses it: a pointer to an int, 1 or 2.
pub const LOGGER_SET_VERSION: u32 = command(6);
/// Chooses the namespace: its init pid, by value; 0 for all.
pub const LOGGER_SET_DEV_NS_FILTER: u32 = command(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_android() {
        assert_eq!((HEADER_1, HEADER_2, NAMESPACE_HEADER), (20, 24, 16));
        assert_eq!(core::mem::offset_of!(EntryHeader, euid), HEADER_1);
        assert_eq!(LOGGER_SET_DEV_NS_FILTER, 0xae0a);
    }
}
