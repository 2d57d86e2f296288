//! Packet mode: pipe2 with O_DIRECT. Source: pipe(2).

use abi_tests::check::{Failure, Outcome};
use abi_tests::{cases, fails, gives, same, works};
use libc::*;

cases![
    packet_each_write_is_one_read,
    packet_rest_is_dropped,
    packet_flags,
    packet_large_write_is_split,
    packet_takes_a_page_of_the_pipe,
    packet_of_nothing,
    packet_after_bytes,
    packet_mode_set_later,
    packet_readv_takes_one,
    packet_on_what_is_no_pipe,
    packet_bytes_waiting,
];

fn packets() -> Result<[i32; 2], Failure> {
    let mut ends = [0i32; 2];
    works!(SYS_pipe2, &mut ends, O_DIRECT | O_NONBLOCK);
    Ok(ends)
}

fn packet_each_write_is_one_read() -> Outcome {
    let [out, into] = packets()?;
    gives!(5, SYS_write, into, b"hello", 5);
    gives!(3, SYS_write, into, b"you", 3);
    let mut text = [0u8; 100];
    gives!(5, SYS_read, out, &mut text, 100);
    same!(&text[..5], b"hello");
    gives!(3, SYS_read, out, &mut text, 100);
    same!(&text[..3], b"you");
    fails!(EAGAIN, SYS_read, out, &mut text, 100);
    Ok(())
}

fn packet_rest_is_dropped() -> Outcome {
    let [out, into] = packets()?;
    gives!(5, SYS_write, into, b"hello", 5);
    gives!(3, SYS_write, into, b"you", 3);
    let mut text = [0u8; 100];
    gives!(2, SYS_read, out, &mut text, 2);
    gives!(3, SYS_read, out, &mut text, 100);
    same!(&text[..3], b"you");
    Ok(())
}

fn packet_flags() -> Outcome {
    let [out, into] = packets()?;
    gives!(O_NONBLOCK, SYS_fcntl, out, F_GETFL);
    gives!(O_DIRECT | O_NONBLOCK | O_WRONLY, SYS_fcntl, into, F_GETFL);
    let mut ends = [0i32; 2];
    fails!(EINVAL, SYS_pipe2, &mut ends, O_DIRECT | O_APPEND);
    Ok(())
}

fn packet_large_write_is_split() -> Outcome {
    let [out, into] = packets()?;
    gives!(9000, SYS_write, into, vec![1u8; 9000].as_slice(), 9000);
    let mut block = vec![0u8; 20000];
    gives!(4096, SYS_read, out, block.as_mut_slice(), 20000);
    gives!(4096, SYS_read, out, block.as_mut_slice(), 20000);
    gives!(808, SYS_read, out, block.as_mut_slice(), 20000);
    Ok(())
}

fn packet_takes_a_page_of_the_pipe() -> Outcome {
    let [out, into] = packets()?;
    for _ in 0..16 {
        gives!(1, SYS_write, into, b"x", 1);
    }
    fails!(EAGAIN, SYS_write, into, b"x", 1);
    gives!(1, SYS_read, out, &mut [0u8; 9], 9);
    gives!(1, SYS_write, into, b"x", 1);
    Ok(())
}

fn packet_of_nothing() -> Outcome {
    let [out, into] = packets()?;
    gives!(0, SYS_write, into, b"", 0);
    fails!(EAGAIN, SYS_read, out, &mut [0u8; 9], 9);
    Ok(())
}

fn packet_after_bytes() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe2, &mut ends, O_NONBLOCK);
    let [out, into] = ends;
    gives!(3, SYS_write, into, b"abc", 3);
    gives!(0, SYS_fcntl, into, F_SETFL, O_NONBLOCK | O_DIRECT);
    gives!(3, SYS_write, into, b"def", 3);
    gives!(0, SYS_fcntl, into, F_SETFL, O_NONBLOCK);
    gives!(3, SYS_write, into, b"ghi", 3);
    let mut text = [0u8; 100];
    // What fits behind bytes that are no packet is added to them.
    gives!(9, SYS_read, out, &mut text, 100);
    gives!(4096, SYS_write, into, [1u8; 4096].as_slice(), 4096);
    gives!(0, SYS_fcntl, into, F_SETFL, O_NONBLOCK | O_DIRECT);
    gives!(3, SYS_write, into, b"def", 3);
    gives!(0, SYS_fcntl, into, F_SETFL, O_NONBLOCK);
    gives!(3, SYS_write, into, b"ghi", 3);
    // The bytes before go with the packet, those behind do not.
    gives!(4099, SYS_read, out, vec![0u8; 9000].as_mut_slice(), 9000);
    gives!(3, SYS_read, out, &mut text, 100);
    same!(&text[..3], b"ghi");
    Ok(())
}

fn packet_mode_set_later() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    gives!(0, SYS_fcntl, ends[1], F_SETFL, O_DIRECT);
    gives!(O_WRONLY | O_DIRECT, SYS_fcntl, ends[1], F_GETFL);
    gives!(2, SYS_write, ends[1], b"ab", 2);
    gives!(2, SYS_write, ends[1], b"cd", 2);
    gives!(2, SYS_read, ends[0], &mut [0u8; 9], 9);
    Ok(())
}

fn packet_readv_takes_one() -> Outcome {
    let [out, into] = packets()?;
    gives!(4, SYS_write, into, b"abcd", 4);
    gives!(4, SYS_write, into, b"efgh", 4);
    let (mut one, mut two) = ([0u8; 3], [0u8; 3]);
    let at = |bytes: &mut [u8]| bytes.as_mut_ptr().expose_provenance();
    let ranges = [at(&mut one), 3, at(&mut two), 3];
    gives!(4, SYS_readv, out, &ranges, 2);
    gives!(4, SYS_readv, out, &ranges, 2);
    Ok(())
}

fn packet_on_what_is_no_pipe() -> Outcome {
    let null = works!(SYS_open, c"/dev/null", O_RDWR);
    fails!(EINVAL, SYS_fcntl, null, F_SETFL, O_DIRECT);
    Ok(())
}

fn packet_bytes_waiting() -> Outcome {
    let [out, into] = packets()?;
    gives!(4, SYS_write, into, b"abcd", 4);
    gives!(3, SYS_write, into, b"efg", 3);
    let mut count = 0i32;
    works!(SYS_ioctl, out, FIONREAD, &mut count);
    same!(count, 7);
    Ok(())
}
