//! read(2), write(2), poll(2), select(2), epoll(7) and SIGIO on a device's file.

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{inside_child, spawn, until_asleep, wait};
use abi_tests::signal::{Context, Info};
use abi_tests::{cases, fails, gives, holds, raw, same, signal, sys, works};
use janus_tests::inputs::{
    EV_KEY, EV_REL, EV_SYN, File, KEY_A, KEY_B, KEYBOARD, NOWHERE, REPORT, REVOKE, Record,
    SYN_DROPPED, key, open,
};
use libc::*;

cases![
    sizes_that_hold_no_event,
    whole_packets_only,
    a_read_fills_what_holds_whole_events,
    a_read_waits_for_a_packet,
    a_signal_ends_the_wait,
    poll_and_select_wait_too,
    epoll_tells_of_packets,
    a_signal_says_that_there_is_something,
    there_is_no_position,
];

/// Lets reads of the file wait.
fn blocking(file: &File) -> Result<(), Failure> {
    works!(SYS_fcntl, file.number, F_SETFL, O_RDWR);
    Ok(())
}

fn sizes_that_hold_no_event() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    let mut bytes = [0u8; 48];
    fails!(EINVAL, SYS_read, keyboard.number, &mut bytes, 1);
    fails!(EINVAL, SYS_read, keyboard.number, &mut bytes, 23);
    fails!(EAGAIN, SYS_read, keyboard.number, &mut bytes, 0);
    fails!(EAGAIN, SYS_read, keyboard.number, &mut bytes, 48);
    fails!(EINVAL, SYS_write, keyboard.number, &bytes, 23);
    gives!(0, SYS_write, keyboard.number, &bytes, 0);
    fails!(EFAULT, SYS_write, keyboard.number, NOWHERE, 24);
    // The odd bytes at the end are not taken.
    gives!(24, SYS_write, keyboard.number, &bytes, 47);
    keyboard.put(&key(KEY_A, 1))?;
    gives!(0, SYS_read, keyboard.number, &mut bytes, 0);
    fails!(EFAULT, SYS_read, keyboard.number, NOWHERE, 48);
    keyboard.put(&key(KEY_A, 0))
}

fn whole_packets_only() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    keyboard.put(&[(EV_KEY, KEY_A, 1), (EV_KEY, KEY_B, 1)])?;
    same!(keyboard.poll(), POLLOUT | POLLWRNORM);
    same!(keyboard.events(), []);
    keyboard.put(&[REPORT])?;
    same!(keyboard.poll(), POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM);
    let expected = [(EV_KEY, KEY_A, 1), (EV_KEY, KEY_B, 1), REPORT];
    same!(keyboard.events(), expected);
    // An end that ends nothing, what changes nothing, and what the device does not have.
    keyboard.put(&[REPORT, (EV_KEY, KEY_A, 1), (EV_KEY, 0x2ff, 1), REPORT])?;
    keyboard.put(&[
        (EV_REL, 0, 5),
        (0x1f, 3, 1),
        (77, 3, 1),
        (EV_SYN, SYN_DROPPED, 0),
        REPORT,
    ])?;
    same!(keyboard.events(), []);
    keyboard.put(&[(EV_KEY, KEY_A, 0), (EV_KEY, KEY_B, 0), REPORT])?;
    same!(keyboard.events().len(), 3);
    Ok(())
}

fn a_read_fills_what_holds_whole_events() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    keyboard.put(&key(KEY_A, 1))?;
    keyboard.put(&key(KEY_A, 0))?;
    let mut some = [Record::default(); 4];
    gives!(72, SYS_read, keyboard.number, &mut some, 95);
    same!((some[2].code, some[2].value), (KEY_A, 0));
    gives!(24, SYS_read, keyboard.number, &mut some, 95);
    same!((some[0].kind, some[0].code), (EV_SYN, 0));
    Ok(())
}

/// Writes a press and a release, once `pid` sleeps.
fn tap_when_asleep(keyboard: &File, pid: i32) -> Outcome {
    holds!(until_asleep(pid));
    keyboard.put(&key(KEY_A, 1))?;
    keyboard.put(&key(KEY_A, 0))
}

fn a_read_waits_for_a_packet() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    let reader = spawn(|| {
        let Ok(mine) = open(KEYBOARD) else { return 100 };
        let mut some = [Record::default(); 2];
        if blocking(&mine).is_err() {
            return 101;
        }
        let count = sys!(SYS_read, mine.number, &mut some, 48);
        i32::from((count, some[0].code, some[0].value) != (48, KEY_A, 1))
    })?;
    tap_when_asleep(&keyboard, reader)?;
    same!(wait(reader)?, 0);
    Ok(())
}

extern "C" fn nothing(_: i32, _: &Info, _: &mut Context) {}

fn a_signal_ends_the_wait() -> Outcome {
    inside_child(|| {
        let keyboard = open(KEYBOARD)?;
        blocking(&keyboard)?;
        raw::set_handler(SIGALRM, nothing, 0, 0);
        // One second, and again after each, in case the first comes before the wait.
        let timer = [1u64, 0, 1, 0];
        works!(SYS_setitimer, ITIMER_REAL, &timer, 0);
        let mut some = [Record::default(); 2];
        fails!(EINTR, SYS_read, keyboard.number, &mut some, 48);
        Ok(())
    })
}

