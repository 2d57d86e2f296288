//! Reading, writing and seeking.

use super::device::{byte_at, fix_of, memory_length, open};
use abi_tests::check::Outcome;
use abi_tests::{cases, fails, gives, same, works};
use libc::*;

cases![
    what_is_written_is_read,
    the_end,
    seeking,
    bad_buffers,
    much_at_once,
    rights_of_the_opening,
    storing_is_nothing_to_do,
];

fn what_is_written_is_read() -> Outcome {
    let file = open(O_RDWR)?;
    let text = b"across the border of two pages";
    gives!(text.len(), SYS_pwrite64, file, text, text.len(), 4096 - 7);
    let mut seen = [0_u8; 30];
    gives!(30, SYS_pread64, file, &mut seen, 30, 4096 - 7);
    same!(&seen, text);
    gives!(3, SYS_write, file, b"abc", 3);
    gives!(2, SYS_write, file, b"de", 2);
    works!(SYS_lseek, file, 0, SEEK_SET);
    gives!(5, SYS_read, file, &mut seen, 5);
    same!(&seen[..5], b"abcde".as_slice());
    // Another opening begins at the beginning, on the same screen.
    let other = open(O_RDONLY)?;
    gives!(1, SYS_read, other, &mut seen, 1);
    same!(seen[0], b'a');
    gives!(5, SYS_pwrite64, file, &[0_u8; 5], 5, 0);
    gives!(30, SYS_pwrite64, file, &[0_u8; 30], 30, 4096 - 7);
    Ok(())
}

fn the_end() -> Outcome {
    let file = open(O_RDWR)?;
    let length = memory_length(&fix_of(file)?);
    let mut seen = [1_u8; 8];
    gives!(4, SYS_pread64, file, &mut seen, 8, length - 4);
    gives!(0, SYS_pread64, file, &mut seen, 8, length);
    gives!(0, SYS_pread64, file, &mut seen, 8, length + 1);
    gives!(0, SYS_pread64, file, &mut seen, 8, i64::MAX - 8);
    gives!(4, SYS_pwrite64, file, b"12345678", 8, length - 4);
    fails!(ENOSPC, SYS_pwrite64, file, b"12345678", 8, length);
    fails!(EFBIG, SYS_pwrite64, file, b"12345678", 8, length + 1);
    fails!(EFBIG, SYS_pwrite64, file, b"12345678", 8, i64::MAX - 8);
    same!(byte_at(file, length - 1)?, b'4');
    gives!(4, SYS_pwrite64, file, &[0_u8; 4], 4, length - 4);
    Ok(())
}

fn seeking() -> Outcome {
    let file = open(O_RDWR)?;
    gives!(1000, SYS_lseek, file, 1000, SEEK_SET);
    gives!(1010, SYS_lseek, file, 10, SEEK_CUR);
    gives!(0, SYS_lseek, file, -1010, SEEK_CUR);
    fails!(EINVAL, SYS_lseek, file, -1, SEEK_SET);
    fails!(EINVAL, SYS_lseek, file, 0, 99);
    // The node itself has no size.
    gives!(0, SYS_lseek, file, 0, SEEK_END);
    let length = memory_length(&fix_of(file)?);
    gives!(length + 4096, SYS_lseek, file, length + 4096, SEEK_SET);
    let mut seen = [0_u8];
    gives!(0, SYS_read, file, &mut seen, 1);
    Ok(())
}

fn bad_buffers() -> Outcome {
    let file = open(O_RDWR)?;
    for address in [8, usize::MAX - 4095, 0xffff_8000_0000_0000] {
        fails!(EFAULT, SYS_pread64, file, address, 16, 0);
        fails!(EFAULT, SYS_pwrite64, file, address, 16, 0);
    }
    gives!(0, SYS_pread64, file, 8, 0, 0);
    gives!(0, SYS_pwrite64, file, 8, 0, 0);
    // Half of a buffer is there: half is moved.
    let rights = PROT_READ | PROT_WRITE;
    let page = works!(
        SYS_mmap,
        0,
        8192,
        rights,
        MAP_PRIVATE | MAP_ANONYMOUS,
        -1,
        0
    );
    works!(SYS_munmap, page + 4096, 4096);
    let at = page + 4096 - 8;
    gives!(8, SYS_pread64, file, at, 16, 0);
    gives!(8, SYS_pwrite64, file, at, 16, 0);
    Ok(())
}

fn much_at_once() -> Outcome {
    let file = open(O_RDWR)?;
    let length = memory_length(&fix_of(file)?);
    let mut all = vec![0_u8; length + 10];
    gives!(length, SYS_pread64, file, &mut all[..], length + 10, 0);
    gives!(length, SYS_pwrite64, file, &all[..], length, 0);
    fails!(EFBIG, SYS_pwrite64, file, &all[..], length + 10, length);
    let parts = [[all.as_ptr() as usize, 3], [all.as_ptr() as usize, 4]];
    gives!(7, SYS_writev, file, &parts, 2);
    gives!(7, SYS_lseek, file, 0, SEEK_CUR);
    Ok(())
}

fn rights_of_the_opening() -> Outcome {
    let (reader, writer) = (open(O_RDONLY)?, open(O_WRONLY)?);
    let mut byte = [0_u8];
    fails!(EBADF, SYS_write, reader, &byte, 1);
    fails!(EBADF, SYS_read, writer, &mut byte, 1);
    Ok(())
}

fn storing_is_nothing_to_do() -> Outcome {
    let file = open(O_RDWR)?;
    gives!(0, SYS_fsync, file);
    fails!(EINVAL, SYS_ftruncate, file, 0);
    Ok(())
}
