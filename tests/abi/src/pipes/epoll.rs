//! epoll_create, epoll_ctl, epoll_wait and their kin. Source: epoll(7) and the page of each.

use super::epoll_wait::waiting_child;
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{spawn, wait};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;

cases![
    epoll_create_arguments,
    epoll_create_close_on_exec,
    epoll_level_tells_until_read,
    epoll_edge_tells_once_a_write,
    epoll_oneshot_tells_until_armed_again,
    epoll_add_while_ready,
    epoll_errors_come_unasked,
    epoll_hangup_of_reader,
    epoll_modify_changes_data_and_events,
    epoll_modify_looks_again,
    epoll_delete_is_final,
    epoll_ctl_errnos,
    epoll_ctl_bad_addresses,
    epoll_files_that_never_wait,
    epoll_exclusive_combinations,
    epoll_same_file_by_two_descriptors,
    epoll_closed_file_is_forgotten,
    epoll_duplicate_keeps_interest,
    epoll_inside_poll_and_epoll,
    epoll_circle_is_refused,
    epoll_tower_is_limited,
    epoll_many_files,
    epoll_is_shared_with_a_child,
    epoll_fdinfo,
];

pub(super) const IN: u32 = EPOLLIN as u32;
pub(super) const OUT: u32 = EPOLLOUT as u32;
const ONESHOT: u32 = EPOLLONESHOT as u32;
pub(super) const EDGE: u32 = EPOLLET as u32;
const HANGUP: u32 = EPOLLHUP as u32;

pub(super) fn pipe() -> Result<[i32; 2], Failure> {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    Ok(ends)
}

pub(super) fn create() -> Result<i32, Failure> {
    Ok(works!(SYS_epoll_create1, 0) as i32)
}

pub(super) fn event(events: u32, data: u64) -> epoll_event {
    epoll_event { events, u64: data }
}

pub(super) fn add(epoll: i32, fd: i32, events: u32, data: u64) -> Outcome {
    gives!(
        0,
        SYS_epoll_ctl,
        epoll,
        EPOLL_CTL_ADD,
        fd,
        &event(events, data)
    );
    Ok(())
}

fn modify(epoll: i32, fd: i32, events: u32, data: u64) -> Outcome {
    gives!(
        0,
        SYS_epoll_ctl,
        epoll,
        EPOLL_CTL_MOD,
        fd,
        &event(events, data)
    );
    Ok(())
}

pub(super) fn put(fd: i32) -> Outcome {
    gives!(1, SYS_write, fd, b"x", 1);
    Ok(())
}

fn take(fd: i32) -> Outcome {
    gives!(1, SYS_read, fd, &mut [0u8], 1);
    Ok(())
}

/// What there is at once: pairs of events and data, at most `room`.
pub(super) fn ready_of(epoll: i32, room: usize) -> Result<Vec<(u32, u64)>, Failure> {
    let mut events = vec![event(0xAAAA_AAAA, 0); room];
    let count = works!(SYS_epoll_wait, epoll, events.as_mut_slice(), room, 0);
    Ok(pairs(&events[..count as usize]))
}

pub(super) fn ready(epoll: i32) -> Result<Vec<(u32, u64)>, Failure> {
    ready_of(epoll, 8)
}

pub(super) fn pairs(events: &[epoll_event]) -> Vec<(u32, u64)> {
    events.iter().map(|one| (one.events, one.u64)).collect()
}

fn epoll_create_arguments() -> Outcome {
    fails!(EINVAL, SYS_epoll_create, 0);
    fails!(EINVAL, SYS_epoll_create, -1);
    works!(SYS_epoll_create, 1);
    fails!(EINVAL, SYS_epoll_create1, 1);
    fails!(EINVAL, SYS_epoll_create1, O_NONBLOCK);
    works!(SYS_prlimit64, 0, RLIMIT_NOFILE, &[0u64, 0], 0);
    fails!(EMFILE, SYS_epoll_create1, 0);
    Ok(())
}

fn epoll_create_close_on_exec() -> Outcome {
    let plain = create()?;
    gives!(0, SYS_fcntl, plain, F_GETFD);
    let closing = works!(SYS_epoll_create1, EPOLL_CLOEXEC);
    gives!(FD_CLOEXEC, SYS_fcntl, closing, F_GETFD);
    fails!(EINVAL, SYS_read, plain, &mut [0u8; 16], 16);
    fails!(EINVAL, SYS_write, plain, b"x", 1);
    gives!(0, SYS_lseek, plain, 5, SEEK_SET);
    Ok(())
}

