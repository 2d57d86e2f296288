//! Letters: a font of shaded bitmaps in four sizes, and what it lacks drawn here.
//!
//! The font is Noto Sans Mono as `noto-sans-mono-bitmap` has it: the letters of western and
//! central Europe. Lines, blocks, Braille and a few arrows and shapes are drawn for the size of
//! the cell, so that they join (`glyph`). A few signs are shown as their nearest relative, such
//! as a typographic quote as a plain one.
//!
//! A character that takes two cells is the wide form of a letter, which stands in their middle, or
//! one of eastern Asia or an emoji: their fonts are megabytes, which the ramdisk would carry
//! through every boot. Those, and all others without a picture, are boxes with their number.

use std::borrow::Cow;

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use crate::{Canvas, Colour, glyph};

/// How thick letters are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Weight {
    /// As in running text.
    #[default]
    Regular,
    /// Thicker.
    Bold,
}

/// A font in one size; all its cells are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Font {
    size: RasterHeight,
}

/// The picture of a character: how much of each pixel is ink, from 0 to 255.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glyph {
    /// Pixels in a row.
    pub width: usize,
    /// All rows, the upper first.
    pub pixels: Cow<'static, [u8]>,
}

impl Font {
    /// The smallest: for many columns on a small screen.
    pub const SMALL: Self = Self::new(RasterHeight::Size16);
    /// For a screen of 1024 times 768.
    pub const MEDIUM: Self = Self::new(RasterHeight::Size20);
    /// For wide screens.
    pub const LARGE: Self = Self::new(RasterHeight::Size24);
    /// For screens of very many pixels, and headlines.
    pub const HUGE: Self = Self::new(RasterHeight::Size32);

    const fn new(size: RasterHeight) -> Self {
        Self { size }
    }

    /// What suits a screen: about a hundred columns.
    pub fn for_screen(width: usize) -> Self {
        match width {
            ..800 => Self::SMALL,
            800..1400 => Self::MEDIUM,
            1400..2200 => Self::LARGE,
            _ => Self::HUGE,
        }
    }

    /// The width of a cell in pixels.
    pub fn width(self) -> usize {
        get_raster_width(FontWeight::Regular, self.size)
    }

    /// The height of a cell.
    pub fn height(self) -> usize {
        self.size.val()
    }

    /// Whether there is a picture of the character itself.
    pub fn has(self, character: char) -> bool {
        get_raster(character, FontWeight::Regular, self.size).is_some()
    }

    /// The picture of a character that takes `cells` cells beside each other.
    pub fn glyph(self, character: char, weight: Weight, cells: usize) -> Glyph {
        let size = (self.width() * cells, self.height());
        if cells != 1 {
            let narrow = narrow(character)
                .filter(|_| cells > 1)
                .map(|narrow| self.glyph(narrow, weight, 1));
            return narrow.map_or_else(
                || glyph::missing(character, size),
                |glyph| centred(&glyph, size.0),
            );
        }
        let style = match weight {
            Weight::Regular => FontWeight::Regular,
            Weight::Bold => FontWeight::Bold,
        };
        let known = |character| get_raster(character, style, self.size);
        if let Some(raster) = known(character).or_else(|| known(relative(character)?)) {
            return Glyph {
                width: raster.width(),
                pixels: Cow::Borrowed(raster.pixels()),
            };
        }
        glyph::draw(character, size).unwrap_or_else(|| glyph::missing(character, size))
    }

    /// Writes a line in `ink` on `paper`, a cell for each character; the upper left corner of the
    /// first is at `place`.
    pub fn write(
        self,
        canvas: &mut Canvas,
        place: (i32, i32),
        text: &str,
        (ink, paper): (Colour, Colour),
        weight: Weight,
    ) {
        for (index, character) in text.chars().enumerate() {
            let glyph = self.glyph(character, weight, 1);
            let x = place.0 + (index * self.width()) as i32;
            canvas.stamp((x, place.1), (&glyph.pixels, glyph.width), ink, paper);
        }
    }
}

