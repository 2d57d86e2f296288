//! Pid namespaces in one another, three deep. Source: pid_namespaces(7).

use super::{fork_with, inside, mount_proc, sleep_for_good, status_line};
use crate::threads::shared_words;
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, spawn, spawn_by, wait};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;
use std::sync::atomic::Ordering::SeqCst;

cases![
    three_deep_each_is_one,
    three_deep_numbers_by_level,
    three_deep_signals_go_down_only,
    three_deep_wait_by_level,
    three_deep_ends_from_the_middle,
    three_deep_procfs_of_the_middle,
    thirty_two_deep,
];

fn three_deep_each_is_one() -> Outcome {
    inside(0, || {
        inside(0, || {
            inside(0, || {
                same!((sys!(SYS_getpid), sys!(SYS_getppid)), (1, 0));
                Ok(())
            })
        })
    })
}

/// The numbers of a process in the third: one for each level, the outermost first.
fn three_deep_numbers_by_level() -> Outcome {
    let [outermost] = shared_words()?;
    let bottom = || {
        let pid = spawn(sleep_for_good)?;
        outermost.store(pid as u32, SeqCst);
        loop {
            sys!(SYS_pause);
        }
    };
    let top = spawn_by(
        || fork_with(CLONE_NEWPID),
        || inside(0, || inside(0, bottom)).map_or(1, |()| 0),
    )?;
    holds!(process::until(|| outermost.load(SeqCst) == 2));
    let find = || -> Option<String> {
        let entries = std::fs::read_dir("/proc").ok()?;
        entries.flatten().find_map(|entry| {
            let path = format!("/proc/{}/status", entry.file_name().to_string_lossy());
            let line = status_line(&path, "NSpid").ok()?;
            let mut numbers = line.split('\t').skip(1);
            let deep = (numbers.next()?, numbers.next()?, numbers.next()?);
            let same_of_group = status_line(&path, "NStgid").ok()? == line;
            (deep.2 == "2").then(|| format!("{deep:?} {same_of_group}"))
        })
    };
    let seen = find();
    works!(SYS_kill, top, SIGKILL);
    wait(top)?;
    same!(seen.as_deref(), Some("(\"4\", \"3\", \"2\") true"));
    Ok(())
}

fn three_deep_signals_go_down_only() -> Outcome {
    inside(0, || {
        let inner = spawn_by(|| fork_with(CLONE_NEWPID), sleep_for_good)?;
        same!(inner, 2);
        let bystander = spawn(sleep_for_good)?;
        inside(0, || {
            fails!(ESRCH, SYS_kill, 2, 0);
            fails!(ESRCH, SYS_kill, bystander, 0);
            Ok(())
        })?;
        gives!(0, SYS_kill, inner, SIGKILL);
        same!(wait(inner)?, SIGKILL);
        gives!(0, SYS_kill, bystander, SIGTERM);
        same!(wait(bystander)?, SIGTERM);
        Ok(())
    })
}

fn three_deep_wait_by_level() -> Outcome {
    inside(0, || {
        inside(0, || {
            inside(0, || Ok(()))?;
            gives!(-(ECHILD as isize), SYS_wait4, -1, 0, 0, 0);
            // The one inside was the second here.
            let next = spawn(|| 0)?;
            same!(next, 3);
            wait(next)?;
            Ok(())
        })?;
        // Its processes had numbers here too: 2, 3 and 4.
        let next = spawn(|| 0)?;
        same!(next, 5);
        wait(next)?;
        Ok(())
    })
}

/// With process 1 of the middle all of it goes, and what lies below.
fn three_deep_ends_from_the_middle() -> Outcome {
    let [deep] = shared_words()?;
    let mut ends = [0i32; 2];
    works!(SYS_pipe2, &mut ends, O_CLOEXEC);
    let [reader, writer] = ends;
    let middle = spawn_by(
        || fork_with(CLONE_NEWPID),
        || {
            sys!(SYS_close, reader);
            let bottom = || -> Outcome {
                spawn(sleep_for_good)?;
                deep.store(1, SeqCst);
                loop {
                    sys!(SYS_pause);
                }
            };
            inside(0, || inside(0, bottom)).map_or(1, |()| 0)
        },
    )?;
    works!(SYS_close, writer);
    holds!(process::until(|| deep.load(SeqCst) == 1));
    works!(SYS_kill, middle, SIGKILL);
    same!(wait(middle)?, SIGKILL);
    // Nobody holds the other end any more: all are gone before the end of the middle is told.
    gives!(0, SYS_read, reader, &mut [0u8], 1);
    Ok(())
}

fn three_deep_procfs_of_the_middle() -> Outcome {
    inside(CLONE_NEWNS, || {
        mount_proc()?;
        let inner = spawn_by(|| fork_with(CLONE_NEWPID), sleep_for_good)?;
        same!(
            (inner, status_line("proc/2/status", "NSpid")?),
            (2, "2\t1".into())
        );
        same!(status_line("proc/self/status", "NSpid")?, "1");
        inside(0, || {
            // That /proc is of the namespace above: it knows this process by its number there.
            same!(super::link("proc/self")?, "3");
            same!(status_line("proc/self/status", "Pid")?, "3");
            same!(status_line("proc/self/status", "PPid")?, "1");
            same!(status_line("proc/self/status", "NSpid")?, "3\t1");
            Ok(())
        })?;
        works!(SYS_kill, inner, SIGKILL);
        wait(inner)?;
        Ok(())
    })
}

/// As deep as it goes; one more is refused.
fn thirty_two_deep() -> Outcome {
    fn further(level: usize) -> Outcome {
        if level == 40 {
            return Err(Failure::Wrong("there is no end to it".into()));
        }
        match sys!(SYS_unshare, CLONE_NEWPID) {
            0 => process::inside_child(|| further(level + 1)),
            error if error == -(ENOSPC as isize) && level >= 30 => Ok(()),
            error if error == -(EPERM as isize) => Err(Failure::Skipped),
            error => Err(Failure::Wrong(format!(
                "at level {level}: {}",
                abi_tests::check::result_text(error)
            ))),
        }
    }
    process::inside_child(|| further(0))
}
