//! How open finds what its name means, and which names it refuses. Source: open(2),
//! path_resolution(7).

use super::file;
use abi_tests::check::Outcome;
use abi_tests::{cases, fails, works};
use libc::*;

cases![
    open_through_file,
    open_nofollow_symlink,
    open_nofollow_file,
    open_nofollow_middle,
    open_trailing_slash_on_file,
    open_trailing_slash_missing_create,
    open_empty_name,
    open_name_too_long,
    open_path_too_long,
    open_bad_address,
    open_loop,
    open_relative_to_descriptor,
    open_relative_to_file,
    open_relative_to_closed,
    open_absolute_ignores_descriptor,
    open_dots,
];

fn open_through_file() -> Outcome {
    file(c"f", b"")?;
    fails!(ENOTDIR, SYS_open, c"f/x", O_RDONLY);
    fails!(ENOTDIR, SYS_open, c"f/x", O_CREAT | O_RDWR, 0o600);
    fails!(ENOTDIR, SYS_open, c"f/.", O_RDONLY);
    fails!(ENOTDIR, SYS_open, c"f/..", O_RDONLY);
    Ok(())
}

fn open_nofollow_symlink() -> Outcome {
    file(c"f", b"")?;
    works!(SYS_symlink, c"f", c"l");
    fails!(ELOOP, SYS_open, c"l", O_RDONLY | O_NOFOLLOW);
    fails!(ENOTDIR, SYS_open, c"l", O_RDONLY | O_NOFOLLOW | O_DIRECTORY);
    Ok(())
}

fn open_nofollow_file() -> Outcome {
    file(c"f", b"")?;
    works!(SYS_open, c"f", O_RDONLY | O_NOFOLLOW);
    Ok(())
}

fn open_nofollow_middle() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    file(c"d/f", b"")?;
    works!(SYS_symlink, c"d", c"l");
    works!(SYS_open, c"l/f", O_RDONLY | O_NOFOLLOW);
    works!(SYS_open, c"l/", O_RDONLY | O_NOFOLLOW);
    Ok(())
}

fn open_trailing_slash_on_file() -> Outcome {
    file(c"f", b"")?;
    fails!(ENOTDIR, SYS_open, c"f/", O_RDONLY);
    Ok(())
}

fn open_trailing_slash_missing_create() -> Outcome {
    fails!(EISDIR, SYS_open, c"new/", O_RDWR | O_CREAT, 0o600);
    fails!(ENOENT, SYS_open, c"new/", O_RDWR);
    Ok(())
}

fn open_empty_name() -> Outcome {
    fails!(ENOENT, SYS_open, c"", O_RDONLY);
    fails!(ENOENT, SYS_open, c"", O_RDWR | O_CREAT, 0o600);
    Ok(())
}

fn open_name_too_long() -> Outcome {
    let name = std::ffi::CString::new("n".repeat(256)).unwrap_or_default();
    fails!(ENAMETOOLONG, SYS_open, name.as_c_str(), O_RDONLY);
    let name = std::ffi::CString::new("n".repeat(255)).unwrap_or_default();
    works!(SYS_open, name.as_c_str(), O_RDWR | O_CREAT, 0o600);
    Ok(())
}

fn open_path_too_long() -> Outcome {
    let path = std::ffi::CString::new("./".repeat(2047) + "/").unwrap_or_default();
    works!(SYS_open, path.as_c_str(), O_RDONLY);
    let path = std::ffi::CString::new("./".repeat(2048)).unwrap_or_default();
    fails!(ENAMETOOLONG, SYS_open, path.as_c_str(), O_RDONLY);
    Ok(())
}

fn open_bad_address() -> Outcome {
    fails!(EFAULT, SYS_open, 0, O_RDONLY);
    fails!(EFAULT, SYS_open, 1usize << 63, O_RDONLY);
    fails!(EFAULT, SYS_open, usize::MAX, O_RDONLY);
    Ok(())
}

fn open_loop() -> Outcome {
    works!(SYS_symlink, c"b", c"a");
    works!(SYS_symlink, c"a", c"b");
    fails!(ELOOP, SYS_open, c"a", O_RDONLY);
    fails!(ELOOP, SYS_open, c"a/x", O_RDONLY);
    fails!(ELOOP, SYS_open, c"a", O_RDWR | O_CREAT, 0o600);
    Ok(())
}

fn open_relative_to_descriptor() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    file(c"d/f", b"inside")?;
    let fd = works!(SYS_open, c"d", O_RDONLY | O_DIRECTORY);
    works!(SYS_openat, fd, c"f", O_RDONLY);
    let fd = works!(SYS_open, c"d", O_PATH);
    works!(SYS_openat, fd, c"f", O_RDONLY);
    works!(SYS_openat, fd, c"../d/f", O_RDONLY);
    fails!(ENOENT, SYS_openat, fd, c"d", O_RDONLY);
    Ok(())
}

fn open_relative_to_file() -> Outcome {
    file(c"f", b"")?;
    let fd = works!(SYS_open, c"f", O_RDONLY);
    fails!(ENOTDIR, SYS_openat, fd, c"x", O_RDONLY);
    fails!(ENOENT, SYS_openat, fd, c"", O_RDONLY);
    Ok(())
}

fn open_relative_to_closed() -> Outcome {
    fails!(EBADF, SYS_openat, 99, c"x", O_RDONLY);
    fails!(EBADF, SYS_openat, -1, c"x", O_RDONLY);
    Ok(())
}

fn open_absolute_ignores_descriptor() -> Outcome {
    works!(SYS_openat, 99, c"/", O_RDONLY);
    Ok(())
}

fn open_dots() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    file(c"f", b"")?;
    works!(SYS_open, c"./d/../f", O_RDONLY);
    works!(SYS_open, c".//d//..//.//f", O_RDONLY);
    works!(SYS_open, c"/../../..", O_RDONLY);
    fails!(ENOENT, SYS_open, c"missing/../f", O_RDONLY);
    Ok(())
}
