//! The numbers of the binder protocol, version 8 (64-bit).
//!
//! Written down a second time, apart from the kernel's: a test that shared its layouts would not
//! notice a wrong one. Source: the names and numbers of `linux/android/binder.h`.

/// An ioctl's number: direction, type, number and size as ioctl(2) packs them.
const fn encoded(direction: u32, kind: u8, number: u32, size: u32) -> u32 {
    direction << 30 | size << 16 | (kind as u32) << 8 | number
}
const fn none(kind: u8, number: u32) -> u32 {
    encoded(0, kind, number, 0)
}
const fn to_kernel(kind: u8, number: u32, size: u32) -> u32 {
    encoded(1, kind, number, size)
}
const fn from_kernel(kind: u8, number: u32, size: u32) -> u32 {
    encoded(2, kind, number, size)
}
const fn both_ways(kind: u8, number: u32, size: u32) -> u32 {
    encoded(3, kind, number, size)
}

/// The ioctls of a binder file.
pub mod ioctl {
    use super::{both_ways, to_kernel};

    pub const WRITE_READ: u32 = both_ways(b'b', 1, 48);
    pub const SET_IDLE_TIMEOUT: u32 = to_kernel(b'b', 3, 8);
    pub const SET_MAX_THREADS: u32 = to_kernel(b'b', 5, 4);
    pub const SET_IDLE_PRIORITY: u32 = to_kernel(b'b', 6, 4);
    pub const SET_CONTEXT_MGR: u32 = to_kernel(b'b', 7, 4);
    pub const THREAD_EXIT: u32 = to_kernel(b'b', 8, 4);
    pub const VERSION: u32 = both_ways(b'b', 9, 4);
    pub const GET_NODE_DEBUG_INFO: u32 = both_ways(b'b', 11, 24);
    pub const GET_NODE_INFO_FOR_REF: u32 = both_ways(b'b', 12, 24);
    pub const SET_CONTEXT_MGR_EXT: u32 = to_kernel(b'b', 13, 24);
    pub const FREEZE: u32 = to_kernel(b'b', 14, 12);
    pub const GET_FROZEN_INFO: u32 = both_ways(b'b', 15, 12);
    pub const ENABLE_ONEWAY_SPAM_DETECTION: u32 = to_kernel(b'b', 16, 4);
    pub const GET_EXTENDED_ERROR: u32 = both_ways(b'b', 17, 12);
    /// Of binderfs' binder-control: name of 256 bytes, major, minor.
    pub const CTL_ADD: u32 = both_ways(b'b', 1, 264);
}

/// What a program writes.
pub mod bc {
    use super::{none, to_kernel};

    pub const TRANSACTION: u32 = to_kernel(b'c', 0, 64);
    pub const REPLY: u32 = to_kernel(b'c', 1, 64);
    pub const ACQUIRE_RESULT: u32 = to_kernel(b'c', 2, 4);
    pub const FREE_BUFFER: u32 = to_kernel(b'c', 3, 8);
    pub const INCREFS: u32 = to_kernel(b'c', 4, 4);
    pub const ACQUIRE: u32 = to_kernel(b'c', 5, 4);
    pub const RELEASE: u32 = to_kernel(b'c', 6, 4);
    pub const DECREFS: u32 = to_kernel(b'c', 7, 4);
    pub const INCREFS_DONE: u32 = to_kernel(b'c', 8, 16);
    pub const ACQUIRE_DONE: u32 = to_kernel(b'c', 9, 16);
    pub const ATTEMPT_ACQUIRE: u32 = to_kernel(b'c', 10, 8);
    pub const REGISTER_LOOPER: u32 = none(b'c', 11);
    pub const ENTER_LOOPER: u32 = none(b'c', 12);
    pub const EXIT_LOOPER: u32 = none(b'c', 13);
    pub const REQUEST_DEATH_NOTIFICATION: u32 = to_kernel(b'c', 14, 12);
    pub const CLEAR_DEATH_NOTIFICATION: u32 = to_kernel(b'c', 15, 12);
    pub const DEAD_BINDER_DONE: u32 = to_kernel(b'c', 16, 8);
    pub const TRANSACTION_SG: u32 = to_kernel(b'c', 17, 72);
    pub const REPLY_SG: u32 = to_kernel(b'c', 18, 72);
}

/// What a program reads.
pub mod br {
    use super::{from_kernel, none};

    pub const ERROR: u32 = from_kernel(b'r', 0, 4);
    pub const OK: u32 = none(b'r', 1);
    pub const TRANSACTION_SEC_CTX: u32 = from_kernel(b'r', 2, 72);
    pub const TRANSACTION: u32 = from_kernel(b'r', 2, 64);
    pub const REPLY: u32 = from_kernel(b'r', 3, 64);
    pub const DEAD_REPLY: u32 = none(b'r', 5);
    pub const TRANSACTION_COMPLETE: u32 = none(b'r', 6);
    pub const INCREFS: u32 = from_kernel(b'r', 7, 16);
    pub const ACQUIRE: u32 = from_kernel(b'r', 8, 16);
    pub const RELEASE: u32 = from_kernel(b'r', 9, 16);
    pub const DECREFS: u32 = from_kernel(b'r', 10, 16);
    pub const NOOP: u32 = none(b'r', 12);
    pub const SPAWN_LOOPER: u32 = none(b'r', 13);
    pub const FINISHED: u32 = none(b'r', 14);
    pub const DEAD_BINDER: u32 = from_kernel(b'r', 15, 8);
    pub const CLEAR_DEATH_NOTIFICATION_DONE: u32 = from_kernel(b'r', 16, 8);
    pub const FAILED_REPLY: u32 = none(b'r', 17);
    pub const FROZEN_REPLY: u32 = none(b'r', 18);
    pub const ONEWAY_SPAM_SUSPECT: u32 = none(b'r', 19);
    pub const TRANSACTION_PENDING_FROZEN: u32 = none(b'r', 20);
}

/// The kinds of objects in a parcel: three letters and 0x85.
pub mod object {
    const fn packed(letters: [u8; 3]) -> u32 {
        u32::from_be_bytes([letters[0], letters[1], letters[2], 0x85])
    }

    pub const BINDER: u32 = packed(*b"sb*");
    pub const WEAK_BINDER: u32 = packed(*b"wb*");
    pub const HANDLE: u32 = packed(*b"sh*");
    pub const WEAK_HANDLE: u32 = packed(*b"wh*");
    pub const FD: u32 = packed(*b"fd*");
    pub const FDA: u32 = packed(*b"fda");
    pub const PTR: u32 = packed(*b"pt*");

    /// The node takes transactions with descriptors in them.
    pub const ACCEPTS_FDS: u32 = 0x100;
    /// The node wants the sender's security context.
    pub const TXN_SECURITY_CTX: u32 = 0x1000;
    /// The buffer object has a parent that points to it.
    pub const HAS_PARENT: u32 = 1;
}

/// Flags of a transaction.
pub mod tf {
    pub const ONE_WAY: u32 = 0x01;
    pub const ROOT_OBJECT: u32 = 0x04;
    pub const STATUS_CODE: u32 = 0x08;
    pub const ACCEPT_FDS: u32 = 0x10;
    pub const CLEAR_BUF: u32 = 0x20;
    pub const UPDATE_TXN: u32 = 0x40;
}
