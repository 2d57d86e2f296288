//! In-kernel tests of a room's memory: it comes when it is needed and goes when it is not.

use drivers::binder::Pages;

use super::pages::RoomFrames;
use crate::memory::PAGE_SIZE;

const PAGES: usize = 8;

metal::ktest! {
    fn a_room_takes_memory_only_where_something_is_delivered() {
        let frames = RoomFrames::new();
        assert_eq!(frames.set_length(PAGES * PAGE_SIZE), Ok(()));
        let before = metal::memory::free_frames();
        assert_eq!(frames.supply(PAGE_SIZE - 1..PAGE_SIZE + 1), Ok(()));
        assert_eq!(before - metal::memory::free_frames(), 2);
        assert!(frames.frame(0).is_some() && frames.frame(2).is_none());
        let mut bytes = [1; 2];
        frames.read(PAGE_SIZE - 1, &mut bytes);
        assert_eq!(bytes, [0, 0]);
        frames.write(PAGE_SIZE - 1, &[5, 6]);
        frames.read(PAGE_SIZE - 1, &mut bytes);
        assert_eq!(bytes, [5, 6]);
    }

    fn released_pages_go_and_come_back_as_zeros() {
        let frames = RoomFrames::new();
        assert_eq!(frames.set_length(PAGES * PAGE_SIZE), Ok(()));
        assert_eq!(frames.supply(0..PAGES * PAGE_SIZE), Ok(()));
        frames.write(5 * PAGE_SIZE, &[7]);
        let before = metal::memory::free_frames();
        assert!(frames.release(4..6));
        assert!(frames.frame(5).is_none());
        frames.reclaim();
        assert_eq!(metal::memory::free_frames() - before, 2);
        assert_eq!(frames.supply(5 * PAGE_SIZE..5 * PAGE_SIZE + 1), Ok(()));
        let mut byte = [1];
        frames.read(5 * PAGE_SIZE, &mut byte);
        assert_eq!(byte, [0]);
        assert!(!frames.release(6..6));
    }

    fn a_room_ends_where_it_ends() {
        let frames = RoomFrames::new();
        assert_eq!(frames.set_length(PAGE_SIZE), Ok(()));
        assert!(frames.supply(0..PAGE_SIZE + 1).is_err());
        assert!(frames.frame(1).is_none());
    }
}
