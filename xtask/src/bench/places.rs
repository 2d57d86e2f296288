//! Where one sits while a kernel is measured: at the desk that all kernels have, and where more is
//! to be said of Janus, at other displays or at none.

use qemu::machine::{Hand, Panel};
use qemu::{Desk, Kind};

use super::SCREENS;

/// Stands for the display in the names of operations that depend on it.
pub const ANY_DISPLAY: &str = "screens";

/// What the program is asked for where only the display is of interest.
pub const OF_DISPLAYS: [&str; 1] = [ANY_DISPLAY];

/// Switches between personas that draw nothing. They are measured on a machine without a display:
/// on the usual one, which is copied to, they would cost a copy of the screen now and then.
pub const UNSEEN: [&str; 2] = ["persona switch, of 2", "persona switch, of 1,000"];

/// The display on the desk that all sides sit at, in pixels.
const USUAL_SIZE: (u32, u32) = (1280, 800);

/// Where one sits during a boot. Where there is a display there is a keyboard.
#[derive(Clone)]
pub struct Place {
    /// What stands there.
    pub desk: Desk,
    /// How the display is called, in the place of [`ANY_DISPLAY`].
    pub display: String,
    /// Whether an operation is measured there, by the program's name for it.
    pub suits: fn(&str) -> bool,
}

impl Place {
    /// Where all sides sit: the same devices, which both kernels drive. A microvm has no PCI, and so
    /// no bochs-display.
    pub fn usual(kind: Kind) -> Self {
        let (panel, name) = match kind {
            Kind::Q35 => (Panel::Bochs, "bochs"),
            Kind::Microvm => (Panel::Virtio, "virtio"),
        };
        let desk = Desk {
            panel: Some(panel),
            hands: vec![Hand::Keyboard, Hand::Tablet],
            ..Desk::EMPTY
        };
        let (width, height) = USUAL_SIZE;
        Self {
            desk: desk.sized(width, height),
            display: format!("{width}x{height} ({name})"),
            // Of all that displays are for, one figure says what it is like to be copied to.
            suits: |operation| match operation {
                SCREENS => true,
                _ => !UNSEEN.contains(&operation) && !operation.contains(ANY_DISPLAY),
            },
        }
    }

    /// A virtio-gpu of this size.
    pub fn with_display((width, height): (u32, u32)) -> Self {
        let desk = Desk {
            panel: Some(Panel::Virtio),
            hands: vec![Hand::Keyboard],
            ..Desk::EMPTY
        };
        Self {
            desk: desk.sized(width, height),
            display: format!("{width}x{height}"),
            suits: |operation| operation.contains(ANY_DISPLAY),
        }
    }

    /// The name of an operation that was measured here, with the display in it if it depends on that.
    pub fn named(&self, operation: &str) -> String {
        operation.replace(ANY_DISPLAY, &self.display)
    }

    /// A machine with a serial line only.
    pub fn without_display() -> Self {
        Self {
            desk: Desk::EMPTY,
            display: "no display".into(),
            suits: |operation| UNSEEN.contains(&operation),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_display_is_in_the_name_of_what_depends_on_it() {
        let place = Place::with_display((640, 480));
        let named = |operation| place.named(operation);
        assert_eq!(named("persona switch, screens"), "persona switch, 640x480");
        assert_eq!(named("stat"), "stat");
    }

    #[test]
    fn each_operation_is_measured_where_it_suits() {
        let (usual, unseen) = (Place::usual(Kind::Q35), Place::without_display());
        assert!((usual.suits)("stat") && !(usual.suits)(UNSEEN[0]));
        assert!(!(unseen.suits)("stat") && (unseen.suits)(UNSEEN[0]));
        let screen = Place::with_display((640, 480));
        assert!(!(screen.suits)("stat") && (screen.suits)("persona switch, screens"));
    }
}
