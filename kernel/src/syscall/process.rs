//! Processes and threads: clone, exec, exit, wait, numbers, groups, sessions.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use abi::raw::general as linux;
use metal::user::UserContext;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::error::{Errno, Result};
use crate::file;
use crate::memory::user;
use crate::process::clone::{CloneRequest, clone};
use crate::process::exec::{self, Arguments};
use crate::process::session::Session;
use crate::process::wait::{self, Change, Report, Which};
use crate::process::{ExitStatus, ProcessId, Thread, exit, pidfd, table};

/// clone(2): `flags` carry the exit signal in their low byte.
pub fn sys_clone(thread: &Arc<Thread>, registers: &mut UserContext) -> Result<usize> {
    let [flags, stack, parent_tid, child_tid, tls, _] = super::arguments(registers);
    let request = CloneRequest {
        flags: (flags & !0xff) as u64 & 0xffff_ffff,
        exit_signal: (flags & 0xff) as u32,
        stack,
        tls,
        parent_tid,
        child_tid,
        // clone(2) has one argument for both; the flags exclude each other.
        pidfd: parent_tid,
    };
    if flags as u32 & linux::CLONE_PIDFD != 0 && flags as u32 & linux::CLONE_PARENT_SETTID != 0 {
        return Err(Errno::EINVAL);
    }
    clone(thread, registers, &request).map(|tid| tid as usize)
}

/// fork(2).
pub fn sys_fork(thread: &Arc<Thread>, registers: &mut UserContext) -> Result<usize> {
    let request = CloneRequest {
        exit_signal: linux::SIGCHLD,
        ..CloneRequest::default()
    };
    clone(thread, registers, &request).map(|pid| pid as usize)
}

/// vfork(2).
pub fn sys_vfork(thread: &Arc<Thread>, registers: &mut UserContext) -> Result<usize> {
    let request = CloneRequest {
        flags: u64::from(linux::CLONE_VFORK | linux::CLONE_VM),
        exit_signal: linux::SIGCHLD,
        ..CloneRequest::default()
    };
    clone(thread, registers, &request).map(|pid| pid as usize)
}

/// `struct clone_args`, as far as this kernel reads it; a newer program's may be longer.
#[repr(C)]
#[derive(Clone, Copy, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
struct CloneArguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// clone3(2).
pub fn sys_clone3(thread: &Arc<Thread>, registers: &mut UserContext) -> Result<usize> {
    const FIRST_VERSION_BYTES: usize = 64;
    /// A thread tells nobody, and a child of one's parent tells as its maker does.
    const NO_OWN_SIGNAL: u64 = (linux::CLONE_THREAD | linux::CLONE_PARENT) as u64;
    let [address, size, ..] = super::arguments(registers);
    if size < FIRST_VERSION_BYTES {
        return Err(Errno::EINVAL);
    }
    let arguments = read_clone_arguments(address, size)?;
    let with_stack = arguments.stack != 0;
    if with_stack != (arguments.stack_size != 0)
        || arguments.flags & u64::from(linux::CLONE_DETACHED | linux::CSIGNAL) != 0
        || arguments.set_tid_size != 0
        || arguments.exit_signal > 64
        || (arguments.flags & NO_OWN_SIGNAL != 0 && arguments.exit_signal != 0)
    {
        return Err(Errno::EINVAL);
    }
    let request = CloneRequest {
        flags: arguments.flags,
        exit_signal: arguments.exit_signal as u32,
        stack: (arguments.stack + arguments.stack_size) as usize,
        tls: arguments.tls as usize,
        parent_tid: arguments.parent_tid as usize,
        child_tid: arguments.child_tid as usize,
        pidfd: arguments.pidfd as usize,
    };
    clone(thread, registers, &request).map(|tid| tid as usize)
}

/// Reads the structure as long as the program's is; what this kernel does not know must be
/// zero.
fn read_clone_arguments(address: usize, size: usize) -> Result<CloneArguments> {
    let mut arguments = CloneArguments::default();
    if size > crate::memory::PAGE_SIZE {
        return Err(Errno::E2BIG);
    }
    let known = size_of::<CloneArguments>();
    user::read_bytes(address, &mut arguments.as_mut_bytes()[..size.min(known)])?;
    for offset in known..size.max(known) {
        if user::read::<u8>(address + offset)? != 0 {
            return Err(Errno::E2BIG);
        }
    }
    Ok(arguments)
}

