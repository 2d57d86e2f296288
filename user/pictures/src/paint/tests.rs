//! Events of a tablet and of a mouse, and what is on the picture after them.

use screen::{Format, Range, RelativeAxisCode};

use super::*;

const SIZE: (usize, usize) = (320, 200);
const ABS_X: u16 = 0;
const ABS_Y: u16 = 1;

/// Someone who paints on a picture in memory.
struct Painter {
    paint: Paint,
    bytes: Vec<u8>,
    axes: Axes,
}

impl Painter {
    fn with(format: Format) -> Self {
        // The axes go from 1000 to where a step of them is a point of the picture.
        let range = |length: usize| {
            let least = 1000;
            Some(Range {
                least,
                most: least + length as i32 - 1,
            })
        };
        let mut painter = Self {
            paint: Paint::new(Who::named("demo")),
            bytes: vec![0; SIZE.0 * SIZE.1 * format.bytes()],
            axes: Axes {
                x: range(SIZE.0),
                y: range(SIZE.1),
            },
        };
        painter.on_canvas(|paint, canvas, _| paint.begin(canvas));
        painter
    }

    fn new() -> Self {
        Self::with(Format::XRGB8888)
    }

    fn on_canvas<T>(&mut self, work: impl FnOnce(&mut Paint, &mut Canvas, Axes) -> T) -> T {
        let format = if self.bytes.len() == SIZE.0 * SIZE.1 * 2 {
            Format::RGB565
        } else {
            Format::XRGB8888
        };
        let stride = SIZE.0 * format.bytes();
        let canvas = Canvas::new(&mut self.bytes, stride, SIZE, format);
        work(&mut self.paint, &mut canvas.expect("it fits"), self.axes)
    }

    fn send(&mut self, events: &[(EventType, u16, i32)]) -> Next {
        self.on_canvas(|paint, canvas, axes| {
            let mut leaves = false;
            for (kind, code, value) in events {
                let event = InputEvent::new(kind.0, *code, *value);
                leaves |= paint.input(event, axes, canvas) == Next::Leave;
            }
            paint.step(canvas);
            if leaves { Next::Leave } else { Next::Stay }
        })
    }

    /// Moves a tablet's pointer, and presses the button or lets go.
    fn point(&mut self, (x, y): (i32, i32), button: Option<i32>) {
        let mut events = vec![
            (EventType::ABSOLUTE, ABS_X, 1000 + x),
            (EventType::ABSOLUTE, ABS_Y, 1000 + y),
        ];
        events.extend(button.map(|value| (EventType::KEY, KeyCode::BTN_LEFT.0, value)));
        events.push((EventType::SYNCHRONIZATION, 0, 0));
        self.send(&events);
    }

    fn drag(&mut self, from: (i32, i32), to: (i32, i32)) {
        self.point(from, Some(1));
        self.point(to, None);
        self.point(to, Some(0));
    }

    fn key(&mut self, key: KeyCode) -> Next {
        self.send(&[
            (EventType::KEY, key.0, 1),
            (EventType::SYNCHRONIZATION, 0, 0),
        ])
    }

    /// The number of the colour at a place, without the cursor.
    fn colour_at(&mut self, (x, y): (i32, i32)) -> Option<usize> {
        self.point((319, 199), None);
        self.on_canvas(|_, canvas, _| {
            let seen = canvas.get(x, y);
            COLOURS.iter().position(|colour| Some(*colour) == seen)
        })
    }

    /// The middle of a field of the bar.
    fn field(&self, field: Field) -> (i32, i32) {
        let bar = self.paint.toolbar;
        let x = (0..320).find(|&x| bar.field_at(x, 5) == Some(field));
        (x.expect("it is there") + 5, 5)
    }
}

#[test]
fn a_tablet_draws_from_report_to_report_while_the_button_is_down() {
    let mut painter = Painter::new();
    painter.drag((50, 60), (150, 160));
    for place in [(50, 60), (100, 110), (150, 160)] {
        assert_eq!(painter.colour_at(place), Some(1), "{place:?}");
    }
    painter.point((200, 60), None);
    painter.point((250, 60), None);
    for place in [(200, 60), (225, 60), (100, 60), (151, 170)] {
        assert_eq!(painter.colour_at(place), Some(0), "{place:?}");
    }
}

