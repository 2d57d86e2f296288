//! A write buffer under construction: BC_ commands, one after the other.

use std::marker::PhantomData;

use crate::parcel::Parcel;
use crate::protocol::bc;

/// Commands for one write. It holds on to the parcels whose addresses are in it.
#[derive(Clone, Default)]
pub struct Commands<'a> {
    /// The bytes for the kernel.
    pub bytes: Vec<u8>,
    parcels: PhantomData<&'a Parcel>,
}

impl<'a> Commands<'a> {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A command with its argument's bytes.
    pub fn command(mut self, command: u32, argument: &[u8]) -> Self {
        self.bytes.extend_from_slice(&command.to_ne_bytes());
        self.bytes.extend_from_slice(argument);
        self
    }

    /// A command without an argument.
    pub fn bare(self, command: u32) -> Self {
        self.command(command, &[])
    }

    /// A command with a handle (the four that count references).
    pub fn with_handle(self, command: u32, handle: u32) -> Self {
        self.command(command, &handle.to_ne_bytes())
    }

    /// A command with a word (BC_FREE_BUFFER, BC_DEAD_BINDER_DONE).
    pub fn with_word(self, command: u32, word: u64) -> Self {
        self.command(command, &word.to_ne_bytes())
    }

    /// A command with a node's pointer and cookie (the two that acknowledge references).
    pub fn with_node(self, command: u32, node: (u64, u64)) -> Self {
        let argument = [node.0.to_ne_bytes(), node.1.to_ne_bytes()].concat();
        self.command(command, &argument)
    }

    /// A command about a death notification.
    pub fn with_death(self, command: u32, handle: u32, cookie: u64) -> Self {
        let argument = [&handle.to_ne_bytes()[..], &cookie.to_ne_bytes()].concat();
        self.command(command, &argument)
    }

    /// BC_FREE_BUFFER.
    pub fn free(self, buffer: u64) -> Self {
        self.with_word(bc::FREE_BUFFER, buffer)
    }

    /// BC_TRANSACTION.
    pub fn transaction(self, handle: u32, code: u32, flags: u32, parcel: &'a Parcel) -> Self {
        let argument = transaction_data(u64::from(handle), code, flags, parcel.words());
        self.command(bc::TRANSACTION, &argument)
    }

    /// BC_TRANSACTION_SG.
    pub fn transaction_sg(self, handle: u32, code: u32, flags: u32, parcel: &'a Parcel) -> Self {
        let mut argument = transaction_data(u64::from(handle), code, flags, parcel.words());
        argument.extend_from_slice(&parcel.buffers_size.to_ne_bytes());
        self.command(bc::TRANSACTION_SG, &argument)
    }

    /// BC_REPLY.
    pub fn reply(self, flags: u32, parcel: &'a Parcel) -> Self {
        self.command(bc::REPLY, &transaction_data(0, 0, flags, parcel.words()))
    }

    /// BC_REPLY_SG.
    pub fn reply_sg(self, flags: u32, parcel: &'a Parcel) -> Self {
        let mut argument = transaction_data(0, 0, flags, parcel.words());
        argument.extend_from_slice(&parcel.buffers_size.to_ne_bytes());
        self.command(bc::REPLY_SG, &argument)
    }
}

/// `binder_transaction_data`; the last words are sizes and addresses.
pub fn transaction_data(target: u64, code: u32, flags: u32, words: [u64; 4]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&target.to_ne_bytes());
    bytes.extend_from_slice(&0u64.to_ne_bytes());
    bytes.extend_from_slice(&code.to_ne_bytes());
    bytes.extend_from_slice(&flags.to_ne_bytes());
    // The sender's pid and euid: the kernel fills them in.
    bytes.extend_from_slice(&[0; 8]);
    for word in words {
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    bytes
}
