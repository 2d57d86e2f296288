//! What has been painted: for each point the number of a colour.
//!
//! Contract: painting beside the sheet is no error. When the screen gets another size the sheet is
//! kept, so nothing of it is lost.

use screen::{Canvas, Colour, Rect};

/// A sheet of paper; its colours are numbers, 0 is the paper.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    width: i32,
    height: i32,
    points: Vec<u8>,
}

impl Sheet {
    /// Makes it at least this large, with paper where there was nothing.
    pub fn grow(&mut self, width: i32, height: i32) {
        let (width, height) = (width.max(self.width), height.max(self.height));
        let mut points = vec![0; width as usize * height as usize];
        if self.width > 0 {
            let old = self.points.chunks_exact(self.width as usize);
            for (row, old) in points.chunks_exact_mut(width as usize).zip(old) {
                row[..old.len()].copy_from_slice(old);
            }
        }
        (self.width, self.height, self.points) = (width, height, points);
    }

    /// Makes it paper again.
    pub fn clear(&mut self) {
        self.points.fill(0);
    }

    /// Draws with a round brush of this radius from one point to another, both included. Gives
    /// the rectangle outside of which nothing has changed.
    pub fn stroke(&mut self, from: (i32, i32), to: (i32, i32), radius: i32, colour: u8) -> Rect {
        let (left, right) = (from.0.min(to.0) - radius, from.0.max(to.0) + radius);
        let (top, bottom) = (from.1.min(to.1) - radius, from.1.max(to.1) + radius);
        for y in top.max(0)..=bottom.min(self.height - 1) {
            for x in left.max(0)..=right.min(self.width - 1) {
                if is_near((x, y), from, to, radius) {
                    self.points[(y * self.width + x) as usize] = colour;
                }
            }
        }
        Rect::new(left, top, right - left + 1, bottom - top + 1)
    }

    /// Shows a part of it on a canvas, where its upper edge is `top`.
    pub fn show(&self, canvas: &mut Canvas, part: Rect, top: i32, colours: &[Colour]) {
        let below = (part.y + part.height).min(self.height);
        let right = (part.x + part.width).min(self.width);
        let (left, above) = (part.x.max(0), part.y.max(0));
        let place = Rect::new(left, above + top, right - left, below - above);
        canvas.shade(place, |x, y| {
            let point = self.points[((y - top) * self.width + x) as usize];
            colours[usize::from(point)]
        });
    }
}

/// Whether a point is within `radius` of the line from one point to another.
fn is_near(point: (i32, i32), from: (i32, i32), to: (i32, i32), radius: i32) -> bool {
    let vector = |a: (i32, i32), b: (i32, i32)| (i64::from(b.0 - a.0), i64::from(b.1 - a.1));
    let square = |(x, y): (i64, i64)| x * x + y * y;
    // Half a point more makes small discs round.
    let reach = i64::from(radius * radius + radius);
    let (line, own) = (vector(from, to), vector(from, point));
    let along = line.0 * own.0 + line.1 * own.1;
    let length = square(line);
    if along <= 0 {
        square(own) <= reach
    } else if along >= length {
        square(vector(to, point)) <= reach
    } else {
        let across = line.0 * own.1 - line.1 * own.0;
        across * across <= reach * length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sheet as text: a dot for paper.
    fn text(sheet: &Sheet) -> Vec<String> {
        let rows = sheet.points.chunks(sheet.width as usize);
        let point = |&point: &u8| {
            if point == 0 {
                '.'
            } else {
                char::from(b'0' + point)
            }
        };
        rows.map(|row| row.iter().map(point).collect()).collect()
    }

    fn sheet() -> Sheet {
        let mut sheet = Sheet::default();
        sheet.grow(7, 5);
        sheet
    }

    #[test]
    fn strokes_are_as_thick_as_the_brush_and_round() {
        let mut sheet = sheet();
        sheet.stroke((1, 1), (5, 1), 0, 1);
        sheet.stroke((3, 3), (3, 3), 1, 2);
        let drawn = [".......", ".11111.", "..222..", "..222..", "..222.."];
        assert_eq!(text(&sheet), drawn);
        sheet.clear();
        sheet.stroke((0, 4), (4, 0), 0, 3);
        let drawn = ["....3..", "...3...", "..3....", ".3.....", "3......"];
        assert_eq!(text(&sheet), drawn);
    }

    #[test]
    fn strokes_end_at_the_edge() {
        let mut sheet = sheet();
        let changed = sheet.stroke((-90, 2), (90, 2), 1, 4);
        assert_eq!(changed, Rect::new(-91, 1, 183, 3));
        assert_eq!(text(&sheet)[1..4], ["4444444"; 3]);
        assert_eq!(text(&sheet)[0], ".......");
        sheet.stroke((i32::from(i16::MIN), -9), (-5, -9), 3, 5);
        assert_eq!(text(&sheet)[0], ".......");
    }

    #[test]
    fn another_size_keeps_what_was_painted() {
        let mut sheet = sheet();
        sheet.stroke((0, 4), (6, 4), 0, 1);
        sheet.grow(9, 3);
        assert_eq!(text(&sheet)[4], "1111111..");
        assert_eq!(text(&sheet).len(), 5);
    }

    #[test]
    fn only_the_part_is_shown() {
        let format = screen::Format::XRGB8888;
        let mut bytes = vec![0; 7 * 6 * 4];
        let mut canvas = Canvas::new(&mut bytes, 28, (7, 6), format).expect("it fits");
        let part = Rect::new(-1, 2, 3, 90);
        sheet().show(&mut canvas, part, 1, &[Colour::WHITE]);
        for y in 0..6 {
            for x in 0..7 {
                let shown = canvas.get(x, y) == Some(Colour::WHITE);
                assert_eq!(shown, x < 2 && y >= 3, "{x} {y}");
            }
        }
    }
}
