//! What a transaction carries beside bytes, made into what the receiver can use.
//!
//! The data of a transaction contains objects; its offsets tell where, in ascending order, without
//! overlaps. Each is read from the sender, checked, translated, and written into the receiver's
//! buffer, while the bytes between them are copied straight from one program to the other:
//!
//! - a node of the sender becomes a handle of the receiver, and a handle that leads to a node of
//!   the receiver becomes that node again; each counts for as long as the buffer is not freed;
//! - a descriptor becomes a file, which gets a descriptor when the receiver takes the transaction;
//! - a buffer is copied behind the offsets, and the address of it in its parent is put right.
//!
//! A parent may be corrected only from front to back, and none but the last one and its own
//! parents: so nothing that was put right is changed again.

use abi::Errno;
use abi::binder::object::{
    BINDER_BUFFER_FLAG_HAS_PARENT, BINDER_TYPE_BINDER, BINDER_TYPE_FD, BINDER_TYPE_FDA,
    BINDER_TYPE_HANDLE, BINDER_TYPE_PTR, BINDER_TYPE_WEAK_BINDER, BINDER_TYPE_WEAK_HANDLE,
    BufferObject, FdArrayObject, FdObject, FlatObject,
};
use alloc::boxed::Box;
use zerocopy::{FromBytes, IntoBytes};

use super::buffer::strength_of;
use super::context::Context;
use super::node::Holder;
use super::process::ProcessKey;
use super::reference;
use super::thread::ThreadKey;
use super::transaction::{FileFixup, Files};
use super::{Caller, Pages};

/// Bytes of an offset.
const OFFSET_BYTES: usize = size_of::<u64>();
/// Bytes of a descriptor.
const FD_BYTES: u64 = size_of::<u32>() as u64;
/// Bytes of an address.
const ADDRESS_BYTES: u64 = size_of::<u64>() as u64;

/// An object.
#[derive(Clone, Copy)]
pub enum Object {
    /// A node or a handle.
    Flat(FlatObject),
    /// A descriptor.
    Fd(FdObject),
    /// A buffer.
    Buffer(BufferObject),
    /// Descriptors in a buffer.
    FdArray(FdArrayObject),
}

impl Object {
    /// The object at the beginning of `bytes`, and how many of them it takes.
    fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        fn take<T: FromBytes>(bytes: &[u8]) -> Option<(T, usize)> {
            let (value, _) = T::read_from_prefix(bytes).ok()?;
            Some((value, size_of::<T>()))
        }
        let (kind, _) = u32::read_from_prefix(bytes).ok()?;
        match kind {
            BINDER_TYPE_BINDER
            | BINDER_TYPE_WEAK_BINDER
            | BINDER_TYPE_HANDLE
            | BINDER_TYPE_WEAK_HANDLE => take(bytes).map(|(it, size)| (Self::Flat(it), size)),
            BINDER_TYPE_FD => take(bytes).map(|(it, size)| (Self::Fd(it), size)),
            BINDER_TYPE_PTR => take(bytes).map(|(it, size)| (Self::Buffer(it), size)),
            BINDER_TYPE_FDA => take(bytes).map(|(it, size)| (Self::FdArray(it), size)),
            _ => None,
        }
    }

    /// Reads the object at `place` of `data_size` bytes, by `read`, which gets the place and where
    /// to put the bytes. None: there is no whole object that begins at a word.
    fn read(
        place: u64,
        data_size: usize,
        read: impl FnOnce(usize, &mut [u8]) -> Result<(), Errno>,
    ) -> Option<(Self, usize)> {
        let place = usize::try_from(place).ok()?;
        let left = data_size.checked_sub(place)?;
        if !place.is_multiple_of(4) {
            return None;
        }
        let mut bytes = [0; size_of::<BufferObject>()];
        let bytes = &mut bytes[..left.min(size_of::<BufferObject>())];
        read(place, bytes).ok()?;
        Self::parse(bytes)
    }
}

/// The objects of a buffer, as its receiver has them.
pub struct Objects<'a> {
    pages: &'a dyn Pages,
    /// Where the program sees the room.
    address: u64,
    /// Where in the room the buffer begins.
    start: usize,
    data_size: usize,
    offsets_size: usize,
}

