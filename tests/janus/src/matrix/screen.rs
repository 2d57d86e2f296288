//! What can be tried with the screen.

use super::attempt::{Attempt, change, open, store, watch};
use super::view::{PIXEL, PIXEL_AT};
use abi_tests::call::Word;
use abi_tests::check::Failure;
use abi_tests::raw::{peek, poke};
use abi_tests::{sys, works};
use libc::*;

const SCREEN: &str = "screen";
const NODE: &str = "/dev/fb0";
const FILES: &str = "/sys/class/graphics/fb0";
/// FBIOGET_VSCREENINFO, FBIOPUT_VSCREENINFO and their like.
pub const GET_VAR: u32 = 0x4600;
const PUT_VAR: u32 = 0x4601;
pub const GET_COLORS: u32 = 0x4604;
const PUT_COLORS: u32 = 0x4605;
const PAN: u32 = 0x4606;
const BLANK: u32 = 0x4611;
const WAIT: u32 = 0x4004_4620;
/// Words of `struct fb_var_screeninfo`.
const YRES_VIRTUAL: usize = 3;
const YOFFSET: usize = 5;
const BITS: usize = 6;

#[rustfmt::skip]
pub const ATTEMPTS: &[Attempt] = &[
    change(SCREEN, "writes pixels", || Ok(sys!(SYS_pwrite64, open(NODE, O_RDWR), &[0x11_u8; 64], 64, 0))),
    change(SCREEN, "draws through a mapping", || mapped().map(|at| { poke(at + 100, 0x22); 0 })),
    change(SCREEN, "draws through the other node", || Ok(sys!(SYS_pwrite64, open("/dev/graphics/fb0", O_RDWR), &[0x33_u8; 64], 64, 128))),
    change(SCREEN, "chooses 16 bits a pixel", || with_var(PUT_VAR, |var| var[BITS] = 16)),
    change(SCREEN, "chooses 32 bits a pixel again", || with_var(PUT_VAR, |var| var[BITS] = 32)),
    change(SCREEN, "makes room to pan", || with_var(PUT_VAR, |var| var[YRES_VIRTUAL] += 10)),
    change(SCREEN, "pans", || with_var(PAN, |var| var[YOFFSET] = 0)).unseen_in_front(),
    change(SCREEN, "changes the colour map", || colors(0x5500)),
    change(SCREEN, "blanks", || call(BLANK, 4)).unseen_in_front(),
    change(SCREEN, "ends the blank", || call(BLANK, 0)).unseen_in_front(),
    change(SCREEN, "blanks by /sys", || Ok(store(&format!("{FILES}/blank"), "4\n"))).unseen_in_front(),
    change(SCREEN, "ends the blank by /sys", || Ok(store(&format!("{FILES}/blank"), "0\n"))).unseen_in_front(),
    change(SCREEN, "chooses 16 bits by /sys", || Ok(store(&format!("{FILES}/bits_per_pixel"), "16\n"))),
    change(SCREEN, "pans by /sys", || Ok(store(&format!("{FILES}/pan"), "0,0\n"))).unseen_in_front(),
    change(SCREEN, "waits for the picture's end", || call(WAIT, &[0_u32])).unseen_in_front(),
    watch(SCREEN, "reads the foreground's pixels", || Ok(open(NODE, O_RDONLY)), reads_pixel),
    watch(SCREEN, "maps the foreground's pixels", || mapped().map(|at| at as isize), |at| Ok(peek(at as usize + PIXEL_AT) == PIXEL)),
];

/// The screen, mapped for good.
fn mapped() -> Result<usize, Failure> {
    let file = open(NODE, O_RDWR);
    let rights = PROT_READ | PROT_WRITE;
    Ok(works!(SYS_mmap, 0, 4096, rights, MAP_SHARED, file, 0) as usize)
}

fn call(command: u32, argument: impl Word) -> Result<isize, Failure> {
    Ok(sys!(SYS_ioctl, open(NODE, O_RDWR), command, argument))
}

fn with_var(command: u32, change: fn(&mut [u32; 40])) -> Result<isize, Failure> {
    let (file, mut var) = (open(NODE, O_RDWR), [0_u32; 40]);
    sys!(SYS_ioctl, file, GET_VAR, &mut var);
    change(&mut var);
    Ok(sys!(SYS_ioctl, file, command, &mut var))
}

/// `struct fb_cmap` of all colours that the driver keeps, with these values.
pub fn color_map(values: &[[u16; 16]; 3]) -> [usize; 5] {
    let [red, green, blue] = values
        .each_ref()
        .map(|row| row.as_ptr().expose_provenance());
    [16 << 32, red, green, blue, 0]
}

fn colors(value: u16) -> Result<isize, Failure> {
    let values = [[value; 16]; 3];
    call(PUT_COLORS, &color_map(&values))
}

fn reads_pixel(file: isize) -> Result<bool, Failure> {
    let mut byte = [0_u8];
    sys!(SYS_pread64, file, &mut byte, 1, PIXEL_AT);
    Ok(byte[0] == PIXEL)
}
