//! /proc/self and /proc/PID.

use crate::helper;
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, inside_child, spawn, wait};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;
use std::fs::{read, read_link, read_to_string};

cases![
    self_link,
    thread_self_link,
    stat_fields,
    stat_of_child_states,
    statm_fields,
    status_names,
    status_ids,
    status_signals,
    command_line,
    command_line_of_other,
    environment_initial,
    executable_link,
    executable_deleted,
    working_directory_link,
    root_link,
    descriptor_links,
    descriptor_of_deleted_file,
    descriptor_reopen,
    descriptor_list,
    descriptor_info,
    maps_form,
    maps_special_names,
    maps_permissions,
    mounts_form,
    mountinfo_form,
    limits_form,
    comm_can_be_written,
    oom_score_adjust,
    namespaces_links,
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

fn self_link() -> Outcome {
    let me = works!(SYS_getpid);
    same!(
        read_link("/proc/self")?.to_string_lossy().into_owned(),
        me.to_string()
    );
    Ok(())
}

fn thread_self_link() -> Outcome {
    let link = std::thread::spawn(|| {
        let tid = sys!(SYS_gettid);
        let link = read_link("/proc/thread-self").map(|l| l.to_string_lossy().into_owned());
        link.is_ok_and(|link| link == format!("{}/task/{tid}", sys!(SYS_getpid)))
    });
    same!(link.join().unwrap_or(false), true);
    Ok(())
}

/// The fields of a stat line: pid, name, then the rest as words.
fn stat(pid: &str) -> Result<(String, Vec<String>), Failure> {
    let text = read_to_string(format!("/proc/{pid}/stat"))?;
    let (before, after) = text.rsplit_once(") ").unwrap_or(("", ""));
    Ok((
        before.to_owned(),
        after.split_whitespace().map(str::to_owned).collect(),
    ))
}

fn stat_fields() -> Outcome {
    let (before, rest) = stat("self")?;
    let me = works!(SYS_getpid);
    same!(before.starts_with(&format!("{me} (")), true);
    same!((rest.len(), rest[0].as_str()), (50, "R"));
    same!(rest[1].clone(), works!(SYS_getppid).to_string());
    same!(
        (rest[2].clone(), rest[3].clone()),
        (me.to_string(), me.to_string())
    );
    same!((rest[4].as_str(), rest[5].as_str()), ("0", "-1"));
    // Priority, niceness, threads.
    same!(
        (rest[15].as_str(), rest[16].as_str(), rest[17].as_str()),
        ("20", "0", "1")
    );
    holds!(
        rest[20].parse::<u64>().is_ok_and(|size| size > 4096),
        "virtual size"
    );
    holds!(
        rest[21].parse::<u64>().is_ok_and(|pages| pages > 0),
        "resident pages"
    );
    Ok(())
}

fn stat_of_child_states() -> Outcome {
    let child = spawn(|| {
        loop {
            sys!(SYS_pause);
        }
    })?;
    holds!(process::until(|| process::state(child) == 'S'));
    works!(SYS_kill, child, SIGSTOP);
    holds!(process::until(|| process::state(child) == 'T'));
    works!(SYS_kill, child, SIGKILL);
    holds!(process::until(|| process::state(child) == 'Z'));
    wait(child)?;
    same!(process::state(child), '?');
    Ok(())
}

fn statm_fields() -> Outcome {
    let text = read_to_string("/proc/self/statm")?;
    let numbers: Vec<u64> = text
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    same!(numbers.len(), 7);
    holds!(numbers[0] >= numbers[1] && numbers[1] > 0);
    Ok(())
}

/// The value behind `name:` in /proc/self/status.
fn status(name: &str) -> Result<String, Failure> {
    let text = read_to_string("/proc/self/status")?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t"));
    Ok(line.unwrap_or("(no such line)").to_owned())
}

fn status_names() -> Outcome {
    let me = works!(SYS_getpid).to_string();
    same!((status("Tgid")?, status("Pid")?), (me.clone(), me));
    same!(status("PPid")?, works!(SYS_getppid).to_string());
    same!(
        (status("State")?, status("TracerPid")?),
        ("R (running)".into(), "0".into())
    );
    same!(
        (status("Threads")?, status("NoNewPrivs")?),
        ("1".into(), "0".into())
    );
    for size in ["VmPeak", "VmSize", "VmRSS", "VmData", "VmStk", "VmExe"] {
        let value = status(size)?;
        let number = value
            .strip_suffix(" kB")
            .and_then(|text| text.trim().parse::<u64>().ok());
        holds!(number.is_some(), "{size} is {value}");
    }
    Ok(())
}

fn status_ids() -> Outcome {
    works!(SYS_setgroups, 2, &[7u32, 5]);
    works!(SYS_umask, 0o037);
    inside_child(|| {
        works!(SYS_setresgid, 1, 2, 3);
        works!(SYS_setresuid, 10, 20, 30);
        same!(status("Uid")?, "10\t20\t30\t20");
        same!(status("Gid")?, "1\t2\t3\t2");
        same!(
            (status("Groups")?, status("Umask")?),
            ("5 7 ".into(), "0037".into())
        );
        Ok(())
    })
}

fn status_signals() -> Outcome {
    use abi_tests::signal::{bit, dispose, mask, raise};
    extern "C" fn nothing(_: i32, _: &abi_tests::signal::Info, _: &mut abi_tests::signal::Context) {
    }
    dispose(SIGUSR1, SIG_IGN);
    abi_tests::raw::set_handler(SIGUSR2, nothing, 0, 0);
    mask(SIG_SETMASK, bit(SIGHUP) | bit(SIGTERM));
    raise(SIGHUP);
    works!(SYS_kill, works!(SYS_getpid), SIGTERM);
    let form = |set: u64| format!("{set:016x}");
    same!(
        (status("SigPnd")?, status("ShdPnd")?),
        (form(bit(SIGHUP)), form(bit(SIGTERM)))
    );
    same!(status("SigBlk")?, form(bit(SIGHUP) | bit(SIGTERM)));
    let ignored = u64::from_str_radix(&status("SigIgn")?, 16).unwrap_or(0);
    let caught = u64::from_str_radix(&status("SigCgt")?, 16).unwrap_or(0);
    holds!(ignored & bit(SIGUSR1) != 0 && caught & bit(SIGUSR2) != 0 && ignored & caught == 0);
    Ok(())
}

/// What a helper program finds in a file of its own.
fn helper_sees(file: &str) -> Result<String, Failure> {
    helper::answer(&["show", file, "two words"])
}

fn command_line() -> Outcome {
    same!(
        helper_sees("/proc/self/cmdline")?,
        "abi-helper\0show\0/proc/self/cmdline\0two words\0"
    );
    Ok(())
}

fn command_line_of_other() -> Outcome {
    let child = spawn(|| helper::again(&["sleep", "and", "wait"]))?;
    let path = format!("/proc/{child}/cmdline");
    let expected = b"abi-helper\0sleep\0and\0wait\0";
    holds!(process::until(
        || read(&path).is_ok_and(|text| text == expected)
    ));
    works!(SYS_kill, child, SIGKILL);
    holds!(process::until(|| process::state(child) == 'Z'));
    same!(read(&path)?, b"");
    wait(child)?;
    Ok(())
}

fn environment_initial() -> Outcome {
    same!(helper_sees("/proc/self/environ")?, "COLOUR=blue\0EMPTY=\0");
    Ok(())
}

fn executable_link() -> Outcome {
    std::fs::copy("/proc/self/exe", "tool")?;
    let vector = [
        c"abi-helper".as_ptr(),
        c"executable".as_ptr(),
        std::ptr::null(),
    ];
    let run = || -sys!(SYS_execve, c"./tool", vector.as_slice(), 0) as i32;
    let expected = std::env::current_dir()?.join("tool").display().to_string();
    same!(helper::output_of(run)?, expected);
    Ok(())
}

fn executable_deleted() -> Outcome {
    std::fs::copy("/proc/self/exe", "tool")?;
    let vector = [
        c"abi-helper".as_ptr(),
        c"executable".as_ptr(),
        std::ptr::null(),
    ];
    let fd = works!(SYS_open, c"tool", O_PATH);
    let run = || {
        sys!(SYS_unlink, c"tool");
        -sys!(SYS_execveat, fd, c"", vector.as_slice(), 0, AT_EMPTY_PATH) as i32
    };
    let expected = std::env::current_dir()?.join("tool").display().to_string();
    same!(helper::output_of(run)?, expected + " (deleted)");
    Ok(())
}

fn working_directory_link() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_chdir, c"d");
    same!(read_link("/proc/self/cwd")?, std::env::current_dir()?);
    let here = std::env::current_dir()?;
    works!(SYS_rmdir, c"../d");
    let expected = here.display().to_string() + " (deleted)";
    same!(read_link("/proc/self/cwd")?.display().to_string(), expected);
    Ok(())
}