impl<'a> Objects<'a> {
    /// Those of the buffer at `start` of a room that the program sees at `address`.
    pub fn new(pages: &'a dyn Pages, address: u64, start: usize, sizes: [usize; 2]) -> Self {
        let [data_size, offsets_size] = sizes;
        Self {
            pages,
            address,
            start,
            data_size,
            offsets_size,
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.offsets_size / OFFSET_BYTES
    }

    /// Where the offsets are.
    fn offsets(&self) -> usize {
        self.start + self.data_size.next_multiple_of(OFFSET_BYTES)
    }

    /// Where the one with this number is, in the data.
    fn place(&self, index: usize) -> u64 {
        let mut place = [0; OFFSET_BYTES];
        let at = self.offsets() + index * OFFSET_BYTES;
        self.pages.read(at, &mut place);
        u64::from_ne_bytes(place)
    }

    fn at(&self, place: u64) -> Option<Object> {
        let read = |place, bytes: &mut [u8]| {
            self.pages.read(self.start + place, bytes);
            Ok(())
        };
        Object::read(place, self.data_size, read).map(|(object, _)| object)
    }

    /// The one with this number, and where it is.
    pub fn get(&self, index: usize) -> Option<(u64, Object)> {
        let place = self.place(index);
        Some((place, self.at(place)?))
    }

    /// The buffer with this number, if it is one of the first `count`.
    fn buffer(&self, index: u64, count: usize) -> Option<(u64, BufferObject)> {
        let index = usize::try_from(index).ok().filter(|index| *index < count)?;
        match self.get(index)? {
            (place, Object::Buffer(buffer)) => Some((place, buffer)),
            _ => None,
        }
    }

    /// Calls `each` with every descriptor of the array with this number, which was delivered.
    pub fn descriptors(&self, index: usize, array: &FdArrayObject, mut each: impl FnMut(u32)) {
        let Some((_, parent)) = self.buffer(array.parent, index) else {
            return;
        };
        let Some(at) = parent_place(&parent, array) else {
            return;
        };
        let Some(base) = self.room_offset(&parent) else {
            return;
        };
        for number in 0..array.num_fds {
            let mut fd = [0; FD_BYTES as usize];
            let offset = base + (at + number * FD_BYTES) as usize;
            self.pages.read(offset, &mut fd);
            each(u32::from_ne_bytes(fd));
        }
    }

    /// Where a buffer's bytes are in the room.
    fn room_offset(&self, buffer: &BufferObject) -> Option<usize> {
        let offset = buffer.buffer.checked_sub(self.address)?;
        usize::try_from(offset).ok()
    }
}

/// Where in its parent an array begins, if all of it lies there.
fn parent_place(parent: &BufferObject, array: &FdArrayObject) -> Option<u64> {
    let bytes = array.num_fds.checked_mul(FD_BYTES)?;
    let last = parent.length.checked_sub(bytes)?;
    (array.parent_offset <= last).then_some(array.parent_offset)
}

/// Between whom.
pub struct Parties<'a> {
    /// Their context.
    pub context: &'a Context,
    /// Who sends.
    pub caller: &'a dyn Caller,
    /// Its thread.
    pub thread: ThreadKey,
    /// Its process.
    pub sender: ProcessKey,
    /// Who is to get it.
    pub receiver: ProcessKey,
    /// The receiver takes descriptors.
    pub accepts_files: bool,
}

/// A transaction being translated.
pub struct Translation<'a> {
    parties: Parties<'a>,
    objects: Objects<'a>,
    /// Where the data is with the sender.
    source: u64,
    /// How much of the data has been copied.
    copied: u64,
    /// Where the next buffer is put, in the room.
    next_extra: usize,
    /// Where the last one must end.
    extra_end: usize,
    /// The parent that was put right last, by its place in the data, and from where on it may be.
    last_fixup: (u64, u64),
    files: Option<Box<Files>>,
}

impl<'a> Translation<'a> {
    /// Nothing has been translated yet; the offsets are in the buffer. `extra_bytes` behind them
    /// are for the buffers.
    pub fn new(
        parties: Parties<'a>,
        objects: Objects<'a>,
        source: u64,
        extra_bytes: usize,
    ) -> Self {
        let next_extra = objects.offsets() + objects.offsets_size.next_multiple_of(OFFSET_BYTES);
        Self {
            parties,
            objects,
            source,
            copied: 0,
            next_extra,
            extra_end: next_extra + extra_bytes,
            last_fixup: (0, 0),
            files: None,
        }
    }

    /// Translates all objects and copies all bytes. Gives the files that go along.
    ///
    /// # Errors
    /// How many objects had been translated, and why that was all.
    pub fn run(mut self) -> Result<Option<Box<Files>>, (usize, Errno)> {
        for index in 0..self.objects.count() {
            self.translate(index).map_err(|error| (index, error))?;
        }
        let count = self.objects.count();
        let rest = self.objects.data_size as u64;
        self.copy_up_to(rest).map_err(|error| (count, error))?;
        Ok(self.files)
    }

