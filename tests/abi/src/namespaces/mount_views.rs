//! Mounts, host names and /proc inside namespaces. Source: mount_namespaces(7),
//! uts_namespaces(7), pid_namespaces(7).

use super::{fork_with, inside, mount_proc, sleep_for_good, start_init, status_line};
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{inside_child, inside_child_of, spawn, wait};
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;
use std::sync::atomic::{AtomicIsize, Ordering::SeqCst};

cases![
    mounts_inside_are_not_seen_outside,
    unmounts_inside_are_not_seen_outside,
    mounts_keep_directory_and_root,
    mounts_of_a_process_in_proc,
    mounts_entered_start_at_their_root,
    mounts_entered_with_shared_directory,
    mounts_die_with_the_last_user,
    names_inside_are_not_seen_outside,
    names_are_inherited,
    names_need_privilege_and_room,
    proc_shows_its_namespace_only,
    proc_status_inside,
    proc_status_outside,
    proc_of_outside_seen_from_inside,
    proc_load_tells_last_number,
    proc_by_thread,
    proc_stays_with_its_namespace,
];

/// Runs `body` in a child with mounts of its own.
fn with_mounts(body: impl FnOnce() -> Outcome) -> Outcome {
    inside_child_of(|| fork_with(CLONE_NEWNS), body)
}

fn tmpfs(name: &std::ffi::CStr) -> Outcome {
    works!(SYS_mkdir, name, 0o755);
    match sys!(SYS_mount, c"none", name, c"tmpfs", 0, 0) {
        0 => Ok(()),
        _ => Err(Failure::Skipped),
    }
}

fn mounts_inside_are_not_seen_outside() -> Outcome {
    tmpfs(c"base")?;
    with_mounts(|| {
        works!(SYS_mkdir, c"base/d", 0o755);
        works!(SYS_mount, c"none", c"base/d", c"tmpfs", 0, 0);
        std::fs::write("base/d/inner", "")?;
        std::fs::write("base/outer", "")?;
        Ok(())
    })?;
    fails!(ENOENT, SYS_access, c"base/d/inner", F_OK);
    // The file systems themselves are shared.
    gives!(0, SYS_access, c"base/outer", F_OK);
    gives!(0, SYS_rmdir, c"base/d");
    gives!(0, SYS_umount2, c"base", 0);
    Ok(())
}

fn unmounts_inside_are_not_seen_outside() -> Outcome {
    tmpfs(c"base")?;
    std::fs::write("base/f", "")?;
    with_mounts(|| {
        works!(SYS_umount2, c"base", 0);
        fails!(ENOENT, SYS_access, c"base/f", F_OK);
        Ok(())
    })?;
    gives!(0, SYS_access, c"base/f", F_OK);
    with_mounts(|| {
        works!(
            SYS_mount,
            c"none",
            c"base",
            0,
            MS_REMOUNT | MS_BIND | MS_RDONLY,
            0
        );
        fails!(EROFS, SYS_creat, c"base/g", 0o600);
        Ok(())
    })?;
    works!(SYS_creat, c"base/g", 0o600);
    gives!(0, SYS_umount2, c"base", MNT_DETACH);
    Ok(())
}

/// The places stay the same, on the copied mounts: what is mounted there later is seen.
fn mounts_keep_directory_and_root() -> Outcome {
    tmpfs(c"base")?;
    works!(SYS_mkdir, c"base/d", 0o755);
    works!(SYS_chdir, c"base");
    let own = std::env::current_dir()?;
    with_mounts(|| {
        same!(&std::env::current_dir()?, &own);
        works!(SYS_mount, c"none", c"d", c"tmpfs", 0, 0);
        std::fs::write("d/f", "")?;
        holds!(std::fs::metadata(own.join("d/f")).is_ok());
        Ok(())
    })?;
    with_mounts(|| {
        works!(SYS_chroot, c".");
        gives!(0, SYS_access, c"/d", F_OK);
        works!(SYS_unshare, CLONE_NEWNS);
        works!(SYS_mount, c"none", c"/d", c"tmpfs", 0, 0);
        std::fs::write("/d/f", "")?;
        gives!(0, SYS_access, c"d/f", F_OK);
        Ok(())
    })?;
    works!(SYS_chdir, c"..");
    gives!(0, SYS_umount2, c"base", 0);
    Ok(())
}

fn mounts_of_a_process_in_proc() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let child = abi_tests::process::spawn_by(
        || fork_with(CLONE_NEWNS),
        || {
            let done = tmpfs(c"marked-mount").is_ok();
            sys!(SYS_write, ends[1], &[u8::from(done)], 1);
            sleep_for_good()
        },
    )?;
    let mut done = [0u8];
    works!(SYS_read, ends[0], &mut done, 1);
    let inside = std::fs::read_to_string(format!("/proc/{child}/mounts"))?;
    let outside = std::fs::read_to_string("/proc/self/mounts")?;
    works!(SYS_kill, child, SIGKILL);
    wait(child)?;
    same!(done, [1]);
    holds!(inside.contains("/marked-mount "));
    holds!(!outside.contains("/marked-mount "));
    Ok(())
}

