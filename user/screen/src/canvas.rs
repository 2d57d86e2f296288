//! A picture in memory, and how one draws into it.
//!
//! Contract: what lies outside the picture is not drawn; no coordinate is an error.

use crate::{Colour, Format};

/// A rectangle of pixels; it may lie outside of any picture in part or in whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// Its left edge.
    pub x: i32,
    /// Its upper edge.
    pub y: i32,
    /// Its width; nothing is in one of 0 or less.
    pub width: i32,
    /// Its height.
    pub height: i32,
}

impl Rect {
    /// A rectangle by its upper left corner and its size.
    pub const fn new(x: i32, y: i32, width: i32, height: i32) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    /// Whether the point is inside.
    pub fn contains(self, x: i32, y: i32) -> bool {
        let inside = |value: i32, start: i32, length: i32| {
            let distance = i64::from(value) - i64::from(start);
            (0..i64::from(length)).contains(&distance)
        };
        inside(x, self.x, self.width) && inside(y, self.y, self.height)
    }

    /// The rectangle without a border of `margin` pixels on each side.
    pub fn inset(self, margin: i32) -> Self {
        let (width, height) = (self.width - 2 * margin, self.height - 2 * margin);
        Self::new(self.x + margin, self.y + margin, width, height)
    }
}

/// A picture in memory that someone else owns: the screen's, or a test's.
#[derive(Debug)]
pub struct Canvas<'a> {
    bytes: &'a mut [u8],
    stride: usize,
    width: usize,
    height: usize,
    format: Format,
}

impl<'a> Canvas<'a> {
    /// A picture of `width` times `height` pixels whose rows are `stride` bytes apart. None when
    /// `bytes` do not hold that.
    pub fn new(
        bytes: &'a mut [u8],
        stride: usize,
        (width, height): (usize, usize),
        format: Format,
    ) -> Option<Self> {
        let row = width.checked_mul(format.bytes())?;
        let needed = stride.checked_mul(height)?;
        let small = i32::try_from(width).is_ok() && i32::try_from(height).is_ok();
        (row <= stride && needed <= bytes.len() && small).then_some(Self {
            bytes,
            stride,
            width,
            height,
            format,
        })
    }

    /// Its width in pixels.
    pub fn width(&self) -> i32 {
        self.width as i32
    }

    /// Its height in pixels.
    pub fn height(&self) -> i32 {
        self.height as i32
    }

    /// All of it.
    pub fn bounds(&self) -> Rect {
        Rect::new(0, 0, self.width(), self.height())
    }

    /// Gives all pixels of a rectangle one colour.
    pub fn fill(&mut self, rect: Rect, colour: Colour) {
        let pixel = self.format.encode(colour).to_le_bytes();
        let pixel = &pixel[..self.format.bytes()];
        let Some((columns, rows)) = self.clip(rect) else {
            return;
        };
        for y in rows {
            for place in self.row(y, columns.clone()).chunks_exact_mut(pixel.len()) {
                place.copy_from_slice(pixel);
            }
        }
    }

    /// Draws through a mask of `width` pixels a row: 0 leaves `paper`, 255 is `ink`, between them
    /// is a mix. Every pixel of the mask is written, so nothing of what was there stays.
    pub fn stamp(
        &mut self,
        (x, y): (i32, i32),
        (mask, width): (&[u8], usize),
        ink: Colour,
        paper: Colour,
    ) {
        let rows = mask.len().checked_div(width).unwrap_or(0);
        let rect = Rect::new(x, y, width as i32, rows as i32);
        let Some((columns, rows)) = self.clip(rect) else {
            return;
        };
        // Sixteen shades are as good as all, and computed once for all pixels.
        let format = self.format;
        let shades: [u32; 16] =
            std::array::from_fn(|shade| format.encode(paper.mix(ink, shade as u8 * 17)));
        let skipped = (columns.start as i32 - x) as usize;
        for place_y in rows {
            let start = (place_y as i32 - y) as usize * width + skipped;
            let covers = &mask[start..start + columns.len()];
            let row = self.row(place_y, columns.clone());
            for (place, cover) in row.chunks_exact_mut(format.bytes()).zip(covers) {
                let pixel = shades[usize::from(cover >> 4)].to_le_bytes();
                place.copy_from_slice(&pixel[..format.bytes()]);
            }
        }
    }

    /// Gives one pixel a colour.
    pub fn set(&mut self, x: i32, y: i32, colour: Colour) {
        self.fill(Rect::new(x, y, 1, 1), colour);
    }

