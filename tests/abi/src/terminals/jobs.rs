//! Controlling terminals and job control. Source: ioctl_tty(2), credentials(7), setsid(2),
//! tcsetpgrp(3), termios(3).

use super::{Pair, get, name, pair, put, set};
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{inside_child, spawn, wait};
use abi_tests::signal::{self, Context, Info, bit};
use abi_tests::{cases, fails, gives, raw, same, sys, works};
use libc::*;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

cases![
    controlling_by_open,
    controlling_not_by_no_ctty,
    controlling_by_ioctl,
    controlling_only_by_leader,
    controlling_not_stolen,
    controlling_given_up,
    dev_tty_is_own_terminal,
    dev_tty_without_terminal,
    foreground_group_set_and_get,
    foreground_group_errors,
    session_of_terminal,
    interrupt_key_signals_group,
    quit_and_suspend_keys,
    interrupt_flushes_input,
    no_flush_keeps_input,
    background_read_stops,
    background_read_ignored_is_error,
    background_read_orphaned_is_error,
    background_write_allowed_by_default,
    background_write_stops_with_tostop,
    background_settings_stop,
    background_settings_ignored_go_through,
    window_change_signals_group,
    window_same_size_no_signal,
    master_close_hangs_up_session,
    leader_exit_hangs_up_foreground,
    leader_exit_frees_terminal,
    terminal_given_up_by_member,
];

/// In a child that is a session leader on a new terminal, runs `body` with the pair.
fn with_terminal(body: impl FnOnce(&Pair) -> Outcome) -> Outcome {
    inside_child(|| {
        works!(SYS_setsid);
        let pair = pair()?;
        gives!(0, SYS_ioctl, pair.slave, TIOCSCTTY, 0);
        body(&pair)
    })
}

/// Starts a child in a process group of its own; the parent knows that it is there.
fn group(body: impl FnOnce() -> i32) -> Result<i32, Failure> {
    let child = spawn(|| {
        sys!(SYS_setpgid, 0, 0);
        body()
    })?;
    sys!(SYS_setpgid, child, child);
    Ok(child)
}

fn foreground(pair: &Pair, group: i32) -> Outcome {
    let before = signal::mask(SIG_BLOCK, bit(SIGTTOU));
    gives!(0, SYS_ioctl, pair.slave, TIOCSPGRP, &group);
    signal::mask(SIG_SETMASK, before);
    Ok(())
}

fn sleeper() -> i32 {
    loop {
        sys!(SYS_pause);
    }
}

fn controlling_by_open() -> Outcome {
    inside_child(|| {
        works!(SYS_setsid);
        let master = works!(SYS_open, c"/dev/ptmx", O_RDWR | O_NOCTTY);
        works!(SYS_ioctl, master, TIOCSPTLCK, &0i32);
        fails!(ENXIO, SYS_open, c"/dev/tty", O_RDWR);
        works!(SYS_open, name(master)?.as_c_str(), O_RDWR);
        works!(SYS_open, c"/dev/tty", O_RDWR);
        Ok(())
    })
}

fn controlling_not_by_no_ctty() -> Outcome {
    inside_child(|| {
        works!(SYS_setsid);
        let pair = pair()?;
        fails!(ENXIO, SYS_open, c"/dev/tty", O_RDWR);
        fails!(ENOTTY, SYS_ioctl, pair.slave, TIOCGPGRP, &mut 0i32);
        Ok(())
    })
}

fn controlling_by_ioctl() -> Outcome {
    with_terminal(|pair| {
        works!(SYS_open, c"/dev/tty", O_RDWR);
        gives!(0, SYS_ioctl, pair.slave, TIOCSCTTY, 0);
        Ok(())
    })
}

fn controlling_only_by_leader() -> Outcome {
    inside_child(|| {
        works!(SYS_setsid);
        inside_child(|| {
            let pair = pair()?;
            fails!(EPERM, SYS_ioctl, pair.slave, TIOCSCTTY, 0);
            Ok(())
        })
    })
}

