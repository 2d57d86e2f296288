//! Keys belong to who is in front: held ones are let go of, grabs hold as long as their persona,
//! and nobody switches by writing events.

use qemu::qmp::Key;
use scenarios::Sitter;

use super::{BLUE, GREEN, Play, RED};

/// How often the persona with the grab loses the front and gets it again.
const SWITCHES: usize = 10;

/// A key that is held across a switch goes up for who saw it go down, and for nobody else.
pub fn held_keys(play: &mut Play) {
    let Play {
        seat, red, green, ..
    } = play;
    seat.switch_to(RED);
    let before = red.keys(&mut seat.console).len();
    let unseen = green.keys(&mut seat.console);
    good(seat.qmp().press(Key::a));
    let console = &mut seat.console;
    wait_for(*red, console, before, &["30+"]);
    assert_eq!(red.told(console, "held"), "30");

    seat.switch_to(GREEN);
    let console = &mut seat.console;
    // Alt and the key go up, in the order of their codes; the function key was never seen.
    wait_for(*red, console, before, &["30+", "56+", "30-", "56-"]);
    assert_eq!(red.told(console, "held"), "", "a key sticks behind");
    assert_eq!(green.told(console, "held"), "", "a key sticks in front");
    good(seat.qmp().release(Key::a));
    seat.types("b");
    let console = &mut seat.console;
    wait_for(*green, console, unseen.len(), &["48+", "48-"]);
    assert_eq!(red.keys(console).len(), before + 4, "red saw more");
}

/// A grab in the background is nothing yet; in front it is everything, however often the persona
/// comes and goes.
pub fn grabs(play: &mut Play) {
    let Play {
        seat, green, blue, ..
    } = play;
    let other = Sitter::in_persona(&mut seat.console, "other", "blue");
    blue.does(&mut seat.console, "grab", "grabbed");
    let refused = other.told(&mut seat.console, "grab");
    assert!(refused.contains("os error 16"), "a second grab: {refused}");

    let console = &mut seat.console;
    let mut of_blue = blue.keys(console);
    let mut of_green = green.keys(console);
    for round in 0..SWITCHES / 2 {
        seat.switch_to(GREEN);
        seat.types("g");
        seat.switch_to(BLUE);
        seat.types("b");
        if round > 0 {
            of_blue.extend(["56+", "56-"].map(str::to_owned));
        } else {
            // It was in front already.
            of_green.extend(["56+", "56-"].map(str::to_owned));
        }
        of_green.extend(["34+", "34-", "56+", "56-"].map(str::to_owned));
        of_blue.extend(["48+", "48-"].map(str::to_owned));
    }
    let console = &mut seat.console;
    wait_for(*blue, console, 0, &of_blue);
    wait_for(*green, console, 0, &of_green);
    assert_eq!(other.keys(console), [""; 0], "seen in spite of the grab");

    blue.does(console, "release", "released");
    seat.types("o");
    wait_for(other, &mut seat.console, 0, &["24+", "24-"]);
}

/// Events that a program writes never switch.
pub fn fakes(play: &mut Play) {
    let Play { seat, blue, .. } = play;
    let front = |seat: &mut scenarios::Seat| {
        let answer = seat.console.run("persona list | grep '^[*]'");
        answer.text
    };
    let before = front(seat);
    assert!(before.contains("blue"), "blue is not in front: {before}");
    blue.does(&mut seat.console, "fake", "written");
    let after = front(seat);
    assert!(after.contains("blue"), "an event written switched: {after}");
}

/// Waits until the keys that `sitter` has read after the first `skipped` are these.
#[track_caller]
pub fn wait_for(
    sitter: Sitter,
    console: &mut scenarios::Console,
    skipped: usize,
    expected: &[impl AsRef<str>],
) {
    let expected: Vec<&str> = expected.iter().map(AsRef::as_ref).collect();
    let deadline = std::time::Instant::now() + scenarios::LOOK_LIMIT;
    loop {
        let keys = sitter.keys(console);
        if keys[skipped..] == expected[..] {
            return;
        }
        // Fewer may become enough; others never will.
        let hope = expected
            .iter()
            .zip(&keys[skipped..])
            .all(|(one, two)| one == two);
        let hope = hope && keys.len() < skipped + expected.len();
        assert!(
            hope && std::time::Instant::now() < deadline,
            "{} read {:?}, not {expected:?}",
            sitter.name(),
            &keys[skipped..]
        );
    }
}

fn good<T>(result: qemu::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}