/// setns leads to the root of the mounts entered, whatever the root and directory were.
fn mounts_entered_start_at_their_root() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    let mounts = works!(SYS_open, c"/proc/self/ns/mnt", O_RDONLY);
    with_mounts(|| {
        works!(SYS_chroot, c"d");
        works!(SYS_setns, mounts, CLONE_NEWNS);
        same!(std::env::current_dir()?, std::path::Path::new("/"));
        gives!(0, SYS_access, c"/proc/self", F_OK);
        Ok(())
    })
}

static ANSWERS: [AtomicIsize; 2] = [const { AtomicIsize::new(1) }; 2];
static HANDLE: AtomicIsize = AtomicIsize::new(-1);

extern "C" fn enter_mounts(_: *mut c_void) -> i32 {
    ANSWERS[0].store(sys!(SYS_setns, HANDLE.load(SeqCst), CLONE_NEWNS), SeqCst);
    sys!(SYS_unshare, CLONE_FS);
    ANSWERS[1].store(sys!(SYS_setns, HANDLE.load(SeqCst), CLONE_NEWNS), SeqCst);
    0
}

/// Who shares its directory would take the others along.
fn mounts_entered_with_shared_directory() -> Outcome {
    HANDLE.store(works!(SYS_open, c"/proc/self/ns/mnt", O_RDONLY), SeqCst);
    let stack = works!(
        SYS_mmap,
        0,
        65536,
        PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS,
        -1,
        0
    );
    let flags = CLONE_VM | CLONE_VFORK | CLONE_FS | SIGCHLD;
    let pid = raw::clone(flags, stack as usize + 65536, enter_mounts, 0, [0; 2]);
    wait(pid as i32)?;
    let seen = ANSWERS.each_ref().map(|answer| answer.load(SeqCst));
    if seen[1] == -(EPERM as isize) {
        return Err(Failure::Skipped);
    }
    same!(seen, [-(EINVAL as isize), 0]);
    Ok(())
}

/// A file system that was mounted inside only is let go of.
fn mounts_die_with_the_last_user() -> Outcome {
    tmpfs(c"base")?;
    with_mounts(|| {
        works!(SYS_mkdir, c"again", 0o755);
        works!(SYS_mount, c"base", c"again", 0, MS_BIND, 0);
        works!(SYS_open, c"again", O_RDONLY | O_DIRECTORY);
        Ok(())
    })?;
    gives!(0, SYS_umount2, c"base", 0);
    Ok(())
}

fn host_name() -> Result<Vec<u8>, Failure> {
    let mut names = [0u8; 390];
    works!(SYS_uname, &mut names);
    let name = &names[65..130];
    Ok(name.split(|byte| *byte == 0).next().unwrap_or(&[]).to_vec())
}

fn names_inside_are_not_seen_outside() -> Outcome {
    let before = host_name()?;
    inside_child_of(
        || fork_with(CLONE_NEWUTS),
        || {
            same!(&host_name()?, &before);
            works!(SYS_sethostname, c"persona", 7);
            works!(SYS_setdomainname, c"example", 7);
            same!(host_name()?, b"persona");
            same!(
                std::fs::read_to_string("/proc/sys/kernel/hostname")?,
                "persona\n"
            );
            same!(
                std::fs::read_to_string("/proc/sys/kernel/domainname")?,
                "example\n"
            );
            Ok(())
        },
    )?;
    same!(&host_name()?, &before);
    Ok(())
}

fn names_are_inherited() -> Outcome {
    inside_child_of(
        || fork_with(CLONE_NEWUTS),
        || {
            works!(SYS_sethostname, c"one", 3);
            inside_child(|| {
                works!(SYS_sethostname, c"two", 3);
                Ok(())
            })?;
            same!(host_name()?, b"two");
            works!(SYS_unshare, CLONE_NEWUTS);
            works!(SYS_sethostname, c"three", 5);
            Ok(())
        },
    )
}

fn names_need_privilege_and_room() -> Outcome {
    inside_child_of(
        || fork_with(CLONE_NEWUTS),
        || {
            let long = [b'a'; 65];
            fails!(EINVAL, SYS_sethostname, &long, 65);
            fails!(EINVAL, SYS_sethostname, &long, -1);
            fails!(EFAULT, SYS_sethostname, 8, 5);
            gives!(0, SYS_sethostname, &long, 64);
            same!(host_name()?.len(), 64);
            works!(SYS_setuid, 1000);
            fails!(EPERM, SYS_sethostname, c"x", 1);
            Ok(())
        },
    )
}