fn epoll_level_tells_until_read() -> Outcome {
    let (epoll, [out, into]) = (create()?, pipe()?);
    add(epoll, out, IN, 0x1234_5678_9abc_def0)?;
    same!(ready(epoll)?, []);
    put(into)?;
    for _ in 0..3 {
        same!(ready(epoll)?, [(IN, 0x1234_5678_9abc_def0)]);
    }
    take(out)?;
    same!(ready(epoll)?, []);
    put(into)?;
    same!(ready(epoll)?, [(IN, 0x1234_5678_9abc_def0)]);
    Ok(())
}

fn epoll_edge_tells_once_a_write() -> Outcome {
    let (epoll, [out, into]) = (create()?, pipe()?);
    add(epoll, out, IN | EDGE, 1)?;
    put(into)?;
    same!(ready(epoll)?, [(IN, 1)]);
    same!(ready(epoll)?, []);
    // The first byte is still there; another one is another edge.
    put(into)?;
    same!(ready(epoll)?, [(IN, 1)]);
    same!(ready(epoll)?, []);
    Ok(())
}

fn epoll_oneshot_tells_until_armed_again() -> Outcome {
    let (epoll, [out, into]) = (create()?, pipe()?);
    add(epoll, out, IN | ONESHOT, 1)?;
    put(into)?;
    same!(ready(epoll)?, [(IN, 1)]);
    put(into)?;
    same!(ready(epoll)?, []);
    // Not even errors are told now.
    works!(SYS_close, into);
    same!(ready(epoll)?, []);
    modify(epoll, out, IN | ONESHOT, 2)?;
    same!(ready(epoll)?, [(IN | HANGUP, 2)]);
    same!(ready(epoll)?, []);
    Ok(())
}

fn epoll_add_while_ready() -> Outcome {
    let (epoll, [out, into]) = (create()?, pipe()?);
    put(into)?;
    add(epoll, out, IN | EDGE, 1)?;
    add(epoll, into, OUT, 2)?;
    same!(ready(epoll)?, [(IN, 1), (OUT, 2)]);
    same!(ready(epoll)?, [(OUT, 2)]);
    Ok(())
}

fn epoll_errors_come_unasked() -> Outcome {
    let (epoll, [out, into]) = (create()?, pipe()?);
    add(epoll, into, 0, 7)?;
    same!(ready(epoll)?, []);
    works!(SYS_close, out);
    same!(ready(epoll)?, [(EPOLLERR as u32, 7)]);
    Ok(())
}

fn epoll_hangup_of_reader() -> Outcome {
    let (epoll, [out, into]) = (create()?, pipe()?);
    add(epoll, out, IN, 7)?;
    put(into)?;
    works!(SYS_close, into);
    same!(ready(epoll)?, [(IN | HANGUP, 7)]);
    take(out)?;
    same!(ready(epoll)?, [(HANGUP, 7)]);
    Ok(())
}

fn epoll_modify_changes_data_and_events() -> Outcome {
    let (epoll, [out, into]) = (create()?, pipe()?);
    add(epoll, into, OUT, 1)?;
    modify(epoll, into, IN, 2)?;
    same!(ready(epoll)?, []);
    modify(epoll, into, OUT, 3)?;
    same!(ready(epoll)?, [(OUT, 3)]);
    fails!(
        ENOENT,
        SYS_epoll_ctl,
        epoll,
        EPOLL_CTL_MOD,
        out,
        &event(IN, 0)
    );
    Ok(())
}

/// Modifying looks at the file again, which an edge-triggered interest feels.
fn epoll_modify_looks_again() -> Outcome {
    let (epoll, [out, into]) = (create()?, pipe()?);
    add(epoll, out, IN | EDGE, 1)?;
    put(into)?;
    same!(ready(epoll)?, [(IN, 1)]);
    modify(epoll, out, IN | EDGE, 2)?;
    same!(ready(epoll)?, [(IN, 2)]);
    same!(ready(epoll)?, []);
    Ok(())
}

fn epoll_delete_is_final() -> Outcome {
    let (epoll, [out, into]) = (create()?, pipe()?);
    add(epoll, out, IN, 1)?;
    put(into)?;
    gives!(0, SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, out, 0);
    same!(ready(epoll)?, []);
    fails!(ENOENT, SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, out, 0);
    add(epoll, out, IN, 2)?;
    same!(ready(epoll)?, [(IN, 2)]);
    Ok(())
}

