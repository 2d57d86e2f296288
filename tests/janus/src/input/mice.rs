//! `/dev/input/mice` and `mouseN`: any pointer, as the bytes of a PS/2 mouse.

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{inside_child, spawn, until_asleep, wait};
use abi_tests::signal::{Context, Info};
use abi_tests::{cases, fails, gives, holds, raw, same, signal, sys, works};
use janus_tests::inputs::{
    EV_ABS, EV_KEY, EV_REL, File, GRAB, MOUSE, NOWHERE, REPORT, TABLET, key, open,
};
use libc::*;

cases![
    movements_are_three_bytes,
    sequences_of_rates_ask_for_more,
    questions_are_answered,
    a_long_way_is_several_packets,
    a_tablet_moves_by_its_way_on_the_screen,
    one_mouse_is_one_device,
    a_grab_silences_the_mice_too,
    a_read_waits_for_a_movement,
    a_signal_ends_the_wait,
    a_signal_says_that_it_moved,
];

const WHEEL: [u8; 6] = [0xf3, 200, 0xf3, 100, 0xf3, 80];
const BUTTONS: [u8; 6] = [0xf3, 200, 0xf3, 200, 0xf3, 80];
const LEFT: u16 = 0x110;
const SIDE: u16 = 0x113;

/// Opens one, to be read without waiting.
fn open_mouse(name: &std::ffi::CStr) -> Result<File, Failure> {
    let number = works!(SYS_open, name, O_RDWR | O_NONBLOCK | O_CLOEXEC) as i32;
    Ok(File { number })
}

/// All bytes that can be read.
fn bytes(mouse: &File) -> Vec<u8> {
    let mut all = Vec::new();
    let mut some = [0u8; 16];
    loop {
        match sys!(SYS_read, mouse.number, &mut some, some.len()) {
            count if count > 0 => all.extend_from_slice(&some[..count as usize]),
            _ => return all,
        }
    }
}

/// Writes bytes, each of which is acknowledged; only the last answer can be read.
fn say(mouse: &File, sent: &[u8]) -> Result<Vec<u8>, Failure> {
    gives!(sent.len(), SYS_write, mouse.number, sent, sent.len());
    Ok(bytes(mouse))
}

fn movements_are_three_bytes() -> Outcome {
    let device = open(MOUSE)?;
    let mouse = open_mouse(c"/dev/input/mice")?;
    fails!(EAGAIN, SYS_read, mouse.number, &mut [0u8; 4], 4);
    device.put(&[(EV_REL, 0, 5), (EV_REL, 1, 7), REPORT])?;
    same!(mouse.poll() & POLLIN, POLLIN);
    same!(bytes(&mouse), [0x28, 5, (-7i8) as u8]);
    device.put(&key(LEFT, 1))?;
    device.put(&[(EV_REL, 0, -1), REPORT])?;
    device.put(&key(LEFT, 0))?;
    // Movements with the same buttons are added up.
    same!(bytes(&mouse), [0x19, 0xff, 0, 0x08, 0, 0]);
    // A read takes one packet at most, in pieces as it likes.
    device.put(&[(EV_REL, 0, 1), REPORT])?;
    let mut some = [0u8; 8];
    gives!(2, SYS_read, mouse.number, &mut some, 2);
    gives!(1, SYS_read, mouse.number, &mut some, 8);
    Ok(())
}

fn sequences_of_rates_ask_for_more() -> Outcome {
    let device = open(MOUSE)?;
    let mouse = open_mouse(c"/dev/input/mice")?;
    let moved = [(EV_REL, 8, 1), (EV_KEY, SIDE, 1), REPORT];
    let released = key(SIDE, 0);
    same!(say(&mouse, &[0xf2])?, [0xfa, 0]);
    // Three buttons and no wheel: the side button is the middle one.
    device.put(&moved)?;
    device.put(&released)?;
    same!(bytes(&mouse), [0x0c, 0, 0, 0x08, 0, 0]);
    same!(say(&mouse, &WHEEL)?, [0xfa]);
    same!(say(&mouse, &[0xf2])?, [0xfa, 3]);
    device.put(&moved)?;
    device.put(&released)?;
    same!(bytes(&mouse), [0x0c, 0, 0, 0xff, 0x08, 0, 0, 0]);
    same!(say(&mouse, &BUTTONS)?, [0xfa]);
    same!(say(&mouse, &[0xf2])?, [0xfa, 4]);
    device.put(&moved)?;
    device.put(&released)?;
    same!(bytes(&mouse), [0x08, 0, 0, 0x1f, 0x08, 0, 0, 0]);
    // The mode is this file's alone, and a reset ends it.
    let other = open_mouse(c"/dev/input/mice")?;
    same!(say(&other, &[0xf2])?, [0xfa, 0]);
    same!(say(&mouse, &[0xff])?, [0xfa, 0xaa, 0]);
    same!(say(&mouse, &[0xf2])?, [0xfa, 0]);
    // One rate wrong, no wheel.
    same!(say(&mouse, &[0xf3, 200, 0xf3, 100, 0xf3, 81])?, [0xfa]);
    same!(say(&mouse, &[0xf2])?, [0xfa, 0]);
    Ok(())
}

