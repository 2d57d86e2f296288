//! mmap: what it makes and what it refuses. Source: mmap(2).

use super::{ANON, PAGE, RW, file, line_of, pages};
use abi_tests::capabilities::{CAP_SYS_RAWIO, sets, without};
use abi_tests::check::Outcome;
use abi_tests::process::status_of;
use abi_tests::raw::{peek, poke};
use abi_tests::{cases, fails, gives, holds, same, works};
use libc::*;

cases![
    map_anonymous_is_zero,
    map_length_rounds_up,
    map_bad_length,
    map_bad_offset,
    map_bad_flags,
    map_bad_descriptor,
    map_fixed_replaces,
    map_fixed_unaligned,
    map_fixed_no_replace,
    map_fixed_out_of_range,
    map_low_address_refused,
    map_hint_is_taken,
    map_hint_occupied_moves,
    map_too_big,
    map_beyond_address_limit,
    map_file_needs_access,
    map_directory_refused,
    map_pipe_refused,
    map_file_reads_and_tail_is_zero,
    map_file_with_offset,
    map_survives_close,
    map_none_is_reserved,
    map_populate,
    map_dev_zero,
    maps_line_of_file,
];

/// Private anonymous, here and nowhere else.
const FIXED: i32 = ANON | MAP_FIXED;

fn map_anonymous_is_zero() -> Outcome {
    let at = pages(20)?;
    same!((0..20 * PAGE).step_by(61).all(|n| peek(at + n) == 0), true);
    poke(at + 5 * PAGE, 7);
    same!(peek(at + 5 * PAGE), 7);
    Ok(())
}

fn map_length_rounds_up() -> Outcome {
    let at = works!(SYS_mmap, 0, 1, RW, ANON, -1, 0) as usize;
    poke(at + PAGE - 1, 1);
    works!(SYS_munmap, at, 1);
    same!(status_of(|| i32::from(peek(at + PAGE - 1)))?, SIGSEGV);
    Ok(())
}

fn map_bad_length() -> Outcome {
    fails!(EINVAL, SYS_mmap, 0, 0, RW, ANON, -1, 0);
    fails!(ENOMEM, SYS_mmap, 0, usize::MAX, RW, ANON, -1, 0);
    fails!(ENOMEM, SYS_mmap, 0, usize::MAX - PAGE, RW, ANON, -1, 0);
    Ok(())
}

fn map_bad_offset() -> Outcome {
    let fd = file(b"x")?;
    fails!(EINVAL, SYS_mmap, 0, PAGE, RW, MAP_PRIVATE, fd, 1);
    fails!(
        EOVERFLOW,
        SYS_mmap,
        0,
        4 * PAGE,
        RW,
        MAP_PRIVATE,
        fd,
        -(PAGE as isize)
    );
    Ok(())
}

fn map_bad_flags() -> Outcome {
    fails!(EINVAL, SYS_mmap, 0, PAGE, RW, MAP_ANONYMOUS, -1, 0);
    let fd = file(b"x")?;
    fails!(EINVAL, SYS_mmap, 0, PAGE, RW, 0, fd, 0);
    // MAP_SHARED_VALIDATE is for files, and knows what it was never told of.
    let anonymous = MAP_SHARED_VALIDATE | MAP_ANONYMOUS;
    fails!(EINVAL, SYS_mmap, 0, PAGE, RW, anonymous, -1, 0);
    works!(SYS_mmap, 0, PAGE, RW, MAP_SHARED_VALIDATE, fd, 0);
    let unknown = MAP_SHARED_VALIDATE | 0x20_0000;
    fails!(EOPNOTSUPP, SYS_mmap, 0, PAGE, RW, unknown, fd, 0);
    works!(SYS_mmap, 0, PAGE, RW, MAP_SHARED | 0x20_0000, fd, 0);
    // Only private memory is a stack.
    let stack = MAP_ANONYMOUS | MAP_GROWSDOWN;
    fails!(EINVAL, SYS_mmap, 0, PAGE, RW, MAP_SHARED | stack, -1, 0);
    works!(SYS_mmap, 0, PAGE, RW, MAP_PRIVATE | stack, -1, 0);
    Ok(())
}

