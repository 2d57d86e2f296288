//! What a transaction carries beside bytes. Each object begins with a number that tells its type.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::structure;

const fn kind(first: u8, second: u8, third: u8) -> u32 {
    u32::from_be_bytes([first, second, third, 0x85])
}

/// A node of the sender, which is held: [`FlatObject`].
pub const BINDER_TYPE_BINDER: u32 = kind(b's', b'b', b'*');
/// A node of the sender, which is known.
pub const BINDER_TYPE_WEAK_BINDER: u32 = kind(b'w', b'b', b'*');
/// What a handle of the sender leads to, which is held: [`FlatObject`].
pub const BINDER_TYPE_HANDLE: u32 = kind(b's', b'h', b'*');
/// What a handle of the sender leads to, which is known.
pub const BINDER_TYPE_WEAK_HANDLE: u32 = kind(b'w', b'h', b'*');
/// A descriptor: [`FdObject`].
pub const BINDER_TYPE_FD: u32 = kind(b'f', b'd', b'*');
/// Descriptors, which lie in a buffer: [`FdArrayObject`].
pub const BINDER_TYPE_FDA: u32 = kind(b'f', b'd', b'a');
/// A buffer of its own: [`BufferObject`].
pub const BINDER_TYPE_PTR: u32 = kind(b'p', b't', b'*');

/// Of a node: the nice value that its transactions run at, at least.
pub const FLAT_BINDER_FLAG_PRIORITY_MASK: u32 = 0xff;
/// Of a node: its transactions may carry descriptors.
pub const FLAT_BINDER_FLAG_ACCEPTS_FDS: u32 = 0x100;
/// Of a node: its transactions come with the sender's security context.
pub const FLAT_BINDER_FLAG_TXN_SECURITY_CTX: u32 = 0x1000;
/// Of a buffer: an address in another one leads to it.
pub const BINDER_BUFFER_FLAG_HAS_PARENT: u32 = 0x01;

structure! {
    /// `struct flat_binder_object`.
    FlatObject {
        /// One of the four types of nodes and handles.
        kind: u32,
        /// `FLAT_BINDER_FLAG_…`.
        flags: u32,
        /// The node's address, or the handle in the lower half.
        binder: u64,
        /// What the process knows its node by.
        cookie: u64,
    }
}

structure! {
    /// `struct binder_fd_object`.
    FdObject {
        /// [`BINDER_TYPE_FD`].
        kind: u32,
        /// Nothing.
        pad_flags: u32,
        /// The descriptor.
        fd: u32,
        /// The upper half of what would be a node's address.
        pad_binder: u32,
        /// Between the programs.
        cookie: u64,
    }
}

structure! {
    /// `struct binder_buffer_object`.
    BufferObject {
        /// [`BINDER_TYPE_PTR`].
        kind: u32,
        /// [`BINDER_BUFFER_FLAG_HAS_PARENT`] or nothing.
        flags: u32,
        /// The address: the sender's, or where the receiver finds it.
        buffer: u64,
        /// Bytes.
        length: u64,
        /// Which of the transaction's objects is the parent.
        parent: u64,
        /// Where in the parent's buffer the address stands.
        parent_offset: u64,
    }
}

structure! {
    /// `struct binder_fd_array_object`.
    FdArrayObject {
        /// [`BINDER_TYPE_FDA`].
        kind: u32,
        /// Nothing.
        pad: u32,
        /// How many descriptors.
        num_fds: u64,
        /// Which of the transaction's objects is the buffer that they lie in.
        parent: u64,
        /// Where in that buffer.
        parent_offset: u64,
    }
}
