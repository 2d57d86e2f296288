//! What an input event costs on its way to who reads it, alone and with a crowd of readers in the
//! background, who must cost nothing.
//!
//! The event is a movement that the program itself writes: from there on it goes as if the mouse
//! had made it.

use crate::measure::{good, mean};
use crate::personas;
use abi_tests::sys;
use libc::*;
use std::ffi::CString;

/// Readers in the background.
const CROWD: u64 = 1000;
/// Descriptors besides.
const OTHERS: u64 = 24;

/// `struct input_event`: a movement by 1 to the right (EV_REL, REL_X), and the end of a packet.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Event {
    time: [i64; 2],
    kind: u16,
    code: u16,
    value: i32,
}

const MOVEMENT: [Event; 2] = [
    Event {
        time: [0; 2],
        kind: 2,
        code: 0,
        value: 1,
    },
    Event {
        time: [0; 2],
        kind: 0,
        code: 0,
        value: 0,
    },
];

/// The name of a mouse: the first device that moves, if there is one.
pub fn mouse() -> Option<CString> {
    (0..32).find_map(|number| {
        let name = CString::new(format!("/dev/input/event{number}")).ok()?;
        let file = open(&name).ok()?;
        let moved = moves(file);
        sys!(SYS_close, file);
        moved.is_ok().then_some(name)
    })
}

fn open(name: &CString) -> Result<isize, String> {
    let flags = O_RDWR | O_NONBLOCK | O_CLOEXEC;
    good("open", sys!(SYS_open, name.as_c_str(), flags))
}

/// Writes a movement and reads it.
fn moves(file: isize) -> Result<(), String> {
    let mut seen = [Event::default(); 2];
    let length = size_of_val(&MOVEMENT);
    good("write", sys!(SYS_write, file, &MOVEMENT, length))?;
    match good("read", sys!(SYS_read, file, &mut seen, length))? {
        read if read == length as isize => Ok(()),
        read => Err(format!("read: {read} bytes of a packet")),
    }
}

/// One reader, and nobody else.
pub fn one_reader(mouse: &CString) -> Result<i64, String> {
    let file = open(mouse)?;
    let cost = mean(500, || moves(file));
    sys!(SYS_close, file);
    cost
}

/// One reader, while another persona's thousand wait in the background.
pub fn crowd_behind(mouse: &CString) -> Result<i64, String> {
    let mut pipe = [0_i32; 2];
    good("pipe", sys!(SYS_pipe, &mut pipe))?;
    let crowd = personas::start(|| {
        let limits = [CROWD + OTHERS; 2];
        sys!(SYS_setrlimit, RLIMIT_NOFILE, &limits);
        let opened = (0..CROWD).all(|_| open(mouse).is_ok());
        sys!(SYS_write, pipe[1], &[u8::from(opened)], 1);
        loop {
            sys!(SYS_pause);
        }
    })?;
    let mut opened = [0_u8];
    good("read", sys!(SYS_read, pipe[0], &mut opened, 1))?;
    let cost = match opened {
        [1] => one_reader(mouse),
        _ => Err("the crowd could not open the mouse".into()),
    };
    for end in pipe {
        sys!(SYS_close, end);
    }
    good("kill", sys!(SYS_kill, crowd, SIGKILL))?;
    personas::wait(crowd)?;
    cost
}