fn root_link() -> Outcome {
    same!(read_link("/proc/self/root")?.display().to_string(), "/");
    Ok(())
}

fn descriptor_links() -> Outcome {
    std::fs::write("f", "")?;
    let fd = works!(SYS_open, c"f", O_RDONLY);
    let link = read_link(format!("/proc/self/fd/{fd}"))?;
    same!(link, std::env::current_dir()?.join("f"));
    let null = works!(SYS_open, c"/dev/null", O_RDONLY);
    same!(
        read_link(format!("/proc/self/fd/{null}"))?
            .display()
            .to_string(),
        "/dev/null"
    );
    fails!(
        ENOENT,
        SYS_readlink,
        c"/proc/self/fd/99",
        &mut [0u8; 10],
        10
    );
    Ok(())
}

fn descriptor_of_deleted_file() -> Outcome {
    let fd = works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o644);
    let path = std::env::current_dir()?.join("f").display().to_string();
    works!(SYS_unlink, c"f");
    let link = read_link(format!("/proc/self/fd/{fd}"))?;
    same!(link.display().to_string(), path + " (deleted)");
    Ok(())
}

/// Opening a descriptor's entry opens the very file again, even when its name is gone.
fn descriptor_reopen() -> Outcome {
    std::fs::write("f", "contents")?;
    let fd = works!(SYS_open, c"f", O_RDONLY);
    works!(SYS_unlink, c"f");
    same!(read_to_string(format!("/proc/self/fd/{fd}"))?, "contents");
    let path = std::ffi::CString::new(format!("/proc/self/fd/{fd}")).unwrap_or_default();
    let writer = works!(SYS_open, path.as_c_str(), O_WRONLY);
    gives!(1, SYS_write, writer, b"C", 1);
    same!(read_to_string(format!("/proc/self/fd/{fd}"))?, "Contents");
    Ok(())
}

