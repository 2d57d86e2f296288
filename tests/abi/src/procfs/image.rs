//! What /proc tells of what a process runs and where: its words, its program, its folders, its
//! mounts. Source: proc_pid_cmdline(5), proc_pid_environ(5), proc_pid_exe(5), proc_pid_cwd(5),
//! proc_pid_mounts(5), proc_pid_mountinfo(5), proc_pid_ns(5).

use crate::helper;
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, spawn, wait};
use abi_tests::{cases, holds, same, sys, works};
use libc::*;
use std::fs::{read, read_link, read_to_string};

cases![
    command_line,
    command_line_of_other,
    environment_initial,
    executable_link,
    executable_deleted,
    working_directory_link,
    root_link,
    mounts_form,
    mountinfo_form,
    namespaces_links,
];

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
