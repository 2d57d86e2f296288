//! What drawing costs: `/dev/fb0`, a whole frame at a time.
//!
//! What the kernel does behind the program's back to bring the frame to the eye, on whichever
//! thread, takes time from the program too, and is in the figures: so each round must be long
//! enough for it to be done several times.
//!
//! Source: Linux's `Documentation/fb/api.rst` and `Documentation/fb/framebuffer.rst`.

use std::ffi::CStr;
use std::sync::atomic::Ordering::Relaxed;

use abi_tests::{raw, sys};
use libc::*;

use crate::measure::{good, mean};

/// The display.
pub const DISPLAY: &CStr = c"/dev/fb0";

const FBIOGET_VSCREENINFO: u32 = 0x4600;
const FBIOPUT_VSCREENINFO: u32 = 0x4601;
const FBIOGET_FSCREENINFO: u32 = 0x4602;
const FBIOPAN_DISPLAY: u32 = 0x4606;

/// `struct fb_var_screeninfo` in words, and where in it is what.
type Var = [u32; 40];
const YRES: usize = 1;
const YRES_VIRTUAL: usize = 3;
const YOFFSET: usize = 5;

/// `struct fb_fix_screeninfo` in words, and the one with the bytes of a row.
type Fix = [u32; 20];
const LINE_LENGTH: usize = 12;

/// Frames in a round: with these a round takes longer than Linux's display drivers wait before
/// they bring to the eye what was drawn, a twentieth of a second.
const FRAMES: i64 = 30;

/// Why nothing can be drawn, if that is so.
pub fn lack() -> Option<&'static str> {
    let is_there = sys!(SYS_access, DISPLAY, R_OK | W_OK) == 0;
    (!is_there).then_some("this machine has no /dev/fb0")
}

/// Why there is no second frame to pan to, if that is so.
pub fn lack_of_pan() -> Option<&'static str> {
    let why = "this display driver has room for one frame only";
    let can = || Screen::open()?.double();
    lack().or(can().is_err().then_some(why))
}

/// The display, opened. Closed when dropped.
struct Screen {
    file: isize,
    var: Var,
    /// Bytes of a frame.
    frame: usize,
}

impl Screen {
    fn open() -> Result<Self, String> {
        let file = good("open", sys!(SYS_open, DISPLAY, O_RDWR | O_CLOEXEC))?;
        let (mut var, mut fix): (Var, Fix) = ([0; 40], [0; 20]);
        let mut screen = Self {
            file,
            var,
            frame: 0,
        };
        let get = |what, into: usize| good("ioctl", sys!(SYS_ioctl, file, what, into));
        get(FBIOGET_VSCREENINFO, abi_tests::call::Word::word(&mut var))?;
        get(FBIOGET_FSCREENINFO, abi_tests::call::Word::word(&mut fix))?;
        screen.var = var;
        screen.frame = var[YRES] as usize * fix[LINE_LENGTH] as usize;
        Ok(screen)
    }

    /// Maps a frame; gives where it is and how long.
    fn map(&self) -> Result<(usize, usize), String> {
        let (length, protection) = (self.frame, PROT_READ | PROT_WRITE);
        let mapping = sys!(SYS_mmap, 0, length, protection, MAP_SHARED, self.file, 0);
        Ok((good("mmap", mapping)? as usize, length))
    }

    /// Asks for memory for two frames.
    fn double(&self) -> Result<(), String> {
        let mut var = self.var;
        var[YRES_VIRTUAL] = 2 * var[YRES];
        let answer = sys!(SYS_ioctl, self.file, FBIOPUT_VSCREENINFO, &mut var);
        good("FBIOPUT_VSCREENINFO", answer).map(drop)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        sys!(SYS_close, self.file);
    }
}

/// Maps the screen, and draws on it a little, for as long as this process lives.
pub fn hold() -> Result<(), String> {
    let (at, _) = Screen::open()?.map()?;
    raw::shared_word(at).store(1, Relaxed);
    Ok(())
}

/// A frame, by ordinary stores of a pixel each through a mapping; of another colour than the one
/// before.
pub fn fill() -> Result<i64, String> {
    let screen = Screen::open()?;
    let (start, length) = screen.map()?;
    let mut colour = 0_u32;
    let cost = mean(FRAMES, || {
        colour = colour.wrapping_add(0x0001_0203);
        for pixel in (start..start + length).step_by(size_of::<u32>()) {
            raw::shared_word(pixel).store(colour, Relaxed);
        }
        Ok(())
    });
    good("munmap", sys!(SYS_munmap, start, length))?;
    cost
}

/// A frame, by one write(2).
pub fn write() -> Result<i64, String> {
    let screen = Screen::open()?;
    let frame = vec![0x55_u8; screen.frame];
    mean(FRAMES, || {
        let written = sys!(SYS_pwrite64, screen.file, frame.as_slice(), frame.len(), 0);
        match good("pwrite", written)? {
            all if all == frame.len() as isize => Ok(()),
            part => Err(format!("pwrite: {part} bytes of a frame")),
        }
    })
}

/// A pan to the other one of two frames.
pub fn pan() -> Result<i64, String> {
    let screen = Screen::open()?;
    screen.double()?;
    let mut var = screen.var;
    var[YRES_VIRTUAL] = 2 * var[YRES];
    let cost = mean(500, || {
        var[YOFFSET] = var[YRES] - var[YOFFSET];
        let answer = sys!(SYS_ioctl, screen.file, FBIOPAN_DISPLAY, &mut var);
        good("FBIOPAN_DISPLAY", answer).map(drop)
    });
    let mut before = screen.var;
    let answer = sys!(SYS_ioctl, screen.file, FBIOPUT_VSCREENINFO, &mut before);
    good("FBIOPUT_VSCREENINFO", answer)?;
    cost
}