    fn copy_up_to(&mut self, place: u64) -> Result<(), Errno> {
        let length = place.checked_sub(self.copied).ok_or(Errno::EFAULT)?;
        if length > 0 {
            let end = self.objects.data_size as u64;
            if place > end {
                return Err(Errno::EFAULT);
            }
            let offset = self.objects.start + self.copied as usize;
            let address = self.source.wrapping_add(self.copied) as usize;
            let pages = self.objects.pages;
            pages.copy_from_caller(offset, address, length as usize)?;
        }
        Ok(())
    }

    fn translate(&mut self, index: usize) -> Result<(), Errno> {
        let place = self.objects.place(index);
        self.copy_up_to(place)?;
        let (source, caller) = (self.source, self.parties.caller);
        let read = |place: usize, bytes: &mut [u8]| {
            caller.read(source.wrapping_add(place as u64) as usize, bytes)
        };
        let found = Object::read(place, self.objects.data_size, read);
        let (object, size) = found.ok_or(Errno::EINVAL)?;
        if place < self.copied {
            return Err(Errno::EINVAL);
        }
        self.copied = place + size as u64;
        let at = self.objects.start + place as usize;
        let pages = self.objects.pages;
        match object {
            Object::Flat(object) => {
                let object = self.parties.translate_flat(object)?;
                pages.write(at, object.as_bytes());
            }
            Object::Fd(mut object) => {
                let offset = at + core::mem::offset_of!(FdObject, fd);
                self.take_file(object.fd, offset)?;
                object.pad_binder = 0;
                pages.write(at, object.as_bytes());
            }
            Object::Buffer(object) => {
                let object = self.copy_buffer(index, object)?;
                pages.write(at, object.as_bytes());
                self.last_fixup = (place, 0);
            }
            Object::FdArray(object) => {
                self.take_files(index, &object)?;
                pages.write(at, object.as_bytes());
            }
        }
        Ok(())
    }

    /// A descriptor of the sender is to become one of the receiver, at `offset` of the room.
    fn take_file(&mut self, fd: u32, offset: usize) -> Result<(), Errno> {
        if !self.parties.accepts_files {
            return Err(Errno::EPERM);
        }
        let file = self.parties.caller.file(fd)?;
        let files = self.files.get_or_insert_default();
        files.fixups.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        files.fixups.push(FileFixup { file, offset });
        Ok(())
    }

    /// Copies a buffer behind the offsets.
    fn copy_buffer(
        &mut self,
        index: usize,
        mut object: BufferObject,
    ) -> Result<BufferObject, Errno> {
        let left = (self.extra_end - self.next_extra) as u64;
        if object.length > left {
            return Err(Errno::EINVAL);
        }
        let (pages, length) = (self.objects.pages, object.length as usize);
        if length > 0 {
            let copied = pages.copy_from_caller(self.next_extra, object.buffer as usize, length);
            // As Linux has it: EFAULT is for the data itself.
            copied.map_err(|_| Errno::EINVAL)?;
        }
        object.buffer = self.objects.address + self.next_extra as u64;
        let after = self.next_extra + length.next_multiple_of(OFFSET_BYTES);
        self.next_extra = after.min(self.extra_end);
        if object.flags & BINDER_BUFFER_FLAG_HAS_PARENT != 0 {
            self.fix_parent(index, &object)?;
        }
        Ok(object)
    }

    /// Puts the address of a buffer into its parent.
    fn fix_parent(&mut self, index: usize, object: &BufferObject) -> Result<(), Errno> {
        let found = self.objects.buffer(object.parent, index);
        let (place, parent) = found.ok_or(Errno::EINVAL)?;
        self.check_order(place, object.parent_offset)?;
        let last = parent.length.checked_sub(ADDRESS_BYTES);
        if last.is_none_or(|last| object.parent_offset > last) {
            return Err(Errno::EINVAL);
        }
        let base = self.objects.room_offset(&parent).ok_or(Errno::EINVAL)?;
        let at = base + object.parent_offset as usize;
        self.objects.pages.write(at, &object.buffer.to_ne_bytes());
        Ok(())
    }