fn controlling_not_stolen() -> Outcome {
    with_terminal(|pair| {
        inside_child(|| {
            works!(SYS_setsid);
            fails!(EPERM, SYS_ioctl, pair.slave, TIOCSCTTY, 0);
            works!(SYS_open, name(pair.master)?.as_c_str(), O_RDWR);
            fails!(ENXIO, SYS_open, c"/dev/tty", O_RDWR);
            // Root may take it by force.
            gives!(0, SYS_ioctl, pair.slave, TIOCSCTTY, 1);
            works!(SYS_open, c"/dev/tty", O_RDWR);
            Ok(())
        })?;
        fails!(ENXIO, SYS_open, c"/dev/tty", O_RDWR);
        Ok(())
    })
}

fn controlling_given_up() -> Outcome {
    with_terminal(|pair| {
        signal::dispose(SIGHUP, SIG_IGN);
        gives!(0, SYS_ioctl, pair.slave, TIOCNOTTY, 0);
        fails!(ENXIO, SYS_open, c"/dev/tty", O_RDWR);
        fails!(ENOTTY, SYS_ioctl, pair.slave, TIOCNOTTY, 0);
        Ok(())
    })
}

fn dev_tty_is_own_terminal() -> Outcome {
    with_terminal(|pair| {
        let tty = works!(SYS_open, c"/dev/tty", O_RDWR);
        put(tty, "through")?;
        same!(get(pair.master)?, "through");
        Ok(())
    })
}

fn dev_tty_without_terminal() -> Outcome {
    fails!(ENXIO, SYS_open, c"/dev/tty", O_RDWR);
    fails!(ENXIO, SYS_open, c"/dev/tty", O_RDWR | O_NOCTTY);
    Ok(())
}

fn foreground_group_set_and_get() -> Outcome {
    with_terminal(|pair| {
        let mut now = 0i32;
        gives!(0, SYS_ioctl, pair.slave, TIOCGPGRP, &mut now);
        same!(now == works!(SYS_getpgrp) as i32, true);
        let child = group(sleeper)?;
        gives!(0, SYS_ioctl, pair.slave, TIOCSPGRP, &child);
        gives!(0, SYS_ioctl, pair.slave, TIOCGPGRP, &mut now);
        same!(now == child, true);
        gives!(0, SYS_ioctl, pair.master, TIOCGPGRP, &mut now);
        same!(now == child, true);
        works!(SYS_kill, child, SIGKILL);
        wait(child)?;
        Ok(())
    })
}

fn foreground_group_errors() -> Outcome {
    with_terminal(|pair| {
        fails!(EINVAL, SYS_ioctl, pair.slave, TIOCSPGRP, &-1i32);
        fails!(ESRCH, SYS_ioctl, pair.slave, TIOCSPGRP, &4_000_000i32);
        fails!(EPERM, SYS_ioctl, pair.slave, TIOCSPGRP, &1i32);
        fails!(EFAULT, SYS_ioctl, pair.slave, TIOCSPGRP, 8);
        Ok(())
    })
}

fn session_of_terminal() -> Outcome {
    with_terminal(|pair| {
        let mut session = 0i32;
        gives!(0, SYS_ioctl, pair.slave, TIOCGSID, &mut session);
        same!(session == works!(SYS_getpid) as i32, true);
        Ok(())
    })
}

/// Types `key` while a group of two is in the foreground; gives how the two ended.
fn typed(key: &str) -> Result<(i32, i32), Failure> {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    with_terminal(|pair| {
        let first = group(sleeper)?;
        let second = spawn(sleeper)?;
        works!(SYS_setpgid, second, first);
        foreground(pair, first)?;
        put(pair.master, key)?;
        let mut status = [0i32; 2];
        works!(SYS_wait4, first, &mut status[..1], WUNTRACED, 0);
        works!(SYS_wait4, second, &mut status[1..], WUNTRACED, 0);
        // Nobody may be left.
        sys!(SYS_kill, -first, SIGKILL);
        gives!(8, SYS_write, ends[1], &status, 8);
        Ok(())
    })?;
    let mut status = [0i32; 2];
    gives!(8, SYS_read, ends[0], &mut status, 8);
    Ok((status[0], status[1]))
}

