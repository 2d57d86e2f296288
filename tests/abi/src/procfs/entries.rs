//! The folder of a process: what is in it, whose it is, who may look, and how it ends. Source:
//! proc(5), proc_pid(5).

use abi_tests::check::Outcome;
use abi_tests::process::{self, inside_child, spawn, wait};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;
use std::fs::read_to_string;

cases![
    missing_process,
    dead_process_directory,
    zombie_entries,
    other_user_private_files,
    directories_are_listed,
    writes_refused,
    task_directory,
    read_in_small_pieces,
    owner_of_entries,
];

fn missing_process() -> Outcome {
    fails!(ENOENT, SYS_open, c"/proc/4000000", O_RDONLY);
    fails!(ENOENT, SYS_open, c"/proc/4000000/stat", O_RDONLY);
    fails!(ENOENT, SYS_open, c"/proc/0/stat", O_RDONLY);
    fails!(ENOENT, SYS_open, c"/proc/01", O_RDONLY);
    fails!(ENOENT, SYS_open, c"/proc/-1", O_RDONLY);
    fails!(ENOENT, SYS_open, c"/proc/self/nothing", O_RDONLY);
    Ok(())
}

/// What was opened while the process lived answers ESRCH (a file) or shows nothing (a directory).
fn dead_process_directory() -> Outcome {
    let child = spawn(|| {
        loop {
            sys!(SYS_pause);
        }
    })?;
    let path =
        |name: &str| std::ffi::CString::new(format!("/proc/{child}/{name}")).unwrap_or_default();
    let stat = works!(SYS_open, path("stat").as_c_str(), O_RDONLY);
    let folder = works!(SYS_open, path("").as_c_str(), O_RDONLY);
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    fails!(ESRCH, SYS_read, stat, &mut [0u8; 100], 100);
    fails!(ENOENT, SYS_getdents64, folder, &mut [0u8; 1000], 1000);
    fails!(ESRCH, SYS_openat, folder, c"stat", O_RDONLY);
    Ok(())
}

fn zombie_entries() -> Outcome {
    let child = spawn(|| 0)?;
    holds!(process::until(|| process::state(child) == 'Z'));
    let text = read_to_string(format!("/proc/{child}/status"))?;
    holds!(text.contains("\nState:\tZ (zombie)\n") && !text.contains("VmSize"));
    let link =
        |name: &str| std::ffi::CString::new(format!("/proc/{child}/{name}")).unwrap_or_default();
    fails!(
        ENOENT,
        SYS_readlink,
        link("exe").as_c_str(),
        &mut [0u8; 10],
        10
    );
    fails!(
        ENOENT,
        SYS_readlink,
        link("cwd").as_c_str(),
        &mut [0u8; 10],
        10
    );
    same!(read_to_string(format!("/proc/{child}/maps"))?, "");
    wait(child)?;
    Ok(())
}

fn other_user_private_files() -> Outcome {
    let parent = works!(SYS_getpid);
    inside_child(|| {
        works!(SYS_setuid, 1000);
        let path = |name: &str| {
            std::ffi::CString::new(format!("/proc/{parent}/{name}")).unwrap_or_default()
        };
        fails!(EACCES, SYS_open, path("environ").as_c_str(), O_RDONLY);
        fails!(
            EACCES,
            SYS_readlink,
            path("exe").as_c_str(),
            &mut [0u8; 10],
            10
        );
        fails!(EACCES, SYS_open, path("fd").as_c_str(), O_RDONLY);
        works!(SYS_open, path("stat").as_c_str(), O_RDONLY);
        works!(SYS_open, path("cmdline").as_c_str(), O_RDONLY);
        Ok(())
    })
}

fn directories_are_listed() -> Outcome {
    let names: Vec<String> = std::fs::read_dir("/proc/self")?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    for name in [
        "cmdline",
        "comm",
        "cwd",
        "environ",
        "exe",
        "fd",
        "fdinfo",
        "limits",
        "maps",
        "mountinfo",
        "mounts",
        "ns",
        "oom_score_adj",
        "root",
        "stat",
        "statm",
        "status",
        "task",
    ] {
        holds!(
            names.iter().any(|other| other == name),
            "{name} is not listed"
        );
    }
    let own = works!(SYS_getpid).to_string();
    holds!(
        std::fs::read_dir("/proc")?
            .flatten()
            .any(|e| e.file_name().to_string_lossy() == own)
    );
    Ok(())
}

fn writes_refused() -> Outcome {
    fails!(ENOENT, SYS_open, c"/proc/new", O_CREAT | O_WRONLY, 0o644);
    fails!(ENOENT, SYS_mkdir, c"/proc/new", 0o755);
    fails!(EPERM, SYS_unlink, c"/proc/self/stat");
    let fd = sys!(SYS_open, c"/proc/self/stat", O_WRONLY);
    if fd >= 0 {
        let seen = sys!(SYS_write, fd, b"x", 1);
        holds!(
            seen == -(EIO as isize) || seen == -(EINVAL as isize),
            "saw {seen}"
        );
    }
    Ok(())
}

fn task_directory() -> Outcome {
    let me = works!(SYS_getpid);
    let own = read_to_string(format!("/proc/self/task/{me}/comm"))?;
    same!(own, read_to_string("/proc/self/comm")?);
    fails!(ENOENT, SYS_open, c"/proc/self/task/1", O_RDONLY);
    Ok(())
}

fn read_in_small_pieces() -> Outcome {
    let whole = read_to_string("/proc/self/limits")?;
    let fd = works!(SYS_open, c"/proc/self/limits", O_RDONLY);
    let mut pieces = Vec::new();
    let mut byte = [0u8; 7];
    loop {
        match works!(SYS_read, fd, &mut byte, 7) {
            0 => break,
            count => pieces.extend_from_slice(&byte[..count as usize]),
        }
    }
    same!(String::from_utf8_lossy(&pieces).into_owned(), whole.clone());
    gives!(5, SYS_pread64, fd, &mut byte, 5, 10);
    same!(&byte[..5], &whole.as_bytes()[10..15]);
    gives!(3, SYS_lseek, fd, 3, SEEK_SET);
    gives!(2, SYS_read, fd, &mut byte, 2);
    same!(&byte[..2], &whole.as_bytes()[3..5]);
    Ok(())
}

fn owner_of_entries() -> Outcome {
    use std::os::unix::fs::MetadataExt;
    let child = spawn(|| {
        sys!(SYS_setgid, 22);
        sys!(SYS_setuid, 11);
        // Changing ids makes a process undumpable, which would make its entries root's.
        sys!(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
        loop {
            sys!(SYS_pause);
        }
    })?;
    holds!(process::until_asleep(child));
    let stat = std::fs::metadata(format!("/proc/{child}"))?;
    same!(
        (stat.uid(), stat.gid(), stat.mode()),
        (11, 22, S_IFDIR | 0o555)
    );
    let stat = std::fs::metadata(format!("/proc/{child}/stat"))?;
    same!((stat.mode(), stat.len()), (S_IFREG | 0o444, 0));
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    Ok(())
}
