//! Groups and sessions of a terminal as seen from both sides of a pid namespace.
//! Source: tcgetpgrp(3), pid_namespaces(7).

use super::{inside, sleep_for_good};
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{spawn, wait};
use abi_tests::{cases, fails, holds, same, sys, works};
use libc::*;

cases![
    terminal_inside,
    terminal_of_a_session_outside,
    terminal_group_outside_seen_inside
];

/// Opens a pseudoterminal; gives the master and the slave's path.
fn master() -> Result<(isize, std::ffi::CString), Failure> {
    let master = works!(SYS_open, c"/dev/ptmx", O_RDWR | O_NOCTTY);
    works!(SYS_ioctl, master, TIOCSPTLCK, &0i32);
    let mut number = -1i32;
    works!(SYS_ioctl, master, TIOCGPTN, &mut number);
    let slave = std::ffi::CString::new(format!("/dev/pts/{number}")).unwrap_or_default();
    Ok((master, slave))
}

/// What a query of a terminal about numbers answers.
fn ask(terminal: isize, query: u64) -> (isize, i32) {
    let mut number = -7i32;
    (sys!(SYS_ioctl, terminal, query, &mut number), number)
}

fn terminal_inside() -> Outcome {
    let (master, name) = master()?;
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let init = super::start_init(|| {
        let run = || -> Outcome {
            works!(SYS_setsid);
            let terminal = works!(SYS_open, name.as_c_str(), O_RDWR);
            same!(ask(terminal, TIOCGPGRP), (0, 1));
            same!(ask(terminal, TIOCGSID), (0, 1));
            fails!(ESRCH, SYS_ioctl, terminal, TIOCSPGRP, &77i32);
            let child = spawn(sleep_for_good)?;
            works!(SYS_setpgid, child, child);
            works!(SYS_ioctl, terminal, TIOCSPGRP, &child);
            same!(ask(terminal, TIOCGPGRP), (0, 2));
            same!(ask(master, TIOCGPGRP), (0, 2));
            Ok(())
        };
        let good = match run() {
            Ok(()) => b"1",
            Err(error) => {
                eprintln!("{error:?}");
                b"0"
            }
        };
        sys!(SYS_write, ends[1], good, 1);
        sleep_for_good()
    })?;
    let mut good = [0u8];
    works!(SYS_read, ends[0], &mut good, 1);
    // The master tells each side by its own numbers.
    let (group, session) = (ask(master, TIOCGPGRP), ask(master, TIOCGSID));
    works!(SYS_kill, init, SIGKILL);
    wait(init)?;
    same!(good, *b"1");
    same!(session, (0, init));
    holds!(group.0 == 0 && group.1 > 2 && group.1 != init, "{group:?}");
    Ok(())
}

/// The terminal of a session outside: process 1 has inherited it, but sees neither leader nor
/// group.
fn terminal_of_a_session_outside() -> Outcome {
    let (_master, name) = master()?;
    let terminal = works!(SYS_open, name.as_c_str(), O_RDWR);
    let own = works!(SYS_getpid) as i32;
    same!(ask(terminal, TIOCGSID), (0, own));
    inside(0, || {
        same!(ask(terminal, TIOCGPGRP), (0, 0));
        same!(ask(terminal, TIOCGSID), (0, 0));
        let own = works!(SYS_open, c"/dev/tty", O_RDWR);
        same!(ask(own, TIOCGSID), (0, 0));
        fails!(ESRCH, SYS_ioctl, own, TIOCSPGRP, &77i32);
        Ok(())
    })
}

fn terminal_group_outside_seen_inside() -> Outcome {
    let (_master, name) = master()?;
    let terminal = works!(SYS_open, name.as_c_str(), O_RDWR);
    inside(0, || {
        // A group inside becomes the foreground; it is of the session outside.
        works!(SYS_setpgid, 0, 0);
        let blocked = 1u64 << (SIGTTOU - 1);
        abi_tests::signal::mask(SIG_BLOCK, blocked);
        works!(SYS_ioctl, terminal, TIOCSPGRP, &1i32);
        same!(ask(terminal, TIOCGPGRP), (0, 1));
        Ok(())
    })?;
    Ok(())
}