#[test]
fn a_mouse_draws_by_how_far_it_moves() {
    let mut painter = Painter::new();
    let (right, down) = (RelativeAxisCode::REL_X.0, RelativeAxisCode::REL_Y.0);
    let report = (EventType::SYNCHRONIZATION, 0, 0);
    painter.send(&[(EventType::KEY, KeyCode::BTN_LEFT.0, 1), report]);
    painter.send(&[(EventType::RELATIVE, right, -60), report]);
    painter.send(&[(EventType::RELATIVE, down, 40), report]);
    painter.send(&[(EventType::KEY, KeyCode::BTN_LEFT.0, 0), report]);
    for place in [(160, 100), (130, 100), (100, 120), (100, 140)] {
        assert_eq!(painter.colour_at(place), Some(1), "{place:?}");
    }
    assert_eq!(painter.colour_at((130, 120)), Some(0));
}

#[test]
fn colours_and_brushes_are_chosen_in_the_bar_and_by_keys() {
    let mut painter = Painter::new();
    let red = painter.field(Field::Colour(2));
    painter.drag(red, (100, 100));
    assert_eq!(
        painter.colour_at((100, 100)),
        Some(0),
        "choosing paints nothing"
    );
    painter.drag((100, 100), (100, 100));
    assert_eq!(painter.colour_at((100, 100)), Some(2));

    let broad = painter.field(Field::Brush(3));
    painter.drag(broad, broad);
    painter.key(KeyCode::KEY_6);
    painter.drag((200, 100), (200, 100));
    assert_eq!(painter.colour_at((200, 100 + RADII[3])), Some(6));
    painter.key(KeyCode::KEY_MINUS);
    painter.drag((100, 150), (100, 150));
    assert_eq!(painter.colour_at((100, 150 + RADII[2])), Some(6));
    assert_eq!(painter.colour_at((100, 152 + RADII[2])), Some(0));
    painter.key(KeyCode::KEY_9);
    painter.drag((200, 100), (200, 100));
    assert_eq!(painter.colour_at((200, 100)), Some(0), "the paper rubs out");
}

#[test]
fn all_is_cleared_and_no_stroke_enters_the_bar() {
    let mut painter = Painter::new();
    let before = painter.bytes.clone();
    painter.drag((10, 100), (300, 2));
    assert_ne!(painter.colour_at((10, 100)), Some(0));
    let clear = painter.field(Field::Clear);
    painter.drag(clear, clear);
    painter.point((160, 100), None);
    assert!(painter.bytes == before, "it is not as it was at first");
    painter.drag((10, 100), (300, 100));
    painter.key(KeyCode::KEY_C);
    painter.point((160, 100), None);
    assert!(painter.bytes == before, "it is not as it was at first");
}

#[test]
fn the_cursor_leaves_no_trace() {
    for format in [Format::XRGB8888, Format::RGB565] {
        let mut painter = Painter::with(format);
        painter.drag((10, 100), (300, 100));
        painter.point((319, 199), None);
        let before = painter.bytes.clone();
        for place in [(0, 0), (155, 5), (160, 100), (10, 35), (319, 0)] {
            painter.point(place, None);
            assert!(painter.bytes != before, "no cursor at {place:?}");
        }
        painter.point((319, 199), None);
        assert!(painter.bytes == before, "the cursor left a trace");
    }
}

#[test]
fn another_size_keeps_the_sheet() {
    let mut painter = Painter::new();
    painter.drag((10, 100), (300, 100));
    painter.on_canvas(|paint, canvas, _| paint.begin(canvas));
    assert_eq!(painter.colour_at((100, 100)), Some(1));
    for size in [(1, 1), (7, 40), (40, 3)] {
        let mut bytes = vec![0; size.0 * size.1 * 4];
        let canvas = Canvas::new(&mut bytes, size.0 * 4, size, Format::XRGB8888);
        painter.paint.begin(&mut canvas.expect("it fits"));
    }
}

#[test]
fn escape_and_q_leave_and_other_keys_do_not() {
    let mut painter = Painter::new();
    for key in [KeyCode::KEY_C, KeyCode::KEY_SPACE, KeyCode::KEY_LEFTALT] {
        assert_eq!(painter.key(key), Next::Stay);
    }
    assert_eq!(painter.key(KeyCode::KEY_ESC), Next::Leave);
    assert_eq!(painter.key(KeyCode::KEY_Q), Next::Leave);
}
