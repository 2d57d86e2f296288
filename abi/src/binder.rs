//! What `/dev/binder` speaks: version 8 of the protocol, in which everything that is as wide as an
//! address has 64 bits.
//!
//! A program talks with one call, [`BINDER_WRITE_READ`]: it hands over a buffer of commands to the
//! kernel ([`command`]) and one for what the kernel returns ([`reply`]). Each begins with a number of
//! 32 bits that also tells how many bytes follow it, packed without padding. What a transaction
//! carries beside bytes are objects ([`object`]), whose places its offsets tell.
//!
//! Source: Linux's `include/uapi/linux/android/binder.h`.

pub mod command;
pub mod file_system;
pub mod object;
pub mod reply;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The version of the protocol.
pub const PROTOCOL_VERSION: i32 = 8;

const NONE: u32 = 0;
const WRITE: u32 = 1;
const READ: u32 = 2;

/// A number as ioctl(2) has them: who copies, how much, of which kind, and which one.
const fn number(direction: u32, kind: u8, number: u32, bytes: usize) -> u32 {
    direction << 30 | (bytes as u32) << 16 | (kind as u32) << 8 | number
}

/// The number of a command or a reply within its kind: statistics count by it.
pub const fn number_of(command: u32) -> usize {
    (command & 0xff) as usize
}

const fn ioctl(direction: u32, nr: u32, bytes: usize) -> u32 {
    number(direction, b'b', nr, bytes)
}

/// Commands go in, replies come out.
pub const BINDER_WRITE_READ: u32 = ioctl(READ | WRITE, 1, size_of::<WriteRead>());
/// Never did anything.
pub const BINDER_SET_IDLE_TIMEOUT: u32 = ioctl(WRITE, 3, 8);
/// How many threads the kernel may ask the process for.
pub const BINDER_SET_MAX_THREADS: u32 = ioctl(WRITE, 5, 4);
/// Never did anything.
pub const BINDER_SET_IDLE_PRIORITY: u32 = ioctl(WRITE, 6, 4);
/// The process becomes the one behind handle 0.
pub const BINDER_SET_CONTEXT_MGR: u32 = ioctl(WRITE, 7, 4);
/// The calling thread leaves.
pub const BINDER_THREAD_EXIT: u32 = ioctl(WRITE, 8, 4);
/// Which protocol is spoken.
pub const BINDER_VERSION: u32 = ioctl(READ | WRITE, 9, 4);
/// Tells of a node of the process: [`NodeDebugInfo`].
pub const BINDER_GET_NODE_DEBUG_INFO: u32 = ioctl(READ | WRITE, 11, size_of::<NodeDebugInfo>());
/// Tells the context manager of what one of its handles leads to: [`NodeInfoForRef`].
pub const BINDER_GET_NODE_INFO_FOR_REF: u32 = ioctl(READ | WRITE, 12, size_of::<NodeInfoForRef>());
/// As [`BINDER_SET_CONTEXT_MGR`], with a node that has flags: an [`object::FlatObject`].
pub const BINDER_SET_CONTEXT_MGR_EXT: u32 = ioctl(WRITE, 13, size_of::<object::FlatObject>());
/// Stops a process from taking transactions, or lets it go on: [`FreezeInfo`].
pub const BINDER_FREEZE: u32 = ioctl(WRITE, 14, size_of::<FreezeInfo>());
/// Tells what came for a frozen process: [`FrozenStatusInfo`].
pub const BINDER_GET_FROZEN_INFO: u32 = ioctl(READ | WRITE, 15, size_of::<FrozenStatusInfo>());
/// Whether senders of too many one-way transactions are told.
pub const BINDER_ENABLE_ONEWAY_SPAM_DETECTION: u32 = ioctl(WRITE, 16, 4);
/// Why the thread's last transaction failed: [`ExtendedError`].
pub const BINDER_GET_EXTENDED_ERROR: u32 = ioctl(READ | WRITE, 17, size_of::<ExtendedError>());

/// Nobody answers a transaction.
pub const TF_ONE_WAY: u32 = 0x01;
/// The reply is a status code of 4 bytes. The kernel does not look.
pub const TF_STATUS_CODE: u32 = 0x08;
/// The reply may carry descriptors.
pub const TF_ACCEPT_FDS: u32 = 0x10;
/// The buffer is made zero when it is freed.
pub const TF_CLEAR_BUF: u32 = 0x20;
/// Takes the place of an earlier one that a frozen process has not taken.
pub const TF_UPDATE_TXN: u32 = 0x40;

