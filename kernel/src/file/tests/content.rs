//! Contents of regular files: holes, sizes, limits.

use super::{Playground, read, write};
use crate::file::{IoFlags, NewContent, tmpfs};
use crate::memory::io::UserRanges;
use abi::Errno;

metal::ktest! {
    /// What was never written reads as zeros, takes no memory, and SEEK_DATA passes over it.
    fn holes_are_zeros_without_memory() {
        let place = Playground::new();
        let file = place.file("f");
        write(&file, 10 * 4096 + 5, b"data").unwrap();
        assert_eq!(read(&file, 10 * 4096, 9).unwrap(), b"\0\0\0\0\0data");
        assert_eq!(read(&file, 4090, 12).unwrap(), [0; 12]);
        let metadata = place.at("f").inode().metadata();
        assert_eq!((metadata.size, metadata.blocks_512), (10 * 4096 + 9, 8));
        assert_eq!(file.next_data(0), Ok(10 * 4096));
        assert_eq!(file.next_hole(10 * 4096), Ok(10 * 4096 + 9));
        assert_eq!(file.next_hole(3), Ok(3));
    }

    /// A write that fails at its first byte leaves no page behind the end.
    fn a_failed_write_leaves_nothing() {
        let place = Playground::new();
        let file = place.file("f");
        let nowhere = UserRanges::one(8, 4096);
        for page in 10..20_u64 {
            let flags = IoFlags { size_limit: u64::MAX, ..IoFlags::default() };
            let outcome = file.write(&mut (page * 4096), &mut nowhere.source(), flags);
            assert_eq!(outcome, Err(Errno::EFAULT));
        }
        let metadata = place.at("f").inode().metadata();
        assert_eq!((metadata.size, metadata.blocks_512), (0, 0));
    }

    /// Shrinking forgets what was past the new end, also within its page.
    fn shrinking_forgets() {
        let place = Playground::new();
        let file = place.file("f");
        write(&file, 0, &[7; 9000]).unwrap();
        let inode = place.at("f").inode().clone();
        inode.set_size(100).unwrap();
        inode.set_size(9000).unwrap();
        let bytes = read(&file, 0, 9000).unwrap();
        assert!(bytes[..100].iter().all(|&byte| byte == 7));
        assert!(bytes[100..].iter().all(|&byte| byte == 0));
        assert_eq!(inode.metadata().blocks_512, 8);
    }

    /// Punching frees whole pages, zeroes the rest, and leaves the size.
    fn punching_a_hole() {
        let place = Playground::new();
        let file = place.file("f");
        write(&file, 0, &[7; 4 * 4096]).unwrap();
        let punch = abi::raw::general::FALLOC_FL_PUNCH_HOLE | abi::raw::general::FALLOC_FL_KEEP_SIZE;
        file.allocate(punch, 100, 3 * 4096).unwrap();
        let metadata = place.at("f").inode().metadata();
        assert_eq!((metadata.size, metadata.blocks_512), (4 * 4096, 16));
        let bytes = read(&file, 0, 4 * 4096).unwrap();
        assert!(bytes[..100].iter().all(|&byte| byte == 7));
        assert!(bytes[100..100 + 3 * 4096].iter().all(|&byte| byte == 0));
        assert!(bytes[100 + 3 * 4096..].iter().all(|&byte| byte == 7));
    }

    /// `size=` bounds the contents of all files together, and removing one gives its room back.
    fn the_size_option_is_a_bound() {
        let place = Playground::with_options(b"size=16k");
        let file = place.file("f");
        assert_eq!(write(&file, 0, &[1; 5 * 4096]), Ok(4 * 4096));
        assert_eq!(write(&file, 4 * 4096, b"x"), Err(Errno::ENOSPC));
        place.at("f").inode().set_size(4096).unwrap();
        assert_eq!(write(&file, 4096, &[1; 4096]), Ok(4096));
    }

    /// `nr_inodes=` bounds the number of files.
    fn the_inode_option_is_a_bound() {
        let place = Playground::with_options(b"nr_inodes=2");
        place.file("f");
        assert_eq!(place.make("g", NewContent::Fifo), Err(Errno::ENOSPC));
        assert!(tmpfs::Tmpfs::new("tmpfs", b"size=12q").is_err());
        assert!(tmpfs::Tmpfs::new("tmpfs", b"colour=red").is_err());
    }
}
