//! Painting with a mouse or a tablet: `sheet` is what was painted, `toolbar` what one chooses from.
//!
//! Contract: strokes follow the reports of the pointer, each from the place of the one before; one
//! that begins in the bar chooses and paints nothing, and none leaves the sheet.

mod sheet;
mod toolbar;

use std::time::Duration;

use screen::{Axes, Canvas, Colour, EventType, InputEvent, KeyCode, Pointer, Rect, Who};

use crate::stage::{Next, Scene};
use sheet::Sheet;
use toolbar::{COLOURS, Field, RADII, Toolbar};

/// What `paint --help` prints.
pub const HELP: &str = "\
Usage: paint

Paints on the screen (/dev/fb0) with a mouse or a tablet. The bar above has the
colours (the last one is the paper's), the brushes and a field that clears all.

  1 to 9     choose a colour
  - and =    a smaller brush, a larger one
  C          clears all
  Esc, Q     leave; nothing is kept";

/// The keys of the colours, from left to right in the bar.
const COLOUR_KEYS: [KeyCode; COLOURS.len()] = [
    KeyCode::KEY_1,
    KeyCode::KEY_2,
    KeyCode::KEY_3,
    KeyCode::KEY_4,
    KeyCode::KEY_5,
    KeyCode::KEY_6,
    KeyCode::KEY_7,
    KeyCode::KEY_8,
    KeyCode::KEY_9,
];
/// How far the cursor's arms reach, and how far from its middle they begin: what is painted there
/// is seen.
const ARM: i32 = 9;
const HOLE: i32 = 3;

/// A sheet, and what it is painted with.
pub struct Paint {
    who: Who,
    sheet: Sheet,
    toolbar: Toolbar,
    pointer: Pointer,
    colour: usize,
    brush: usize,
    /// Whether the button was down at the last report, and where, if that was a stroke.
    held: bool,
    stroke: Option<(i32, i32)>,
    /// Where the cursor is drawn.
    cursor: Option<(i32, i32)>,
}

impl Paint {
    /// An empty sheet in a persona.
    pub fn new(who: Who) -> Self {
        Self {
            who,
            sheet: Sheet::default(),
            toolbar: Toolbar::on(1),
            pointer: Pointer::new(1, 1),
            colour: 1,
            brush: 1,
            held: false,
            stroke: None,
            cursor: None,
        }
    }

    /// Takes in that the pointer is where it is.
    fn report(&mut self, canvas: &mut Canvas) {
        let (x, y) = (self.pointer.x, self.pointer.y);
        let began = self.pointer.pressed && !self.held;
        self.held = self.pointer.pressed;
        let place = (x, y - self.toolbar.height());
        if began {
            match self.toolbar.field_at(x, y) {
                Some(field) => self.choose(field, canvas),
                None if place.1 >= 0 => self.stroke = Some(place),
                None => {}
            }
        }
        if !self.held {
            self.stroke = None;
        }
        if let Some(from) = self.stroke {
            self.stroke = Some(place);
            self.hide_cursor(canvas);
            let radius = RADII[self.brush];
            let part = self.sheet.stroke(from, place, radius, self.colour as u8);
            self.show_sheet(canvas, part);
        }
    }

    fn choose(&mut self, field: Field, canvas: &mut Canvas) {
        self.hide_cursor(canvas);
        match field {
            Field::Colour(colour) => self.colour = colour,
            Field::Brush(brush) => self.brush = brush,
            Field::Clear => {
                self.sheet.clear();
                self.show_sheet(canvas, canvas.bounds());
            }
        }
        self.draw_toolbar(canvas);
    }

    fn press(&mut self, key: KeyCode, canvas: &mut Canvas) -> Next {
        let last = RADII.len() - 1;
        match key {
            KeyCode::KEY_ESC | KeyCode::KEY_Q => return Next::Leave,
            KeyCode::KEY_C => self.choose(Field::Clear, canvas),
            KeyCode::KEY_MINUS | KeyCode::KEY_KPMINUS => {
                self.choose(Field::Brush(self.brush.saturating_sub(1)), canvas);
            }
            KeyCode::KEY_EQUAL | KeyCode::KEY_KPPLUS => {
                self.choose(Field::Brush((self.brush + 1).min(last)), canvas);
            }
            _ => {
                if let Some(index) = COLOUR_KEYS.iter().position(|known| *known == key) {
                    self.choose(Field::Colour((index + 1) % COLOURS.len()), canvas);
                }
            }
        }
        Next::Stay
    }

    fn draw_toolbar(&self, canvas: &mut Canvas) {
        self.toolbar
            .draw(canvas, &self.who, (self.colour, self.brush));
    }

    fn show_sheet(&self, canvas: &mut Canvas, part: Rect) {
        self.sheet
            .show(canvas, part, self.toolbar.height(), &COLOURS);
    }

    fn show_cursor(&mut self, canvas: &mut Canvas) {
        let (x, y) = (self.pointer.x, self.pointer.y);
        self.cursor = Some((x, y));
        for (margin, colour) in [(1, Colour::WHITE), (0, Colour::BLACK)] {
            let (length, thick) = (ARM - HOLE + 2 * margin, 1 + 2 * margin);
            for start in [-ARM, HOLE + 1] {
                let start = start - margin;
                canvas.fill(Rect::new(x + start, y - margin, length, thick), colour);
                canvas.fill(Rect::new(x - margin, y + start, thick, length), colour);
            }
        }
    }

    fn hide_cursor(&mut self, canvas: &mut Canvas) {
        let Some((x, y)) = self.cursor.take() else {
            return;
        };
        let height = self.toolbar.height();
        let side = 2 * (ARM + 1) + 1;
        let (left, top) = (x - ARM - 1, y - ARM - 1);
        self.show_sheet(canvas, Rect::new(left, top - height, side, side));
        if top < height {
            self.draw_toolbar(canvas);
        }
    }
}

impl Scene for Paint {
    fn begin(&mut self, canvas: &mut Canvas) {
        let (width, height) = (canvas.width(), canvas.height());
        self.toolbar = Toolbar::on(width);
        self.pointer = Pointer::new(width, height);
        (self.held, self.stroke) = (false, None);
        self.sheet.grow(width, height - self.toolbar.height());
        self.show_sheet(canvas, canvas.bounds());
        self.draw_toolbar(canvas);
        self.show_cursor(canvas);
    }

    /// The cursor is drawn once for all the reports that came together.
    fn step(&mut self, canvas: &mut Canvas) {
        if self.cursor != Some((self.pointer.x, self.pointer.y)) {
            self.hide_cursor(canvas);
            self.show_cursor(canvas);
        }
    }

    fn pause(&self) -> Option<Duration> {
        None
    }

    fn input(&mut self, event: InputEvent, axes: Axes, canvas: &mut Canvas) -> Next {
        if self.pointer.feed(event, axes) {
            self.report(canvas);
        }
        if event.event_type() == EventType::KEY && event.value() == 1 {
            return self.press(KeyCode::new(event.code()), canvas);
        }
        Next::Stay
    }
}

#[cfg(test)]
mod tests;