fn poll_and_select_wait_too() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    for way in 0..2 {
        let waiter = spawn(|| {
            let Ok(mine) = open(KEYBOARD) else { return 100 };
            let mut entry = [u64::from(mine.number as u32) | (POLLIN as u64) << 32];
            let mut set = [1u64 << mine.number, 0];
            let ready = match way {
                0 => sys!(SYS_poll, &mut entry, 1, 10_000),
                _ => sys!(SYS_select, mine.number + 1, &mut set, 0, 0, &[10u64, 0]),
            };
            let is_it = match way {
                0 => entry[0] >> 48 == POLLIN as u64,
                _ => set[0] == 1 << mine.number,
            };
            i32::from(ready != 1 || !is_it)
        })?;
        tap_when_asleep(&keyboard, waiter)?;
        same!(wait(waiter)?, 0);
        keyboard.events();
    }
    Ok(())
}

/// An epoll instance that waits for the file, once for each packet.
fn watch(file: &File) -> Result<File, Failure> {
    let number = works!(SYS_epoll_create1, EPOLL_CLOEXEC) as i32;
    let poller = File { number };
    let mut wanted = epoll_event {
        events: (EPOLLIN | EPOLLET) as u32,
        u64: 7,
    };
    let add = EPOLL_CTL_ADD;
    works!(SYS_epoll_ctl, number, add, file.number, &mut wanted);
    Ok(poller)
}

/// What an instance tells of its one file within some milliseconds; 0: nothing.
fn told(poller: &File, milliseconds: i32) -> u32 {
    let mut found = epoll_event { events: 0, u64: 0 };
    let count = sys!(SYS_epoll_wait, poller.number, &mut found, 1, milliseconds);
    if (count, found.u64) == (1, 7) {
        found.events
    } else {
        0
    }
}

fn epoll_tells_of_packets() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    let poller = watch(&keyboard)?;
    keyboard.put(&[(EV_KEY, KEY_A, 1)])?;
    same!(told(&poller, 0), 0);
    // By edges: once for each packet, though nothing is read.
    keyboard.put(&[REPORT])?;
    same!(told(&poller, 0), EPOLLIN as u32);
    same!(told(&poller, 0), 0);
    keyboard.put(&key(KEY_A, 0))?;
    same!(told(&poller, 0), EPOLLIN as u32);
    let waiter = spawn(|| {
        let Ok(mine) = open(KEYBOARD) else { return 100 };
        match watch(&mine) {
            Ok(poller) => i32::from(told(&poller, 10_000) != EPOLLIN as u32),
            Err(_) => 101,
        }
    })?;
    tap_when_asleep(&keyboard, waiter)?;
    same!(wait(waiter)?, 0);
    // Who is cut off is told, unasked.
    keyboard.events();
    told(&poller, 0);
    gives!(0, SYS_ioctl, keyboard.number, REVOKE, 0);
    same!(told(&poller, 0), (EPOLLHUP | EPOLLERR) as u32);
    Ok(())
}

/// The signal that comes within `seconds`, and its information.
fn next_signal(set: u64, seconds: u64) -> (isize, Info) {
    let mut info = Info::default();
    let seen = sys!(SYS_rt_sigtimedwait, &set, &mut info, &[seconds, 0], 8);
    (seen, info)
}

fn a_signal_says_that_there_is_something() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    let other = open(KEYBOARD)?;
    let (io, chosen) = (SIGIO, SIGRTMIN());
    let set = signal::bit(io) | signal::bit(chosen);
    signal::mask(SIG_BLOCK, set);
    let flags = O_RDWR | O_NONBLOCK | O_ASYNC;
    gives!(0, SYS_fcntl, keyboard.number, F_SETFL, flags);
    // Nobody owns it yet.
    other.put(&key(KEY_A, 1))?;
    same!(signal::pending() & set, 0);
    works!(SYS_fcntl, keyboard.number, F_SETOWN, sys!(SYS_getpid));
    other.put(&[(EV_KEY, KEY_B, 1)])?;
    same!(signal::pending() & set, 0);
    other.put(&[REPORT])?;
    same!(next_signal(set, 5).0, io as isize);
    // One that queues tells the descriptor and what it is ready for.
    const F_SETSIG: i32 = 10;
    works!(SYS_fcntl, keyboard.number, F_SETSIG, chosen);
    other.put(&key(KEY_A, 0))?;
    let (seen, info) = next_signal(set, 5);
    same!((seen, info.code), (chosen as isize, 1));
    same!(info.fields[1] as i32, keyboard.number);
    holds!(info.fields[0] as i16 & POLLIN != 0);
    gives!(0, SYS_fcntl, keyboard.number, F_SETFL, O_RDWR | O_NONBLOCK);
    other.put(&key(KEY_B, 0))?;
    same!(signal::pending() & set, 0);
    Ok(())
}

fn there_is_no_position() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    let mut some = [Record::default(); 2];
    fails!(ESPIPE, SYS_lseek, keyboard.number, 0, SEEK_CUR);
    fails!(ESPIPE, SYS_pread64, keyboard.number, &mut some, 48, 0);
    fails!(ESPIPE, SYS_pwrite64, keyboard.number, &some, 48, 0);
    Ok(())
}
