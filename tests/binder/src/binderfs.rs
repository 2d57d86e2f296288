//! binderfs: a mount is a folder of binder devices, each with a context of its own.
//!
//! Debian's kernel is built without it, so there these cases are left out, and what they expect
//! is written down here; a 6.1 kernel that was built with it passed them all. Source: Linux'
//! `Documentation/admin-guide/binderfs.rst`.

use abi_tests::check::{Failure, Outcome};
use abi_tests::{cases, fails, gives, holds, same, sys};
use libc::*;

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::expect::{answered, saw};
use crate::manager::Manager;
use crate::parcel::Parcel;
use crate::protocol::ioctl;
use crate::returns::half;

cases![
    what_is_in_it,
    version_of_its_device,
    add_a_device,
    add_one_twice,
    add_one_with_an_impossible_name,
    longest_name,
    control_is_no_binder,
    control_at_a_bad_address,
    unknown_control,
    device_is_a_context_of_its_own,
    mounts_are_apart,
    remove_a_device,
    control_cannot_be_removed,
    nothing_else_can_be_made,
    at_most_so_many,
    features,
    options_that_are_none,
    logs_where_asked_for,
    unmounted_while_open,
];

/// A mount of binderfs in a folder called `fs`; skips the case where the kernel has none. It goes
/// with the case, in a mount namespace of its own.
fn mounted(options: &std::ffi::CStr) -> Outcome {
    gives!(0, SYS_unshare, CLONE_NEWNS);
    mounted_at(c"fs", options)
}

fn mounted_at(place: &std::ffi::CStr, options: &std::ffi::CStr) -> Outcome {
    gives!(0, SYS_mkdir, place, 0o755);
    let seen = sys!(SYS_mount, c"binder", place, c"binder", 0, options);
    if seen == -(ENODEV as isize) {
        return Err(Failure::Skipped);
    }
    answered("mount", seen, 0)
}

/// BINDER_CTL_ADD; gives the result, and the device's numbers.
fn add(place: &str, name: &[u8]) -> Result<(isize, u32, u32), Failure> {
    let path = std::ffi::CString::new(format!("{place}/binder-control"));
    let path = path.map_err(|error| Failure::Wrong(error.to_string()))?;
    let control = sys!(SYS_open, path.as_c_str(), O_RDONLY | O_CLOEXEC);
    holds!(control >= 0);
    let mut request = [0u8; 264];
    request[..name.len()].copy_from_slice(name);
    let seen = sys!(SYS_ioctl, control, ioctl::CTL_ADD, &mut request);
    sys!(SYS_close, control);
    Ok((seen, half(&request, 256), half(&request, 260)))
}

fn names(place: &str) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(place)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn what_is_in_it() -> Outcome {
    mounted(c"")?;
    same!(names("fs")?, ["binder", "binder-control", "features"]);
    let binder = std::fs::metadata("fs/binder")?;
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    holds!(binder.file_type().is_char_device());
    same!(binder.mode() & 0o7777, 0o600);
    Ok(())
}

fn version_of_its_device() -> Outcome {
    mounted(c"")?;
    let endpoint = Endpoint::at("fs/binder")?;
    let mut version = 0u32;
    same!(endpoint.ioctl(ioctl::VERSION, &mut version), 0);
    same!(version, 8);
    Ok(())
}

fn add_a_device() -> Outcome {
    mounted(c"")?;
    let (seen, major, minor) = add("fs", b"mine")?;
    same!(seen, 0);
    use std::os::unix::fs::MetadataExt;
    let number = std::fs::metadata("fs/mine")?.rdev();
    same!((libc::major(number), libc::minor(number)), (major, minor));
    Endpoint::at("fs/mine").map(|_| ())
}

fn add_one_twice() -> Outcome {
    mounted(c"")?;
    same!(add("fs", b"mine")?.0, 0);
    answered("BINDER_CTL_ADD", add("fs", b"mine")?.0, EEXIST)?;
    answered("BINDER_CTL_ADD", add("fs", b"binder")?.0, EEXIST)?;
    answered("BINDER_CTL_ADD", add("fs", b"binder-control")?.0, EEXIST)
}

fn add_one_with_an_impossible_name() -> Outcome {
    mounted(c"")?;
    for name in [&b""[..], b".", b"..", b"a/b"] {
        answered("BINDER_CTL_ADD", add("fs", name)?.0, EACCES)?;
    }
    same!(names("fs")?.len(), 3);
    Ok(())
}

fn longest_name() -> Outcome {
    mounted(c"")?;
    // The field has 256 bytes, of which the last is always taken as the end.
    same!(add("fs", &[b'x'; 256])?.0, 0);
    holds!(names("fs")?.contains(&"x".repeat(255)));
    Ok(())
}

fn control() -> Result<isize, Failure> {
    let control = sys!(SYS_open, c"fs/binder-control", O_RDONLY | O_CLOEXEC);
    holds!(control >= 0);
    Ok(control)
}

fn control_is_no_binder() -> Outcome {
    mounted(c"")?;
    fails!(
        ENODEV,
        SYS_mmap,
        0,
        4096,
        PROT_READ,
        MAP_PRIVATE,
        control()?,
        0
    );
    fails!(EINVAL, SYS_ioctl, control()?, ioctl::VERSION, &mut [0u32]);
    Ok(())
}