fn epoll_ctl_errnos() -> Outcome {
    let (epoll, [out, _into]) = (create()?, pipe()?);
    let any = event(IN, 0);
    fails!(EBADF, SYS_epoll_ctl, 99, EPOLL_CTL_ADD, out, &any);
    fails!(EBADF, SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, 99, &any);
    fails!(EBADF, SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, -1, &any);
    fails!(EINVAL, SYS_epoll_ctl, out, EPOLL_CTL_ADD, epoll, &any);
    fails!(EINVAL, SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, epoll, &any);
    fails!(EINVAL, SYS_epoll_ctl, epoll, 0, out, &any);
    fails!(EINVAL, SYS_epoll_ctl, epoll, 4, out, &any);
    add(epoll, out, IN, 0)?;
    fails!(EEXIST, SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, out, &any);
    Ok(())
}

fn epoll_ctl_bad_addresses() -> Outcome {
    let (epoll, [out, _into]) = (create()?, pipe()?);
    fails!(EFAULT, SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, out, 0);
    fails!(EFAULT, SYS_epoll_ctl, epoll, EPOLL_CTL_MOD, out, 8);
    // The address is looked at before the descriptors, and not at all by DEL.
    fails!(EFAULT, SYS_epoll_ctl, 99, EPOLL_CTL_ADD, 99, 8);
    fails!(EBADF, SYS_epoll_ctl, 99, EPOLL_CTL_DEL, 99, 8);
    fails!(ENOENT, SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, out, 8);
    Ok(())
}

fn epoll_files_that_never_wait() -> Outcome {
    let epoll = create()?;
    let any = event(IN, 0);
    let regular = works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o644);
    let folder = works!(SYS_open, c".", O_RDONLY);
    let null = works!(SYS_open, c"/dev/null", O_RDWR);
    for fd in [regular, folder, null] {
        for operation in [EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL, 9] {
            fails!(EPERM, SYS_epoll_ctl, epoll, operation, fd, &any);
        }
    }
    let path = works!(SYS_open, c"f", O_PATH);
    fails!(EBADF, SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, path, &any);
    Ok(())
}

fn epoll_exclusive_combinations() -> Outcome {
    let (epoll, inner, [out, into]) = (create()?, create()?, pipe()?);
    let exclusive = EPOLLEXCLUSIVE as u32;
    let with = |more: u32| event(exclusive | more, 0);
    fails!(
        EINVAL,
        SYS_epoll_ctl,
        epoll,
        EPOLL_CTL_ADD,
        inner,
        &with(IN)
    );
    fails!(
        EINVAL,
        SYS_epoll_ctl,
        epoll,
        EPOLL_CTL_ADD,
        out,
        &with(IN | ONESHOT)
    );
    fails!(
        EINVAL,
        SYS_epoll_ctl,
        epoll,
        EPOLL_CTL_ADD,
        out,
        &with(EPOLLPRI as u32)
    );
    gives!(
        0,
        SYS_epoll_ctl,
        epoll,
        EPOLL_CTL_ADD,
        out,
        &with(IN | EDGE)
    );
    fails!(EINVAL, SYS_epoll_ctl, epoll, EPOLL_CTL_MOD, out, &with(IN));
    fails!(
        EINVAL,
        SYS_epoll_ctl,
        epoll,
        EPOLL_CTL_MOD,
        out,
        &event(IN, 0)
    );
    put(into)?;
    same!(ready(epoll)?, [(IN, 0)]);
    Ok(())
}

fn epoll_same_file_by_two_descriptors() -> Outcome {
    let (epoll, [out, into]) = (create()?, pipe()?);
    let other = works!(SYS_dup, out) as i32;
    add(epoll, out, IN, 1)?;
    add(epoll, other, IN, 2)?;
    put(into)?;
    let mut seen = ready(epoll)?;
    seen.sort_unstable();
    same!(seen, [(IN, 1), (IN, 2)]);
    Ok(())
}

fn epoll_closed_file_is_forgotten() -> Outcome {
    let (epoll, [out, into]) = (create()?, pipe()?);
    add(epoll, out, IN, 1)?;
    put(into)?;
    works!(SYS_close, out);
    same!(ready(epoll)?, []);
    fails!(EBADF, SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, out, 0);
    // The number means another file now, which nobody added.
    let [again, into] = pipe()?;
    same!(again, out);
    put(into)?;
    same!(ready(epoll)?, []);
    fails!(ENOENT, SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, again, 0);
    Ok(())
}

