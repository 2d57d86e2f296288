//! How bright the panel is, and what becomes of a pixel on its way to the eye.
//!
//! The panel's lamp and its liquid crystal are not drawn for by programs: what a program reads
//! back from its screen is what it drew. Of each of a pixel's three intensities `v`, from 0 to
//! 255, the eye sees (all divisions round down):
//!
//! ```text
//! crystal = (v * contrast + 128 * (255 - contrast) + 127) / 255
//! seen    = (crystal * brightness + 127) / 255
//! ```
//!
//! A contrast of 255 is the picture as it was drawn, less pulls it towards a medium grey, and 0 is
//! that grey all over; a brightness of 255 is all the light there is, 0 is none. An intensity of
//! 5 or 6 bits is widened to 8, and of what is seen the upper 5 or 6 bits count.
//!
//! Nothing at all is seen while the backlight's power or that of the LCD is anything but 0
//! (Linux's `FB_BLANK_UNBLANK`), or the screen in front is blank.
//!
//! # Blank screens
//! As with Linux's fbdev and its `backlight` and `lcd` classes: FBIOBLANK leaves `bl_power` as it
//! is, but while the screen is blank the `actual_brightness` is 0; and it is handed on to the LCD,
//! so that `lcd_power` reads as the level that was last asked for either way.

use super::panel::PixelFormat;

/// The brightness and the contrast that change nothing.
pub const FULL: u32 = 255;
/// The intensity that contrast pulls towards.
const GREY: u32 = 128;

/// What each intensity becomes.
pub type Table = [u8; 256];

/// What the panel is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Light {
    /// From 0 to [`FULL`].
    pub brightness: u32,
    /// From 0 to [`FULL`].
    pub contrast: u32,
    /// One of `FB_BLANK_*`: 0 is on.
    pub backlight_power: u32,
    /// What was stored as the LCD's power since a screen was last blanked; else it is at the
    /// level of the screen in front.
    pub lcd_power: Option<u32>,
}

impl Light {
    /// All the light there is.
    pub const ALL: Self = Self {
        brightness: FULL,
        contrast: FULL,
        backlight_power: 0,
        lcd_power: None,
    };

    /// Whether anything is seen.
    pub fn is_lit(&self) -> bool {
        self.backlight_power == 0 && self.lcd_power.unwrap_or(0) == 0
    }

    /// Whether what is seen is what was drawn.
    pub fn is_full(&self) -> bool {
        self.is_lit() && self.brightness == FULL && self.contrast == FULL
    }

    /// What is seen of an intensity: the formula above.
    pub fn seen(&self, drawn: u8) -> u8 {
        let scaled = u32::from(drawn) * self.contrast + GREY * (FULL - self.contrast);
        let crystal = (scaled + FULL / 2) / FULL;
        // At most 255, since brightness and contrast are.
        ((crystal * self.brightness + FULL / 2) / FULL) as u8
    }

    /// What is seen of each intensity.
    pub fn table(&self) -> Table {
        core::array::from_fn(|drawn| self.seen(drawn as u8))
    }
}

/// Changes whole pixels into what is seen of them.
pub fn shade(table: &Table, format: PixelFormat, pixels: &mut [u8]) {
    match format {
        PixelFormat::Xrgb8888 => {
            for byte in pixels {
                *byte = table[usize::from(*byte)];
            }
        }
        PixelFormat::Rgb565 => {
            for pixel in pixels.chunks_exact_mut(2) {
                let narrow = u16::from_le_bytes([pixel[0], pixel[1]]);
                pixel.copy_from_slice(&shade_narrow(table, narrow).to_le_bytes());
            }
        }
    }
}

fn shade_narrow(table: &Table, pixel: u16) -> u16 {
    let part = |shift: u16, bits: u16| {
        let narrow = pixel >> shift & ((1 << bits) - 1);
        let wide = narrow << (8 - bits) | narrow >> (2 * bits - 8);
        u16::from(table[usize::from(wide)]) >> (8 - bits) << shift
    };
    part(11, 5) | part(5, 6) | part(0, 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_the_light_changes_nothing_and_none_is_black() {
        assert!((0..=255).all(|drawn| Light::ALL.seen(drawn) == drawn));
        let dark = Light {
            brightness: 0,
            ..Light::ALL
        };
        assert!(dark.table().iter().all(|seen| *seen == 0));
        assert!(dark.is_lit() && !dark.is_full());
        let grey = Light {
            contrast: 0,
            ..Light::ALL
        };
        assert!(grey.table().iter().all(|seen| *seen == 128));
    }

    #[test]
    fn the_formula_gives_these_numbers() {
        let light = |brightness, contrast| Light {
            brightness,
            contrast,
            ..Light::ALL
        };
        assert_eq!(light(128, 255).seen(255), 128);
        assert_eq!(light(128, 255).seen(100), 50);
        assert_eq!(light(255, 128).seen(0), 64);
        assert_eq!(light(255, 128).seen(255), 192);
        assert_eq!(light(64, 128).seen(255), 48);
    }

    #[test]
    fn narrow_pixels_keep_their_bits_in_full_light() {
        let table = Light::ALL.table();
        assert!((0..=u16::MAX).all(|pixel| shade_narrow(&table, pixel) == pixel));
        let half = Light {
            brightness: 128,
            ..Light::ALL
        };
        let mut white = [0xff, 0xff];
        shade(&half.table(), PixelFormat::Rgb565, &mut white);
        assert_eq!(u16::from_le_bytes(white), 16 << 11 | 32 << 5 | 16);
    }
}
