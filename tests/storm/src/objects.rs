//! What a transaction carries: nodes, handles, descriptors, buffers in buffers, arrays of
//! descriptors in buffers. Mostly so that they fit together, and sometimes not.

use abi::binder::object::*;
use abi::binder::{
    TF_ACCEPT_FDS, TF_CLEAR_BUF, TF_ONE_WAY, TF_UPDATE_TXN, TransactionData, TransactionDataSg,
};
use zerocopy::{Immutable, IntoBytes};

use crate::area::{Area, BUFFERS, BUFFERS_END, DATA, OFFSETS, bad_address};
use crate::{FILES, Random};

/// Objects of a transaction, at most.
const OBJECTS_MAX: u64 = 6;
/// Handles that are tried beside 0: about as many as a process has.
const HANDLES: u64 = 3;

/// A handle, which may lead somewhere: often to the context manager.
pub(crate) fn handle(random: &mut Random) -> u32 {
    match random.below(200) {
        0 => random.next() as u32,
        1 => 20,
        2..100 => 0,
        _ => 1 + random.below(HANDLES) as u32,
    }
}

/// A node of the sender, and sometimes one that was sent with another cookie.
pub(crate) fn node(random: &mut Random, kind: u32) -> FlatObject {
    let ptr = 0x1000 * (1 + random.below(5));
    let wants = FLAT_BINDER_FLAG_ACCEPTS_FDS | FLAT_BINDER_FLAG_TXN_SECURITY_CTX;
    FlatObject {
        kind,
        flags: random.pick(&[
            0,
            FLAT_BINDER_FLAG_ACCEPTS_FDS,
            FLAT_BINDER_FLAG_ACCEPTS_FDS,
            wants,
        ]),
        binder: ptr,
        cookie: ptr + if random.one_in(50) { 2 } else { 1 },
    }
}

/// A buffer that another object may be put into, or name.
struct Parent {
    /// Its number among the objects.
    index: u64,
    /// Where it is in the area, and its length in bytes.
    at: usize,
    length: u64,
    /// From where on it may still be put right.
    next: u64,
}

/// Objects being laid out.
struct Layout<'a> {
    random: &'a mut Random,
    area: &'a mut Area,
    count: u64,
    /// Bytes of data so far.
    data: usize,
    /// The end of the buffers so far.
    buffers: usize,
    /// The last buffer, its parent, and so on: the last one is the last here.
    parents: Vec<Parent>,
}

/// Puts data into the area, and says how it is to be sent. The target is a handle.
pub(crate) fn lay_out(random: &mut Random, area: &mut Area) -> TransactionDataSg {
    let most = 1 + random.below(OBJECTS_MAX);
    let count = random.below(most + 1);
    // The first object of most is not at the beginning: only such a buffer can be a parent.
    let first = if random.one_in(8) { 0 } else { 8 };
    let mut layout = Layout {
        random,
        area,
        count: 0,
        data: DATA + first,
        buffers: BUFFERS,
        parents: Vec::new(),
    };
    for _ in 0..count {
        layout.add();
    }
    let sizes = [
        (layout.data - DATA) as u64,
        layout.count * 8,
        (layout.buffers - BUFFERS) as u64,
    ];
    let mut data = transaction(random, area.base, sizes);
    if random.one_in(12) {
        distort(random, area, &mut data);
    }
    data
}

fn transaction(random: &mut Random, base: u64, sizes: [u64; 3]) -> TransactionDataSg {
    let later = TF_ONE_WAY | TF_UPDATE_TXN;
    TransactionDataSg {
        transaction: TransactionData {
            target: handle(random).into(),
            code: random.below(3) as u32,
            flags: random.pick(&[
                0,
                0,
                TF_ACCEPT_FDS,
                TF_ACCEPT_FDS,
                TF_ONE_WAY,
                TF_ONE_WAY | TF_CLEAR_BUF,
                later,
                later,
            ]),
            // Some carry bytes behind their objects: what is there.
            data_size: sizes[0]
                + if random.one_in(4) {
                    random.below(2000)
                } else {
                    0
                },
            offsets_size: sizes[1],
            buffer: base + DATA as u64,
            offsets: base + OFFSETS as u64,
            ..TransactionData::default()
        },
        buffers_size: sizes[2],
    }
}

/// Makes something wrong.
fn distort(random: &mut Random, area: &mut Area, data: &mut TransactionDataSg) {
    let wrong = random.pick(&[1, 7, 0x1_0000, 1 << 40, u64::MAX - 7, u64::MAX]);
    let (bad, next) = (bad_address(random), random.next());
    let sent = &mut data.transaction;
    match random.below(8) {
        0 => sent.buffer = bad,
        1 => sent.offsets = bad,
        2 => sent.data_size = wrong,
        3 => sent.offsets_size = wrong,
        4 => data.buffers_size = wrong,
        5 => sent.flags = next as u32,
        6 => area.put(OFFSETS + 8 * (next % 4) as usize, &(next >> 32)),
        _ => area.put(DATA + 8 * (next % 16) as usize, &random.next()),
    }
}