/// execve(2).
pub fn sys_execve(thread: &Arc<Thread>, registers: &mut UserContext) -> Result<usize> {
    let [path, arguments, environment, ..] = super::arguments(registers);
    execute(
        thread,
        registers,
        linux::AT_FDCWD,
        path,
        [arguments, environment],
        0,
    )
}

/// execveat(2).
pub fn sys_execveat(thread: &Arc<Thread>, registers: &mut UserContext) -> Result<usize> {
    let [directory, path, arguments, environment, flags, _] = super::arguments(registers);
    execute(
        thread,
        registers,
        directory as i32,
        path,
        [arguments, environment],
        flags as u32,
    )
}

fn execute(
    thread: &Arc<Thread>,
    registers: &mut UserContext,
    directory: i32,
    path: usize,
    vectors: [usize; 2],
    flags: u32,
) -> Result<usize> {
    let path = user::read_c_string(path, linux::PATH_MAX as usize)?;
    if flags & !(linux::AT_EMPTY_PATH | linux::AT_SYMLINK_NOFOLLOW) != 0 {
        return Err(Errno::EINVAL);
    }
    let mut budget = exec::arguments_max(&thread.process);
    let executable = file::open_executable(thread, directory, &path, flags)?;
    let mut arguments = exec::Strings::from_user(vectors[0], &mut budget)?;
    let environment = exec::Strings::from_user(vectors[1], &mut budget)?;
    if arguments.is_empty() {
        // As Linux since 5.18: a program finds its own name, if only an empty one.
        arguments.push(b"")?;
    }
    let file_name = if path.is_empty() {
        alloc::format!("/dev/fd/{directory}").into_bytes()
    } else {
        path
    };
    let arguments = Arguments {
        file_name,
        arguments,
        environment,
    };
    exec::execute(thread, registers, executable, arguments)?;
    Ok(0)
}

/// exit(2): ends this thread.
pub fn sys_exit(thread: &Arc<Thread>, status: usize) -> Result<usize> {
    exit::exit_thread(thread, ExitStatus::Exited(status as u8));
    Ok(0)
}

/// exit_group(2): ends the process.
pub fn sys_exit_group(thread: &Arc<Thread>, status: usize) -> Result<usize> {
    exit::leave_process(thread, ExitStatus::Exited(status as u8));
    Ok(0)
}

/// wait4(2).
pub fn sys_wait4(
    thread: &Arc<Thread>,
    pid: usize,
    status: usize,
    options: usize,
    usage: usize,
) -> Result<usize> {
    const ALLOWED: u32 = linux::WNOHANG
        | linux::WUNTRACED
        | linux::WCONTINUED
        | linux::__WNOTHREAD
        | linux::__WCLONE
        | linux::__WALL;
    let options = options as u32;
    if options & !ALLOWED != 0 {
        return Err(Errno::EINVAL);
    }
    let which = match pid as i32 {
        -1 => Which::Any,
        0 => Which::Group(own_group(thread)),
        i32::MIN => return Err(Errno::ESRCH),
        group if group < 0 => Which::Group(thread.group_named(-group as ProcessId)),
        pid => which_process(thread, pid as ProcessId),
    };
    let Some(report) = wait::wait(thread, which, options | linux::WEXITED)? else {
        return Ok(0);
    };
    user::write_if_wanted(status, &report.wait_status())?;
    write_usage(usage, &report)?;
    Ok(report.pid as usize)
}

/// The child that the caller means; one that it cannot see is no child of its.
fn which_process(thread: &Thread, number: ProcessId) -> Which {
    Which::Process(thread.process.means(number).unwrap_or(0))
}

fn write_usage(address: usize, report: &Report) -> Result<()> {
    if address == 0 {
        return Ok(());
    }
    user::write(
        address,
        &super::limits::usage_of(report.times, report.counts),
    )
}