/// Derives what every structure of this protocol is.
macro_rules! structure {
    ($(#[$about:meta])* $name:ident { $($(#[$field_about:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$about])*
        #[repr(C)]
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
        )]
        pub struct $name {
            $($(#[$field_about])* pub $field: $kind,)*
        }
    };
}
pub(crate) use structure;

structure! {
    /// `struct binder_write_read`.
    WriteRead {
        /// Bytes of commands.
        write_size: u64,
        /// Of those, how many the kernel has dealt with.
        write_consumed: u64,
        /// Address of the commands.
        write_buffer: u64,
        /// Bytes there is room for.
        read_size: u64,
        /// Of those, how many the kernel has filled.
        read_consumed: u64,
        /// Address of the room.
        read_buffer: u64,
    }
}

structure! {
    /// `struct binder_node_debug_info`.
    NodeDebugInfo {
        /// In: the node is the first one after this; out: which it is. 0: there is none.
        ptr: u64,
        /// What the process knows it by.
        cookie: u64,
        /// Whether the process was told that others hold it.
        has_strong_ref: u32,
        /// Whether the process was told that others know of it.
        has_weak_ref: u32,
    }
}

structure! {
    /// `struct binder_node_info_for_ref`.
    NodeInfoForRef {
        /// Which reference of the process.
        handle: u32,
        /// How many hold what it leads to.
        strong_count: u32,
        /// How many know of it.
        weak_count: u32,
        /// Zeros.
        reserved: [u32; 3],
    }
}

structure! {
    /// `struct binder_freeze_info`.
    FreezeInfo {
        /// The process.
        pid: u32,
        /// Whether it is to be frozen.
        enable: u32,
        /// How long to wait for what is under way to end.
        timeout_ms: u32,
    }
}

structure! {
    /// `struct binder_frozen_status_info`.
    FrozenStatusInfo {
        /// The process.
        pid: u32,
        /// Bit 0: a transaction came since it was frozen; bit 1: some are still under way.
        sync_recv: u32,
        /// Bit 0: a one-way transaction came.
        async_recv: u32,
    }
}

structure! {
    /// `struct binder_extended_error`.
    ExtendedError {
        /// The number of the transaction.
        id: u32,
        /// What was returned.
        command: u32,
        /// An errno, negated.
        param: i32,
    }
}

structure! {
    /// `struct binder_transaction_data`.
    TransactionData {
        /// Of a command: the handle, in the lower half. Of what comes: the node's address.
        target: u64,
        /// Of what comes: what the process knows the node by.
        cookie: u64,
        /// What is to be done; between the programs.
        code: u32,
        /// `TF_…`.
        flags: u32,
        /// Of what comes: the sender, as the receiver sees it; 0 where no answer is expected.
        sender_pid: i32,
        /// Of what comes: the sender's user.
        sender_euid: u32,
        /// Bytes of data.
        data_size: u64,
        /// Bytes of offsets, 8 each.
        offsets_size: u64,
        /// Address of the data.
        buffer: u64,
        /// Address of the offsets of the objects in the data.
        offsets: u64,
    }
}

structure! {
    /// `struct binder_transaction_data_sg`.
    TransactionDataSg {
        /// The transaction.
        transaction: TransactionData,
        /// Bytes that the buffers its objects name need together.
        buffers_size: u64,
    }
}

structure! {
    /// `struct binder_transaction_data_secctx`.
    TransactionDataSecctx {
        /// The transaction.
        transaction: TransactionData,
        /// Address of the sender's security context, a NUL-ended text.
        secctx: u64,
    }
}

structure! {
    /// `struct binder_ptr_cookie`: names a node to its process.
    PtrCookie {
        /// The node's address.
        ptr: u64,
        /// What the process knows it by.
        cookie: u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_linux() {
        assert_eq!(BINDER_WRITE_READ, 0xc030_6201);
        assert_eq!(BINDER_VERSION, 0xc004_6209);
        assert_eq!(BINDER_SET_CONTEXT_MGR, 0x4004_6207);
        assert_eq!(BINDER_SET_CONTEXT_MGR_EXT, 0x4018_620d);
        assert_eq!(BINDER_GET_EXTENDED_ERROR, 0xc00c_6211);
        assert_eq!(command::BC_TRANSACTION, 0x4040_6300);
        assert_eq!(command::BC_REPLY_SG, 0x4048_6312);
        assert_eq!(command::BC_REQUEST_DEATH_NOTIFICATION, 0x400c_630e);
        assert_eq!(reply::BR_TRANSACTION, 0x8040_7202);
        assert_eq!(reply::BR_TRANSACTION_SEC_CTX, 0x8048_7202);
        assert_eq!(reply::BR_NOOP, 0x720c);
        assert_eq!(reply::BR_DEAD_BINDER, 0x8008_720f);
        assert_eq!(object::BINDER_TYPE_BINDER, 0x7362_2a85);
        assert_eq!(object::BINDER_TYPE_FDA, 0x6664_6185);
    }

    #[test]
    fn structures_are_as_long_as_on_linux() {
        assert_eq!(size_of::<TransactionData>(), 64);
        assert_eq!(size_of::<TransactionDataSg>(), 72);
        assert_eq!(size_of::<object::FlatObject>(), 24);
        assert_eq!(size_of::<object::FdObject>(), 24);
        assert_eq!(size_of::<object::FdArrayObject>(), 32);
        assert_eq!(size_of::<object::BufferObject>(), 40);
    }
}
