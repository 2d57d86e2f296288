//! What a program may choose of a screen, and how the screen lies in memory then.
//!
//! A mode is possible when the panel has it and the screen's memory holds it, or may grow to hold
//! it: to what the size that the panel prefers needs, which is another when a window was resized.
//! (Linux's fbdev drivers mostly keep the memory they began with; udlfb's grows as here.)
//! What is chosen is answered in full: colours by the number of bits, no timings, since the panel
//! is not a tube.

use abi::Errno;
use abi::framebuffer::{BitField, FB_VMODE_YWRAP, VarScreenInfo};

use super::super::panel::{Layout, Panel, PixelFormat, Size};

/// The least side of a screen.
const SIDE_MIN: u32 = 64;

/// The description of a screen of `size` with 32 bits a pixel.
pub fn var_of(size: Size) -> VarScreenInfo {
    let var = VarScreenInfo {
        xres: size.width,
        yres: size.height,
        xres_virtual: size.width,
        yres_virtual: size.height,
        ..VarScreenInfo::default()
    };
    with_format(var, PixelFormat::Xrgb8888)
}

fn with_format(var: VarScreenInfo, format: PixelFormat) -> VarScreenInfo {
    let field = |offset, length| BitField {
        offset,
        length,
        msb_right: 0,
    };
    let (red, green, blue) = match format {
        PixelFormat::Xrgb8888 => (field(16, 8), field(8, 8), field(0, 8)),
        PixelFormat::Rgb565 => (field(11, 5), field(5, 6), field(0, 5)),
    };
    VarScreenInfo {
        bits_per_pixel: format.bytes() * 8,
        red,
        green,
        blue,
        transp: BitField::default(),
        ..var
    }
}

/// How a screen with this description lies in memory.
pub fn layout(var: &VarScreenInfo) -> Layout {
    Layout {
        visible: Size {
            width: var.xres,
            height: var.yres,
        },
        whole: Size {
            width: var.xres_virtual,
            height: var.yres_virtual,
        },
        format: match var.bits_per_pixel {
            16 => PixelFormat::Rgb565,
            _ => PixelFormat::Xrgb8888,
        },
    }
}

/// What a screen with so much memory, or that may grow to so much, would be when `wanted` is
/// chosen.
///
/// # Errors
/// EINVAL: it is impossible.
pub fn check(
    wanted: &VarScreenInfo,
    panel: &dyn Panel,
    memory: usize,
) -> Result<VarScreenInfo, Errno> {
    let format = match wanted.bits_per_pixel {
        32 => PixelFormat::Xrgb8888,
        16 => PixelFormat::Rgb565,
        _ => return Err(Errno::EINVAL),
    };
    let strange = [wanted.grayscale, wanted.nonstd, wanted.rotate];
    let sides = [wanted.xres, wanted.yres];
    let fits = |offset: u32, side: u32, whole: u32| {
        let end = offset.checked_add(side);
        end.is_some_and(|end| end <= whole)
    };
    let possible = strange.iter().all(|value| *value == 0)
        && sides.iter().all(|side| *side >= SIDE_MIN)
        && fits(wanted.xoffset, wanted.xres, wanted.xres_virtual)
        && fits(wanted.yoffset, wanted.yres, wanted.yres_virtual)
        && holds(memory, wanted);
    if !possible {
        return Err(Errno::EINVAL);
    }
    let chosen = VarScreenInfo {
        xres: wanted.xres,
        yres: wanted.yres,
        xres_virtual: wanted.xres_virtual,
        yres_virtual: wanted.yres_virtual,
        xoffset: wanted.xoffset,
        yoffset: wanted.yoffset,
        activate: wanted.activate,
        ..VarScreenInfo::default()
    };
    let chosen = with_format(chosen, format);
    panel.check(&layout(&chosen)).map_err(|_| Errno::EINVAL)?;
    Ok(chosen)
}

fn holds(memory: usize, var: &VarScreenInfo) -> bool {
    let sides = [var.xres_virtual, var.yres_virtual, var.bits_per_pixel / 8];
    let bytes = sides
        .iter()
        .try_fold(1_usize, |product, side| product.checked_mul(*side as usize));
    bytes.is_some_and(|bytes| bytes <= memory)
}

/// Whether a screen can be panned to where `wanted` says.
pub fn can_pan(var: &VarScreenInfo, wanted: &VarScreenInfo) -> bool {
    // No panel here wraps around at the end.
    let wraps = wanted.vmode & FB_VMODE_YWRAP != 0 && wanted.yoffset > 0;
    !wraps
        && wanted.xoffset <= var.xres_virtual - var.xres
        && wanted.yoffset <= var.yres_virtual - var.yres
}
