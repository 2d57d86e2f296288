//! Pictures: what a screen showed, read from PNG, compared pixel by pixel, cut, put together and
//! saved for a person to look at; with letters in them, written and found.

mod difference;
mod file;
mod letters;

use std::fmt;

pub use difference::Difference;
pub use letters::Letters;

/// A colour: red, green and blue, 0 to 255 each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// No light at all.
    pub const BLACK: Self = Self(0, 0, 0);
    /// All of it.
    pub const WHITE: Self = Self(255, 255, 255);
}

impl From<Colour> for u32 {
    /// As 0xRRGGBB.
    fn from(Colour(red, green, blue): Colour) -> Self {
        Self::from_be_bytes([0, red, green, blue])
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(red, green, blue) = self;
        write!(out, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// A part of a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The left edge.
    pub x: u32,
    /// The upper edge.
    pub y: u32,
    /// How far it goes to the right.
    pub width: u32,
    /// How far it goes down.
    pub height: u32,
}

impl fmt::Display for Region {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            x,
            y,
            width,
            height,
        } = self;
        write!(out, "{width}x{height} at ({x}, {y})")
    }
}

/// A picture.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    /// Line by line from the top, from left to right.
    pixels: Vec<Colour>,
}

impl Picture {
    /// A picture all of one colour.
    pub fn filled(width: u32, height: u32, colour: Colour) -> Self {
        let length = width as usize * height as usize;
        Self {
            width,
            height,
            pixels: vec![colour; length],
        }
    }

    /// A picture of this size whose pixels, as 0xRRGGBB, are as `pixel` has them.
    pub fn from_pixels(width: u32, height: u32, pixel: impl Fn(u32, u32) -> u32) -> Self {
        let colour = |x, y| {
            let [_, red, green, blue] = pixel(x, y).to_be_bytes();
            Colour(red, green, blue)
        };
        let pixels = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .map(|(x, y)| colour(x, y))
            .collect();
        Self {
            width,
            height,
            pixels,
        }
    }

    /// How wide it is, in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// How high it is, in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// All of it.
    pub fn whole(&self) -> Region {
        Region {
            x: 0,
            y: 0,
            width: self.width,
            height: self.height,
        }
    }

    /// The colour at (`x`, `y`); black outside the picture.
    pub fn pixel(&self, x: u32, y: u32) -> Colour {
        let inside = x < self.width && y < self.height;
        let colour = inside.then(|| self.pixels[self.place(x, y)]);
        colour.unwrap_or(Colour::BLACK)
    }

    /// Its pixels, line by line from the top.
    pub fn pixels(&self) -> &[Colour] {
        &self.pixels
    }

    /// The one colour that it consists of, if it is one.
    pub fn only_colour(&self) -> Option<Colour> {
        let first = *self.pixels.first()?;
        let same = self.pixels.iter().all(|&pixel| pixel == first);
        same.then_some(first)
    }

    /// The part of it that lies in `region`; what is outside the picture is left away.
    pub fn crop(&self, region: Region) -> Self {
        let left = region.x.min(self.width);
        let top = region.y.min(self.height);
        let width = region.width.min(self.width - left);
        let height = region.height.min(self.height - top);
        let mut pixels = Vec::with_capacity(width as usize * height as usize);
        for y in top..top + height {
            let from = self.place(left, y);
            pixels.extend_from_slice(&self.pixels[from..from + width as usize]);
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    /// Puts `other` into it with its upper left corner at (`x`, `y`); what does not fit is cut.
    pub fn put(&mut self, other: &Self, x: u32, y: u32) {
        let width = other.width.min(self.width.saturating_sub(x)) as usize;
        let height = other.height.min(self.height.saturating_sub(y));
        if width == 0 {
            return;
        }
        for line in 0..height {
            let to = self.place(x, y + line);
            let from = other.place(0, line);
            self.pixels[to..to + width].copy_from_slice(&other.pixels[from..from + width]);
        }
    }

    /// The same `times` smaller; each pixel is the mean of those that it stands for.
    pub fn smaller(&self, times: u32) -> Self {
        let times = times.max(1);
        let (width, height) = (self.width / times, self.height / times);
        let mut pixels = Vec::with_capacity(width as usize * height as usize);
        for y in 0..height {
            for x in 0..width {
                pixels.push(self.mean(x * times, y * times, times));
            }
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    /// The mean colour of a square, which lies inside.
    fn mean(&self, x: u32, y: u32, side: u32) -> Colour {
        let mut sums = [0u32; 3];
        for line in y..y + side {
            let from = self.place(x, line);
            for Colour(red, green, blue) in &self.pixels[from..from + side as usize] {
                sums[0] += u32::from(*red);
                sums[1] += u32::from(*green);
                sums[2] += u32::from(*blue);
            }
        }
        // A mean of bytes is a byte.
        let mean = |sum: u32| (sum / (side * side)) as u8;
        Colour(mean(sums[0]), mean(sums[1]), mean(sums[2]))
    }

    fn place(&self, x: u32, y: u32) -> usize {
        y as usize * self.width as usize + x as usize
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Picture({}x{})", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Colour = Colour(255, 0, 0);

    #[test]
    fn parts_are_cut_and_put() {
        let mut picture = Picture::filled(8, 6, Colour::BLACK);
        picture.put(&Picture::filled(2, 3, RED), 5, 1);
        assert_eq!(picture.pixel(5, 1), RED);
        assert_eq!(picture.pixel(7, 1), Colour::BLACK);
        let region = Region {
            x: 5,
            y: 1,
            width: 2,
            height: 3,
        };
        assert_eq!(picture.crop(region).only_colour(), Some(RED));
        assert_eq!(picture.only_colour(), None);
        // Over the edges, nothing is touched that is not there.
        picture.put(&Picture::filled(9, 9, RED), 7, 5);
        assert_eq!(picture.pixel(7, 5), RED);
        assert_eq!(picture.pixel(8, 5), Colour::BLACK);
        picture.put(&Picture::filled(1, 1, RED), 80, 50);
        let far = Region { x: 80, ..region };
        assert_eq!(picture.crop(far).pixels(), []);
    }

    #[test]
    fn smaller_pictures_have_mean_colours() {
        let mut picture = Picture::filled(4, 2, Colour::BLACK);
        picture.put(&Picture::filled(1, 2, Colour(200, 100, 0)), 0, 0);
        let small = picture.smaller(2);
        assert_eq!((small.width(), small.height()), (2, 1));
        assert_eq!(small.pixels(), [Colour(100, 50, 0), Colour::BLACK]);
    }
}