/// The interest is in the open file: another descriptor of it keeps it alive.
fn epoll_duplicate_keeps_interest() -> Outcome {
    let (epoll, [out, into]) = (create()?, pipe()?);
    let other = works!(SYS_dup, out) as i32;
    add(epoll, out, IN, 1)?;
    works!(SYS_close, out);
    put(into)?;
    same!(ready(epoll)?, [(IN, 1)]);
    works!(SYS_close, other);
    same!(ready(epoll)?, []);
    Ok(())
}

fn epoll_inside_poll_and_epoll() -> Outcome {
    let (outer, inner, [out, into]) = (create()?, create()?, pipe()?);
    add(outer, inner, IN, 1)?;
    add(inner, out, IN, 2)?;
    let mut list = [pollfd {
        fd: inner,
        events: POLLIN | POLLOUT,
        revents: 0,
    }];
    gives!(0, SYS_poll, &mut list, 1, 0);
    same!(ready(outer)?, []);
    put(into)?;
    gives!(1, SYS_poll, &mut list, 1, 0);
    same!(list[0].revents, POLLIN);
    same!(ready(outer)?, [(IN, 1)]);
    same!(ready(inner)?, [(IN, 2)]);
    take(out)?;
    same!(ready(outer)?, []);
    let child = waiting_child(outer, (IN, 1))?;
    put(into)?;
    same!(wait(child)?, 1 << 8);
    Ok(())
}

fn epoll_circle_is_refused() -> Outcome {
    let (first, second, third) = (create()?, create()?, create()?);
    let any = event(IN, 0);
    add(first, second, IN, 0)?;
    add(second, third, IN, 0)?;
    fails!(ELOOP, SYS_epoll_ctl, third, EPOLL_CTL_ADD, first, &any);
    fails!(ELOOP, SYS_epoll_ctl, second, EPOLL_CTL_ADD, first, &any);
    gives!(0, SYS_epoll_ctl, first, EPOLL_CTL_DEL, second, 0);
    add(third, first, IN, 0)?;
    Ok(())
}

/// How high exactly differs between versions of Linux; that it ends does not.
fn epoll_tower_is_limited() -> Outcome {
    let mut top = create()?;
    add(top, pipe()?[0], IN, 0)?;
    let mut height = 0;
    loop {
        let higher = create()?;
        let seen = sys!(SYS_epoll_ctl, higher, EPOLL_CTL_ADD, top, &event(IN, 0));
        if seen != 0 {
            holds!(seen == -(ELOOP as isize) || seen == -(EINVAL as isize));
            break;
        }
        (top, height) = (higher, height + 1);
        holds!(height < 10);
    }
    holds!(height >= 3, "{height}");
    Ok(())
}

fn epoll_many_files() -> Outcome {
    const MANY: u64 = 200;
    let epoll = create()?;
    let mut ends = Vec::new();
    for data in 0..MANY {
        let [out, into] = pipe()?;
        add(epoll, out, IN, data)?;
        ends.push((out, into));
    }
    for index in [199usize, 0, 100] {
        put(ends[index].1)?;
    }
    same!(ready(epoll)?, [(IN, 199), (IN, 0), (IN, 100)]);
    for (out, into) in &ends[..100] {
        works!(SYS_close, *out);
        works!(SYS_close, *into);
    }
    let mut seen = ready(epoll)?;
    seen.sort_unstable();
    same!(seen, [(IN, 100), (IN, 199)]);
    Ok(())
}

fn epoll_is_shared_with_a_child() -> Outcome {
    let (epoll, [out, into]) = (create()?, pipe()?);
    let child = spawn(|| add(epoll, out, IN, 9).is_err() as i32)?;
    same!(wait(child)?, 0);
    put(into)?;
    same!(ready(epoll)?, [(IN, 9)]);
    Ok(())
}

fn epoll_fdinfo() -> Outcome {
    let (epoll, [out, _into]) = (create()?, pipe()?);
    add(epoll, out, IN, 0xbeef)?;
    let name = std::fs::read_link(format!("/proc/self/fd/{epoll}"))?;
    same!(name.to_str(), Some("anon_inode:[eventpoll]"));
    let text = std::fs::read_to_string(format!("/proc/self/fdinfo/{epoll}"))?;
    let line = text.lines().find(|line| line.starts_with("tfd:"));
    let line = line.unwrap_or("no line");
    let expected = format!(
        "tfd: {out:8} events: {:8x} data: {:16x}  pos:0 ino:",
        IN | 0x18,
        0xbeef
    );
    holds!(
        line.starts_with(&expected),
        "saw {line:?}, expected {expected:?}"
    );
    Ok(())
}
