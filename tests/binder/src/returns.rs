//! What was read: BR_ commands, taken apart.

use abi_tests::raw;

use crate::protocol::br;

/// A transaction or a reply that came in, `binder_transaction_data` field by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The node's pointer.
    pub target: u64,
    /// The node's cookie.
    pub cookie: u64,
    /// What is asked for.
    pub code: u32,
    /// `TF_*`.
    pub flags: u32,
    /// Who asks; 0 for a one-way transaction and for a reply.
    pub sender_pid: i32,
    /// The effective user id of who asks.
    pub sender_euid: u32,
    /// Bytes of data.
    pub data_size: u64,
    /// Bytes of offsets.
    pub offsets_size: u64,
    /// Where the data are in our mapping: what BC_FREE_BUFFER takes.
    pub buffer: u64,
    /// Where the offsets are.
    pub offsets: u64,
}

impl Incoming {
    fn parse(bytes: &[u8]) -> Self {
        Self {
            target: word(bytes, 0),
            cookie: word(bytes, 8),
            code: half(bytes, 16),
            flags: half(bytes, 20),
            sender_pid: half(bytes, 24) as i32,
            sender_euid: half(bytes, 28),
            data_size: word(bytes, 32),
            offsets_size: word(bytes, 40),
            buffer: word(bytes, 48),
            offsets: word(bytes, 56),
        }
    }

    /// The data, as they lie in our mapping.
    pub fn data(&self) -> Vec<u8> {
        mapped(self.buffer, self.data_size)
    }

    /// The 32-bit number at `offset` of the data.
    pub fn number(&self, offset: usize) -> u32 {
        half(&mapped(self.buffer + offset as u64, 4), 0)
    }

    /// The 64-bit number at `offset` of the data.
    pub fn word(&self, offset: usize) -> u64 {
        word(&mapped(self.buffer + offset as u64, 8), 0)
    }

    /// Where the objects are.
    pub fn places(&self) -> Vec<u64> {
        let bytes = mapped(self.offsets, self.offsets_size);
        bytes.chunks_exact(8).map(|chunk| word(chunk, 0)).collect()
    }
}

/// One BR_ command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Return {
    Noop,
    Ok,
    Error(i32),
    Transaction(Incoming),
    /// With the address of the sender's security context.
    TransactionSecCtx(Incoming, u64),
    Reply(Incoming),
    DeadReply,
    TransactionComplete,
    Increfs(u64, u64),
    Acquire(u64, u64),
    Release(u64, u64),
    Decrefs(u64, u64),
    SpawnLooper,
    Finished,
    DeadBinder(u64),
    ClearDeathNotificationDone(u64),
    FailedReply,
    FrozenReply,
    OnewaySpamSuspect,
    TransactionPendingFrozen,
    /// Something else, or a command that is cut off.
    Unknown(u32),
}

impl Return {
    /// Its name, for a note.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Noop => "NOOP",
            Self::Ok => "OK",
            Self::Error(_) => "ERROR",
            Self::Transaction(_) => "TRANSACTION",
            Self::TransactionSecCtx(..) => "TRANSACTION_SEC_CTX",
            Self::Reply(_) => "REPLY",
            Self::DeadReply => "DEAD_REPLY",
            Self::TransactionComplete => "TRANSACTION_COMPLETE",
            Self::Increfs(..) => "INCREFS",
            Self::Acquire(..) => "ACQUIRE",
            Self::Release(..) => "RELEASE",
            Self::Decrefs(..) => "DECREFS",
            Self::SpawnLooper => "SPAWN_LOOPER",
            Self::Finished => "FINISHED",
            Self::DeadBinder(_) => "DEAD_BINDER",
            Self::ClearDeathNotificationDone(_) => "CLEAR_DEATH_NOTIFICATION_DONE",
            Self::FailedReply => "FAILED_REPLY",
            Self::FrozenReply => "FROZEN_REPLY",
            Self::OnewaySpamSuspect => "ONEWAY_SPAM_SUSPECT",
            Self::TransactionPendingFrozen => "TRANSACTION_PENDING_FROZEN",
            Self::Unknown(_) => "(unknown)",
        }
    }

    /// All that a read buffer holds.
    pub fn parse(mut bytes: &[u8]) -> Vec<Self> {
        let mut all = Vec::new();
        while bytes.len() >= 4 {
            let command = half(bytes, 0);
            let size = (command >> 16 & 0x3fff) as usize;
            let Some(argument) = bytes.get(4..4 + size) else {
                all.push(Self::Unknown(command));
                break;
            };
            all.push(Self::one(command, argument));
            bytes = &bytes[4 + size..];
        }
        all
    }

    fn one(command: u32, argument: &[u8]) -> Self {
        let node = || (word(argument, 0), word(argument, 8));
        match command {
            br::NOOP => Self::Noop,
            br::OK => Self::Ok,
            br::ERROR => Self::Error(half(argument, 0) as i32),
            br::TRANSACTION => Self::Transaction(Incoming::parse(argument)),
            br::TRANSACTION_SEC_CTX => {
                Self::TransactionSecCtx(Incoming::parse(argument), word(argument, 64))
            }
            br::REPLY => Self::Reply(Incoming::parse(argument)),
            br::DEAD_REPLY => Self::DeadReply,
            br::TRANSACTION_COMPLETE => Self::TransactionComplete,
            br::INCREFS => Self::Increfs(node().0, node().1),
            br::ACQUIRE => Self::Acquire(node().0, node().1),
            br::RELEASE => Self::Release(node().0, node().1),
            br::DECREFS => Self::Decrefs(node().0, node().1),
            br::SPAWN_LOOPER => Self::SpawnLooper,
            br::FINISHED => Self::Finished,
            br::DEAD_BINDER => Self::DeadBinder(word(argument, 0)),
            br::CLEAR_DEATH_NOTIFICATION_DONE => {
                Self::ClearDeathNotificationDone(word(argument, 0))
            }
            br::FAILED_REPLY => Self::FailedReply,
            br::FROZEN_REPLY => Self::FrozenReply,
            br::ONEWAY_SPAM_SUSPECT => Self::OnewaySpamSuspect,
            br::TRANSACTION_PENDING_FROZEN => Self::TransactionPendingFrozen,
            other => Self::Unknown(other),
        }
    }
}

/// The names of `returns`, with spaces between.
pub fn names(returns: &[Return]) -> String {
    let names: Vec<_> = returns.iter().map(Return::name).collect();
    names.join(" ")
}

/// The 32-bit number at `offset`.
pub fn half(bytes: &[u8], offset: usize) -> u32 {
    u32::from_ne_bytes(std::array::from_fn(|at| bytes[offset + at]))
}

/// The 64-bit number at `offset`.
pub fn word(bytes: &[u8], offset: usize) -> u64 {
    u64::from_ne_bytes(std::array::from_fn(|at| bytes[offset + at]))
}

/// Bytes that the kernel put into our mapping.
pub fn mapped(address: u64, length: u64) -> Vec<u8> {
    let address = address as usize;
    (address..address + length as usize)
        .map(raw::peek)
        .collect()
}
