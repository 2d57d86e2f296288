//! The files of /proc/PID/ns, what can be asked of them, and setns. Source: namespaces(7),
//! setns(2), ioctl_ns(2).

use super::{inside, sleep_for_good, start_init};
use abi_tests::capabilities::{CAP_SYS_CHROOT, without};
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{inside_child, spawn, status_of, wait};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;
use std::ffi::CString;
use std::os::unix::fs::MetadataExt;

cases![
    link_names_kind_and_inode,
    link_same_for_those_who_share,
    link_cannot_be_written,
    handle_tells_its_kind,
    handle_tells_its_parent,
    handle_of_other_files,
    handle_keeps_the_namespace,
    handle_as_magic_link,
    setns_errors,
    setns_kind_must_match,
    setns_needs_privilege,
    setns_own,
    setns_pid_changes_the_children,
    setns_pid_not_upwards,
    setns_pid_of_a_dead_namespace,
    setns_uts,
    setns_by_pidfd,
    setns_by_pidfd_of_the_dead,
];

const GET_PARENT: i32 = 0xb702;
const GET_TYPE: i32 = 0xb703;

fn open_handle(path: &str) -> Result<isize, Failure> {
    let path = CString::new(path).unwrap_or_default();
    Ok(works!(SYS_open, path.as_c_str(), O_RDONLY | O_CLOEXEC))
}

fn inode_of(descriptor: isize) -> Result<u64, Failure> {
    Ok(std::fs::metadata(format!("/proc/self/fd/{descriptor}"))?.ino())
}

fn link_names_kind_and_inode() -> Outcome {
    for kind in ["pid", "mnt", "uts"] {
        let path = format!("/proc/self/ns/{kind}");
        let inode = std::fs::metadata(&path)?.ino();
        let link = super::link(&path)?;
        same!(link, format!("{kind}:[{inode}]"));
        let descriptor = open_handle(&path)?;
        same!(inode_of(descriptor)?, inode);
        let link = super::link(format!("/proc/self/fd/{descriptor}"))?;
        same!(link, format!("{kind}:[{inode}]"));
    }
    let of_children = super::link("/proc/self/ns/pid_for_children")?;
    same!(of_children, super::link("/proc/self/ns/pid")?);
    Ok(())
}

fn link_same_for_those_who_share() -> Outcome {
    let init = start_init(sleep_for_good)?;
    let plain = spawn(sleep_for_good)?;
    let inode = |pid: i32, kind: &str| std::fs::metadata(format!("/proc/{pid}/ns/{kind}"));
    let own = sys!(SYS_getpid) as i32;
    for kind in ["pid", "mnt", "uts"] {
        same!(inode(plain, kind)?.ino(), inode(own, kind)?.ino());
        same!(inode(plain, kind)?.dev(), inode(own, kind)?.dev());
    }
    holds!(inode(init, "pid")?.ino() != inode(own, "pid")?.ino());
    same!(inode(init, "uts")?.ino(), inode(own, "uts")?.ino());
    for pid in [init, plain] {
        works!(SYS_kill, pid, SIGKILL);
        wait(pid)?;
    }
    Ok(())
}

fn link_cannot_be_written() -> Outcome {
    fails!(EPERM, SYS_unlink, c"/proc/self/ns/uts");
    let descriptor = open_handle("/proc/self/ns/uts")?;
    let mut byte = [0u8];
    fails!(EINVAL, SYS_read, descriptor, &mut byte, 1);
    fails!(EBADF, SYS_write, descriptor, &byte, 1);
    Ok(())
}

fn handle_tells_its_kind() -> Outcome {
    for (kind, flag) in [
        ("pid", CLONE_NEWPID),
        ("pid_for_children", CLONE_NEWPID),
        ("mnt", CLONE_NEWNS),
        ("uts", CLONE_NEWUTS),
        ("user", CLONE_NEWUSER),
        ("net", CLONE_NEWNET),
    ] {
        let descriptor = open_handle(&format!("/proc/self/ns/{kind}"))?;
        gives!(flag, SYS_ioctl, descriptor, GET_TYPE, 0);
        fails!(ENOTTY, SYS_ioctl, descriptor, 0xb7ff, 0);
    }
    Ok(())
}

