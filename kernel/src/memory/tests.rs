//! In-kernel tests of address spaces: what a mapping shows, what a fork shares, what a fault
//! refuses.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use metal::memory::{Frame, free_frames};

use super::{
    AddressSpace, FaultError, MapRequest, MappedObject, Move, PAGE_SIZE, Pager, Place, Protection,
    SharedMemory,
};
use crate::error::Errno;
use crate::process::current;

const READ_WRITE: Protection = Protection::READ.union(Protection::WRITE);

fn anonymous(space: &AddressSpace, pages: usize) -> usize {
    let request = MapRequest::anonymous(Place::Hint(0), pages * PAGE_SIZE, READ_WRITE);
    space
        .map(&current().process, request)
        .expect("room for a few pages")
}

fn shared(space: &AddressSpace, pager: &Arc<SharedMemory>, pages: usize) -> usize {
    let mut request = MapRequest::anonymous(Place::Hint(0), pages * PAGE_SIZE, READ_WRITE);
    request.shared = true;
    let pager: Arc<dyn Pager> = Arc::<SharedMemory>::clone(pager);
    request.object = Some(MappedObject {
        pager,
        file: None,
        offset_bytes: 0,
    });
    space
        .map(&current().process, request)
        .expect("room for a few pages")
}

fn byte(space: &AddressSpace, address: usize) -> Option<u8> {
    let mut byte = [0];
    (space.read_bytes(address, &mut byte) == 1).then_some(byte[0])
}

