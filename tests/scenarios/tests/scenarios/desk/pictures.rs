//! What is drawn in the background is seen by nobody, and is there at once after the switch.

use guests::pattern::Primary;
use scenarios::Sitter;

use super::{GREEN, Play, RED, ROOT};

/// So many looks while somebody paints behind the scenes.
const LOOKS: usize = 5;

/// The act.
pub fn act(play: &mut Play) {
    let Play {
        seat, red, green, ..
    } = play;
    // The colour is no matter here: the number is the root's own.
    let sitter = Sitter::in_root(&mut seat.console, "root");
    let root = sitter.draws(&mut seat.console, Primary::Blue, 99);
    seat.shows(&root, "what the root draws");
    let first = red.draws(&mut seat.console, Primary::Red, 1);
    seat.shows_now(&root, "the root's screen while red drew behind it");
    green.does(&mut seat.console, "paint green", "painting");
    for _ in 0..LOOKS {
        seat.shows_now(&root, "the root's screen while green painted behind it");
    }
    let behind = green.draws(&mut seat.console, Primary::Green, 1);
    seat.shows_now(&root, "the root's screen after green painted behind it");

    // Nothing in between: the first picture that is not the root's is red's, whole.
    seat.switch_to(RED);
    let seen = seat.waits_for("another screen than the root's", |seen| *seen != root);
    assert_eq!(seen.difference(&first), None, "after the switch to red");
    red.does(&mut seat.console, "holds red 1", "yes");
    // In front, what is drawn through the mapping appears by itself.
    let second = red.draws(&mut seat.console, Primary::Red, 2);
    seat.shows(&second, "what red draws in front");

    seat.switch_to(GREEN);
    let seen = seat.waits_for("another screen than red's", |seen| *seen != second);
    assert_eq!(seen.difference(&behind), None, "after the switch to green");
    green.does(&mut seat.console, "holds green 1", "yes");
    red.does(&mut seat.console, "holds red 2", "yes");
    // The mapping works on where it was, in the background again.
    let third = red.draws(&mut seat.console, Primary::Red, 3);
    seat.shows_now(&behind, "green's screen while red draws behind it");
    seat.switch_to(RED);
    seat.shows(&third, "what red drew behind green");

    seat.switch_to(ROOT);
    seat.shows(&root, "the root's screen as it was");
    sitter.does(&mut seat.console, "holds blue 99", "yes");
}
