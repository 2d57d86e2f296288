//! The device's commands and structures, as an ordinary program has them from its C headers.

use abi_tests::check::Failure;
use abi_tests::works;
use libc::*;
use std::ffi::CStr;

/// The node.
pub const NODE: &CStr = c"/dev/fb0";
/// FBIOGET_VSCREENINFO.
pub const GET_VAR: u32 = 0x4600;
/// FBIOPUT_VSCREENINFO.
pub const PUT_VAR: u32 = 0x4601;
/// FBIOGET_FSCREENINFO.
pub const GET_FIX: u32 = 0x4602;
/// FBIOGETCMAP.
pub const GET_COLORS: u32 = 0x4604;
/// FBIOPUTCMAP.
pub const PUT_COLORS: u32 = 0x4605;
/// FBIOPAN_DISPLAY.
pub const PAN: u32 = 0x4606;
/// FBIOBLANK.
pub const BLANK: u32 = 0x4611;
/// FBIO_WAITFORVSYNC.
pub const WAIT: u32 = 0x4004_4620;

/// Words of `struct fb_var_screeninfo`, by their places.
pub mod var {
    pub const XRES: usize = 0;
    pub const YRES: usize = 1;
    pub const XRES_VIRTUAL: usize = 2;
    pub const YRES_VIRTUAL: usize = 3;
    pub const XOFFSET: usize = 4;
    pub const YOFFSET: usize = 5;
    pub const BITS: usize = 6;
    /// Offset and length of red, green, blue and transparency, each with a third word.
    pub const RED: usize = 8;
    pub const GREEN: usize = 11;
    pub const BLUE: usize = 14;
    pub const TRANSPARENCY: usize = 17;
    pub const ACTIVATE: usize = 21;
    pub const VMODE: usize = 33;
}

/// FB_ACTIVATE_TEST.
pub const ACTIVATE_TEST: u32 = 2;
/// FB_VMODE_YWRAP.
pub const VMODE_YWRAP: u32 = 256;

/// `struct fb_var_screeninfo`.
pub type Var = [u32; 40];
/// `struct fb_fix_screeninfo`, in words.
pub type Fix = [u32; 20];

/// `smem_len`.
pub fn memory_length(fix: &Fix) -> usize {
    fix[6] as usize
}

/// `line_length`.
pub fn stride(fix: &Fix) -> usize {
    fix[12] as usize
}

/// Opens the device.
pub fn open(flags: i32) -> Result<isize, Failure> {
    Ok(works!(SYS_open, NODE, flags | O_CLOEXEC))
}

/// What may be chosen, as it is.
pub fn var_of(file: isize) -> Result<Var, Failure> {
    let mut var = [0; 40];
    works!(SYS_ioctl, file, GET_VAR, &mut var);
    Ok(var)
}

/// What the device says of itself.
pub fn fix_of(file: isize) -> Result<Fix, Failure> {
    let mut fix = [0; 20];
    works!(SYS_ioctl, file, GET_FIX, &mut fix);
    Ok(fix)
}

/// Maps `length` bytes from `offset` on to be read and written, shared.
pub fn map(file: isize, offset: usize, length: usize) -> Result<usize, Failure> {
    let rights = PROT_READ | PROT_WRITE;
    Ok(works!(SYS_mmap, 0, length, rights, MAP_SHARED, file, offset) as usize)
}

/// The first byte of a file of the device, at `offset`.
pub fn byte_at(file: isize, offset: usize) -> Result<u8, Failure> {
    let mut byte = [0_u8];
    works!(SYS_pread64, file, &mut byte, 1, offset);
    Ok(byte[0])
}

/// Files that say something of the mode of the opener's screen.
pub const MODE_FILES: [&CStr; 2] = [
    c"/sys/class/graphics/fb0/mode",
    c"/sys/class/graphics/fb0/bits_per_pixel",
];

/// Which of POLLPRI and POLLERR poll(2) says of a file now.
pub fn news(file: isize) -> Result<i16, Failure> {
    let mut polled = [pollfd {
        fd: file as i32,
        events: POLLPRI,
        revents: 0,
    }];
    works!(SYS_poll, &mut polled, 1, 0);
    Ok(polled[0].revents)
}

/// Reads a file of sysfs from its start.
pub fn read_again(file: isize) -> Result<(), Failure> {
    works!(SYS_pread64, file, &mut [0_u8; 256], 256, 0);
    Ok(())
}