/// What waitid(2) may wait for; one of them must be asked.
const WAITID_CHANGES: u32 = linux::WEXITED | linux::WSTOPPED | linux::WCONTINUED;
const WAITID_ALLOWED: u32 = WAITID_CHANGES
    | linux::WNOHANG
    | linux::WNOWAIT
    | linux::__WNOTHREAD
    | linux::__WCLONE
    | linux::__WALL;

/// How much of a `siginfo_t` waitid(2) fills: up to `si_status`.
const CHILD_FIELDS_END: usize = 28;

/// waitid(2).
pub fn sys_waitid(
    thread: &Arc<Thread>,
    kind: usize,
    id: usize,
    information: usize,
    options: usize,
    usage: usize,
) -> Result<usize> {
    let report = wait_for_id(thread, kind as u32, id as i32, options as u32);
    // Linux clears the fields also when there is nothing to say, or an error.
    if information != 0 {
        let found = report.as_ref().ok().and_then(Option::as_ref);
        let bytes = found.map_or([0; 128], child_information);
        user::write_bytes(information, &bytes[..CHILD_FIELDS_END])?;
    }
    if let Some(report) = &report? {
        write_usage(usage, report)?;
    }
    Ok(0)
}

fn wait_for_id(thread: &Arc<Thread>, kind: u32, id: i32, options: u32) -> Result<Option<Report>> {
    if options & !WAITID_ALLOWED != 0 || options & WAITID_CHANGES == 0 {
        return Err(Errno::EINVAL);
    }
    let which = match kind {
        linux::P_ALL => Which::Any,
        linux::P_PID if id > 0 => which_process(thread, id as ProcessId),
        linux::P_PIDFD if id >= 0 => return wait_for_descriptor(thread, id, options),
        linux::P_PGID if id == 0 => Which::Group(own_group(thread)),
        linux::P_PGID if id > 0 => Which::Group(thread.group_named(id as ProcessId)),
        _ => return Err(Errno::EINVAL),
    };
    wait::wait(thread, which, options)
}

/// waitid(2) with P_PIDFD: a descriptor that does not block answers EAGAIN where others wait.
fn wait_for_descriptor(
    thread: &Arc<Thread>,
    descriptor: i32,
    options: u32,
) -> Result<Option<Report>> {
    let process = pidfd::process_of(thread, descriptor)?;
    let flags = thread.files()?.get(descriptor)?.flags();
    let blocks = !flags.has(linux::O_NONBLOCK) || options & linux::WNOHANG != 0;
    let extra = if blocks { 0 } else { linux::WNOHANG };
    match wait::wait(thread, Which::Process(process.pid), options | extra)? {
        None if !blocks => Err(Errno::EAGAIN),
        report => Ok(report),
    }
}

/// A `siginfo_t` as waitid(2) fills it.
fn child_information(report: &Report) -> [u8; 128] {
    let (code, status) = match report.change {
        Change::Ended(ExitStatus::Exited(status)) => (linux::CLD_EXITED, u32::from(status)),
        Change::Ended(ExitStatus::Killed(signal)) => (linux::CLD_KILLED, u32::from(signal)),
        Change::Stopped(signal) => (linux::CLD_STOPPED, u32::from(signal)),
        Change::Continued => (linux::CLD_CONTINUED, linux::SIGCONT),
    };
    let words = [linux::SIGCHLD, 0, code, 0, report.pid, report.uid, status];
    let mut bytes = [0; 128];
    for (slot, word) in bytes.chunks_exact_mut(4).zip(words) {
        slot.copy_from_slice(&word.to_ne_bytes());
    }
    bytes
}

fn own_group(thread: &Thread) -> ProcessId {
    table::group_and_session_of(thread.process.pid).map_or(0, |(group, _)| group)
}

/// getpid(2).
pub fn sys_getpid(thread: &Arc<Thread>) -> Result<usize> {
    Ok(thread.process.local_pid as usize)
}

/// gettid(2).
pub fn sys_gettid(thread: &Arc<Thread>) -> Result<usize> {
    Ok(thread.local_tid() as usize)
}

/// getppid(2).
pub fn sys_getppid(thread: &Arc<Thread>) -> Result<usize> {
    Ok(thread.sees(thread.process.parent()) as usize)
}