    /// Takes the files of an array of descriptors.
    fn take_files(&mut self, index: usize, array: &FdArrayObject) -> Result<(), Errno> {
        let found = self.objects.buffer(array.parent, index);
        let (place, parent) = found.ok_or(Errno::EINVAL)?;
        self.check_order(place, array.parent_offset)?;
        let sender_parent = self.sender_buffer(place)?;
        if array.num_fds > 0 {
            let at = parent_place(&parent, array).ok_or(Errno::EINVAL)?;
            let base = self.objects.room_offset(&parent).ok_or(Errno::EINVAL)?;
            let source = sender_parent.buffer.wrapping_add(at);
            if !(base as u64 + at).is_multiple_of(FD_BYTES) || !source.is_multiple_of(FD_BYTES) {
                return Err(Errno::EINVAL);
            }
            for number in 0..array.num_fds {
                let mut fd = [0; FD_BYTES as usize];
                let address = source.wrapping_add(number * FD_BYTES) as usize;
                self.parties.caller.read(address, &mut fd)?;
                let offset = base + (at + number * FD_BYTES) as usize;
                self.take_file(u32::from_ne_bytes(fd), offset)?;
            }
        }
        self.last_fixup = (place, array.parent_offset + array.num_fds * FD_BYTES);
        Ok(())
    }

    /// A buffer as the sender wrote it: with the sender's address.
    fn sender_buffer(&self, place: u64) -> Result<BufferObject, Errno> {
        let (source, caller) = (self.source, self.parties.caller);
        let read = |place: usize, bytes: &mut [u8]| {
            caller.read(source.wrapping_add(place as u64) as usize, bytes)
        };
        match Object::read(place, self.objects.data_size, read) {
            Some((Object::Buffer(buffer), _)) => Ok(buffer),
            _ => Err(Errno::EINVAL),
        }
    }

    /// Whether the buffer at `place` may be put right at `offset` now.
    fn check_order(&self, place: u64, offset: u64) -> Result<(), Errno> {
        let (mut last, mut first_allowed) = self.last_fixup;
        // As Linux has it: the data does not begin with a buffer that is put right.
        if last == 0 {
            return Err(Errno::EINVAL);
        }
        while last != place {
            let Some(Object::Buffer(object)) = self.objects.at(last) else {
                return Err(Errno::EINVAL);
            };
            if object.flags & BINDER_BUFFER_FLAG_HAS_PARENT == 0 {
                return Err(Errno::EINVAL);
            }
            first_allowed = object.parent_offset + ADDRESS_BYTES;
            let parent = usize::try_from(object.parent).map_err(|_| Errno::EINVAL)?;
            last = self.objects.place(parent);
        }
        if offset < first_allowed {
            return Err(Errno::EINVAL);
        }
        Ok(())
    }
}

impl Parties<'_> {
    /// Makes a node or a handle of the sender one of the receiver, and counts it there.
    fn translate_flat(&self, object: FlatObject) -> Result<FlatObject, Errno> {
        self.caller.require_room(reference::ROOM)?;
        match object.kind {
            BINDER_TYPE_BINDER | BINDER_TYPE_WEAK_BINDER => self.translate_node(object),
            _ => self.translate_handle(object),
        }
    }

    fn translate_node(&self, object: FlatObject) -> Result<FlatObject, Errno> {
        let mut state = self.context.lock();
        state.living(self.receiver).ok_or(Errno::ESRCH)?;
        let node = state.node_for(self.sender, &object)?;
        if state.nodes[node].cookie != object.cookie {
            return Err(Errno::EINVAL);
        }
        let strength = strength_of(object.kind);
        let counted = state.count_reference_to(self.receiver, node, strength, Some(self.thread));
        if counted.is_err() {
            state.drop_node_if_unwanted(node);
        }
        Ok(FlatObject {
            kind: match object.kind {
                BINDER_TYPE_BINDER => BINDER_TYPE_HANDLE,
                _ => BINDER_TYPE_WEAK_HANDLE,
            },
            flags: object.flags,
            binder: u64::from(counted?),
            cookie: 0,
        })
    }

    fn translate_handle(&self, object: FlatObject) -> Result<FlatObject, Errno> {
        let strength = strength_of(object.kind);
        let mut state = self.context.lock();
        state.living(self.receiver).ok_or(Errno::ESRCH)?;
        let sender = &state.processes[self.sender];
        let reference = sender.usable_reference(object.binder as u32, strength);
        let node = reference.ok_or(Errno::EINVAL)?.node;
        if state.nodes[node].process != Some(self.receiver) {
            let handle = state.count_reference_to(self.receiver, node, strength, None)?;
            return Ok(FlatObject {
                binder: u64::from(handle),
                cookie: 0,
                ..object
            });
        }
        state.count_node(node, strength, Holder::Local, None)?;
        let node = &state.nodes[node];
        Ok(FlatObject {
            kind: match object.kind {
                BINDER_TYPE_HANDLE => BINDER_TYPE_BINDER,
                _ => BINDER_TYPE_WEAK_BINDER,
            },
            flags: object.flags,
            binder: node.ptr,
            cookie: node.cookie,
        })
    }
}