fn map_bad_descriptor() -> Outcome {
    fails!(EBADF, SYS_mmap, 0, PAGE, RW, MAP_PRIVATE, 99, 0);
    fails!(EBADF, SYS_mmap, 0, PAGE, RW, MAP_PRIVATE, -1, 0);
    fails!(EBADF, SYS_mmap, 0, PAGE, RW, 0, -1, 0);
    works!(SYS_mmap, 0, PAGE, RW, ANON, 99, 0);
    Ok(())
}

fn map_fixed_replaces() -> Outcome {
    let at = pages(3)?;
    poke(at, 1);
    poke(at + PAGE, 2);
    gives!(at, SYS_mmap, at + PAGE - PAGE, PAGE, RW, FIXED, -1, 0);
    same!((peek(at), peek(at + PAGE)), (0, 2));
    Ok(())
}

fn map_fixed_unaligned() -> Outcome {
    let at = pages(2)?;
    fails!(EINVAL, SYS_mmap, at + 8, PAGE, RW, FIXED, -1, 0);
    let free = works!(SYS_mmap, at + 8, PAGE, RW, ANON, -1, 0) as usize;
    same!(free % PAGE, 0);
    Ok(())
}

fn map_fixed_no_replace() -> Outcome {
    let at = pages(3)?;
    let flags = ANON | MAP_FIXED_NOREPLACE;
    fails!(EEXIST, SYS_mmap, at, PAGE, RW, flags, -1, 0);
    works!(SYS_munmap, at, PAGE);
    fails!(EEXIST, SYS_mmap, at, 2 * PAGE, RW, flags, -1, 0);
    gives!(at, SYS_mmap, at, PAGE, RW, flags, -1, 0);
    Ok(())
}

fn map_fixed_out_of_range() -> Outcome {
    for address in [0x7fff_ffff_f000, 1 << 63, usize::MAX - PAGE + 1] {
        fails!(ENOMEM, SYS_mmap, address, PAGE, RW, FIXED, -1, 0);
    }
    Ok(())
}

/// The lowest pages (vm.mmap_min_addr bytes) are kept from everyone without CAP_SYS_RAWIO.
fn map_low_address_refused() -> Outcome {
    abi_tests::process::inside_child(|| {
        works!(SYS_setuid, 1000);
        fails!(EPERM, SYS_mmap, 0, PAGE, RW, FIXED, -1, 0);
        gives!(0x10000, SYS_mmap, 0x10000, PAGE, RW, FIXED, -1, 0);
        Ok(())
    })?;
    // One who may use any port may also have memory there.
    if sets()?.effective & (1 << CAP_SYS_RAWIO) == 0 {
        return Ok(());
    }
    gives!(0, SYS_mmap, 0, PAGE, RW, FIXED, -1, 0);
    works!(SYS_munmap, 0, PAGE);
    without(&[CAP_SYS_RAWIO])?;
    fails!(EPERM, SYS_mmap, 0, PAGE, RW, FIXED, -1, 0);
    Ok(())
}

fn map_hint_is_taken() -> Outcome {
    let at = pages(8)?;
    works!(SYS_munmap, at + 2 * PAGE, 2 * PAGE);
    gives!(
        at + 2 * PAGE,
        SYS_mmap,
        at + 2 * PAGE,
        PAGE,
        RW,
        ANON,
        -1,
        0
    );
    Ok(())
}

fn map_hint_occupied_moves() -> Outcome {
    let at = pages(2)?;
    poke(at, 9);
    let other = works!(SYS_mmap, at, PAGE, RW, ANON, -1, 0) as usize;
    holds!(other != at);
    same!(peek(at), 9);
    Ok(())
}

fn map_too_big() -> Outcome {
    fails!(ENOMEM, SYS_mmap, 0, 1usize << 47, RW, ANON, -1, 0);
    fails!(ENOMEM, SYS_mmap, 0, 1usize << 60, RW, ANON, -1, 0);
    Ok(())
}

fn map_beyond_address_limit() -> Outcome {
    works!(SYS_prlimit64, 0, RLIMIT_AS, &[64u64 << 20, 64 << 20], 0);
    fails!(ENOMEM, SYS_mmap, 0, 128 << 20, RW, ANON, -1, 0);
    works!(SYS_mmap, 0, 1 << 20, RW, ANON, -1, 0);
    Ok(())
}

