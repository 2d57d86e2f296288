//! A person at the desk, with a screen and a keyboard, and personas that draw and read: nothing
//! crosses from one to the other, and no program keeps a person from switching away.
//!
//! Each machine boots once and goes through all of it, act by act: the root's screen is in slot
//! 1, and red, green and blue, who draw in nothing but their colour, are in slots 2 to 4.

mod focus;
mod hostile;
mod pictures;
mod storm;

use guests::pattern::Primary;
use qemu::machine::Panel;
use qemu::{Desk, Kind};
use scenarios::{Image, Seat, Sitter};

/// The slots of the switch keys.
const ROOT: usize = 1;
const RED: usize = 2;
const GREEN: usize = 3;
const BLUE: usize = 4;

/// The size of the screen.
const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;

/// The machine and the three at their desks.
struct Play {
    seat: Seat,
    red: Sitter,
    green: Sitter,
    blue: Sitter,
}

impl Play {
    fn begin(kind: Kind, panel: Panel) -> Self {
        // Only those that are made here, so that it is clear who has which slot, and that nobody
        // else draws.
        let image = Image::built().with_shell_only().with_program("desk");
        let mut machine = image.machine(kind);
        machine.desk = Desk {
            panel: Some(panel),
            ..Desk::usual()
        };
        machine.desk = machine.desk.sized(WIDTH, HEIGHT);
        // Only a virtio GPU tells of the size of its window.
        if panel != Panel::Virtio {
            machine.command_line = format!("video={WIDTH}x{HEIGHT}");
        }
        let mut seat = Seat::at(&image, machine);
        let mut sitter = |name| Sitter::in_new_persona(&mut seat.console, name);
        let (red, green, blue) = (sitter("red"), sitter("green"), sitter("blue"));
        Self {
            seat,
            red,
            green,
            blue,
        }
    }

    /// The one in slot RED, GREEN or BLUE, and its colour.
    fn of_slot(&self, slot: usize) -> (Sitter, Primary) {
        match slot {
            RED => (self.red, Primary::Red),
            GREEN => (self.green, Primary::Green),
            BLUE => (self.blue, Primary::Blue),
            _ => panic!("nobody draws in slot {slot}"),
        }
    }

    fn all_acts(mut self) {
        pictures::act(&mut self);
        focus::held_keys(&mut self);
        focus::grabs(&mut self);
        focus::fakes(&mut self);
        storm::act(&mut self);
        hostile::floods(&mut self);
        // The last, since it leaves somebody behind who takes all the time there is.
        hostile::act(&mut self);
    }
}

#[test]
fn nothing_crosses_between_personas_on_q35() {
    Play::begin(Kind::Q35, Panel::Virtio).all_acts();
}

#[test]
fn nothing_crosses_between_personas_on_microvm() {
    Play::begin(Kind::Microvm, Panel::Virtio).all_acts();
}

/// The driver that copies what is drawn, on the two devices that it knows.
#[test]
fn what_is_drawn_behind_is_seen_after_a_switch_on_displays_that_are_copied_to() {
    for panel in [Panel::Bochs, Panel::Std] {
        pictures::act(&mut Play::begin(Kind::Q35, panel));
    }
}
