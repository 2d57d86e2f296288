//! Colours that change: a board of tiles whose hues go around the circle.

use std::time::Duration;

use screen::{Axes, Canvas, Colour, InputEvent, Rect};

use crate::stage::{Next, Scene, is_key_pressed};

/// Tiles beside and below each other.
const COLUMNS: i32 = 16;
const ROWS: i32 = 12;
/// What `palette --help` prints.
pub const HELP: &str = "\
Usage: palette

Fills the screen (/dev/fb0) with colours that change, until a key is pressed.";

/// Between two pictures.
const PAUSE: Duration = Duration::from_millis(50);
/// How far the hues go from one picture to the next, in degrees.
const STEP: u16 = 3;

/// The colours, which leave on any key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Palette {
    /// How far the hues have come, in degrees.
    turned: u16,
}

impl Palette {
    /// The colour of a tile: hues lie across the board, and pale below.
    fn colour(self, column: i32, row: i32) -> Colour {
        let hue = f32::from(self.turned) + (column * 360 / COLUMNS + row * 6) as f32;
        let share = row as f32 / ROWS as f32;
        Colour::of_hue(hue, 1.0 - 0.6 * share, 0.95)
    }
}

impl Scene for Palette {
    fn begin(&mut self, canvas: &mut Canvas) {
        let (width, height) = (canvas.width(), canvas.height());
        let edge = |index: i32, of: i32, length: i32| {
            (i64::from(index) * i64::from(length) / i64::from(of)) as i32
        };
        for row in 0..ROWS {
            for column in 0..COLUMNS {
                let (left, top) = (edge(column, COLUMNS, width), edge(row, ROWS, height));
                let right = edge(column + 1, COLUMNS, width);
                let below = edge(row + 1, ROWS, height);
                let tile = Rect::new(left, top, right - left, below - top);
                canvas.fill(tile, self.colour(column, row));
            }
        }
    }

    fn step(&mut self, canvas: &mut Canvas) {
        self.turned = (self.turned + STEP) % 360;
        self.begin(canvas);
    }

    fn pause(&self) -> Option<Duration> {
        Some(PAUSE)
    }

    fn input(&mut self, event: InputEvent, _: Axes, _: &mut Canvas) -> Next {
        if is_key_pressed(event) {
            Next::Leave
        } else {
            Next::Stay
        }
    }
}

#[cfg(test)]
mod tests {
    use screen::{EventType, Format, KeyCode};

    use super::*;

    #[test]
    fn every_pixel_is_coloured_at_every_size_and_changes() {
        for format in [Format::XRGB8888, Format::RGB565] {
            for (width, height) in [(1, 1), (7, 5), (101, 67), (640, 480)] {
                let stride = width * format.bytes();
                let mut bytes = vec![0; stride * height];
                let mut canvas =
                    Canvas::new(&mut bytes, stride, (width, height), format).expect("it fits");
                let mut palette = Palette::default();
                palette.begin(&mut canvas);
                let corner = (width as i32 - 1, height as i32 - 1);
                let before = canvas.get(corner.0, corner.1);
                for y in 0..height as i32 {
                    for x in 0..width as i32 {
                        assert_ne!(canvas.get(x, y), Some(Colour::BLACK), "{x} {y}");
                    }
                }
                for _ in 0..20 {
                    palette.step(&mut canvas);
                }
                assert_ne!(canvas.get(corner.0, corner.1), before);
            }
        }
    }

    #[test]
    fn after_a_turn_it_begins_again() {
        let (mut palette, mut bytes) = (Palette::default(), [0; 4]);
        let mut canvas = Canvas::new(&mut bytes, 4, (1, 1), Format::XRGB8888).expect("it fits");
        palette.begin(&mut canvas);
        let before = canvas.get(0, 0);
        for _ in 0..360 / STEP {
            palette.step(&mut canvas);
        }
        assert_eq!(canvas.get(0, 0), before);
    }

    #[test]
    fn a_key_leaves_and_a_modifier_does_not() {
        let mut bytes = [0; 4];
        let mut canvas = Canvas::new(&mut bytes, 4, (1, 1), Format::XRGB8888).expect("it fits");
        let mut press = |key: KeyCode| {
            let event = InputEvent::new(EventType::KEY.0, key.0, 1);
            Palette::default().input(event, Axes::default(), &mut canvas)
        };
        assert_eq!(press(KeyCode::KEY_LEFTALT), Next::Stay);
        assert_eq!(press(KeyCode::KEY_SPACE), Next::Leave);
    }
}
