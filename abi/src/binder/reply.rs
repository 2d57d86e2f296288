//! What the kernel tells programs: `enum binder_driver_return_protocol`.

use super::{NONE, PtrCookie, READ, TransactionData, TransactionDataSecctx, number};

const fn reply(nr: u32, bytes: usize) -> u32 {
    number(if bytes == 0 { NONE } else { READ }, b'r', nr, bytes)
}

/// Something failed: a negated errno.
pub const BR_ERROR: u32 = reply(0, 4);
/// Nothing failed.
pub const BR_OK: u32 = reply(1, 0);
/// A transaction, with the sender's security context: [`TransactionDataSecctx`].
pub const BR_TRANSACTION_SEC_CTX: u32 = reply(2, size_of::<TransactionDataSecctx>());
/// A transaction: [`TransactionData`].
pub const BR_TRANSACTION: u32 = reply(2, size_of::<TransactionData>());
/// The answer to the thread's transaction.
pub const BR_REPLY: u32 = reply(3, size_of::<TransactionData>());
/// There will be none: whom it was for is dead.
pub const BR_DEAD_REPLY: u32 = reply(5, 0);
/// A transaction or a reply is on its way.
pub const BR_TRANSACTION_COMPLETE: u32 = reply(6, 0);
/// Others know of a node now: [`PtrCookie`], as with the three that follow.
pub const BR_INCREFS: u32 = reply(7, size_of::<PtrCookie>());
/// Others hold a node now.
pub const BR_ACQUIRE: u32 = reply(8, size_of::<PtrCookie>());
/// Nobody holds it any longer.
pub const BR_RELEASE: u32 = reply(9, size_of::<PtrCookie>());
/// Nobody knows of it any longer.
pub const BR_DECREFS: u32 = reply(10, size_of::<PtrCookie>());
/// Nothing; what every read begins with.
pub const BR_NOOP: u32 = reply(12, 0);
/// One more thread would be good. Stands where the [`BR_NOOP`] was.
pub const BR_SPAWN_LOOPER: u32 = reply(13, 0);
/// What a handle led to is dead: the cookie of the request, a u64.
pub const BR_DEAD_BINDER: u32 = reply(15, 8);
/// A request to be told of a death is withdrawn: its cookie.
pub const BR_CLEAR_DEATH_NOTIFICATION_DONE: u32 = reply(16, 8);
/// A transaction or a reply failed.
pub const BR_FAILED_REPLY: u32 = reply(17, 0);
/// A transaction failed: its receiver is frozen.
pub const BR_FROZEN_REPLY: u32 = reply(18, 0);
/// As [`BR_TRANSACTION_COMPLETE`], and the thread's process sends too many.
pub const BR_ONEWAY_SPAM_SUSPECT: u32 = reply(19, 0);
/// As [`BR_TRANSACTION_COMPLETE`], and the receiver is frozen.
pub const BR_TRANSACTION_PENDING_FROZEN: u32 = reply(20, 0);

/// How many there are.
pub const COUNT: usize = 21;

/// Their names, by number.
pub const NAMES: [&str; COUNT] = [
    "BR_ERROR",
    "BR_OK",
    "BR_TRANSACTION",
    "BR_REPLY",
    "BR_ACQUIRE_RESULT",
    "BR_DEAD_REPLY",
    "BR_TRANSACTION_COMPLETE",
    "BR_INCREFS",
    "BR_ACQUIRE",
    "BR_RELEASE",
    "BR_DECREFS",
    "BR_ATTEMPT_ACQUIRE",
    "BR_NOOP",
    "BR_SPAWN_LOOPER",
    "BR_FINISHED",
    "BR_DEAD_BINDER",
    "BR_CLEAR_DEATH_NOTIFICATION_DONE",
    "BR_FAILED_REPLY",
    "BR_FROZEN_REPLY",
    "BR_ONEWAY_SPAM_SUSPECT",
    "BR_TRANSACTION_PENDING_FROZEN",
];
