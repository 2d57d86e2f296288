//! A clock: the time in large digits of seven segments, the date below.
//!
//! Contract: each second only those digits are drawn that have changed, and the date when it has.

use std::time::Duration;

use screen::{Axes, Canvas, Colour, Font, InputEvent, Rect, Weight, Who};

use crate::segments;
use crate::stage::{Next, Scene, is_key_pressed};

/// What `clock --help` prints.
pub const HELP: &str = "\
Usage: clock

Shows the time in the middle of the screen (/dev/fb0), until a key is pressed.
TZ may hold a fixed offset such as CET-1; otherwise it is UTC.";

/// What a clock shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Hours, minutes and seconds.
    pub time: [u8; 3],
    /// The date as people write it.
    pub date: String,
    /// How long until the next second begins.
    pub rest: Duration,
}

/// The clock, which leaves on any key.
pub struct Clock<R> {
    who: Who,
    read: R,
    drawn: Option<Drawn>,
}

/// What is on the screen.
struct Drawn {
    face: Face,
    digits: [u8; 6],
    date: String,
}

/// The places of everything, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Face {
    /// The left upper corner of the first digit.
    corner: (i32, i32),
    /// The width and the height of a digit.
    digit: (i32, i32),
    /// The room behind a digit.
    gap: i32,
    font: Font,
}

impl Face {
    /// In the middle of a picture of this size, and as large as there is room for.
    fn on(width: i32, height: i32) -> Self {
        // Six digits of eight units, eight gaps of two and two colons of three.
        const UNITS: i32 = 6 * 8 + 7 * 2 + 2 * 3;
        let unit = (width * 5 / 6 / UNITS).min(height / 3 / 15).max(1);
        let digit = (8 * unit, 15 * unit);
        let corner = (
            (width - UNITS * unit) / 2,
            (height - digit.1) / 2 - 2 * unit,
        );
        Self {
            corner,
            digit,
            gap: 2 * unit,
            font: Font::for_screen(width as usize * 3 / 2),
        }
    }

    /// Where the digit `index` of the six is.
    fn digit(self, index: usize) -> Rect {
        let index = index as i32;
        let colons = index / 2 * (self.gap + self.gap * 3 / 2);
        let x = self.corner.0 + index * (self.digit.0 + self.gap) + colons;
        Rect::new(x, self.corner.1, self.digit.0, self.digit.1)
    }

    /// Where the colon before the digit `index` is.
    fn colon(self, index: usize) -> Rect {
        let width = self.gap * 3 / 2;
        let x = self.digit(index).x - self.gap - width;
        Rect::new(x, self.corner.1, width, self.digit.1)
    }
}

impl<R: Fn() -> Reading> Clock<R> {
    /// The clock of a persona; `read` tells the time.
    pub fn new(who: Who, read: R) -> Self {
        Self {
            who,
            read,
            drawn: None,
        }
    }

    /// What everything stands on: nearly black, with a touch of the persona's colour.
    fn ground(&self) -> Colour {
        Colour::hex(0x0c_0e13).mix(self.who.colour, 12)
    }

    /// The colours of a segment that is lit and of one that is not.
    fn lights(&self) -> (Colour, Colour) {
        (self.who.colour, self.ground().mix(self.who.colour, 20))
    }

    fn write_date(&self, face: Face, date: &str, canvas: &mut Canvas) {
        let (font, ground) = (face.font, self.ground());
        let top = face.corner.1 + face.digit.1 + 2 * face.gap;
        let line = Rect::new(0, top, canvas.width(), font.height() as i32);
        canvas.fill(line, ground);
        let length = (date.chars().count() * font.width()) as i32;
        let place = ((canvas.width() - length) / 2, top);
        let ink = Colour::WHITE.mix(self.who.colour, 60);
        font.write(canvas, place, date, (ink, ground), Weight::Regular);
    }
}

fn digits_of([hours, minutes, seconds]: [u8; 3]) -> [u8; 6] {
    let digits = [hours, minutes, seconds].map(|number| [number / 10 % 10, number % 10]);
    let [[a, b], [c, d], [e, f]] = digits;
    [a, b, c, d, e, f]
}

impl<R: Fn() -> Reading> Scene for Clock<R> {
    fn begin(&mut self, canvas: &mut Canvas) {
        let reading = (self.read)();
        let face = Face::on(canvas.width(), canvas.height());
        let digits = digits_of(reading.time);
        let ground = self.ground();
        canvas.fill(canvas.bounds(), ground);
        for (index, digit) in digits.into_iter().enumerate() {
            segments::draw(canvas, face.digit(index), digit, self.lights(), ground);
        }
        for index in [2, 4] {
            segments::colon(canvas, face.colon(index), self.who.colour);
        }
        self.write_date(face, &reading.date, canvas);
        self.drawn = Some(Drawn {
            face,
            digits,
            date: reading.date,
        });
    }

