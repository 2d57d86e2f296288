//! Who may: processes of the root device namespace, by whatever way.

use crate::persona::{ACTIVE, LIST, Persona, TAG, fork_persona, in_front, inside, open, put, text};
use abi_tests::check::Outcome;
use abi_tests::process::{inside_child, inside_child_of, spawn};
use abi_tests::{cases, fails, gives, same, sys, works};
use libc::*;

cases![
    outside_nobody_opens,
    outside_nobody_opens_by_a_proc_of_its_own,
    outside_nobody_writes,
    outside_comes_before_every_other_error,
    root_uses_any_proc,
    ordinary_users_read_only,
    outside_cannot_enter,
    entering_needs_privilege,
    entering_takes_one_thread,
    no_descriptor_leads_back,
];

fn outside_nobody_opens() -> Outcome {
    inside(|| {
        for name in [ACTIVE, TAG] {
            for flags in [O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_TRUNC] {
                fails!(EPERM, SYS_open, name, flags);
            }
        }
        fails!(EPERM, SYS_open, LIST, O_RDONLY);
        // A child is no further in.
        inside_child(|| {
            fails!(EPERM, SYS_open, ACTIVE, O_RDONLY);
            Ok(())
        })
    })
}

fn outside_nobody_opens_by_a_proc_of_its_own() -> Outcome {
    works!(SYS_mkdir, c"proc", 0o755);
    let fork = || sys!(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
    inside_child_of(fork, || {
        works!(SYS_mount, c"proc", c"proc", c"proc", 0, 0);
        for name in [
            c"proc/dev_ns/active_ns_pid",
            c"proc/dev_ns/ns_tag",
            c"proc/dev_ns/list",
        ] {
            fails!(EPERM, SYS_open, name, O_RDONLY);
        }
        fails!(EPERM, SYS_open, ACTIVE, O_RDONLY);
        Ok(())
    })
}

fn outside_nobody_writes() -> Outcome {
    let (active, tag) = (open(ACTIVE, O_RDWR)?, open(TAG, O_RDWR)?);
    inside(|| {
        fails!(EPERM, SYS_write, active, b"1", 1);
        fails!(EPERM, SYS_write, tag, b"1:mine", 6);
        let own = format!("/proc/self/fd/{active}\0");
        fails!(EPERM, SYS_open, own.as_bytes(), O_WRONLY);
        Ok(())
    })?;
    same!(in_front()?, 1);
    Ok(())
}

fn outside_comes_before_every_other_error() -> Outcome {
    let (active, tag) = (open(ACTIVE, O_RDWR)?, open(TAG, O_RDWR)?);
    inside(|| {
        for file in [active, tag] {
            fails!(EPERM, SYS_write, file, b"", 0);
            fails!(EPERM, SYS_write, file, &[b' '; 16], 16);
            fails!(EPERM, SYS_write, file, 8, 4);
            fails!(EPERM, SYS_write, file, b"nonsense", 8);
            fails!(EPERM, SYS_write, file, b"0:", 2);
        }
        Ok(())
    })
}

/// The rule is about the caller, whichever /proc it uses; the numbers are always the root's.
fn root_uses_any_proc() -> Outcome {
    works!(SYS_mkdir, c"proc", 0o755);
    let persona = Persona::start()?;
    inside_child(|| {
        works!(SYS_unshare, CLONE_NEWPID | CLONE_NEWNS);
        let first = spawn(crate::persona::sleep_for_good)?;
        works!(SYS_mount, c"proc", c"proc", c"proc", 0, 0);
        let file = works!(SYS_open, c"proc/dev_ns/active_ns_pid", O_RDWR);
        let number = persona.pid.to_string();
        gives!(
            number.len(),
            SYS_write,
            file,
            number.as_bytes(),
            number.len()
        );
        same!(
            std::fs::read_to_string("proc/dev_ns/active_ns_pid")?,
            format!("{number}\n")
        );
        gives!(1, SYS_write, file, b"1", 1);
        works!(SYS_kill, first, SIGKILL);
        Ok(())
    })?;
    same!(in_front()?, 1);
    persona.end()
}

fn ordinary_users_read_only() -> Outcome {
    let file = open(ACTIVE, O_RDWR)?;
    inside_child(|| {
        works!(SYS_setuid, 1000);
        fails!(EACCES, SYS_open, ACTIVE, O_WRONLY);
        fails!(EACCES, SYS_open, TAG, O_RDWR);
        same!(text(ACTIVE)?, "1\n");
        // Who was given it open may write: the right is the namespace's.
        gives!(1, SYS_write, file, b"1", 1);
        Ok(())
    })
}

fn handle_of(pid: i32) -> Result<isize, abi_tests::check::Failure> {
    let path = format!("/proc/{pid}/ns/dev\0");
    Ok(works!(SYS_open, path.as_bytes(), O_RDONLY | O_CLOEXEC))
}

fn outside_cannot_enter() -> Outcome {
    let other = Persona::start()?;
    let (root, other_handle) = (handle_of(1)?, handle_of(other.pid)?);
    let pidfd = works!(SYS_pidfd_open, 1, 0);
    inside(|| {
        fails!(EPERM, SYS_setns, root, 0);
        fails!(EPERM, SYS_setns, other_handle, 0);
        fails!(EINVAL, SYS_setns, pidfd, CLONE_NEWPID);
        let own = works!(SYS_open, c"/proc/self/ns/dev", O_RDONLY);
        gives!(0, SYS_setns, own, 0);
        fails!(EPERM, SYS_open, ACTIVE, O_RDONLY);
        Ok(())
    })?;
    other.end()
}

fn entering_needs_privilege() -> Outcome {
    let persona = Persona::start()?;
    let handle = handle_of(persona.pid)?;
    inside_child(|| {
        works!(SYS_setuid, 1000);
        fails!(EPERM, SYS_setns, handle, 0);
        Ok(())
    })?;
    persona.end()
}

fn entering_takes_one_thread() -> Outcome {
    let persona = Persona::start()?;
    let handle = handle_of(persona.pid)?;
    inside_child(|| {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let other = std::thread::spawn(move || receiver.recv().is_err());
        fails!(EINVAL, SYS_setns, handle, 0);
        drop(sender);
        abi_tests::holds!(other.join().unwrap_or(false));
        gives!(0, SYS_setns, handle, 0);
        Ok(())
    })?;
    persona.end()
}

/// Once in a persona, always in a persona.
fn no_descriptor_leads_back() -> Outcome {
    let persona = Persona::start()?;
    let (root, handle) = (handle_of(1)?, handle_of(persona.pid)?);
    inside_child(|| {
        fails!(EINVAL, SYS_setns, handle, CLONE_NEWPID);
        gives!(0, SYS_setns, handle, 0);
        fails!(EPERM, SYS_setns, root, 0);
        fails!(EPERM, SYS_open, ACTIVE, O_RDONLY);
        abi_tests::holds!(sys!(SYS_getpid) > 1);
        inside_child_of(fork_persona, || {
            fails!(EPERM, SYS_setns, root, 0);
            fails!(EPERM, SYS_setns, handle, 0);
            Ok(())
        })
    })?;
    put(ACTIVE, "1")?;
    persona.end()
}
