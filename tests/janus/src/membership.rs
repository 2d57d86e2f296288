//! Which device namespace a process is in: by birth, and by setns.

use crate::persona::{ACTIVE, Persona, in_front, inside, line_of, put, sleep_for_good, value};
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{inside_child, inside_child_of, spawn, wait};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;
use std::os::unix::fs::MetadataExt;

cases![
    link_names_kind_and_inode,
    other_clones_share,
    new_pid_namespace_brings_its_own,
    unshare_keeps_the_callers,
    entering_pid_keeps_the_callers,
    nested_has_its_own,
    entering_counts,
    entering_by_pidfd_needs_the_file,
    dead_namespace_cannot_be_entered,
    handle_tells_no_flag,
];

fn link(pid: impl std::fmt::Display) -> Result<String, Failure> {
    let target = std::fs::read_link(format!("/proc/{pid}/ns/dev"))?;
    Ok(target.to_string_lossy().into_owned())
}

fn handle(pid: impl std::fmt::Display) -> Result<isize, Failure> {
    let path = format!("/proc/{pid}/ns/dev\0");
    Ok(works!(SYS_open, path.as_bytes(), O_RDONLY | O_CLOEXEC))
}

fn link_names_kind_and_inode() -> Outcome {
    let inode = std::fs::metadata("/proc/self/ns/dev")?.ino();
    same!(link("self")?, format!("dev:[{inode}]"));
    let persona = Persona::start()?;
    holds!(link(persona.pid)? != link("self")?);
    same!(link(1)?, link("self")?);
    persona.end()
}

fn other_clones_share() -> Outcome {
    let own = link("self")?;
    for flags in [
        0,
        CLONE_NEWUTS,
        CLONE_NEWNS,
        CLONE_NEWUTS | CLONE_NEWNS,
        CLONE_FS,
    ] {
        let fork = || sys!(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
        inside_child_of(fork, || {
            same!(&link("self")?, &own);
            Ok(())
        })?;
    }
    Ok(())
}

fn new_pid_namespace_brings_its_own() -> Outcome {
    let own = link("self")?;
    inside(|| {
        let inner = link("self")?;
        holds!(inner != own);
        inside_child(|| {
            same!(link("self")?, inner);
            Ok(())
        })
    })
}

fn unshare_keeps_the_callers() -> Outcome {
    let own = link("self")?;
    works!(SYS_unshare, CLONE_NEWPID);
    same!(&link("self")?, &own);
    same!(in_front()?, 1);
    let first = spawn(sleep_for_good)?;
    let second = spawn(sleep_for_good)?;
    holds!(link(first)? != own);
    same!(link(first)?, link(second)?);
    same!(value(&line_of(first)?, "processes"), "2");
    works!(SYS_kill, first, SIGKILL);
    wait(second)?;
    wait(first)?;
    Ok(())
}

fn entering_pid_keeps_the_callers() -> Outcome {
    let persona = Persona::start()?;
    let own = link("self")?;
    let path = format!("/proc/{}/ns/pid\0", persona.pid);
    let pid_handle = works!(SYS_open, path.as_bytes(), O_RDONLY);
    inside_child(|| {
        works!(SYS_setns, pid_handle, CLONE_NEWPID);
        same!(&link("self")?, &own);
        let child = spawn(sleep_for_good)?;
        same!(link(child)?, link(persona.pid)?);
        same!(value(&line_of(persona.pid)?, "processes"), "2");
        works!(SYS_kill, child, SIGKILL);
        wait(child)?;
        Ok(())
    })?;
    persona.end()
}

fn nested_has_its_own() -> Outcome {
    let (own, mut ends) = (link("self")?, [0i32; 2]);
    works!(SYS_pipe, &mut ends);
    inside(|| {
        let middle = link("self")?;
        inside(|| {
            let inner = link("self")?;
            holds!(inner != middle && inner != own);
            Ok(())
        })
    })
}

fn entering_counts() -> Outcome {
    let persona = Persona::start()?;
    let door = handle(persona.pid)?;
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let root_before = value(&line_of(1)?, "processes");
    let guest = spawn(|| {
        let entered = sys!(SYS_setns, door, 0);
        sys!(SYS_write, ends[1], &[u8::from(entered == 0)], 1);
        sleep_for_good()
    })?;
    let mut entered = [0u8];
    works!(SYS_read, ends[0], &mut entered, 1);
    same!(entered, [1]);
    same!(link(guest)?, link(persona.pid)?);
    same!(value(&line_of(persona.pid)?, "processes"), "2");
    same!(value(&line_of(1)?, "processes"), root_before);
    // It will do to name the namespace, and keeps it after the first process has gone.
    put(ACTIVE, &guest.to_string())?;
    same!(in_front()?, persona.pid);
    let first = persona.pid;
    persona.end()?;
    same!(in_front()?, first);
    works!(SYS_kill, guest, SIGKILL);
    wait(guest)?;
    same!(in_front()?, 1);
    Ok(())
}

/// There is no flag that names the kind, so a pidfd alone does not lead in.
fn entering_by_pidfd_needs_the_file() -> Outcome {
    let persona = Persona::start()?;
    let pidfd = works!(SYS_pidfd_open, persona.pid, 0);
    inside_child(|| {
        let own = link("self")?;
        works!(SYS_setns, pidfd, CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWNS);
        works!(SYS_chdir, c"/");
        same!(link("self")?, own);
        Ok(())
    })?;
    persona.end()
}

fn dead_namespace_cannot_be_entered() -> Outcome {
    let persona = Persona::start()?;
    let door = handle(persona.pid)?;
    persona.end()?;
    let own = link("self")?;
    fails!(EINVAL, SYS_setns, door, 0);
    same!(link("self")?, own);
    Ok(())
}

fn handle_tells_no_flag() -> Outcome {
    let door = handle("self")?;
    gives!(0, SYS_ioctl, door, 0xb703, 0);
    fails!(EINVAL, SYS_ioctl, door, 0xb702, 0);
    Ok(())
}
