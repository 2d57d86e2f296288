//! What programs tell the kernel: `enum binder_driver_command_protocol`.

use super::{NONE, PtrCookie, TransactionData, TransactionDataSg, WRITE, number};

const fn command(nr: u32, bytes: usize) -> u32 {
    number(if bytes == 0 { NONE } else { WRITE }, b'c', nr, bytes)
}

/// Bytes of `struct binder_handle_cookie`, a handle and a cookie without padding.
pub const HANDLE_COOKIE_BYTES: usize = 12;

/// Sends a transaction: [`TransactionData`].
pub const BC_TRANSACTION: u32 = command(0, size_of::<TransactionData>());
/// Answers the one that the thread is at.
pub const BC_REPLY: u32 = command(1, size_of::<TransactionData>());
/// Was never made.
pub const BC_ACQUIRE_RESULT: u32 = command(2, 4);
/// Frees the buffer at this address, a u64.
pub const BC_FREE_BUFFER: u32 = command(3, 8);
/// The process knows of a handle once more; a u32, as with the three that follow.
pub const BC_INCREFS: u32 = command(4, 4);
/// It holds a handle once more.
pub const BC_ACQUIRE: u32 = command(5, 4);
/// It holds it once less.
pub const BC_RELEASE: u32 = command(6, 4);
/// It knows of it once less.
pub const BC_DECREFS: u32 = command(7, 4);
/// The process has noted that others know of its node: [`PtrCookie`].
pub const BC_INCREFS_DONE: u32 = command(8, size_of::<PtrCookie>());
/// The process has noted that others hold its node.
pub const BC_ACQUIRE_DONE: u32 = command(9, size_of::<PtrCookie>());
/// Was never made.
pub const BC_ATTEMPT_ACQUIRE: u32 = command(10, 8);
/// The thread, which the kernel asked for, takes transactions.
pub const BC_REGISTER_LOOPER: u32 = command(11, 0);
/// The thread takes transactions.
pub const BC_ENTER_LOOPER: u32 = command(12, 0);
/// It does no longer.
pub const BC_EXIT_LOOPER: u32 = command(13, 0);
/// Tell of the death behind a handle: the handle, a u32, and a cookie, a u64.
pub const BC_REQUEST_DEATH_NOTIFICATION: u32 = command(14, HANDLE_COOKIE_BYTES);
/// Do not.
pub const BC_CLEAR_DEATH_NOTIFICATION: u32 = command(15, HANDLE_COOKIE_BYTES);
/// The process has dealt with a death; the cookie.
pub const BC_DEAD_BINDER_DONE: u32 = command(16, 8);
/// As [`BC_TRANSACTION`], with buffers: [`TransactionDataSg`].
pub const BC_TRANSACTION_SG: u32 = command(17, size_of::<TransactionDataSg>());
/// As [`BC_REPLY`], with buffers.
pub const BC_REPLY_SG: u32 = command(18, size_of::<TransactionDataSg>());

/// How many commands there are.
pub const COUNT: usize = 19;

/// Their names, by number.
pub const NAMES: [&str; COUNT] = [
    "BC_TRANSACTION",
    "BC_REPLY",
    "BC_ACQUIRE_RESULT",
    "BC_FREE_BUFFER",
    "BC_INCREFS",
    "BC_ACQUIRE",
    "BC_RELEASE",
    "BC_DECREFS",
    "BC_INCREFS_DONE",
    "BC_ACQUIRE_DONE",
    "BC_ATTEMPT_ACQUIRE",
    "BC_REGISTER_LOOPER",
    "BC_ENTER_LOOPER",
    "BC_EXIT_LOOPER",
    "BC_REQUEST_DEATH_NOTIFICATION",
    "BC_CLEAR_DEATH_NOTIFICATION",
    "BC_DEAD_BINDER_DONE",
    "BC_TRANSACTION_SG",
    "BC_REPLY_SG",
];
