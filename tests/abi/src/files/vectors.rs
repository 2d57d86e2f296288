//! Reading and writing with several buffers at once. Source: readv(2).

use super::{low_page, new};
use abi_tests::check::Outcome;
use abi_tests::{cases, fails, gives, same, works};
use libc::*;

cases![
    readv_fills_in_order,
    writev_gathers,
    readv_skips_empty,
    vector_too_many,
    vector_negative_length,
    vector_sum_overflows,
    vector_bad_address,
    vector_zero_count,
    preadv_and_pwritev,
    preadv2_minus_one_uses_position,
];

fn vector(parts: &mut [&mut [u8]]) -> Vec<[usize; 2]> {
    parts
        .iter_mut()
        .map(|part| [part.as_mut_ptr().expose_provenance(), part.len()])
        .collect()
}

fn readv_fills_in_order() -> Outcome {
    let fd = new(c"f", b"abcdefg")?;
    let (mut a, mut b) = ([0u8; 3], [0u8; 9]);
    let parts = vector(&mut [&mut a, &mut b]);
    gives!(7, SYS_readv, fd, parts.as_slice(), 2);
    same!((&a, &b[..5]), (b"abc", b"defg\0".as_slice()));
    Ok(())
}

fn writev_gathers() -> Outcome {
    let fd = new(c"f", b"")?;
    let (mut a, mut b) = (*b"abc", *b"defg");
    let parts = vector(&mut [&mut a, &mut b]);
    gives!(7, SYS_writev, fd, parts.as_slice(), 2);
    same!(std::fs::read("f")?, b"abcdefg");
    Ok(())
}

fn readv_skips_empty() -> Outcome {
    let fd = new(c"f", b"ab")?;
    let mut a = [0u8; 2];
    let parts = [[0usize, 0], [a.as_mut_ptr().expose_provenance(), 2], [0, 0]];
    gives!(2, SYS_readv, fd, &parts, 3);
    same!(&a, b"ab");
    Ok(())
}

fn vector_too_many() -> Outcome {
    let fd = new(c"f", b"ab")?;
    let parts = vec![[0usize, 0]; 1025];
    gives!(0, SYS_readv, fd, parts.as_slice(), 1024);
    fails!(EINVAL, SYS_readv, fd, parts.as_slice(), 1025);
    fails!(EINVAL, SYS_writev, fd, parts.as_slice(), usize::MAX);
    Ok(())
}

fn vector_negative_length() -> Outcome {
    let fd = new(c"f", b"ab")?;
    let mut a = [0u8; 2];
    let parts = [[a.as_mut_ptr().expose_provenance(), 2], [4096, usize::MAX]];
    fails!(EINVAL, SYS_readv, fd, &parts, 2);
    fails!(EINVAL, SYS_writev, fd, &parts, 2);
    // Even behind an address that nobody can have.
    let parts = [[usize::MAX - 4096, 2], [4096, usize::MAX]];
    fails!(EINVAL, SYS_readv, fd, &parts, 2);
    fails!(EFAULT, SYS_readv, fd, &parts, 1);
    Ok(())
}

/// The lengths are cut so that the sum stays below 2 GiB; but one that reaches out of the user
/// half is refused as a whole.
fn vector_sum_overflows() -> Outcome {
    let fd = new(c"f", b"ab")?;
    let at = low_page()?;
    let parts = [[at, 2], [at, 0x7fff_ffff], [at, 0x7fff_ffff]];
    gives!(2, SYS_readv, fd, &parts, 3);
    let parts = [
        [at, 2],
        [at, isize::MAX as usize],
        [at, isize::MAX as usize],
    ];
    fails!(EFAULT, SYS_readv, fd, &parts, 3);
    Ok(())
}

fn vector_bad_address() -> Outcome {
    let fd = new(c"f", b"ab")?;
    fails!(EFAULT, SYS_readv, fd, 0, 1);
    fails!(EFAULT, SYS_readv, fd, &[[1usize << 63, 2]], 1);
    fails!(EFAULT, SYS_writev, fd, &[[0usize, 2]], 1);
    Ok(())
}

fn vector_zero_count() -> Outcome {
    let fd = new(c"f", b"ab")?;
    gives!(0, SYS_readv, fd, 0, 0);
    gives!(0, SYS_writev, fd, 0, 0);
    fails!(EBADF, SYS_readv, 99, 0, 0);
    Ok(())
}

fn preadv_and_pwritev() -> Outcome {
    let fd = new(c"f", b"abcdef")?;
    let (mut a, mut b) = ([0u8; 1], [0u8; 2]);
    let parts = vector(&mut [&mut a, &mut b]);
    gives!(3, SYS_preadv, fd, parts.as_slice(), 2, 2, 0);
    same!((&a, &b), (b"c", b"de"));
    gives!(3, SYS_pwritev, fd, parts.as_slice(), 2, 5, 0);
    same!(std::fs::read("f")?, b"abcdecde");
    fails!(EINVAL, SYS_preadv, fd, parts.as_slice(), 2, -1, 0);
    gives!(0, SYS_lseek, fd, 0, SEEK_CUR);
    Ok(())
}

fn preadv2_minus_one_uses_position() -> Outcome {
    let fd = new(c"f", b"abcdef")?;
    let mut a = [0u8; 2];
    let parts = vector(&mut [&mut a]);
    gives!(2, SYS_preadv2, fd, parts.as_slice(), 1, -1, -1, 0);
    gives!(2, SYS_lseek, fd, 0, SEEK_CUR);
    fails!(
        EOPNOTSUPP,
        SYS_preadv2,
        fd,
        parts.as_slice(),
        1,
        0,
        0,
        0x4000_0000
    );
    // Flags are looked at after all else, and not at all if there is nothing to move.
    let unknown = 0x4000_0000;
    fails!(EFAULT, SYS_preadv2, fd, 0, 1, 0, 0, unknown);
    gives!(0, SYS_preadv2, fd, &parts, 0, 0, 0, unknown);
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    fails!(
        ESPIPE,
        SYS_preadv2,
        ends[0],
        parts.as_slice(),
        1,
        0,
        0,
        unknown
    );
    Ok(())
}