metal::ktest! {
    /// What the heap took for objects of a page or two goes back when they are gone, in whatever
    /// order they go.
    fn the_heap_gives_back_what_it_grew_by() {
        let held = metal::heap::held_bytes();
        let mut objects: alloc::vec::Vec<_> =
            (0..400_usize).map(|number| alloc::vec![0_u8; 2_048 + number % 13 * 1_024]).collect();
        assert!(metal::heap::held_bytes() > held + 400 * 4_096);
        let mut kept = false;
        objects.retain(|_| {
            kept = !kept;
            kept
        });
        assert!(objects.iter().all(|object| object.iter().all(|byte| *byte == 0)));
        drop(objects);
        assert!(metal::heap::held_bytes() <= held + 128 * 1_024);
    }

    fn untouched_memory_is_zero_and_takes_no_frames() {
        let space = AddressSpace::new().expect("memory");
        let address = anonymous(&space, 64);
        let before = free_frames();
        assert_eq!(byte(&space, address + 63 * PAGE_SIZE), Some(0));
        // One page table at most: the page shown is the shared frame of zeros.
        assert!(before - free_frames() <= 3, "{} frames were taken", before - free_frames());
    }

    fn a_forked_page_is_copied_by_the_first_writer() {
        let parent = AddressSpace::new().expect("memory");
        let address = anonymous(&parent, 1);
        parent.write_bytes(address, b"a").expect("writable");
        let child = parent.fork().expect("memory");
        child.write_bytes(address, b"b").expect("writable");
        assert_eq!(byte(&parent, address), Some(b'a'));
        assert_eq!(byte(&child, address), Some(b'b'));
        parent.write_bytes(address, b"c").expect("writable");
        assert_eq!(byte(&child, address), Some(b'b'));
    }

    fn a_page_with_one_holder_is_written_in_place() {
        let parent = AddressSpace::new().expect("memory");
        let address = anonymous(&parent, 1);
        parent.write_bytes(address, b"a").expect("writable");
        drop(parent.fork().expect("memory"));
        let before = free_frames();
        parent.write_bytes(address, b"b").expect("writable");
        assert_eq!(free_frames(), before);
    }

    fn shared_memory_is_seen_by_both_sides_of_a_fork() {
        let parent = AddressSpace::new().expect("memory");
        let object = Arc::new(SharedMemory::new());
        let address = shared(&parent, &object, 2);
        let child = parent.fork().expect("memory");
        child.write_bytes(address + PAGE_SIZE, b"x").expect("writable");
        assert_eq!(byte(&parent, address + PAGE_SIZE), Some(b'x'));
    }

    fn unmapping_the_middle_leaves_both_ends() {
        let space = AddressSpace::new().expect("memory");
        let address = anonymous(&space, 3);
        space.write_bytes(address, &[7; 3 * PAGE_SIZE]).expect("writable");
        space.unmap(address + PAGE_SIZE, PAGE_SIZE).expect("a whole page");
        assert_eq!(byte(&space, address), Some(7));
        assert_eq!(byte(&space, address + PAGE_SIZE), None);
        assert_eq!(byte(&space, address + 2 * PAGE_SIZE), Some(7));
    }

    fn protection_takes_rights_and_gives_them_back() {
        let space = AddressSpace::new().expect("memory");
        let address = anonymous(&space, 1);
        space.write_bytes(address, b"k").expect("writable");
        space.protect(address, PAGE_SIZE, Protection::empty()).expect("mapped");
        assert_eq!(byte(&space, address), None);
        space.protect(address, PAGE_SIZE, Protection::READ).expect("mapped");
        assert_eq!(byte(&space, address), Some(b'k'));
        let refused = space.lock().handle_fault(address, Protection::WRITE, 0);
        assert_eq!(refused, Err(FaultError::NotAllowed));
        space.protect(address, PAGE_SIZE, READ_WRITE).expect("mapped");
        space.write_bytes(address, b"l").expect("writable again");
    }

    fn a_moved_mapping_keeps_its_pages() {
        let space = AddressSpace::new().expect("memory");
        let process = &current().process;
        let address = anonymous(&space, 2);
        space.write_bytes(address, b"moved").expect("writable");
        // Something right behind it, so that it cannot grow in place.
        let request = MapRequest::anonymous(Place::Fixed(address + 2 * PAGE_SIZE), PAGE_SIZE, READ_WRITE);
        space.map(process, request).expect("mapped");
        let new = space
            .remap(process, address, 2 * PAGE_SIZE, 8 * PAGE_SIZE, Move::Anywhere, false)
            .expect("room to move");
        assert_ne!(new, address);
        assert_eq!(byte(&space, new + 1), Some(b'o'));
        assert_eq!(byte(&space, new + 7 * PAGE_SIZE), Some(0));
        assert_eq!(byte(&space, address), None);
    }

    fn a_move_without_memory_for_tables_leaves_all_where_it_was() {
        const SPREAD: usize = 2 << 20;
        /// More than the tables that are kept to be used again.
        const COUNT: usize = 24;
        let space = AddressSpace::new().expect("memory");
        let process = &current().process;
        let address = anonymous(&space, COUNT * SPREAD / PAGE_SIZE);
        for place in 0..COUNT {
            space.write_bytes(address + place * SPREAD, &[place as u8 + 1]).expect("writable");
        }
        let mut taken = alloc::vec::Vec::with_capacity(metal::memory::total_frames());
        while let Some(frame) = Frame::zeroed() {
            taken.push(frame);
        }
        // Room for a few tables, not for all.
        taken.truncate(taken.len() - 3);
        let far = Move::To(address - (1 << 40));
        let outcome = space.remap(process, address, COUNT * SPREAD, COUNT * SPREAD, far, false);
        drop(taken);
        assert_eq!(outcome, Err(Errno::ENOMEM));
        for place in 0..COUNT {
            assert_eq!(byte(&space, address + place * SPREAD), Some(place as u8 + 1));
        }
    }

    fn large_kernel_objects_give_their_memory_back() {
        // The first makes the page tables that stay.
        drop(core::hint::black_box(alloc::vec![1_u8; 4 << 20]));
        let before = free_frames();
        let object = core::hint::black_box(alloc::vec![1_u8; 4 << 20]);
        assert!(before - free_frames() >= 1024);
        drop(object);
        assert_eq!(free_frames(), before);
        let mut impossible = alloc::vec::Vec::<u8>::new();
        assert!(impossible.try_reserve_exact(free_frames() * PAGE_SIZE).is_err());
    }

    fn a_page_lies_unmapped_under_each_emergency_stack() {
        assert!(metal::kernel_space::are_emergency_stacks_guarded());
    }

    fn the_boot_stack_is_guarded_and_was_never_half_full() {
        assert!(metal::kernel_space::is_boot_stack_guarded());
        let (used, length) = metal::kernel_space::boot_stack_use();
        assert!(used > 0 && used <= length / 2, "{used} of {length} bytes were used");
    }

    fn what_is_given_up_is_gone_and_copies_fail() {
        let thread = current();
        let space = thread.address_space().expect("the test thread has memory");
        space.activate();
        let address = anonymous(&space, 2);
        space.write_bytes(address, b"x").expect("writable");
        space.give_up();
        assert_eq!(space.lock().resident_bytes(), 0);
        assert_eq!(super::user::read::<u8>(address), Err(Errno::EFAULT));
    }

    fn what_cannot_be_had_is_refused() {
        let space = AddressSpace::new().expect("memory");
        let process = &current().process;
        let map = |length| space.map(process, MapRequest::anonymous(Place::Hint(0), length, READ_WRITE));
        assert_eq!(map(0), Err(Errno::EINVAL));
        assert_eq!(map(usize::MAX), Err(Errno::ENOMEM));
        assert_eq!(map(1 << 46), Err(Errno::ENOMEM));
        assert_eq!(space.unmap(1, PAGE_SIZE), Err(Errno::EINVAL));
        let low = MapRequest::anonymous(Place::Fixed(0), PAGE_SIZE, READ_WRITE);
        assert_eq!(space.map(process, low), Err(Errno::EPERM));
    }

    fn memory_runs_out_for_the_asker_alone() {
        let space = AddressSpace::new().expect("memory");
        let pages = metal::memory::total_frames() - 1;
        let address = anonymous(&space, pages);
        let mut touched = 0;
        let outcome = loop {
            let fault = space
                .lock()
                .handle_fault(address + touched * PAGE_SIZE, Protection::WRITE, 0);
            if fault.is_err() || touched == pages {
                break fault;
            }
            touched += 1;
        };
        assert_eq!(outcome, Err(FaultError::OutOfMemory));
        // The kernel itself can go on: the heap lives off the reserve.
        assert_eq!(alloc::vec![1_u8; 100_000].len(), 100_000);
        assert!(Frame::zeroed().is_none());
    }

    fn a_user_copy_faults_at_the_exact_byte() {
        let thread = current();
        let space = thread.address_space().expect("the test thread has memory");
        space.activate();
        let address = anonymous(&space, 2);
        space.unmap(address + PAGE_SIZE, PAGE_SIZE).expect("mapped");
        for distance in [1, 7, 8, 9, 4095] {
            let start = address + PAGE_SIZE - distance;
            let fault = metal::copy::to_user(start, &[1; PAGE_SIZE]).expect_err("runs off the page");
            assert_eq!(fault.copied, distance);
        }
        for bad in [0, 0xffff_8000_0000_0000, usize::MAX - 3, 0x8000_0000_0000] {
            assert_eq!(super::user::read::<u32>(bad), Err(Errno::EFAULT));
            assert_eq!(super::user::write(bad, &1_u32), Err(Errno::EFAULT));
        }
        space.unmap(address, PAGE_SIZE).expect("mapped");
        assert!(thread.process.page_faults.load(Ordering::Relaxed) > 0);
    }

    fn freed_frames_are_handed_out_zeroed() {
        let frame = Frame::zeroed().expect("memory");
        frame.write(100, b"secret");
        drop(frame);
        let next = Frame::zeroed().expect("memory");
        let mut bytes = [1; 6];
        next.read(100, &mut bytes);
        assert_eq!(bytes, [0; 6]);
    }
}
