//! What a transaction carries: bytes, and objects at the places that its offsets name.

use abi_tests::call::Word;

use crate::protocol::object;

/// The payload of a transaction under construction.
#[derive(Clone, Debug, Default)]
pub struct Parcel {
    /// The bytes, objects among them.
    pub data: Vec<u8>,
    /// Where in the bytes each object begins.
    pub offsets: Vec<u64>,
    /// Overrides how many bytes of offsets the kernel is told there are.
    pub offsets_size: Option<u64>,
    /// The room for buffer objects that the kernel is told of (scatter-gather only).
    pub buffers_size: u64,
}

impl Parcel {
    /// One with these bytes and no objects.
    pub fn bytes(data: impl AsRef<[u8]>) -> Self {
        Self {
            data: data.as_ref().to_vec(),
            ..Self::default()
        }
    }

    /// The same with an object after what is there (aligned to four bytes), in its offsets too.
    pub fn object(mut self, object: &[u8]) -> Self {
        self.data.resize(self.data.len().next_multiple_of(4), 0);
        self.offsets.push(self.data.len() as u64);
        self.data.extend_from_slice(object);
        self
    }

    /// The same with room for `bytes` bytes of buffer objects.
    pub fn room(mut self, bytes: u64) -> Self {
        self.buffers_size = bytes;
        self
    }

    /// The last four words of a `binder_transaction_data`: sizes and addresses.
    pub fn words(&self) -> [u64; 4] {
        let offsets_size = self.offsets_size.unwrap_or(self.offsets.len() as u64 * 8);
        [
            self.data.len() as u64,
            offsets_size,
            self.data.as_slice().word() as u64,
            self.offsets.as_slice().word() as u64,
        ]
    }
}

/// `flat_binder_object`: kind, flags, binder or handle, cookie.
pub fn flat(kind: u32, flags: u32, value: u64, cookie: u64) -> Vec<u8> {
    [
        &kind.to_ne_bytes()[..],
        &flags.to_ne_bytes(),
        &value.to_ne_bytes(),
        &cookie.to_ne_bytes(),
    ]
    .concat()
}

/// A strong reference to a node of ours.
pub fn binder(pointer: u64, cookie: u64) -> Vec<u8> {
    flat(object::BINDER, object::ACCEPTS_FDS, pointer, cookie)
}

/// A strong reference to somebody's node, by our handle.
pub fn handle(handle: u32) -> Vec<u8> {
    flat(object::HANDLE, 0, u64::from(handle), 0)
}

/// `binder_fd_object`.
pub fn descriptor(fd: i32) -> Vec<u8> {
    flat(object::FD, 0, u64::from(fd as u32), 0)
}

/// `binder_buffer_object`: memory of ours that travels beside the parcel. The parent is an index
/// into the offsets and a place in that buffer.
pub fn buffer(bytes: &[u8], parent: Option<(u64, u64)>) -> Vec<u8> {
    let flags = if parent.is_some() {
        object::HAS_PARENT
    } else {
        0
    };
    let (index, offset) = parent.unwrap_or_default();
    buffer_at(
        bytes.word() as u64,
        bytes.len() as u64,
        flags,
        [index, offset],
    )
}

/// The same with every field as given.
pub fn buffer_at(address: u64, length: u64, flags: u32, parent: [u64; 2]) -> Vec<u8> {
    [
        &object::PTR.to_ne_bytes()[..],
        &flags.to_ne_bytes(),
        &address.to_ne_bytes(),
        &length.to_ne_bytes(),
        &parent[0].to_ne_bytes(),
        &parent[1].to_ne_bytes(),
    ]
    .concat()
}

/// `binder_fd_array_object`: descriptors that lie in the buffer with index `parent`, at `offset`.
pub fn descriptors(count: u64, parent: u64, offset: u64) -> Vec<u8> {
    [
        &object::FDA.to_ne_bytes()[..],
        &[0; 4],
        &count.to_ne_bytes(),
        &parent.to_ne_bytes(),
        &offset.to_ne_bytes(),
    ]
    .concat()
}