fn interrupt_key_signals_group() -> Outcome {
    same!(typed("\x03")?, (SIGINT, SIGINT));
    Ok(())
}

fn quit_and_suspend_keys() -> Outcome {
    works!(SYS_prlimit64, 0, RLIMIT_CORE, &[0u64, 0], 0);
    same!(typed("\x1c")?, (SIGQUIT, SIGQUIT));
    let stopped = SIGTSTP << 8 | 0x7f;
    same!(typed("\x1a")?, (stopped, stopped));
    Ok(())
}

fn interrupt_flushes_input() -> Outcome {
    with_terminal(|pair| {
        signal::dispose(SIGINT, SIG_IGN);
        put(pair.master, "gone\x03kept\n")?;
        same!(get(pair.slave)?, "kept\n");
        Ok(())
    })
}

fn no_flush_keeps_input() -> Outcome {
    with_terminal(|pair| {
        signal::dispose(SIGINT, SIG_IGN);
        set(pair.slave, |now| now.local |= NOFLSH)?;
        put(pair.master, "both\x03kept\n")?;
        same!(get(pair.slave)?, "bothkept\n");
        Ok(())
    })
}

/// How a background child that runs `body` on the slave ends or stops.
fn background(body: impl FnOnce() -> i32) -> Result<i32, Failure> {
    let child = group(body)?;
    let mut status = 0i32;
    works!(SYS_wait4, child, &mut status, WUNTRACED, 0);
    if status & 0xff == 0x7f {
        works!(SYS_kill, child, SIGKILL);
        wait(child)?;
    }
    Ok(status)
}

fn background_read_stops() -> Outcome {
    with_terminal(|pair| {
        let status = background(|| sys!(SYS_read, pair.slave, &mut [0u8], 1) as i32)?;
        same!(status, SIGTTIN << 8 | 0x7f);
        Ok(())
    })
}

fn background_read_ignored_is_error() -> Outcome {
    with_terminal(|pair| {
        signal::dispose(SIGTTIN, SIG_IGN);
        let status = background(|| -sys!(SYS_read, pair.slave, &mut [0u8], 1) as i32)?;
        same!(status, EIO << 8);
        Ok(())
    })
}

fn background_read_orphaned_is_error() -> Outcome {
    with_terminal(|pair| {
        // The leader's own group is orphaned; once another is in front it may not read.
        let front = group(sleeper)?;
        foreground(pair, front)?;
        fails!(EIO, SYS_read, pair.slave, &mut [0u8], 1);
        works!(SYS_kill, front, SIGKILL);
        wait(front)?;
        Ok(())
    })
}

fn background_write_allowed_by_default() -> Outcome {
    with_terminal(|pair| {
        same!(
            background(|| sys!(SYS_write, pair.slave, b"x", 1) as i32)?,
            1 << 8
        );
        Ok(())
    })
}

fn background_write_stops_with_tostop() -> Outcome {
    with_terminal(|pair| {
        set(pair.slave, |now| now.local |= TOSTOP)?;
        let write = || sys!(SYS_write, pair.slave, b"x", 1) as i32;
        same!(background(write)?, SIGTTOU << 8 | 0x7f);
        signal::dispose(SIGTTOU, SIG_IGN);
        same!(background(write)?, 1 << 8);
        Ok(())
    })
}

fn background_settings_stop() -> Outcome {
    with_terminal(|pair| {
        let now = super::settings(pair.slave)?;
        let change = || sys!(SYS_ioctl, pair.slave, TCSETS, &now) as i32;
        same!(background(change)?, SIGTTOU << 8 | 0x7f);
        let own = || sys!(SYS_ioctl, pair.slave, TIOCSPGRP, &(sys!(SYS_getpid) as i32)) as i32;
        same!(background(own)?, SIGTTOU << 8 | 0x7f);
        Ok(())
    })
}

