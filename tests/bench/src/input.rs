//! What an input event costs on its way to who reads it, alone and with a crowd of readers in the
//! background, who must cost nothing; and what it costs to find that there is none.
//!
//! The event is one that the program itself writes: from there on it goes as if the device had made
//! it, and one for a lamp goes to the device too.
//!
//! The keyboard is virtio's, on every kernel: a lamp of another costs what its wire costs.
//!
//! Source: Linux's `Documentation/input/input.rst` and `Documentation/input/event-codes.rst`.

use crate::measure::{good, mean};
use crate::personas;
use abi_tests::sys;
use libc::*;
use std::ffi::CString;

/// Readers in the background.
const CROWD: u64 = 1000;
/// Descriptors besides.
const OTHERS: u64 = 24;

/// `struct input_event`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Event {
    time: [i64; 2],
    kind: u16,
    code: u16,
    value: i32,
}

impl Event {
    const fn new(kind: u16, code: u16, value: i32) -> Self {
        Self {
            time: [0; 2],
            kind,
            code,
            value,
        }
    }
}

/// An event, and the end of a packet.
type Packet = [Event; 2];

const fn packet(kind: u16, code: u16, value: i32) -> Packet {
    [Event::new(kind, code, value), Event::new(0, 0, 0)]
}

/// EV_REL, REL_X: a step to the right.
const MOVEMENT: Packet = packet(2, 0, 1);
const EV_KEY: u16 = 1;
/// A key that neither kernel does anything about while it is alone.
const KEY_LEFTSHIFT: u16 = 42;
const EV_LED: u16 = 0x11;
/// The lamp that nothing else turns on or off.
const LED_SCROLLL: u16 = 2;

/// EVIOCGID, and the bus that virtio's devices say they are on.
const EVIOCGID: u32 = 0x8008_4502;
const BUS_VIRTUAL: u16 = 6;

/// Why there is no mouse, if that is so.
pub fn lack_of_mouse() -> Option<&'static str> {
    let why = "this kernel shows no mouse in /dev/input";
    mouse().is_none().then_some(why)
}

/// Why there is no keyboard, if that is so.
pub fn lack_of_keyboard() -> Option<&'static str> {
    let why = "this kernel shows no virtio keyboard in /dev/input";
    keyboard().is_none().then_some(why)
}

/// The name of a mouse: the first device that moves, if there is one.
fn mouse() -> Option<CString> {
    device(|file| goes_through(file, &MOVEMENT).is_ok())
}

/// The name of virtio's keyboard: the first device of that bus that has the key and the lamp.
fn keyboard() -> Option<CString> {
    device(|file| {
        let mut identity = [0_u16; 4];
        let asked = sys!(SYS_ioctl, file, EVIOCGID, &mut identity);
        let does = |kind, code| {
            let mut both = [1, 0].map(|value| packet(kind, code, value)).into_iter();
            both.all(|packet| goes_through(file, &packet).is_ok())
        };
        let is_virtio = asked >= 0 && identity[0] == BUS_VIRTUAL;
        is_virtio && does(EV_KEY, KEY_LEFTSHIFT) && does(EV_LED, LED_SCROLLL)
    })
}

/// The name of the first device that `suits`.
fn device(suits: impl Fn(isize) -> bool) -> Option<CString> {
    (0..32).find_map(|number| {
        let name = CString::new(format!("/dev/input/event{number}")).ok()?;
        let file = open(&name).ok()?;
        let found = suits(file);
        sys!(SYS_close, file);
        found.then_some(name)
    })
}

fn open(name: &CString) -> Result<isize, String> {
    let flags = O_RDWR | O_NONBLOCK | O_CLOEXEC;
    good("open", sys!(SYS_open, name.as_c_str(), flags))
}

/// Opens the first device there is for reading, for as long as this process lives.
pub fn hold() -> Result<(), String> {
    let name = device(|_| true).ok_or("there is no input device")?;
    open(&name).map(drop)
}

/// Writes a packet and reads it.
fn goes_through(file: isize, packet: &Packet) -> Result<(), String> {
    let mut seen = Packet::default();
    let length = size_of_val(packet);
    good("write", sys!(SYS_write, file, packet, length))?;
    match good("read", sys!(SYS_read, file, &mut seen, length))? {
        read if read == length as isize => Ok(()),
        read => Err(format!("read: {read} bytes of a packet")),
    }
}

/// Measures with the device of this name open, if there is one.
fn with(
    name: Option<CString>,
    measure: impl FnOnce(isize) -> Result<i64, String>,
) -> Result<i64, String> {
    let file = open(&name.ok_or("the device is gone")?)?;
    let cost = measure(file);
    sys!(SYS_close, file);
    cost
}

/// One reader, and nobody else.
pub fn one_reader() -> Result<i64, String> {
    with(mouse(), |file| mean(500, || goes_through(file, &MOVEMENT)))
}

/// A key, which goes down and up in turn.
pub fn key() -> Result<i64, String> {
    with(keyboard(), |file| in_turn(file, EV_KEY, KEY_LEFTSHIFT))
}

/// A lamp, which goes on and off in turn; the keyboard is told.
pub fn led() -> Result<i64, String> {
    with(keyboard(), |file| in_turn(file, EV_LED, LED_SCROLLL))
}

/// An event with the values 1 and 0 in turn, and in the end 0.
fn in_turn(file: isize, kind: u16, code: u16) -> Result<i64, String> {
    let mut value = 0;
    let cost = mean(500, || {
        value = 1 - value;
        goes_through(file, &packet(kind, code, value))
    });
    if value == 1 {
        goes_through(file, &packet(kind, code, 0))?;
    }
    cost
}

/// poll(2) of a device from which nothing has come, without waiting.
pub fn empty_poll() -> Result<i64, String> {
    with(keyboard(), |file| {
        let mut polled = [pollfd {
            fd: file as i32,
            events: POLLIN,
            revents: 0,
        }];
        mean(1000, || {
            match good("poll", sys!(SYS_poll, &mut polled, 1, 0))? {
                0 => Ok(()),
                _ => Err("poll: there is something to read".into()),
            }
        })
    })
}

/// One reader, while another persona's thousand wait in the background.
pub fn crowd_behind() -> Result<i64, String> {
    let name = mouse().ok_or("the mouse is gone")?;
    let mut pipe = [0_i32; 2];
    good("pipe", sys!(SYS_pipe, &mut pipe))?;
    let crowd = personas::start(|| {
        let limits = [CROWD + OTHERS; 2];
        sys!(SYS_setrlimit, RLIMIT_NOFILE, &limits);
        let opened = (0..CROWD).all(|_| open(&name).is_ok());
        sys!(SYS_write, pipe[1], &[u8::from(opened)], 1);
        loop {
            sys!(SYS_pause);
        }
    })?;
    let mut opened = [0_u8];
    good("read", sys!(SYS_read, pipe[0], &mut opened, 1))?;
    let cost = match opened {
        [1] => one_reader(),
        _ => Err("the crowd could not open the mouse".into()),
    };
    for end in pipe {
        sys!(SYS_close, end);
    }
    good("kill", sys!(SYS_kill, crowd, SIGKILL))?;
    personas::wait(crowd)?;
    cost
}
