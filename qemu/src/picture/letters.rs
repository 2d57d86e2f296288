//! Letters in pictures: written into them, and found in what a screen showed.
//!
//! They are those of the guest's own programs, Noto Sans Mono as the crate
//! `noto-sans-mono-bitmap` has it, so that what a terminal shows is found to the last pixel: a
//! pixel is ink where the letter has some and paper where it has none, whatever the two colours
//! are.

use noto_sans_mono_bitmap::{
    FontWeight, RasterHeight, RasterizedChar, get_raster, get_raster_width,
};

use super::{Colour, Picture};

/// The steps from paper to ink; the guest's programs know as many.
const SHADES: u8 = 15;

/// How letters look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letters {
    height: RasterHeight,
    weight: FontWeight,
}

impl Letters {
    /// Of a terminal on a screen of less than 800 pixels.
    pub const SMALL: Self = Self::new(RasterHeight::Size16);
    /// Of a terminal on a screen of less than 1400 pixels.
    pub const MEDIUM: Self = Self::new(RasterHeight::Size20);
    /// For headlines.
    pub const LARGE: Self = Self::new(RasterHeight::Size32);

    const fn new(height: RasterHeight) -> Self {
        let weight = FontWeight::Regular;
        Self { height, weight }
    }

    /// The same thicker.
    pub const fn bold(self) -> Self {
        let weight = FontWeight::Bold;
        Self { weight, ..self }
    }

    /// The width of each, in pixels.
    pub fn width(self) -> u32 {
        get_raster_width(self.weight, self.height) as u32
    }

    /// The height of each, in pixels.
    pub fn height(self) -> u32 {
        self.height.val() as u32
    }

    /// The picture of a character; of a question mark where the font has none.
    fn raster(self, character: char) -> Option<RasterizedChar> {
        let known = |character| get_raster(character, self.weight, self.height);
        known(character).or_else(|| known('?'))
    }

    /// Where `text` has how much ink: column, row, and up to [`SHADES`].
    fn shades(self, text: &str) -> impl Iterator<Item = (u32, u32, u8)> {
        let cells = (0..).step_by(self.width() as usize);
        let letters = cells.zip(text.chars());
        letters.flat_map(move |(left, character)| {
            let raster = self.raster(character);
            let pixels = raster.map_or(&[][..], |raster| raster.pixels());
            let rows = pixels.chunks(self.width() as usize).zip(0..);
            rows.flat_map(move |(row, y)| {
                let shades = row.iter().zip(left..);
                shades.map(move |(cover, x)| (x, y, cover >> 4))
            })
        })
    }
}

impl Picture {
    /// Writes `text` over what is there; its upper left corner is at (`x`, `y`). What does not
    /// fit is cut.
    pub fn write(&mut self, text: &str, (x, y): (u32, u32), letters: Letters, ink: Colour) {
        for (right, down, shade) in letters.shades(text) {
            let (x, y) = (x + right, y + down);
            if x < self.width && y < self.height {
                let place = self.place(x, y);
                self.pixels[place] = self.pixels[place].mixed(ink, shade);
            }
        }
    }

    /// Where `text` is to be read: the upper left corners of its places, line by line. A text
    /// without ink is nowhere.
    pub fn places_of(&self, text: &str, letters: Letters) -> Vec<(u32, u32)> {
        let (inked, empty): (Vec<_>, Vec<_>) =
            letters.shades(text).partition(|(_, _, shade)| *shade > 0);
        let length = letters.width() * text.chars().count() as u32;
        let (Some(&(right, down, _)), Some(&(ground_right, ground_down, _))) =
            (inked.first(), empty.first())
        else {
            return Vec::new();
        };
        let lines = 0..(self.height + 1).saturating_sub(letters.height());
        let columns = 0..(self.width + 1).saturating_sub(length);
        let places = lines.flat_map(|y| columns.clone().map(move |x| (x, y)));
        places
            .filter(|&(x, y)| {
                let paper = self.pixels[self.place(x + ground_right, y + ground_down)];
                let is_paper = |right, down| self.pixels[self.place(x + right, y + down)] == paper;
                // Most places fail at the first of these.
                !is_paper(right, down)
                    && inked.iter().all(|&(right, down, _)| !is_paper(right, down))
                    && empty.iter().all(|&(right, down, _)| is_paper(right, down))
            })
            .collect()
    }
}

impl Colour {
    /// It with so much of `other` in it, out of [`SHADES`].
    fn mixed(self, other: Self, share: u8) -> Self {
        let part = |own: u8, others: u8| {
            let own = u32::from(own) * u32::from(SHADES - share);
            let sum = own + u32::from(others) * u32::from(share);
            // A mean of bytes is a byte.
            (sum / u32::from(SHADES)) as u8
        };
        Self(
            part(self.0, other.0),
            part(self.1, other.1),
            part(self.2, other.2),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INK: Colour = Colour(0xd6, 0xda, 0xe2);
    const PAPER: Colour = Colour(0x10, 0x12, 0x18);

    #[test]
    fn what_is_written_is_found_where_it_is() {
        let mut picture = Picture::filled(200, 60, PAPER);
        picture.write("two words", (7, 3), Letters::SMALL, INK);
        picture.write("two words", (20, 30), Letters::SMALL, Colour::BLACK);
        picture.write("words", (100, 20), Letters::SMALL.bold(), INK);
        let places = |text| picture.places_of(text, Letters::SMALL);
        assert_eq!(places("two words"), [(7, 3), (20, 30)]);
        let wide = 4 * Letters::SMALL.width();
        assert_eq!(places("words"), [(7 + wide, 3), (20 + wide, 30)]);
        assert_eq!(
            picture.places_of("words", Letters::SMALL.bold()),
            [(100, 20)]
        );
        assert_eq!(places("two  words"), []);
        assert_eq!(places("two"), [(7, 3), (20, 30)]);
        assert_eq!(places("too"), []);
        assert_eq!(places("  "), []);
        assert_eq!(picture.places_of("two", Letters::MEDIUM), []);
    }

    #[test]
    fn what_does_not_fit_is_cut() {
        let mut picture = Picture::filled(20, 10, PAPER);
        picture.write("wide", (5, 2), Letters::LARGE, INK);
        picture.write("far", (500, 2), Letters::LARGE, INK);
        assert_eq!((picture.width(), picture.height()), (20, 10));
        assert_eq!(picture.places_of("wide", Letters::LARGE), []);
    }
}