fn background_settings_ignored_go_through() -> Outcome {
    with_terminal(|pair| {
        signal::dispose(SIGTTOU, SIG_IGN);
        let now = super::settings(pair.slave)?;
        same!(
            background(|| sys!(SYS_ioctl, pair.slave, TCSETS, &now) as i32)?,
            0
        );
        Ok(())
    })
}

static COUNT: AtomicI32 = AtomicI32::new(0);

extern "C" fn count(_: i32, _: &Info, _: &mut Context) {
    COUNT.fetch_add(1, SeqCst);
}

fn window_change_signals_group() -> Outcome {
    with_terminal(|pair| {
        raw::set_handler(SIGWINCH, count, 0, 0);
        gives!(0, SYS_ioctl, pair.master, TIOCSWINSZ, &[10u16, 20, 0, 0]);
        same!(COUNT.load(SeqCst), 1);
        Ok(())
    })
}

fn window_same_size_no_signal() -> Outcome {
    with_terminal(|pair| {
        gives!(0, SYS_ioctl, pair.master, TIOCSWINSZ, &[10u16, 20, 0, 0]);
        raw::set_handler(SIGWINCH, count, 0, 0);
        gives!(0, SYS_ioctl, pair.master, TIOCSWINSZ, &[10u16, 20, 0, 0]);
        same!(COUNT.load(SeqCst), 0);
        Ok(())
    })
}

/// When the master goes the session leader gets SIGHUP (and SIGCONT); when it dies of that, so
/// does the foreground group.
fn master_close_hangs_up_session() -> Outcome {
    let master = works!(SYS_open, c"/dev/ptmx", O_RDWR | O_NOCTTY);
    works!(SYS_ioctl, master, TIOCSPTLCK, &0i32);
    let path = name(master)?;
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let leader = spawn(|| {
        sys!(SYS_close, master);
        sys!(SYS_setsid);
        let slave = sys!(SYS_open, path.as_c_str(), O_RDWR);
        let front = group(sleeper).unwrap_or(-1);
        sys!(SYS_ioctl, slave, TIOCSPGRP, &front);
        sys!(SYS_write, ends[1], &front, 4);
        sleeper()
    })?;
    works!(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    let mut front = 0i32;
    gives!(4, SYS_read, ends[0], &mut front, 4);
    works!(SYS_close, master);
    same!((wait(leader)?, wait(front)?), (SIGHUP, SIGHUP));
    Ok(())
}

fn leader_exit_hangs_up_foreground() -> Outcome {
    let pair = pair()?;
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    works!(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    let leader = spawn(|| {
        sys!(SYS_setsid);
        sys!(SYS_ioctl, pair.slave, TIOCSCTTY, 0);
        let front = group(sleeper).unwrap_or(-1);
        sys!(SYS_ioctl, pair.slave, TIOCSPGRP, &front);
        sys!(SYS_write, ends[1], &front, 4);
        0
    })?;
    let mut front = 0i32;
    gives!(4, SYS_read, ends[0], &mut front, 4);
    same!(wait(leader)?, 0);
    same!(wait(front)?, SIGHUP);
    Ok(())
}

fn leader_exit_frees_terminal() -> Outcome {
    let pair = pair()?;
    for _ in 0..2 {
        let leader = spawn(|| {
            sys!(SYS_setsid);
            -sys!(SYS_ioctl, pair.slave, TIOCSCTTY, 0) as i32
        })?;
        same!(wait(leader)?, 0);
    }
    Ok(())
}

/// A process that is not the leader may let go of the terminal for itself alone.
fn terminal_given_up_by_member() -> Outcome {
    with_terminal(|pair| {
        inside_child(|| {
            works!(SYS_open, c"/dev/tty", O_RDWR);
            gives!(0, SYS_ioctl, pair.slave, TIOCNOTTY, 0);
            fails!(ENXIO, SYS_open, c"/dev/tty", O_RDWR);
            Ok(())
        })?;
        works!(SYS_open, c"/dev/tty", O_RDWR);
        Ok(())
    })
}