fn questions_are_answered() -> Outcome {
    let device = open(MOUSE)?;
    let mouse = open_mouse(c"/dev/input/mice")?;
    same!(say(&mouse, &[0xe9])?, [0xfa, 0x60, 3, 200]);
    same!(say(&mouse, &[0xeb])?, [0xfa, 8, 0, 0]);
    device.put(&[(EV_REL, 0, 3), REPORT])?;
    same!(say(&mouse, &[0xeb])?, [0xfa, 8, 3, 0]);
    same!(say(&mouse, &[0x00])?, [0xfa]);
    fails!(EFAULT, SYS_write, mouse.number, NOWHERE, 1);
    Ok(())
}

fn a_long_way_is_several_packets() -> Outcome {
    let device = open(MOUSE)?;
    let mouse = open_mouse(c"/dev/input/mice")?;
    device.put(&[(EV_REL, 0, 300), (EV_REL, 1, -130), REPORT])?;
    same!(bytes(&mouse), [8, 127, 127, 8, 127, 3, 8, 46, 0]);
    Ok(())
}

fn a_tablet_moves_by_its_way_on_the_screen() -> Outcome {
    let tablet = open(TABLET)?;
    let mouse = open_mouse(c"/dev/input/mice")?;
    tablet.put(&[(EV_ABS, 0, 16000), (EV_ABS, 1, 16000), REPORT])?;
    bytes(&mouse);
    // The screen is 1024 by 768: a 32nd of the way is 32 points, and 24 down.
    tablet.put(&[(EV_ABS, 0, 17024), (EV_ABS, 1, 17024), REPORT])?;
    same!(bytes(&mouse), [0x28, 32, (-24i8) as u8]);
    Ok(())
}

fn one_mouse_is_one_device() -> Outcome {
    let (device, tablet) = (open(MOUSE)?, open(TABLET)?);
    let mut mice = Vec::new();
    for number in 0..2 {
        let name = std::ffi::CString::new(format!("/dev/input/mouse{number}")).unwrap_or_default();
        mice.push(open_mouse(&name)?);
    }
    tablet.put(&[(EV_ABS, 0, 100), REPORT])?;
    mice.iter().for_each(|mouse| drop(bytes(mouse)));
    device.put(&[(EV_REL, 0, 5), REPORT])?;
    let seen: Vec<_> = mice.iter().map(bytes).collect();
    same!(seen.concat(), [8, 5, 0]);
    Ok(())
}

fn a_grab_silences_the_mice_too() -> Outcome {
    let device = open(MOUSE)?;
    let mouse = open_mouse(c"/dev/input/mice")?;
    works!(SYS_ioctl, device.number, GRAB, 1);
    device.put(&[(EV_REL, 0, 5), REPORT])?;
    fails!(EAGAIN, SYS_read, mouse.number, &mut [0u8; 4], 4);
    same!(device.events().len(), 2);
    works!(SYS_ioctl, device.number, GRAB, 0);
    device.put(&[(EV_REL, 0, 5), REPORT])?;
    same!(bytes(&mouse), [8, 5, 0]);
    Ok(())
}

/// Opens `mice` to be read with waiting.
fn open_waiting() -> Result<File, Failure> {
    let mouse = open_mouse(c"/dev/input/mice")?;
    works!(SYS_fcntl, mouse.number, F_SETFL, O_RDWR);
    Ok(mouse)
}

fn a_read_waits_for_a_movement() -> Outcome {
    let device = open(MOUSE)?;
    let reader = spawn(|| {
        let Ok(mine) = open_waiting() else { return 100 };
        let mut some = [0u8; 8];
        let count = sys!(SYS_read, mine.number, &mut some, 8);
        i32::from((count, &some[..3]) != (3, &[8, 5, 0]))
    })?;
    holds!(until_asleep(reader));
    device.put(&[(EV_REL, 0, 5), REPORT])?;
    same!(wait(reader)?, 0);
    Ok(())
}

extern "C" fn nothing(_: i32, _: &Info, _: &mut Context) {}

fn a_signal_ends_the_wait() -> Outcome {
    inside_child(|| {
        drop(open(MOUSE)?);
        let mouse = open_waiting()?;
        raw::set_handler(SIGALRM, nothing, 0, 0);
        // One second, and again after each, in case the first comes before the wait.
        let timer = [1u64, 0, 1, 0];
        works!(SYS_setitimer, ITIMER_REAL, &timer, 0);
        fails!(EINTR, SYS_read, mouse.number, &mut [0u8; 8], 8);
        Ok(())
    })
}

fn a_signal_says_that_it_moved() -> Outcome {
    let device = open(MOUSE)?;
    let mouse = open_mouse(c"/dev/input/mice")?;
    let set = signal::bit(SIGIO);
    signal::mask(SIG_BLOCK, set);
    let flags = O_RDWR | O_NONBLOCK | O_ASYNC;
    gives!(0, SYS_fcntl, mouse.number, F_SETFL, flags);
    // Nobody owns it yet.
    device.put(&[(EV_REL, 0, 5), REPORT])?;
    same!(signal::pending() & set, 0);
    works!(SYS_fcntl, mouse.number, F_SETOWN, sys!(SYS_getpid));
    device.put(&[(EV_REL, 0, 5), REPORT])?;
    let mut info = Info::default();
    let seen = sys!(SYS_rt_sigtimedwait, &set, &mut info, &[5u64, 0], 8);
    same!(seen, SIGIO as isize);
    gives!(0, SYS_fcntl, mouse.number, F_SETFL, O_RDWR | O_NONBLOCK);
    device.put(&[(EV_REL, 0, 5), REPORT])?;
    same!(signal::pending() & set, 0);
    Ok(())
}