/// set_tid_address(2).
pub fn sys_set_tid_address(thread: &Arc<Thread>, address: usize) -> Result<usize> {
    thread.clear_child_tid.store(address, Ordering::Relaxed);
    Ok(thread.local_tid() as usize)
}

/// The process that a `pid` argument means: 0 is the caller.
fn target(thread: &Thread, pid: usize) -> Result<ProcessId> {
    match pid as i32 {
        0 => Ok(thread.process.pid),
        pid if pid > 0 => thread.process.means(pid as ProcessId).ok_or(Errno::ESRCH),
        _ => Err(Errno::ESRCH),
    }
}

/// getpgid(2).
pub fn sys_getpgid(thread: &Arc<Thread>, pid: usize) -> Result<usize> {
    let relations = table::group_and_session_of(target(thread, pid)?);
    relations
        .map(|(group, _)| thread.sees(group) as usize)
        .ok_or(Errno::ESRCH)
}

/// getpgrp(2).
pub fn sys_getpgrp(thread: &Arc<Thread>) -> Result<usize> {
    sys_getpgid(thread, 0)
}

/// getsid(2).
pub fn sys_getsid(thread: &Arc<Thread>, pid: usize) -> Result<usize> {
    let relations = table::group_and_session_of(target(thread, pid)?);
    relations
        .map(|(_, session)| thread.sees(session) as usize)
        .ok_or(Errno::ESRCH)
}

/// setpgid(2).
pub fn sys_setpgid(thread: &Arc<Thread>, pid: usize, group: usize) -> Result<usize> {
    let caller = thread.process.pid;
    // A group of 0 is one with the number of the process, senseless where that is.
    let stands_for_process = group as i32 == 0 && (pid as i32) < 0;
    if (group as i32) < 0 || stands_for_process {
        return Err(Errno::EINVAL);
    }
    let pid = target(thread, pid)?;
    let group = match group as ProcessId {
        0 => Some(pid),
        number => thread.process.means(number),
    };
    table::with(|table| {
        let own_session = table.node(caller).ok_or(Errno::ESRCH)?.session;
        let node = table.node(pid).ok_or(Errno::ESRCH)?;
        let session = node.session;
        if pid != caller {
            if node.parent != caller {
                return Err(Errno::ESRCH);
            }
            if session != own_session {
                return Err(Errno::EPERM);
            }
            if node.process.has_executed.load(Ordering::Relaxed) {
                return Err(Errno::EACCES);
            }
        }
        let group = group.ok_or(Errno::EPERM)?;
        let group_session = table
            .group_members(group)
            .next()
            .map(|member| member.session);
        if session == pid || (group != pid && group_session != Some(own_session)) {
            return Err(Errno::EPERM);
        }
        table.move_to(pid, group, session);
        Ok(0)
    })
}

/// setsid(2).
pub fn sys_setsid(thread: &Arc<Thread>) -> Result<usize> {
    let process = &thread.process;
    let pid = process.pid;
    table::with(|table| {
        if table.has_group(pid) {
            return Err(Errno::EPERM);
        }
        table.move_to(pid, pid, pid);
        Ok(())
    })?;
    process.set_session(Session::new(pid));
    Ok(process.local_pid as usize)
}

/// arch_prctl(2): thread-local storage.
pub fn sys_arch_prctl(_thread: &Arc<Thread>, code: usize, address: usize) -> Result<usize> {
    use metal::user::ThreadBases;
    const SET_GS: usize = 0x1001;
    const SET_FS: usize = 0x1002;
    const GET_FS: usize = 0x1003;
    const GET_GS: usize = 0x1004;
    let mut bases = ThreadBases::current();
    match code {
        GET_FS => return user::write(address, &bases.fs).map(|()| 0),
        GET_GS => return user::write(address, &bases.gs).map(|()| 0),
        SET_FS | SET_GS if address >= crate::memory::STACK_TOP => return Err(Errno::EPERM),
        SET_FS => bases.fs = address,
        SET_GS => bases.gs = address,
        _ => return Err(Errno::EINVAL),
    }
    bases.load();
    Ok(0)
}