fn control_at_a_bad_address() -> Outcome {
    mounted(c"")?;
    fails!(EFAULT, SYS_ioctl, control()?, ioctl::CTL_ADD, 8);
    Ok(())
}

fn unknown_control() -> Outcome {
    mounted(c"")?;
    fails!(EINVAL, SYS_ioctl, control()?, 0x4004_6263, &[0u32]);
    Ok(())
}

fn device_is_a_context_of_its_own() -> Outcome {
    mounted(c"")?;
    let _manager = Manager::start()?;
    same!(add("fs", b"mine")?.0, 0);
    let client = Endpoint::at("fs/mine")?;
    client.write(&Commands::new().transaction(0, 1, 0, &Parcel::default()))?;
    saw(&client.take()?, "DEAD_REPLY")?;
    same!(client.ioctl(ioctl::SET_CONTEXT_MGR, 0usize), 0);
    let other = Endpoint::at("fs/binder")?;
    same!(other.ioctl(ioctl::SET_CONTEXT_MGR, 0usize), 0);
    let third = Endpoint::at("fs/binder")?;
    answered(
        "SET_CONTEXT_MGR",
        third.ioctl(ioctl::SET_CONTEXT_MGR, 0usize),
        EBUSY,
    )
}

fn mounts_are_apart() -> Outcome {
    mounted(c"")?;
    mounted_at(c"gs", c"")?;
    same!(add("fs", b"mine")?.0, 0);
    same!(names("gs")?, ["binder", "binder-control", "features"]);
    let one = Endpoint::at("fs/binder")?;
    let other = Endpoint::at("gs/binder")?;
    same!(one.ioctl(ioctl::SET_CONTEXT_MGR, 0usize), 0);
    same!(other.ioctl(ioctl::SET_CONTEXT_MGR, 0usize), 0);
    Ok(())
}

fn remove_a_device() -> Outcome {
    mounted(c"")?;
    same!(add("fs", b"mine")?.0, 0);
    let open = Endpoint::at("fs/mine")?;
    gives!(0, SYS_unlink, c"fs/mine");
    fails!(ENOENT, SYS_open, c"fs/mine", O_RDONLY);
    // Who has it open keeps it.
    same!(open.ioctl(ioctl::SET_CONTEXT_MGR, 0usize), 0);
    same!(add("fs", b"mine")?.0, 0);
    Ok(())
}

fn control_cannot_be_removed() -> Outcome {
    mounted(c"")?;
    fails!(EPERM, SYS_unlink, c"fs/binder-control");
    fails!(EPERM, SYS_rename, c"fs/binder-control", c"fs/other");
    fails!(EPERM, SYS_rename, c"fs/binder", c"fs/binder-control");
    Ok(())
}

fn nothing_else_can_be_made() -> Outcome {
    mounted(c"")?;
    fails!(EPERM, SYS_mkdir, c"fs/folder", 0o755);
    fails!(EACCES, SYS_open, c"fs/file", O_CREAT | O_WRONLY, 0o644);
    Ok(())
}

fn at_most_so_many() -> Outcome {
    mounted(c"max=3")?;
    // The one that is there from the start counts.
    same!(add("fs", b"one")?.0, 0);
    same!(add("fs", b"two")?.0, 0);
    answered("BINDER_CTL_ADD", add("fs", b"three")?.0, ENOSPC)?;
    gives!(0, SYS_unlink, c"fs/one");
    same!(add("fs", b"three")?.0, 0);
    Ok(())
}

fn features() -> Outcome {
    mounted(c"")?;
    for name in ["oneway_spam_detection", "extended_error"] {
        let text = std::fs::read_to_string(format!("fs/features/{name}"))?;
        same!((name, text.as_str()), (name, "1\n"));
    }
    Ok(())
}

fn options_that_are_none() -> Outcome {
    mounted(c"")?;
    for options in [c"color=red", c"max=-1", c"max=many", c"stats=local"] {
        fails!(EINVAL, SYS_mount, c"binder", c"fs", c"binder", 0, options);
    }
    Ok(())
}

fn logs_where_asked_for() -> Outcome {
    mounted(c"stats=global")?;
    let logs = names("fs/binder_logs")?;
    same!(logs, ["proc", "state", "stats", "transactions"]);
    let _endpoint = Endpoint::at("fs/binder")?;
    let state = std::fs::read_to_string("fs/binder_logs/state")?;
    holds!(state.starts_with("binder state:\n"), "{state}");
    holds!(state.contains("context binder\n"), "{state}");
    let me = std::process::id().to_string();
    holds!(names("fs/binder_logs/proc")?.contains(&me));
    Ok(())
}

fn unmounted_while_open() -> Outcome {
    mounted(c"")?;
    let endpoint = Endpoint::at("fs/binder")?;
    fails!(EBUSY, SYS_umount2, c"fs", 0);
    gives!(0, SYS_umount2, c"fs", MNT_DETACH);
    same!(endpoint.ioctl(ioctl::SET_CONTEXT_MGR, 0usize), 0);
    Ok(())
}