impl Layout<'_> {
    /// Adds an object.
    fn add(&mut self) {
        match self.random.below(12) {
            0..=2 => self.add_node(BINDER_TYPE_BINDER),
            3 => self.add_node(BINDER_TYPE_WEAK_BINDER),
            4 => self.add_handle(BINDER_TYPE_HANDLE),
            5 if self.random.one_in(2) => self.add_handle(BINDER_TYPE_WEAK_HANDLE),
            6 => self.add_file(),
            7 | 8 if !self.parents.is_empty() => self.add_files(),
            _ => self.add_buffer(),
        }
    }

    fn push(&mut self, object: &(impl IntoBytes + Immutable)) {
        let place = (self.data - DATA) as u64;
        self.area.put(OFFSETS + 8 * self.count as usize, &place);
        self.area.put(self.data, object);
        self.data += object.as_bytes().len();
        self.count += 1;
    }

    fn add_node(&mut self, kind: u32) {
        let node = node(self.random, kind);
        self.push(&node);
    }

    fn add_handle(&mut self, kind: u32) {
        let binder = handle(self.random).into();
        self.push(&FlatObject {
            kind,
            flags: 0,
            binder,
            cookie: 0,
        });
    }

    /// A descriptor, which there may not be.
    fn file(&mut self) -> u32 {
        match self.random.one_in(16) {
            true => FILES + self.random.below(4) as u32,
            false => self.random.below(FILES.into()) as u32,
        }
    }

    fn add_file(&mut self) {
        let fd = self.file();
        self.push(&FdObject {
            kind: BINDER_TYPE_FD,
            fd,
            ..FdObject::default()
        });
    }

    /// Which of the buffers the next object goes into, and where in it: behind all that went into
    /// it before, or somewhere. What is not its parent cannot be used again.
    fn place(&mut self, bytes: u64) -> (usize, u64) {
        let depth = self.random.below(self.parents.len() as u64) as usize;
        self.parents.truncate(depth + 1);
        let parent = &mut self.parents[depth];
        let offset = match self.random.one_in(16) {
            true => self
                .random
                .pick(&[0, 4, parent.length, u64::MAX - 3, u64::MAX]),
            false => parent.next,
        };
        parent.next = parent.next.saturating_add(bytes).min(parent.length);
        (depth, offset)
    }

    fn add_buffer(&mut self) {
        let length = self.random.pick(&[0, 4, 8, 24, 24, 40, 64]);
        let (at, index) = (self.buffers, self.count);
        let mut object = BufferObject {
            kind: BINDER_TYPE_PTR,
            flags: 0,
            buffer: self.area.base + at as u64,
            length,
            ..BufferObject::default()
        };
        if !self.parents.is_empty() && !self.random.one_in(3) {
            let (depth, offset) = self.place(8);
            object.flags = BINDER_BUFFER_FLAG_HAS_PARENT;
            (object.parent, object.parent_offset) = (self.parents[depth].index, offset);
        } else {
            self.parents.clear();
        }
        match self.random.below(60) {
            0 => object.buffer = bad_address(self.random),
            1 => object.length = self.random.pick(&[1 << 20, 1 << 63, u64::MAX]),
            2 => object.parent = self.random.pick(&[index, index + 1, u64::MAX]),
            _ => {}
        }
        self.buffers += length.next_multiple_of(8) as usize;
        debug_assert!(self.buffers <= BUFFERS_END);
        self.parents.push(Parent {
            index,
            at,
            length,
            next: 0,
        });
        self.push(&object);
    }

    /// An array of descriptors in one of the buffers.
    fn add_files(&mut self) {
        let num_fds = self.random.below(3);
        let (depth, offset) = self.place(num_fds * 4);
        let Parent {
            index, at, length, ..
        } = self.parents[depth];
        for number in 0..num_fds {
            let fd = self.file();
            let place = offset.saturating_add(number * 4);
            if place.saturating_add(4) <= length {
                self.area.put(at + place as usize, &fd);
            }
        }
        let mut object = FdArrayObject {
            kind: BINDER_TYPE_FDA,
            pad: 0,
            num_fds,
            parent: index,
            parent_offset: offset,
        };
        match self.random.below(40) {
            0 => object.num_fds = self.random.pick(&[1 << 10, 1 << 62, u64::MAX]),
            1 => object.parent = self.random.pick(&[self.count, self.count + 1, u64::MAX]),
            _ => {}
        }
        self.push(&object);
    }
}