fn handle_tells_its_parent() -> Outcome {
    let uts = open_handle("/proc/self/ns/uts")?;
    fails!(EINVAL, SYS_ioctl, uts, GET_PARENT, 0);
    let own = open_handle("/proc/self/ns/pid")?;
    let init = start_init(sleep_for_good)?;
    let inner = open_handle(&format!("/proc/{init}/ns/pid"))?;
    let parent = works!(SYS_ioctl, inner, GET_PARENT, 0);
    same!(inode_of(parent)?, inode_of(own)?);
    gives!(1, SYS_fcntl, parent, F_GETFD);
    works!(SYS_kill, init, SIGKILL);
    wait(init)?;
    // From inside nothing above can be had.
    inside(0, || {
        let own = open_handle("/proc/self/ns/pid")?;
        fails!(EPERM, SYS_ioctl, own, GET_PARENT, 0);
        fails!(EPERM, SYS_ioctl, parent, GET_PARENT, 0);
        Ok(())
    })
}

fn handle_of_other_files() -> Outcome {
    std::fs::write("f", "")?;
    let file = works!(SYS_open, c"f", O_RDONLY);
    fails!(ENOTTY, SYS_ioctl, file, GET_TYPE, 0);
    fails!(EINVAL, SYS_setns, file, 0);
    fails!(EINVAL, SYS_setns, file, CLONE_NEWUTS);
    Ok(())
}

/// The names live as long as somebody has the file open.
fn handle_keeps_the_namespace() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let child = abi_tests::process::spawn_by(
        || super::fork_with(CLONE_NEWUTS),
        || {
            sys!(SYS_sethostname, c"kept", 4);
            sys!(SYS_write, ends[1], b"!", 1);
            sleep_for_good()
        },
    )?;
    gives!(1, SYS_read, ends[0], &mut [0u8], 1);
    let handle = open_handle(&format!("/proc/{child}/ns/uts"))?;
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    inside_child(|| {
        gives!(0, SYS_setns, handle, CLONE_NEWUTS);
        let mut names = [0u8; 390];
        works!(SYS_uname, &mut names);
        same!(&names[65..70], b"kept\0");
        Ok(())
    })
}

/// The path leads to the namespace itself, also through a descriptor.
fn handle_as_magic_link() -> Outcome {
    let handle = open_handle("/proc/self/ns/uts")?;
    let again = open_handle(&format!("/proc/self/fd/{handle}"))?;
    same!(inode_of(again)?, inode_of(handle)?);
    gives!(CLONE_NEWUTS, SYS_ioctl, again, GET_TYPE, 0);
    fails!(ELOOP, SYS_open, c"/proc/self/ns/uts", O_RDONLY | O_NOFOLLOW);
    Ok(())
}

fn setns_errors() -> Outcome {
    fails!(EBADF, SYS_setns, -1, 0);
    fails!(EBADF, SYS_setns, 99, CLONE_NEWUTS);
    let path = works!(SYS_open, c"/proc/self/ns/uts", O_PATH);
    fails!(EBADF, SYS_setns, path, 0);
    let pidfd = works!(SYS_pidfd_open, works!(SYS_getpid), 0);
    fails!(EINVAL, SYS_setns, pidfd, 0);
    fails!(EINVAL, SYS_setns, pidfd, CLONE_VM);
    fails!(EINVAL, SYS_setns, pidfd, CLONE_NEWUTS | CLONE_FS);
    fails!(EINVAL, SYS_setns, pidfd, 1);
    Ok(())
}

fn setns_kind_must_match() -> Outcome {
    let uts = open_handle("/proc/self/ns/uts")?;
    fails!(EINVAL, SYS_setns, uts, CLONE_NEWPID);
    fails!(EINVAL, SYS_setns, uts, CLONE_NEWPID | CLONE_NEWUTS);
    fails!(EINVAL, SYS_setns, uts, CLONE_FS);
    let user = open_handle("/proc/self/ns/user")?;
    fails!(EINVAL, SYS_setns, user, CLONE_NEWUSER);
    fails!(EINVAL, SYS_setns, user, 0);
    Ok(())
}

fn setns_needs_privilege() -> Outcome {
    if sys!(SYS_getuid) != 0 {
        return Err(Failure::Skipped);
    }
    let handles = ["uts", "mnt", "pid", "net", "ipc"]
        .map(|kind| open_handle(&format!("/proc/self/ns/{kind}")));
    let handles = handles.into_iter().collect::<Result<Vec<_>, _>>()?;
    inside_child(|| {
        works!(SYS_setuid, 1000);
        for handle in &handles {
            fails!(EPERM, SYS_setns, *handle, 0);
        }
        let pidfd = works!(SYS_pidfd_open, works!(SYS_getpid), 0);
        fails!(EPERM, SYS_setns, pidfd, CLONE_NEWUTS | CLONE_NEWPID);
        Ok(())
    })?;
    // A mount namespace has a root, and not everybody may change that.
    inside_child(|| {
        without(&[CAP_SYS_CHROOT])?;
        gives!(0, SYS_setns, handles[0], 0);
        fails!(EPERM, SYS_setns, handles[1], 0);
        Ok(())
    })
}