fn map_file_needs_access() -> Outcome {
    file(b"x")?;
    let reader = works!(SYS_open, c"f", O_RDONLY);
    let writer = works!(SYS_open, c"f", O_WRONLY);
    fails!(EACCES, SYS_mmap, 0, PAGE, RW, MAP_SHARED, reader, 0);
    works!(SYS_mmap, 0, PAGE, RW, MAP_PRIVATE, reader, 0);
    works!(SYS_mmap, 0, PAGE, PROT_READ, MAP_SHARED, reader, 0);
    fails!(EACCES, SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, writer, 0);
    fails!(EACCES, SYS_mmap, 0, PAGE, PROT_WRITE, MAP_SHARED, writer, 0);
    Ok(())
}

fn map_directory_refused() -> Outcome {
    let fd = works!(SYS_open, c".", O_RDONLY);
    fails!(ENODEV, SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    Ok(())
}

fn map_pipe_refused() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    fails!(
        ENODEV,
        SYS_mmap,
        0,
        PAGE,
        PROT_READ,
        MAP_PRIVATE,
        ends[0],
        0
    );
    Ok(())
}

fn map_file_reads_and_tail_is_zero() -> Outcome {
    let fd = file(b"hello")?;
    let at = works!(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0) as usize;
    same!(
        (peek(at), peek(at + 4), peek(at + 5), peek(at + PAGE - 1)),
        (b'h', b'o', 0, 0)
    );
    Ok(())
}

fn map_file_with_offset() -> Outcome {
    let text: Vec<u8> = (0..3 * PAGE).map(|n| (n / PAGE) as u8 + 1).collect();
    let fd = file(&text)?;
    let at = works!(SYS_mmap, 0, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE) as usize;
    same!((peek(at), peek(at + PAGE)), (2, 3));
    Ok(())
}

fn map_survives_close() -> Outcome {
    let fd = file(b"hello")?;
    let at = works!(SYS_mmap, 0, PAGE, PROT_READ, MAP_SHARED, fd, 0) as usize;
    works!(SYS_close, fd);
    works!(SYS_unlink, c"f");
    same!(peek(at), b'h');
    Ok(())
}

fn map_none_is_reserved() -> Outcome {
    let at = works!(
        SYS_mmap,
        0,
        1usize << 36,
        PROT_NONE,
        ANON | MAP_NORESERVE,
        -1,
        0
    ) as usize;
    same!(status_of(|| i32::from(peek(at)))?, SIGSEGV);
    gives!(0, SYS_mprotect, at + PAGE, PAGE, RW);
    poke(at + PAGE, 3);
    same!(peek(at + PAGE), 3);
    Ok(())
}

fn map_populate() -> Outcome {
    let at = works!(SYS_mmap, 0, 16 * PAGE, RW, ANON | MAP_POPULATE, -1, 0) as usize;
    let mut resident = [0u8; 16];
    works!(SYS_mincore, at, 16 * PAGE, &mut resident);
    same!(resident, [1; 16]);
    Ok(())
}

fn map_dev_zero() -> Outcome {
    let fd = works!(SYS_open, c"/dev/zero", O_RDWR);
    let at = works!(SYS_mmap, 0, 2 * PAGE, RW, MAP_PRIVATE, fd, 0) as usize;
    poke(at + PAGE, 4);
    same!((peek(at), peek(at + PAGE)), (0, 4));
    Ok(())
}

fn maps_line_of_file() -> Outcome {
    use std::os::unix::fs::MetadataExt;
    let fd = file(&[1u8; 9000])?;
    let at = works!(SYS_mmap, 0, PAGE, RW, MAP_SHARED, fd, PAGE) as usize;
    let stat = std::fs::metadata("f")?;
    let device = stat.dev();
    let path = std::env::current_dir()?.join("f");
    let start = format!(
        "{:x}-{:x} rw-s 00001000 {:02x}:{:02x} {} ",
        at,
        at + PAGE,
        major(device),
        minor(device),
        stat.ino()
    );
    let line = line_of(at)?;
    holds!(
        line.starts_with(&start) && line.ends_with(&format!(" {}", path.display())),
        "saw {line}"
    );
    same!(line.find('/'), Some(73));
    Ok(())
}
