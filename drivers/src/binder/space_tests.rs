//! The room of a process against a model: bytes that have an owner or none.

use proptest::prelude::*;

use super::*;

fn request(bytes: u64, is_async: bool) -> Request {
    Request {
        data_size: bytes,
        offsets_size: 0,
        extra_size: 0,
        is_async,
        sender: 1,
        transaction: None,
        target_node: None,
        clear_on_free: false,
    }
}

fn mapped(length: usize) -> Space {
    let mut space = Space::new();
    space.map(length).unwrap();
    space
}

impl Space {
    /// Blocks lie side by side, no two free ones are neighbours, and each is found where it should.
    pub fn check(&self) {
        let (mut key, mut at, mut was_free, mut free) = (self.first_in_page[0], 0, false, 0);
        let mut previous = Key::NOTHING;
        while let Some(block) = self.blocks.get(key) {
            assert_eq!((block.offset, block.previous), (at, previous));
            let is_free = matches!(block.state, State::Free { .. });
            assert!(!(is_free && was_free));
            if is_free {
                free += 1;
                assert!(self.filled >> bin_of(block.length) & 1 == 1);
            } else if matches!(block.state, State::Spare) {
                assert_eq!((self.spare, self.buffer_at(at)), (key, None));
            } else {
                assert_eq!(self.buffer_at(at), Some(key));
            }
            at += block.length;
            (was_free, previous, key) = (is_free, key, block.next);
        }
        assert_eq!(at, self.length);
        let binned: usize = (0..BINS).map(|bin| self.count_bin(bin)).sum();
        assert_eq!(binned, free);
    }

    /// The buffer that begins here.
    pub fn buffer_at(&self, offset: usize) -> Option<BufferKey> {
        let mut place = 0;
        loop {
            let (key, _, next) = self.next_buffer(place)?;
            if self.bytes(key).start == offset {
                return Some(key);
            }
            place = next;
        }
    }

    fn count_bin(&self, bin: usize) -> usize {
        let (mut key, mut count) = (self.bins[bin], 0);
        while let Some(block) = self.blocks.get(key) {
            assert_eq!(bin_of(block.length), bin);
            let State::Free { next, .. } = block.state else {
                panic!("a buffer in a bin");
            };
            (key, count) = (next, count + 1);
        }
        assert_eq!(count > 0, self.filled >> bin & 1 == 1);
        count
    }
}

#[test]
fn all_room_can_be_taken_and_comes_back() {
    let mut space = mapped(2 * PAGE);
    let whole = space.allocate(&request(2 * PAGE as u64, false)).unwrap();
    assert_eq!(
        space.allocate(&request(0, false)).unwrap_err(),
        Errno::ENOSPC
    );
    space.free(whole.key);
    let first = space.allocate(&request(100, false)).unwrap();
    let second = space.allocate(&request(0, false)).unwrap();
    assert_eq!((first.offset, second.offset), (0, 104));
    space.free(first.key);
    space.free(second.key);
    space.check();
}

#[test]
fn the_memory_of_far_pages_is_given_back_once() {
    let mut space = mapped(100 * PAGE);
    let large = space.allocate(&request(70 * PAGE as u64, false)).unwrap();
    // The spare block keeps its memory until another one is freed.
    assert!(space.free(large.key).is_empty());
    let small = space.allocate(&request(8, false)).unwrap();
    assert_eq!(space.free(small.key), KEPT_PAGES..70);
    let again = space.allocate(&request(8, false)).unwrap();
    assert!(space.free(again.key).is_empty());
}

#[test]
fn sizes_without_sense_are_refused() {
    let mut space = mapped(PAGE);
    let mut wild = request(u64::MAX, false);
    assert_eq!(space.allocate(&wild).unwrap_err(), Errno::EINVAL);
    (wild.data_size, wild.extra_size) = (1 << 63, 1 << 63);
    assert_eq!(space.allocate(&wild).unwrap_err(), Errno::EINVAL);
    assert_eq!(space.map(PAGE), Err(Errno::EBUSY));
    assert_eq!(
        Space::new().allocate(&request(1, false)).unwrap_err(),
        Errno::ENOSPC
    );
}

#[test]
fn one_way_buffers_take_half_and_one_who_takes_too_much_is_told_once() {
    let mut space = mapped(16 * PAGE);
    let mut made = Vec::new();
    let mut told = 0;
    let refused = loop {
        match space.allocate(&request(PAGE as u64 / 2, true)) {
            Ok(buffer) => {
                told += usize::from(buffer.is_suspect);
                made.push(buffer.key);
            }
            Err(error) => break error,
        }
    };
    assert_eq!((refused, told), (Errno::ENOSPC, 1));
    assert_eq!(made.len(), 16);
    assert!(space.allocate(&request(4 * PAGE as u64, false)).is_ok());
    for key in &made {
        space.free(*key);
    }
    assert_eq!(space.free_async(), 8 * PAGE);
}

proptest! {
    #[test]
    fn buffers_never_overlap(steps in prop::collection::vec((any::<bool>(), 0u64..9000, any::<u16>()), 1..300)) {
        let mut space = mapped(32 * PAGE);
        let mut buffers: Vec<BufferKey> = Vec::new();
        for (frees, bytes, which) in steps {
            if frees && !buffers.is_empty() {
                let key = buffers.swap_remove(usize::from(which) % buffers.len());
                space.free(key);
            } else if let Ok(made) = space.allocate(&request(bytes, which % 3 == 0)) {
                prop_assert!(space.bytes(made.key).len() as u64 >= bytes);
                buffers.push(made.key);
            }
            space.check();
        }
        for key in &buffers {
            space.free(*key);
        }
        space.check();
        let spare = core::mem::replace(&mut space.spare, Key::NOTHING);
        space.merge_spare(spare);
        space.check();
        prop_assert_eq!(space.blocks.len(), 1);
        prop_assert_eq!(space.free_async(), 16 * PAGE);
    }
}

#[test]
fn a_one_way_buffer_without_bytes_counts_too() {
    let mut space = mapped(PAGE);
    space.allocate(&request(PAGE as u64 / 2 - 8, true)).unwrap();
    space.allocate(&request(0, true)).unwrap();
    assert_eq!(space.free_async(), 0);
    let refused = space.allocate(&request(0, true));
    assert_eq!(refused.err(), Some(Errno::ENOSPC));
    assert_eq!(space.free_async(), 0);
}

#[test]
fn a_buffer_of_nearly_all_numbers_is_refused() {
    let mut space = mapped(PAGE);
    for is_async in [false, true] {
        let refused = space.allocate(&request(u64::MAX - 15, is_async));
        assert_eq!(refused.err(), Some(Errno::ENOSPC));
    }
}
