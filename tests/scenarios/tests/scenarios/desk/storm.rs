//! Two hundred switches to and fro while three personas draw and read without a rest: afterwards
//! every screen and every list of keys is exactly its own.

use guests::pattern::Primary;
use qemu::Picture;
use qemu::qmp::{keys_of, press, release};
use scenarios::{Random, Seat, Sitter};

use super::focus::wait_for;
use super::{BLUE, GREEN, Play, RED};

const SWITCHES: usize = 200;
/// A look at the screen after each so many switches.
const LOOK_EVERY: usize = 20;
const SEED: u64 = 0x6a61_6e75_7321;
/// Letters of the row with A, whose codes follow each other from this one on.
const LETTERS: &str = "asdfghjkl";
const FIRST_CODE: usize = 30;

/// The act.
pub fn act(play: &mut Play) {
    let slots = [RED, GREEN, BLUE];
    let people = slots.map(|slot| play.of_slot(slot));
    let seat = &mut play.seat;
    for (sitter, primary) in people {
        let order = format!("paint {}", primary.name());
        sitter.does(&mut seat.console, &order, "painting");
    }
    seat.switch_to(RED);
    wait_for_only(seat, Primary::Red, "before the storm");
    let mut front = 0;
    let mut expected = people.map(|(sitter, _)| sitter.keys(&mut seat.console));

    let mut random = Random::new(SEED);
    for switch in 1..=SWITCHES {
        let next = random.below(slots.len());
        let letter = random.below(LETTERS.len());
        switch_and_type(seat, slots[next], &LETTERS[letter..=letter]);
        expected[front].extend(["56+".to_owned(), "56-".to_owned()]);
        let code = FIRST_CODE + letter;
        expected[next].extend([format!("{code}+"), format!("{code}-")]);
        front = next;
        if switch % LOOK_EVERY == 0 {
            wait_for_only(seat, people[front].1, &format!("after {switch} switches"));
        }
    }
    for ((sitter, _), expected) in people.into_iter().zip(&expected) {
        wait_for(sitter, &mut seat.console, 0, expected);
    }
    every_screen_is_its_own(seat, people, slots);
}

/// Switches and types one letter, all in one burst: the letter is for who is in front then.
fn switch_and_type(seat: &mut Seat, slot: usize, letter: &str) {
    let mut keys = scenarios::switch_keys(slot).to_vec();
    let mut events: Vec<_> = keys.iter().map(|&key| press(key)).collect();
    keys.reverse();
    events.extend(keys.into_iter().map(release));
    for key in letter.chars().filter_map(keys_of).flatten() {
        events.extend([press(key), release(key)]);
    }
    good(seat.qmp().input(&events));
}

/// Waits until nothing is on the screen but this colour; at no time may there be two.
#[track_caller]
fn wait_for_only(seat: &mut Seat, primary: Primary, when: &str) {
    let seen = seat.waits_for(&format!("only {} {when}", primary.name()), |seen| {
        owner(seen) == Some(primary)
    });
    drop(seen);
}

/// The colour of all pixels, or none where it is no pattern (nothing was drawn yet).
#[track_caller]
fn owner(seen: &Picture) -> Option<Primary> {
    let mut owners = Primary::ALL.into_iter().filter(|owner| {
        let mut pixels = seen.pixels().iter();
        pixels.any(|&pixel| owner.has(pixel.into()))
    });
    let first = owners.next()?;
    assert_eq!(owners.next(), None, "two personas on one screen");
    let all = seen.pixels().iter().all(|&pixel| first.has(pixel.into()));
    all.then_some(first)
}

/// Lets each draw a last pattern, and looks at all of them.
fn every_screen_is_its_own(seat: &mut Seat, people: [(Sitter, Primary); 3], slots: [usize; 3]) {
    const LAST: u32 = 1_000_000;
    let pictures = people.map(|(sitter, primary)| sitter.draws(&mut seat.console, primary, LAST));
    for ((slot, (sitter, primary)), picture) in slots.into_iter().zip(people).zip(&pictures) {
        seat.switch_to(slot);
        seat.shows(picture, &format!("{}'s last picture", sitter.name()));
        let order = format!("holds {} {LAST}", primary.name());
        sitter.does(&mut seat.console, &order, "yes");
    }
}

fn good<T>(result: qemu::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}