/// The names in a /proc that are numbers.
fn numbers_in(folder: &str) -> Result<Vec<i32>, Failure> {
    let mut numbers: Vec<i32> = std::fs::read_dir(folder)?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

fn proc_shows_its_namespace_only() -> Outcome {
    let outer = sys!(SYS_getpid);
    inside(CLONE_NEWNS, || {
        mount_proc()?;
        let children = [spawn(sleep_for_good)?, spawn(sleep_for_good)?];
        same!(numbers_in("proc")?, [1, 2, 3]);
        same!(super::link("proc/self")?, "1");
        same!(super::link("proc/thread-self")?, "1/task/1");
        let missing = std::fs::metadata(format!("proc/{outer}")).is_err();
        holds!(missing || outer < 4);
        for child in children {
            works!(SYS_kill, child, SIGKILL);
            wait(child)?;
        }
        same!(numbers_in("proc")?, [1]);
        Ok(())
    })
}

fn proc_status_inside() -> Outcome {
    inside(CLONE_NEWNS, || {
        mount_proc()?;
        works!(SYS_setsid);
        let child = spawn(sleep_for_good)?;
        works!(SYS_setpgid, child, child);
        for (key, value) in [
            ("Tgid", "2"),
            ("Pid", "2"),
            ("PPid", "1"),
            ("NStgid", "2"),
            ("NSpid", "2"),
            ("NSpgid", "2"),
            ("NSsid", "1"),
        ] {
            same!(
                (key, status_line("proc/2/status", key)?),
                (key, value.to_owned())
            );
        }
        same!(status_line("proc/1/status", "PPid")?, "0");
        let stat = std::fs::read_to_string("proc/2/stat")?;
        let fields: Vec<&str> = stat
            .rsplit(") ")
            .next()
            .unwrap_or_default()
            .split(' ')
            .collect();
        same!(
            (stat.starts_with("2 ("), &fields[1..4]),
            (true, &["1", "2", "1"][..])
        );
        works!(SYS_kill, child, SIGKILL);
        wait(child)?;
        Ok(())
    })
}

fn proc_status_outside() -> Outcome {
    let init = start_init(|| {
        sys!(SYS_setsid);
        sleep_for_good()
    })?;
    let file = format!("/proc/{init}/status");
    holds!(abi_tests::process::until(|| {
        status_line(&file, "NSsid").is_ok_and(|line| line.ends_with("\t1"))
    }));
    let own = sys!(SYS_getpid).to_string();
    let both = format!("{init}\t1");
    for key in ["NStgid", "NSpid", "NSpgid", "NSsid"] {
        // In front of it stand the numbers of whatever the whole test is inside of.
        holds!(status_line(&file, key)?.ends_with(&both), "{key}");
    }
    same!(status_line(&file, "Pid")?, init.to_string());
    same!(status_line(&file, "PPid")?, own);
    works!(SYS_kill, init, SIGKILL);
    wait(init)?;
    Ok(())
}

/// A /proc that was mounted outside tells the numbers of outside to whoever looks.
fn proc_of_outside_seen_from_inside() -> Outcome {
    let outer = sys!(SYS_getpid).to_string();
    inside(0, || {
        let own = super::link("/proc/self")?;
        holds!(own != "1");
        same!(status_line("/proc/self/status", "PPid")?, outer);
        holds!(status_line("/proc/self/status", "NSpid")?.ends_with("\t1"));
        same!(sys!(SYS_getpid), 1);
        Ok(())
    })
}

fn last_number(file: &str) -> Result<String, Failure> {
    let text = std::fs::read_to_string(file)?;
    Ok(text
        .trim_end()
        .rsplit(' ')
        .next()
        .unwrap_or_default()
        .to_owned())
}

fn proc_load_tells_last_number() -> Outcome {
    inside(CLONE_NEWNS, || {
        mount_proc()?;
        same!(last_number("proc/loadavg")?, "1");
        for _ in 0..3 {
            wait(spawn(|| 0)?)?;
        }
        same!(last_number("proc/loadavg")?, "4");
        Ok(())
    })
}

fn proc_by_thread() -> Outcome {
    inside(CLONE_NEWNS, || {
        mount_proc()?;
        let other = std::thread::spawn(|| {
            let task = numbers_in("proc/self/task").unwrap_or_default();
            let own = std::fs::read_link("proc/thread-self").unwrap_or_default();
            (task, own)
        });
        let seen = other
            .join()
            .map_err(|_| Failure::Wrong("the thread panicked".into()))?;
        same!(seen, (vec![1, 2], "1/task/2".into()));
        Ok(())
    })
}

/// Its numbers are those of whoever mounted it, also after all of them have gone.
fn proc_stays_with_its_namespace() -> Outcome {
    with_mounts(|| {
        works!(SYS_mkdir, c"proc", 0o755);
        inside(0, || {
            works!(SYS_mount, c"proc", c"proc", c"proc", 0, 0);
            Ok(())
        })?;
        same!(numbers_in("proc")?, [0i32; 0]);
        fails!(ENOENT, SYS_readlink, c"proc/self", &mut [0u8; 20], 20);
        gives!(0, SYS_umount2, c"proc", 0);
        Ok(())
    })
}
