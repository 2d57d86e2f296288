//! Where the pointer is: from a tablet, which says so, or from a mouse, which says how far it
//! moved.

use evdev::{AbsoluteAxisCode, EventType, InputEvent, KeyCode, RelativeAxisCode};

/// The values an axis can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// At the left or upper edge.
    pub least: i32,
    /// At the right or lower edge.
    pub most: i32,
}

/// The axes of a device that place a pointer; a mouse has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Axes {
    /// From left to right.
    pub x: Option<Range>,
    /// From above down.
    pub y: Option<Range>,
}

impl Range {
    /// A value of this range as a place among `length`, each of which has an equal share.
    fn place(self, value: i32, length: i32) -> i32 {
        let span = i64::from(self.most) - i64::from(self.least) + 1;
        let offset =
            i64::from(value.clamp(self.least, self.most.max(self.least))) - i64::from(self.least);
        (offset * i64::from(length)).checked_div(span).unwrap_or(0) as i32
    }
}

/// A pointer on a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// Its column.
    pub x: i32,
    /// Its row.
    pub y: i32,
    /// Whether the left button (or a pen's tip) is down.
    pub pressed: bool,
    width: i32,
    height: i32,
}

impl Pointer {
    /// A pointer in the middle of a picture of this size.
    pub fn new(width: i32, height: i32) -> Self {
        Self {
            x: width / 2,
            y: height / 2,
            pressed: false,
            width,
            height,
        }
    }

    /// Takes an event in. True: it was the last one of a report, so the place is whole.
    pub fn feed(&mut self, event: InputEvent, axes: Axes) -> bool {
        let (code, value) = (event.code(), event.value());
        match event.event_type() {
            EventType::ABSOLUTE if code == AbsoluteAxisCode::ABS_X.0 => {
                self.x = axes
                    .x
                    .map_or(self.x, |range| range.place(value, self.width));
            }
            EventType::ABSOLUTE if code == AbsoluteAxisCode::ABS_Y.0 => {
                self.y = axes
                    .y
                    .map_or(self.y, |range| range.place(value, self.height));
            }
            EventType::RELATIVE if code == RelativeAxisCode::REL_X.0 => {
                self.x = self.x.saturating_add(value).clamp(0, self.width - 1);
            }
            EventType::RELATIVE if code == RelativeAxisCode::REL_Y.0 => {
                self.y = self.y.saturating_add(value).clamp(0, self.height - 1);
            }
            EventType::KEY => {
                let touches = [KeyCode::BTN_LEFT, KeyCode::BTN_TOUCH];
                if touches.contains(&KeyCode::new(code)) {
                    self.pressed = value != 0;
                }
            }
            EventType::SYNCHRONIZATION => return true,
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventType, code: u16, value: i32) -> InputEvent {
        InputEvent::new(kind.0, code, value)
    }

    #[test]
    fn a_tablet_reaches_every_edge() {
        let full = Some(Range {
            least: 0,
            most: 32767,
        });
        let axes = Axes { x: full, y: full };
        let mut pointer = Pointer::new(1024, 768);
        for (value, place) in [(0, (0, 0)), (32767, (1023, 767)), (99999, (1023, 767))] {
            for code in [AbsoluteAxisCode::ABS_X, AbsoluteAxisCode::ABS_Y] {
                pointer.feed(event(EventType::ABSOLUTE, code.0, value), axes);
            }
            assert_eq!((pointer.x, pointer.y), place);
        }
        // A value in the middle of a pixel's share means that pixel, to the right of the middle too.
        for pixel in [0, 300, 511, 512, 900, 1023] {
            let value = (2 * pixel + 1) * 32768 / (2 * 1024);
            assert_eq!(full.map(|range| range.place(value, 1024)), Some(pixel));
        }
        let empty = Some(Range { least: 5, most: 5 });
        assert_eq!(empty.map(|range| range.place(5, 100)), Some(0));
    }

    #[test]
    fn a_mouse_stops_at_the_edges() {
        let mut pointer = Pointer::new(100, 50);
        let mut moved = |code: RelativeAxisCode, value| {
            pointer.feed(event(EventType::RELATIVE, code.0, value), Axes::default());
            (pointer.x, pointer.y)
        };
        assert_eq!(moved(RelativeAxisCode::REL_X, -7), (43, 25));
        assert_eq!(moved(RelativeAxisCode::REL_X, i32::MIN), (0, 25));
        assert_eq!(moved(RelativeAxisCode::REL_Y, i32::MAX), (0, 49));
    }

    #[test]
    fn the_place_is_whole_with_the_report() {
        let mut pointer = Pointer::new(100, 50);
        let press = event(EventType::KEY, KeyCode::BTN_LEFT.0, 1);
        assert!(!pointer.feed(press, Axes::default()));
        assert!(pointer.pressed);
        let report = event(EventType::SYNCHRONIZATION, 0, 0);
        assert!(pointer.feed(report, Axes::default()));
        pointer.feed(
            event(EventType::KEY, KeyCode::BTN_LEFT.0, 0),
            Axes::default(),
        );
        assert!(!pointer.pressed);
    }
}
