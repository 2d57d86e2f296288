//! A person's hand on the pointer: a tablet that says where it is, a mouse that says how far it
//! moved, their buttons and the wheel.

use qapi::qmp::{InputAxis, InputBtnEvent, InputMoveEvent};
use qapi::qmp::{InputEvent as Event, InputMoveEventWrapper};

use super::{Button, Qmp};
use crate::Result;

/// A tablet's axes run from 0 to one less than this, whatever the resolution.
const TABLET_STEPS: u32 = 0x8000;

impl Qmp {
    /// Moves the tablet's pointer to the pixel (`x`, `y`) of a screen of `width` by `height`.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub fn move_to(&mut self, (x, y): (u32, u32), (width, height): (u32, u32)) -> Result<()> {
        let across = absolute(InputAxis::x, middle(x, width));
        let down = absolute(InputAxis::y, middle(y, height));
        self.burst(&[across, down])
    }

    /// Moves a mouse by so many counts to the right and down.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub fn move_by(&mut self, right: i32, down: i32) -> Result<()> {
        let across = relative(InputAxis::x, right);
        let down = relative(InputAxis::y, down);
        self.burst(&[across, down])
    }

    /// Presses a button, or lets go of it.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub fn button(&mut self, button: Button, down: bool) -> Result<()> {
        self.burst(&[InputBtnEvent { button, down }.into()])
    }

    /// Presses a button and lets go of it.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub fn click(&mut self, button: Button) -> Result<()> {
        self.button(button, true)?;
        self.button(button, false)
    }

    /// Turns the wheel by so many notches, away from the person where it is positive.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub fn wheel(&mut self, notches: i32) -> Result<()> {
        let button = if notches > 0 {
            Button::wheel_up
        } else {
            Button::wheel_down
        };
        for _ in 0..notches.unsigned_abs() {
            self.click(button)?;
        }
        Ok(())
    }
}

/// The place on a tablet's axis that means the middle of pixel `at` of `length`: a guest that
/// rounds down and one that rounds to the nearest agree on the pixel.
fn middle(at: u32, length: u32) -> i64 {
    let steps = i64::from(TABLET_STEPS);
    let place = (2 * i64::from(at) + 1) * steps / (2 * i64::from(length.max(1)));
    place.min(steps - 1)
}

fn absolute(axis: InputAxis, value: i64) -> Event {
    let data = InputMoveEvent { axis, value };
    Event::abs(InputMoveEventWrapper { data })
}

fn relative(axis: InputAxis, value: i32) -> Event {
    let value = value.into();
    let data = InputMoveEvent { axis, value };
    Event::rel(InputMoveEventWrapper { data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_on_the_tablet_is_one_pixel_for_every_guest() {
        for (at, length) in [(0, 640), (1, 640), (639, 640), (479, 480), (3839, 3840)] {
            let place = middle(at, length);
            assert_eq!(place * i64::from(length) / 0x8000, i64::from(at));
            let nearest = (place as f64 * f64::from(length - 1) / 32767.0).round();
            assert_eq!(nearest, f64::from(at));
        }
    }
}