fn descriptor_list() -> Outcome {
    works!(SYS_dup2, 0, 77);
    let names: Vec<String> = std::fs::read_dir("/proc/self/fd")?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    holds!(names.contains(&"0".to_owned()) && names.contains(&"77".to_owned()));
    works!(SYS_close, 77);
    fails!(ENOENT, SYS_access, c"/proc/self/fd/77", F_OK);
    Ok(())
}

fn descriptor_info() -> Outcome {
    std::fs::write("f", "0123456789")?;
    let fd = works!(SYS_open, c"f", O_RDWR | O_APPEND | O_CLOEXEC);
    works!(SYS_lseek, fd, 4, SEEK_SET);
    let text = read_to_string(format!("/proc/self/fdinfo/{fd}"))?;
    holds!(
        text.starts_with("pos:\t4\nflags:\t02102002\nmnt_id:\t"),
        "saw {text}"
    );
    Ok(())
}

/// Every line: range, permissions, offset, device, inode, and a name at column 73 if there is one.
fn maps_form() -> Outcome {
    let text = read_to_string("/proc/self/maps")?;
    let mut last = 0;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        holds!(words.len() >= 5, "{line}");
        let (start, end) = words[0].split_once('-').unwrap_or(("", ""));
        let start = usize::from_str_radix(start, 16).unwrap_or(0);
        let end = usize::from_str_radix(end, 16).unwrap_or(0);
        holds!(last <= start && start < end && start % 4096 == 0, "{line}");
        last = end;
        same!((words[1].len(), words[2].len()), (4, 8));
        holds!(
            words.len() == 5 || line[73..].starts_with(words[5]),
            "{line}"
        );
    }
    Ok(())
}

fn maps_special_names() -> Outcome {
    let start = works!(SYS_brk, 0);
    works!(SYS_brk, start + 8192);
    let text = read_to_string("/proc/self/maps")?;
    for name in ["[stack]", "[heap]"] {
        holds!(
            text.lines().any(|line| line.ends_with(name)),
            "{name} is missing"
        );
    }
    let program = std::env::current_exe()?.display().to_string();
    holds!(
        text.lines()
            .any(|line| line.contains(" r-xp ") && line.ends_with(&program))
    );
    holds!(
        text.lines()
            .any(|line| line.contains(" rw-p ") && line.ends_with("[stack]"))
    );
    Ok(())
}

