//! A persona that grabs the keyboard, blanks the screen and takes all of the processor cannot
//! keep a person from switching away.

use std::time::Instant;

use guests::pattern::Primary;
use qemu::Picture;
use qemu::qmp::Key;
use scenarios::LOOK_LIMIT;

use super::{BLUE, GREEN, Play, RED};

/// Blanked, and the signals to the panel off: FB_BLANK_POWERDOWN.
const BLANK: &str = "blank 4";

/// The act.
pub fn act(play: &mut Play) {
    let Play {
        seat, red, green, ..
    } = play;
    let refuge = green.draws(&mut seat.console, Primary::Green, 42);
    seat.switch_to(RED);
    red.does(&mut seat.console, "grab", "grabbed");
    red.does(&mut seat.console, BLANK, "blanked 4");
    red.does(&mut seat.console, "spin", "spinning");
    seat.waits_for("nothing, as red blanked it", is_blank);

    seat.switch_to(GREEN);
    seat.shows(&refuge, "green, to which a person fled");
    // There and back again by the other switch keys; the blanking is red's alone.
    seat.chord(&[Key::alt, Key::esc]);
    seat.waits_for("nothing, in red", is_blank);
    seat.chord(&[Key::alt, Key::esc]);
    seat.shows(&refuge, "green, for the second time");
    let before = green.keys(&mut seat.console).len();
    seat.types("x");
    super::focus::wait_for(*green, &mut seat.console, before, &["45+", "45-"]);

    let answer = seat.console.run("persona stop -t 0.2 red");
    assert!(answer.text.contains("so it was killed"), "{}", answer.text);
    seat.shows_now(&refuge, "green, after the end of red");
    seat.console.still_answers();
}

/// A persona that grabs the keyboard, blanks the screen and writes keys without end cannot keep a
/// person either: not in front, and not from behind.
pub fn floods(play: &mut Play) {
    let Play {
        seat, green, blue, ..
    } = play;
    let refuge = green.draws(&mut seat.console, Primary::Green, 43);
    let before = green.keys(&mut seat.console).len();
    seat.switch_to(BLUE);
    blue.does(&mut seat.console, "grab", "grabbed");
    blue.does(&mut seat.console, BLANK, "blanked 4");
    blue.does(&mut seat.console, "flood", "flooding");
    seat.waits_for("nothing, as blue blanked it", is_blank);

    seat.switch_to(GREEN);
    seat.shows(&refuge, "green, away from the flood");
    // Now the flood is behind, which is as long as before.
    seat.types("x");
    super::focus::wait_for(*green, &mut seat.console, before, &["45+", "45-"]);
    seat.chord(&[Key::alt, Key::esc]);
    seat.waits_for("nothing, in blue", is_blank);
    seat.chord(&[Key::alt, Key::esc]);
    seat.shows(&refuge, "green, for the second time");

    let start = Instant::now();
    let answer = seat.console.run("persona stop -t 0.2 blue");
    assert!(answer.text.contains("so it was killed"), "{}", answer.text);
    assert!(start.elapsed() < LOOK_LIMIT, "{:?}", start.elapsed());
    seat.console.still_answers();
}

/// Whether nothing of anybody's is seen. A panel that is off need not be black: of virtio's, QEMU
/// says in grey letters that it is.
fn is_blank(seen: &Picture) -> bool {
    let of_somebody = |&pixel: &_| Primary::ALL.iter().any(|owner| owner.has(u32::from(pixel)));
    !seen.pixels().iter().any(of_somebody)
}