/// To enter where one is changes nothing, and is allowed.
fn setns_own() -> Outcome {
    for kind in ["uts", "pid", "mnt", "ipc", "net", "cgroup"] {
        let handle = open_handle(&format!("/proc/self/ns/{kind}"))?;
        match sys!(SYS_setns, handle, 0) {
            error if error == -(EPERM as isize) => return Err(Failure::Skipped),
            seen => same!(
                (kind, abi_tests::check::result_text(seen)),
                (kind, "0".into())
            ),
        }
    }
    Ok(())
}

fn setns_pid_changes_the_children() -> Outcome {
    let init = start_init(sleep_for_good)?;
    let handle = open_handle(&format!("/proc/{init}/ns/pid"))?;
    let (own, parent) = (sys!(SYS_getpid), sys!(SYS_getppid));
    works!(SYS_setns, handle, CLONE_NEWPID);
    same!((sys!(SYS_getpid), sys!(SYS_getppid)), (own, parent));
    let child = spawn(|| (10 * sys!(SYS_getppid) + sys!(SYS_getpid)) as i32)?;
    holds!(child > 2 || child != 2);
    same!(wait(child)?, 2 << 8);
    // Back to where it was; the next child is born here again.
    let back = open_handle("/proc/self/ns/pid")?;
    works!(SYS_setns, back, 0);
    let child = spawn(|| i32::from(sys!(SYS_getppid) != own))?;
    same!(wait(child)?, 0);
    works!(SYS_kill, init, SIGKILL);
    wait(init)?;
    Ok(())
}

fn setns_pid_not_upwards() -> Outcome {
    let outer = open_handle("/proc/self/ns/pid")?;
    let pidfd = works!(SYS_pidfd_open, works!(SYS_getpid), 0);
    inside(0, || {
        fails!(EINVAL, SYS_setns, outer, 0);
        fails!(EINVAL, SYS_setns, pidfd, CLONE_NEWPID);
        gives!(0, SYS_setns, pidfd, CLONE_NEWUTS);
        Ok(())
    })
}

fn setns_pid_of_a_dead_namespace() -> Outcome {
    let init = start_init(sleep_for_good)?;
    let handle = open_handle(&format!("/proc/{init}/ns/pid"))?;
    works!(SYS_kill, init, SIGKILL);
    wait(init)?;
    gives!(0, SYS_setns, handle, CLONE_NEWPID);
    fails!(ENOMEM, SYS_fork);
    Ok(())
}

fn setns_uts() -> Outcome {
    let before = open_handle("/proc/self/ns/uts")?;
    if sys!(SYS_unshare, CLONE_NEWUTS) != 0 {
        return Err(Failure::Skipped);
    }
    works!(SYS_sethostname, c"inside", 6);
    let status = status_of(|| {
        sys!(SYS_setns, before, 0);
        let mut names = [0u8; 390];
        sys!(SYS_uname, &mut names);
        i32::from(names[65..].starts_with(b"inside\0"))
    })?;
    same!(status, 0);
    Ok(())
}

/// Several at once; if one cannot be entered, none is.
fn setns_by_pidfd() -> Outcome {
    let init = abi_tests::process::spawn_by(
        || super::fork_with(CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWNS),
        sleep_for_good,
    )?;
    let pidfd = works!(SYS_pidfd_open, init, 0);
    inside_child(|| {
        works!(SYS_setns, pidfd, CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWNS);
        for kind in ["uts", "mnt"] {
            same!(
                super::link(format!("/proc/self/ns/{kind}"))?,
                super::link(format!("/proc/{init}/ns/{kind}"))?
            );
        }
        same!(status_of(|| sys!(SYS_getpid) as i32)?, 2 << 8);
        Ok(())
    })?;
    inside_child(|| {
        works!(SYS_unshare, CLONE_NEWUTS);
        let own = super::link("/proc/self/ns/uts")?;
        fails!(EINVAL, SYS_setns, pidfd, CLONE_NEWUTS | CLONE_NEWUSER);
        same!(&super::link("/proc/self/ns/uts")?, &own);
        Ok(())
    })?;
    works!(SYS_kill, init, SIGKILL);
    wait(init)?;
    Ok(())
}

fn setns_by_pidfd_of_the_dead() -> Outcome {
    let child = spawn(|| 0)?;
    let pidfd = works!(SYS_pidfd_open, child, 0);
    wait(child)?;
    fails!(ESRCH, SYS_setns, pidfd, CLONE_NEWUTS);
    Ok(())
}