    fn step(&mut self, canvas: &mut Canvas) {
        let Some(mut drawn) = self.drawn.take() else {
            return self.begin(canvas);
        };
        let reading = (self.read)();
        let digits = digits_of(reading.time);
        for (index, (digit, before)) in digits.into_iter().zip(drawn.digits).enumerate() {
            if digit != before {
                let place = drawn.face.digit(index);
                segments::draw(canvas, place, digit, self.lights(), self.ground());
            }
        }
        if reading.date != drawn.date {
            self.write_date(drawn.face, &reading.date, canvas);
        }
        drawn.digits = digits;
        drawn.date = reading.date;
        self.drawn = Some(drawn);
    }

    fn pause(&self) -> Option<Duration> {
        Some((self.read)().rest)
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
    use std::cell::Cell;

    use screen::{EventType, Format, KeyCode};

    use super::*;

    const SIZE: (usize, usize) = (320, 200);

    fn canvas(bytes: &mut [u8]) -> Canvas<'_> {
        Canvas::new(bytes, SIZE.0 * 4, SIZE, Format::XRGB8888).expect("it fits")
    }

    /// A clock that shows the `second` of a day.
    fn clock(second: &Cell<u32>) -> Clock<impl Fn() -> Reading> {
        Clock::new(Who::named("demo"), move || {
            let now = second.get();
            let parts = [now / 3600 % 24, now / 60 % 60, now % 60];
            Reading {
                time: parts.map(|part| part as u8),
                date: format!("day {}", now / 86_400),
                rest: Duration::from_millis(400),
            }
        })
    }

    #[test]
    fn only_the_digits_that_change_are_drawn() {
        let second = Cell::new(12 * 3600 + 34 * 60 + 58);
        let mut clock = clock(&second);
        let mut bytes = vec![0; SIZE.0 * SIZE.1 * 4];
        clock.begin(&mut canvas(&mut bytes));
        let face = clock.drawn.as_ref().map(|drawn| drawn.face).expect("begun");
        for changed in [5..6, 3..6] {
            // What is drawn anew is seen, because all was wiped before.
            bytes.fill(0);
            second.set(second.get() + 1);
            let mut canvas = canvas(&mut bytes);
            clock.step(&mut canvas);
            for y in 0..SIZE.1 as i32 {
                for x in 0..SIZE.0 as i32 {
                    let inside = changed.clone().any(|i| face.digit(i).contains(x, y));
                    let drawn = canvas.get(x, y) != Some(Colour::BLACK);
                    assert_eq!(drawn, inside, "{x} {y}");
                }
            }
        }
        bytes.fill(0);
        clock.step(&mut canvas(&mut bytes));
        assert!(bytes.iter().all(|&byte| byte == 0), "nothing has changed");
    }

    #[test]
    fn steps_come_to_the_picture_that_a_new_clock_draws() {
        let second = Cell::new(86_398);
        let mut old = clock(&second);
        let (mut one, mut two) = (vec![0; SIZE.0 * SIZE.1 * 4], vec![0; SIZE.0 * SIZE.1 * 4]);
        old.begin(&mut canvas(&mut one));
        for _ in 0..3 {
            second.set(second.get() + 1);
            old.step(&mut canvas(&mut one));
        }
        clock(&second).begin(&mut canvas(&mut two));
        assert!(one == two, "a digit or the date is wrong");
    }

    #[test]
    fn it_is_in_the_middle_at_every_size() {
        for (width, height) in [(320, 200), (640, 480), (1024, 768), (2560, 600)] {
            let face = Face::on(width, height);
            let (first, last) = (face.digit(0), face.digit(5));
            let right = width - (last.x + last.width);
            assert!(first.x > 0 && (first.x - right).abs() <= 1, "{width}");
            assert!(face.corner.1 > 0, "{height}");
        }
        let second = Cell::new(0);
        for size in [(1, 1), (9, 3)] {
            let mut bytes = vec![0; size.0 * size.1 * 2];
            let canvas = Canvas::new(&mut bytes, size.0 * 2, size, Format::RGB565);
            clock(&second).begin(&mut canvas.expect("it fits"));
        }
    }

    #[test]
    fn it_wakes_with_the_next_second_and_leaves_on_a_key() {
        let second = Cell::new(0);
        let mut clock = clock(&second);
        assert_eq!(clock.pause(), Some(Duration::from_millis(400)));
        let mut bytes = vec![0; SIZE.0 * SIZE.1 * 4];
        let mut press = |key: KeyCode| {
            let event = InputEvent::new(EventType::KEY.0, key.0, 1);
            clock.input(event, Axes::default(), &mut canvas(&mut bytes))
        };
        assert_eq!(press(KeyCode::KEY_LEFTALT), Next::Stay);
        assert_eq!(press(KeyCode::KEY_Q), Next::Leave);
    }
}