fn maps_permissions() -> Outcome {
    let flags = MAP_SHARED | MAP_ANONYMOUS;
    for (protection, expected) in [
        (PROT_NONE, "---s"),
        (PROT_READ, "r--s"),
        (PROT_READ | PROT_WRITE, "rw-s"),
        (PROT_READ | PROT_EXEC, "r-xs"),
    ] {
        let at = works!(SYS_mmap, 0, 4096, protection, flags, -1, 0);
        let text = read_to_string("/proc/self/maps")?;
        let start = format!("{at:x}-");
        let line = text
            .lines()
            .find(|line| line.starts_with(&start))
            .unwrap_or_default();
        same!(line.split_whitespace().nth(1).unwrap_or_default(), expected);
        holds!(line.ends_with("/dev/zero (deleted)"), "saw {line}");
    }
    Ok(())
}

fn mounts_form() -> Outcome {
    let text = read_to_string("/proc/self/mounts")?;
    for line in text.lines() {
        same!((line, line.split(' ').count()), (line, 6));
    }
    holds!(text.lines().any(|line| line.split(' ').nth(1) == Some("/")));
    holds!(
        text.lines()
            .any(|line| line.starts_with("proc /proc proc rw"))
    );
    same!(
        read_link("/proc/mounts")?.display().to_string(),
        "self/mounts"
    );
    Ok(())
}

fn mountinfo_form() -> Outcome {
    let text = read_to_string("/proc/self/mountinfo")?;
    holds!(text.lines().count() >= 2);
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        holds!(
            words[0].parse::<u32>().is_ok() && words[1].parse::<u32>().is_ok(),
            "{line}"
        );
        holds!(words[2].split_once(':').is_some(), "{line}");
        let dash = words.iter().position(|word| *word == "-").unwrap_or(0);
        holds!(dash >= 6 && words.len() == dash + 4, "{line}");
    }
    Ok(())
}

fn limits_form() -> Outcome {
    works!(SYS_prlimit64, 0, RLIMIT_NOFILE, &[20u64, 30], 0);
    let text = read_to_string("/proc/self/limits")?;
    let heading = "Limit                     Soft Limit           Hard Limit           Units     ";
    same!(text.lines().next().unwrap_or_default(), heading);
    let line = "Max open files            20                   30                   files     ";
    same!(
        text.lines()
            .find(|line| line.starts_with("Max open files"))
            .unwrap_or_default(),
        line
    );
    same!(text.lines().count(), 17);
    Ok(())
}

fn comm_can_be_written() -> Outcome {
    std::fs::write("/proc/self/comm", "written")?;
    same!(read_to_string("/proc/self/comm")?, "written\n");
    std::fs::write("/proc/self/comm", "longer than fifteen bytes")?;
    same!(read_to_string("/proc/self/comm")?, "longer than fif\n");
    Ok(())
}

fn oom_score_adjust() -> Outcome {
    same!(read_to_string("/proc/self/oom_score_adj")?, "0\n");
    std::fs::write("/proc/self/oom_score_adj", "500\n")?;
    same!(read_to_string("/proc/self/oom_score_adj")?, "500\n");
    inside_child(|| {
        same!(read_to_string("/proc/self/oom_score_adj")?, "500\n");
        Ok(())
    })?;
    let fd = works!(SYS_open, c"/proc/self/oom_score_adj", O_WRONLY);
    fails!(EINVAL, SYS_write, fd, b"1001", 4);
    fails!(EINVAL, SYS_write, fd, b"word", 4);
    Ok(())
}

fn namespaces_links() -> Outcome {
    for kind in ["mnt", "pid", "uts"] {
        let link = read_link(format!("/proc/self/ns/{kind}"))?
            .display()
            .to_string();
        let number = link
            .strip_prefix(&format!("{kind}:["))
            .and_then(|rest| rest.strip_suffix(']'));
        holds!(
            number.is_some_and(|number| number.parse::<u32>().is_ok()),
            "saw {link}"
        );
        let other = read_link(format!("/proc/{}/ns/{kind}", works!(SYS_getppid)))?;
        same!(other.display().to_string(), link);
    }
    Ok(())
}

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
