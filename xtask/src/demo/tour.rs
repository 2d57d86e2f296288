//! The tour: what is done at each stop, what must be seen then, and what a newcomer is told of it.
//!
//! It is of a default boot: root is behind Alt+F1, and work and play, which `/etc/personas`
//! starts, behind Alt+F2 and Alt+F3.

use std::fmt;

use qemu::picture::Colour;
use qemu::qmp::Key;

use super::guide::alt;

/// What the sheet is called.
pub const TITLE: &str = "Janus: one machine, several personas, one of them in front";

/// A stop of the tour.
pub struct Stop {
    /// What the picture's file is called.
    pub name: &'static str,
    /// What a person is told.
    pub label: &'static str,
    /// What is done.
    pub acts: &'static [Act],
    /// What is seen then, and taken a picture of.
    pub sight: Sight,
}

/// Something that is done.
pub enum Act {
    /// A text is typed.
    Types(&'static str),
    /// Keys are pressed together.
    Presses(&'static [Key]),
    /// A half circle is drawn with the pointer, its button held.
    Bends(Bow),
    /// This is waited for.
    Sees(Sight),
}

/// A half circle above its middle.
pub struct Bow {
    /// The pixel in its middle.
    pub middle: (u32, u32),
    /// How far away it is from there, in pixels.
    pub radius: u32,
}

impl Bow {
    /// Places on it, from left to right.
    pub fn places(&self) -> impl Iterator<Item = (u32, u32)> {
        const STEPS: u32 = 32;
        (0..=STEPS).map(|step| {
            let angle = std::f64::consts::PI * f64::from(step) / f64::from(STEPS);
            let radius = f64::from(self.radius);
            let right = f64::from(self.middle.0) - radius * angle.cos();
            let down = f64::from(self.middle.1) - radius * angle.sin();
            // Places left of the screen or above it become those at its edge.
            (right.round() as u32, down.round() as u32)
        })
    }
}

/// One of the bows of a rainbow on the screen, counted from the outer one.
const fn bow(number: u32) -> Act {
    Act::Bends(Bow {
        middle: (360, 430),
        radius: 300 - 14 * number,
    })
}

/// Something that is seen.
pub enum Sight {
    /// This text, so many times or more.
    Text(&'static str, usize),
    /// A picture that rests, without this text.
    Without(&'static str),
    /// Each of these colours, in so many pixels or more.
    Colours(&'static [Colour], usize),
    /// A picture that moves, with so many colours or more, and another one than at the last stop.
    Moves(usize),
}

impl fmt::Display for Sight {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text, 1) => write!(out, "the text `{text}`"),
            Self::Text(text, count) => write!(out, "the text `{text}` {count} times"),
            Self::Without(text) => write!(out, "a picture without the text `{text}`"),
            Self::Colours(colours, pixels) => {
                write!(out, "{pixels} pixels in each of {} colours", colours.len())
            }
            Self::Moves(colours) => write!(out, "a moving picture of {colours} colours"),
        }
    }
}

/// The colours that a palette has, or a few less: two tiles may have the same.
const PALETTE: Sight = Sight::Moves(100);

/// The colours of paint from red on, each of them in a bow: many times what the bar has of it.
const RAINBOW: Sight = Sight::Colours(
    &[
        Colour(0xe0, 0x4b, 0x4b),
        Colour(0xf0, 0x8c, 0x2e),
        Colour(0xf2, 0xc6, 0x31),
        Colour(0x3f, 0xa6, 0x5a),
        Colour(0x2f, 0x8f, 0xd0),
        Colour(0x5b, 0x57, 0xc8),
        Colour(0xc4, 0x5f, 0xb4),
    ],
    3000,
);

/// All stops.
pub const STOPS: &[Stop] = &[
    Stop {
        name: "root",
        label: "The root persona sees all of them: persona list",
        acts: &[
            Act::Sees(Sight::Text("root@janus", 1)),
            // The others' shells prompt by now, so that the numbers in the list stay.
            Act::Presses(&alt(Key::f2)),
            Act::Sees(Sight::Text("root@work", 1)),
            Act::Presses(&alt(Key::f3)),
            Act::Sees(Sight::Text("root@play", 1)),
            Act::Presses(&alt(Key::f1)),
            Act::Types("persona list\n"),
        ],
        sight: Sight::Text("root@janus", 2),
    },
    Stop {
        name: "work",
        label: "Alt+F2: work is a machine of its own, from process 1 on",
        acts: &[Act::Presses(&alt(Key::f2)), Act::Types("hostname; ps -e\n")],
        sight: Sight::Text("root@work", 2),
    },
    Stop {
        name: "work-counts",
        label: "work begins to count",
        acts: &[Act::Types(
            "for n in $(seq 999); do echo $n sheep; sleep 1; done\n",
        )],
        sight: Sight::Text("3 sheep", 1),
    },
    Stop {
        name: "play",
        label: "Alt+F3: play has the same screen to itself: palette",
        acts: &[Act::Presses(&alt(Key::f3)), Act::Types("palette\n")],
        sight: PALETTE,
    },
    Stop {
        name: "work-goes-on",
        label: "Alt+F2: work never stopped; nobody saw it count",
        acts: &[Act::Presses(&alt(Key::f2))],
        sight: Sight::Text("9 sheep", 1),
    },
    Stop {
        name: "play-goes-on",
        label: "Alt+Esc: the one before; play's colours went on",
        acts: &[Act::Presses(&[Key::alt, Key::esc])],
        sight: PALETTE,
    },
    Stop {
        name: "paint",
        label: "A key ends it; play paints with the pointer: paint",
        acts: &[
            Act::Presses(&[Key::spc]),
            Act::Sees(Sight::Text("root@play", 2)),
            Act::Types("paint\n"),
            Act::Sees(Sight::Text("Esc leaves", 1)),
            // A larger brush, and the colours from red on.
            Act::Types("=2"),
            bow(0),
            Act::Types("3"),
            bow(1),
            Act::Types("4"),
            bow(2),
            Act::Types("5"),
            bow(3),
            Act::Types("6"),
            bow(4),
            Act::Types("7"),
            bow(5),
            Act::Types("8"),
            bow(6),
        ],
        sight: RAINBOW,
    },
    Stop {
        name: "clock",
        label: "Alt+F2: Ctrl+C ends the counting; work tells the time: clock",
        acts: &[
            Act::Presses(&alt(Key::f2)),
            Act::Presses(&[Key::ctrl, Key::c]),
            Act::Sees(Sight::Text("root@work", 3)),
            Act::Types("clock\n"),
        ],
        sight: Sight::Without("root@work"),
    },
    Stop {
        name: "one-more",
        label: "root makes one more, and brings it to the front",
        acts: &[
            Act::Presses(&alt(Key::f1)),
            Act::Types("persona create guest && persona switch guest\n"),
            Act::Sees(Sight::Text("root@guest", 1)),
            Act::Types("uptime\n"),
        ],
        sight: Sight::Text("root@guest", 2),
    },
];

#[cfg(test)]
mod tests {
    use qemu::qmp::keys_of;

    use super::super::{SCREEN, sheet};
    use super::*;

    #[test]
    fn every_label_has_room_and_every_text_has_keys() {
        for stop in STOPS {
            let room = sheet::room_for_label(SCREEN.0);
            assert!(stop.label.chars().count() <= room, "{}", stop.label);
            for act in stop.acts {
                if let Act::Types(text) = act {
                    assert!(
                        text.chars().all(|letter| keys_of(letter).is_some()),
                        "{text}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_drawn_is_on_the_screen() {
        for act in STOPS.iter().flat_map(|stop| stop.acts) {
            let Act::Bends(bow) = act else { continue };
            for (x, y) in bow.places() {
                assert!((1..SCREEN.0).contains(&x) && (1..SCREEN.1).contains(&y));
            }
        }
    }

    #[test]
    fn every_stop_has_a_name_of_its_own() {
        for (index, stop) in STOPS.iter().enumerate() {
            assert!(STOPS[..index].iter().all(|other| other.name != stop.name));
            let plain = |letter: char| letter.is_ascii_lowercase() || letter == '-';
            assert!(stop.name.chars().all(plain), "{}", stop.name);
        }
        assert!(STOPS.len() < 100, "numbers have two digits");
    }
}
