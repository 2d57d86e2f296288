//! What /proc tells of a process in numbers: stat, statm, status, limits, and what may be set
//! there. Source: proc_pid_stat(5), proc_pid_status(5) and their neighbours.

use abi_tests::capabilities::{CAP_SYS_RESOURCE, sets, without};
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, inside_child, spawn, wait};
use abi_tests::{cases, fails, holds, same, sys, works};
use libc::*;
use std::fs::{read_link, read_to_string};
use std::os::unix::fs::MetadataExt;

cases![
    self_link,
    thread_self_link,
    stat_fields,
    stat_of_child_states,
    statm_fields,
    status_names,
    status_ids,
    status_signals,
    limits_form,
    comm_can_be_written,
    oom_score_adjust,
    oom_score_back_down,
    another_thread_by_its_number,
    ended_process_keeps_its_user,
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

/// Who is not privileged may lower it again, though not below where the privileged set it.
fn oom_score_back_down() -> Outcome {
    let set = |score: i32| {
        let outcome = std::fs::write("/proc/self/oom_score_adj", score.to_string());
        outcome.map_err(|error| error.raw_os_error())
    };
    inside_child(|| {
        without(&[CAP_SYS_RESOURCE])?;
        same!(
            (set(700), set(0), set(-1)),
            (Ok(()), Ok(()), Err(Some(EACCES)))
        );
        Ok(())
    })?;
    // Even root may lack it in a container.
    if sets()?.effective & 1 << CAP_SYS_RESOURCE == 0 {
        return Ok(());
    }
    same!(set(200), Ok(()));
    without(&[CAP_SYS_RESOURCE])?;
    inside_child(|| {
        same!(
            (set(700), set(200), set(199)),
            (Ok(()), Ok(()), Err(Some(EACCES)))
        );
        Ok(())
    })
}

/// What is not listed in /proc is there all the same.
fn another_thread_by_its_number() -> Outcome {
    let me = works!(SYS_getpid);
    let seen = std::thread::spawn(move || -> Outcome {
        let tid = works!(SYS_gettid);
        std::fs::write(format!("/proc/self/task/{tid}/comm"), "other")?;
        let status = read_to_string(format!("/proc/{tid}/status"))?;
        let line = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        same!(
            (line("Name:"), line("Tgid:")),
            ("other".into(), me.to_string())
        );
        same!(
            (line("Pid:"), line("Threads:")),
            (tid.to_string(), "2".into())
        );
        let (before, rest) = stat(&tid.to_string())?;
        same!((before, rest[0].as_str()), (format!("{tid} (other"), "R"));
        same!(std::fs::read_dir(format!("/proc/{tid}/task"))?.count(), 2);
        same!(
            read_link(format!("/proc/{tid}/exe"))?,
            read_link("/proc/self/exe")?
        );
        let listed = std::fs::read_dir("/proc")?.flatten();
        let name = tid.to_string();
        same!(
            listed
                .filter(|entry| entry.file_name() == name.as_str())
                .count(),
            0
        );
        Ok(())
    });
    seen.join()
        .unwrap_or(Err(Failure::Wrong("it panicked".into())))
}

fn ended_process_keeps_its_user() -> Outcome {
    let child = spawn(|| {
        sys!(SYS_setresgid, 30, 31, 32);
        sys!(SYS_setresuid, 20, 21, 22);
        0
    })?;
    holds!(process::until(|| process::state(child) == 'Z'));
    let status = read_to_string(format!("/proc/{child}/status"))?;
    let ids = status
        .lines()
        .filter(|line| line.starts_with("Uid:") || line.starts_with("Gid:"));
    same!(
        ids.collect::<Vec<_>>(),
        ["Uid:\t20\t21\t22\t21", "Gid:\t30\t31\t32\t31"]
    );
    let owner = |path: String| std::fs::metadata(path).map(|stat| (stat.uid(), stat.gid()));
    same!(owner(format!("/proc/{child}"))?, (21, 31));
    same!(owner(format!("/proc/{child}/status"))?, (0, 0));
    same!(wait(child)?, 0);
    Ok(())
}
