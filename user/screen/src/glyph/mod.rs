//! Characters that are drawn rather than looked up: they must fit their cell to the pixel, or
//! the font lacks them.

mod blocks;
mod lines;
mod missing;
mod shapes;

use std::borrow::Cow;

use crate::Glyph;

/// The picture of a character in a cell of this width and height. None: it is not one of those
/// that are drawn here.
pub fn draw(character: char, size: (usize, usize)) -> Option<Glyph> {
    let mut cell = Cell::new(size);
    let known = match character {
        '\u{2500}'..='\u{257f}' => lines::draw(character, &mut cell),
        '\u{2580}'..='\u{259f}' => blocks::draw(character, &mut cell),
        '\u{2800}'..='\u{28ff}' => blocks::braille(character, &mut cell),
        other => shapes::draw(other, &mut cell),
    };
    known.then(|| cell.finish())
}

/// What stands for a character that nothing here can draw, in a cell of this width and height.
pub fn missing(character: char, size: (usize, usize)) -> Glyph {
    let mut cell = Cell::new(size);
    missing::draw(character, &mut cell);
    cell.finish()
}

/// A picture in the making.
struct Cell {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Cell {
    fn new((width, height): (usize, usize)) -> Self {
        Self {
            width,
            height,
            pixels: vec![0; width * height],
        }
    }

    fn finish(self) -> Glyph {
        Glyph {
            width: self.width,
            pixels: Cow::Owned(self.pixels),
        }
    }

    /// How thick a light line is, in pixels.
    fn thickness(&self) -> usize {
        (self.height / 16).max(1)
    }

    /// Gives all pixels of a rectangle the same cover; what lies outside is cut off.
    fn rect(&mut self, x: std::ops::Range<usize>, y: std::ops::Range<usize>, cover: u8) {
        let columns = x.start.min(self.width)..x.end.min(self.width);
        if columns.is_empty() {
            return;
        }
        for row in y.start..y.end.min(self.height) {
            self.pixels[row * self.width..][columns.clone()].fill(cover);
        }
    }

    /// Adds the shape of all points for which `inside` holds, with smooth edges. The points are
    /// in pixels from the upper left corner.
    fn shape(&mut self, inside: impl Fn(f32, f32) -> bool) {
        const STEPS: usize = 4;
        let width = self.width;
        for (index, pixel) in self.pixels.iter_mut().enumerate() {
            let (x, y) = (index % width, index / width);
            let place =
                |whole: usize, step: usize| whole as f32 + (step as f32 + 0.5) / STEPS as f32;
            let points = (0..STEPS * STEPS)
                .filter(|n| inside(place(x, n % STEPS), place(y, n / STEPS)))
                .count();
            let cover = (points * 255 / (STEPS * STEPS)) as u8;
            *pixel = cover.max(*pixel);
        }
    }
}
