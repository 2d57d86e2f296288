//! What framebuffer devices speak: the structures and commands of `/dev/fb0`.
//!
//! Source: Linux's `Documentation/fb/api.rst` and `Documentation/fb/framebuffer.rst`.
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `struct fb_bitfield`: where a colour lies in a pixel.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct BitField {
    /// Its lowest bit.
    pub offset: u32,
    /// How many bits it has.
    pub length: u32,
    /// Not 0: the most significant bit is the rightmost.
    pub msb_right: u32,
}

/// `struct fb_var_screeninfo`: what a program may choose.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct VarScreenInfo {
    /// Pixels in a row that are seen.
    pub xres: u32,
    /// Rows that are seen.
    pub yres: u32,
    /// Pixels in a row in memory.
    pub xres_virtual: u32,
    /// Rows in memory.
    pub yres_virtual: u32,
    /// The first column seen.
    pub xoffset: u32,
    /// The first row seen.
    pub yoffset: u32,
    /// Bits of a pixel.
    pub bits_per_pixel: u32,
    /// 0: colours.
    pub grayscale: u32,
    /// Red in a pixel.
    pub red: BitField,
    /// Green.
    pub green: BitField,
    /// Blue.
    pub blue: BitField,
    /// Transparency.
    pub transp: BitField,
    /// Not 0: an unusual pixel format.
    pub nonstd: u32,
    /// When to act on it (`FB_ACTIVATE_*`).
    pub activate: u32,
    /// Height of the picture in millimetres.
    pub height: u32,
    /// Width of the picture in millimetres.
    pub width: u32,
    /// Obsolete.
    pub accel_flags: u32,
    /// Picoseconds of a pixel.
    pub pixclock: u32,
    /// Pixels from sync to the picture.
    pub left_margin: u32,
    /// Pixels from the picture to sync.
    pub right_margin: u32,
    /// Rows from sync to the picture.
    pub upper_margin: u32,
    /// Rows from the picture to sync.
    pub lower_margin: u32,
    /// Pixels of the horizontal sync.
    pub hsync_len: u32,
    /// Rows of the vertical sync.
    pub vsync_len: u32,
    /// Polarities (`FB_SYNC_*`).
    pub sync: u32,
    /// `FB_VMODE_*`.
    pub vmode: u32,
    /// Quarter turns.
    pub rotate: u32,
    /// Colour space of a FOURCC mode.
    pub colorspace: u32,
    /// For later.
    pub reserved: [u32; 4],
}

/// `struct fb_fix_screeninfo`: what the device says.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct FixScreenInfo {
    /// Name, padded with zeros.
    pub id: [u8; 16],
    /// Physical address of the memory, where that is told.
    pub smem_start: u64,
    /// Bytes of the memory.
    pub smem_len: u32,
    /// `FB_TYPE_*`.
    pub kind: u32,
    /// Interleave of planes.
    pub type_aux: u32,
    /// `FB_VISUAL_*`.
    pub visual: u32,
    /// Columns of the least horizontal pan; 0: there is none.
    pub xpanstep: u16,
    /// Rows of the least vertical pan.
    pub ypanstep: u16,
    /// Rows of the least wrap.
    pub ywrapstep: u16,
    /// Nothing.
    pub padding: u16,
    /// Bytes from one row to the next.
    pub line_length: u32,
    /// Nothing.
    pub padding2: u32,
    /// Physical address of the registers, where that is told.
    pub mmio_start: u64,
    /// Bytes of the registers.
    pub mmio_len: u32,
    /// Which accelerator there is.
    pub accel: u32,
    /// `FB_CAP_*`.
    pub capabilities: u16,
    /// For later.
    pub reserved: [u16; 2],
    /// Nothing.
    pub padding3: u16,
}

/// `struct fb_cmap`: a stretch of the colour map; the addresses are of 16-bit intensities.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct ColorMap {
    /// Its first entry.
    pub start: u32,
    /// How many entries.
    pub length: u32,
    /// Address of the red intensities.
    pub red: u64,
    /// Of the green ones.
    pub green: u64,
    /// Of the blue ones.
    pub blue: u64,
    /// Of the transparencies; 0: there are none.
    pub transp: u64,
}

macro_rules! numbers {
    ($($name:ident = $value:expr),* $(,)?) => {
        $(
            #[doc = concat!("`", stringify!($name), "`.")]
            pub const $name: u32 = $value;
        )*
    };
}

numbers! {
    FBIOGET_VSCREENINFO = 0x4600, FBIOPUT_VSCREENINFO = 0x4601, FBIOGET_FSCREENINFO = 0x4602,
    FBIOGETCMAP = 0x4604, FBIOPUTCMAP = 0x4605, FBIOPAN_DISPLAY = 0x4606,
    FBIO_CURSOR = 0xc068_4608, FBIOGET_CON2FBMAP = 0x460f, FBIOPUT_CON2FBMAP = 0x4610,
    FBIOBLANK = 0x4611, FBIO_WAITFORVSYNC = 0x4004_4620, FBIOGET_VBLANK = 0x8020_4612,
    FB_TYPE_PACKED_PIXELS = 0, FB_VISUAL_TRUECOLOR = 2,
    FB_ACTIVATE_NOW = 0, FB_ACTIVATE_NXTOPEN = 1, FB_ACTIVATE_TEST = 2, FB_ACTIVATE_MASK = 15,
    FB_ACTIVATE_FORCE = 128, FB_ACTIVATE_INV_MODE = 256, FB_ACTIVATE_KD_TEXT = 512,
    FB_VMODE_YWRAP = 256,
    FB_BLANK_UNBLANK = 0, FB_BLANK_NORMAL = 1, FB_BLANK_POWERDOWN = 4,
}

/// The character major of framebuffers.
pub const FB_MAJOR: u32 = 29;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_have_linuxs_sizes() {
        assert_eq!(size_of::<VarScreenInfo>(), 160);
        assert_eq!(size_of::<FixScreenInfo>(), 80);
        assert_eq!(core::mem::offset_of!(FixScreenInfo, line_length), 48);
        assert_eq!(core::mem::offset_of!(FixScreenInfo, mmio_start), 56);
        assert_eq!(size_of::<ColorMap>(), 40);
    }
}