/// The letter that a character is the wide form of.
fn narrow(character: char) -> Option<char> {
    match character {
        '\u{3000}' => Some(' '),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(character as u32 - 0xff01 + 0x21),
        _ => None,
    }
}

/// A picture in the middle of rows of `width` pixels, which are at least as many as it has.
fn centred(glyph: &Glyph, width: usize) -> Glyph {
    let mut pixels = Vec::new();
    let margin = (width - glyph.width) / 2;
    for row in glyph.pixels.chunks(glyph.width) {
        pixels.resize(pixels.len() + margin, 0);
        pixels.extend_from_slice(row);
        pixels.resize(pixels.len() + width - margin - row.len(), 0);
    }
    let pixels = Cow::Owned(pixels);
    Glyph { width, pixels }
}

/// A character of the font that is nearly the same.
fn relative(character: char) -> Option<char> {
    Some(match character {
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' => '\'',
        '\u{201c}' | '\u{201d}' | '\u{201f}' | '\u{2033}' => '"',
        '\u{201a}' => ',',
        '\u{2010}' | '\u{2011}' | '\u{2012}' | '\u{2212}' => '-',
        '\u{2039}' => '<',
        '\u{203a}' => '>',
        '\u{2044}' | '\u{2215}' => '/',
        '\u{ad}' => '-',
        '\u{2027}' | '\u{22c5}' => '·',
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' => ' ',
        '\u{3bc}' => 'µ',
        '\u{223c}' => '~',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Font; 4] = [Font::SMALL, Font::MEDIUM, Font::LARGE, Font::HUGE];

    #[test]
    fn every_glyph_fills_its_cells() {
        let characters = [
            'a', 'Ä', 'ő', '─', '█', '⣿', '→', '\u{2019}', '漢', '\u{fffd}',
        ];
        for font in ALL {
            for weight in [Weight::Regular, Weight::Bold] {
                for character in characters {
                    for cells in [1, 2] {
                        let glyph = font.glyph(character, weight, cells);
                        assert_eq!(glyph.width, font.width() * cells, "{character}");
                        assert_eq!(glyph.pixels.len(), glyph.width * font.height());
                    }
                }
            }
        }
    }

    #[test]
    fn a_space_is_empty_and_a_letter_is_not() {
        let font = Font::MEDIUM;
        let inked = |c| {
            font.glyph(c, Weight::Regular, 1)
                .pixels
                .iter()
                .any(|&p| p > 0)
        };
        assert!(!inked(' ') && !inked('\u{a0}') && !inked('\u{2003}'));
        assert!(inked('a') && inked('ß') && inked('Ł') && inked('漢'));
        assert_eq!(
            font.glyph('\u{2019}', Weight::Bold, 1),
            font.glyph('\'', Weight::Bold, 1)
        );
    }

    #[test]
    fn wide_letters_stand_in_the_middle_of_two_cells() {
        for font in ALL {
            let width = font.width();
            let narrow = font.glyph('H', Weight::Bold, 1);
            let wide = font.glyph('\u{ff28}', Weight::Bold, 2);
            let rows = narrow
                .pixels
                .chunks(width)
                .zip(wide.pixels.chunks(2 * width));
            for (narrow, wide) in rows {
                assert_eq!(&wide[width / 2..width / 2 + width], narrow);
            }
            let space = font.glyph('\u{3000}', Weight::Regular, 2);
            assert!(space.pixels.iter().all(|&pixel| pixel == 0));
        }
    }

    #[test]
    fn characters_without_a_picture_differ_over_two_cells() {
        for font in ALL {
            let [one, two] = ['漢', '字'].map(|c| font.glyph(c, Weight::Regular, 2));
            assert_ne!(one, two);
            let beyond = |row: &[u8]| row[font.width()..].iter().any(|&pixel| pixel > 0);
            assert!(one.pixels.chunks(one.width).any(beyond), "only one cell");
        }
    }

    #[test]
    fn wider_screens_get_larger_letters() {
        let columns = |width: usize| width / Font::for_screen(width).width();
        for width in [640, 800, 1024, 1280, 1920, 2560] {
            assert!((80..=190).contains(&columns(width)), "{width}");
        }
    }
}