    /// The colour of a pixel; None outside.
    pub fn get(&self, x: i32, y: i32) -> Option<Colour> {
        if !self.bounds().contains(x, y) {
            return None;
        }
        let length = self.format.bytes();
        let start = y as usize * self.stride + x as usize * length;
        let mut pixel = [0; 4];
        pixel[..length].copy_from_slice(&self.bytes[start..start + length]);
        Some(self.format.decode(u32::from_le_bytes(pixel)))
    }

    /// Computes every pixel of a rectangle from its place.
    pub fn shade(&mut self, rect: Rect, colour: impl Fn(i32, i32) -> Colour) {
        let Some((columns, rows)) = self.clip(rect) else {
            return;
        };
        let format = self.format;
        for y in rows {
            let row = self.row(y, columns.clone());
            for (place, x) in row.chunks_exact_mut(format.bytes()).zip(columns.clone()) {
                let pixel = format.encode(colour(x as i32, y as i32)).to_le_bytes();
                place.copy_from_slice(&pixel[..format.bytes()]);
            }
        }
    }

    /// The columns and rows of a rectangle that are in the picture, if any are.
    fn clip(&self, rect: Rect) -> Option<(std::ops::Range<usize>, std::ops::Range<usize>)> {
        let within = |start: i32, length: i32, limit: usize| {
            let from = start.max(0) as usize;
            let to = start.saturating_add(length).max(0) as usize;
            (from < to.min(limit)).then(|| from..to.min(limit))
        };
        let columns = within(rect.x, rect.width, self.width)?;
        Some((columns, within(rect.y, rect.height, self.height)?))
    }

    fn row(&mut self, y: usize, columns: std::ops::Range<usize>) -> &mut [u8] {
        let length = self.format.bytes();
        let start = y * self.stride;
        &mut self.bytes[start + columns.start * length..start + columns.end * length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Colour = Colour::hex(0xff_0000);

    #[test]
    fn memory_that_is_too_small_is_no_picture() {
        let format = Format::XRGB8888;
        let mut bytes = [0; 4 * 4 * 2];
        assert!(Canvas::new(&mut bytes, 16, (4, 2), format).is_some());
        assert!(Canvas::new(&mut bytes, 16, (5, 2), format).is_none());
        assert!(Canvas::new(&mut bytes, 16, (4, 3), format).is_none());
        assert!(Canvas::new(&mut bytes, usize::MAX, (4, 2), format).is_none());
    }

    #[test]
    fn only_the_rectangle_is_filled_and_never_the_end_of_a_row() {
        for format in [Format::XRGB8888, Format::RGB565] {
            let stride = 3 * format.bytes() + 2;
            let mut bytes = vec![0; stride * 3];
            let mut canvas = Canvas::new(&mut bytes, stride, (3, 3), format).expect("it fits");
            canvas.fill(Rect::new(1, -1, 9, 3), RED);
            for y in 0..3 {
                for x in 0..3 {
                    let expected = if x >= 1 && y < 2 { RED } else { Colour::BLACK };
                    assert_eq!(canvas.get(x, y), Some(expected), "{x} {y}");
                }
            }
            assert_eq!(canvas.get(3, 0), None);
            assert_eq!(canvas.get(0, -1), None);
            for row in bytes.chunks(stride) {
                assert_eq!(row[stride - 2..], [0, 0]);
            }
        }
    }

    #[test]
    fn rectangles_far_away_do_nothing() {
        let mut bytes = [7; 4 * 4];
        let mut canvas = Canvas::new(&mut bytes, 8, (2, 2), Format::XRGB8888).expect("it fits");
        for (x, width) in [(2, 5), (i32::MAX, i32::MAX), (i32::MIN, 5), (0, -3), (0, 0)] {
            canvas.fill(Rect::new(x, 0, width, 2), RED);
        }
        assert_eq!(bytes, [7; 16]);
    }

    #[test]
    fn a_stamp_is_cut_at_the_edges() {
        let mut bytes = [0; 2 * 2 * 4];
        let mut canvas = Canvas::new(&mut bytes, 8, (2, 2), Format::XRGB8888).expect("it fits");
        let mask = [0, 255, 255, 0];
        canvas.stamp((-1, 0), (&mask, 2), Colour::WHITE, RED);
        assert_eq!(canvas.get(0, 0), Some(Colour::WHITE));
        assert_eq!(canvas.get(0, 1), Some(RED));
        assert_eq!(canvas.get(1, 0), Some(Colour::BLACK));
        canvas.stamp((1, 1), (&mask, 2), Colour::WHITE, RED);
        assert_eq!(canvas.get(1, 1), Some(RED));
    }
}
