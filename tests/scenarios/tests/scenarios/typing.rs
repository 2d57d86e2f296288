//! A person types at the terminals of a default boot: what is typed is on the screen, belongs to
//! the persona in front, and the others' screens stay as they were.

use qemu::picture::{Colour, Letters};
use qemu::{Kind, Picture};
use scenarios::{Image, Seat};

/// Where the terminals of a default boot are.
const ROOT: usize = 1;
const WORK: usize = 2;
const PLAY: usize = 3;

/// What a terminal on this screen writes in.
const TEXT: Letters = Letters::SMALL;
/// What the prompt is in.
const PROMPT: Letters = Letters::SMALL.bold();

/// How often `text` is on the screen.
fn times(seen: &Picture, text: &str) -> usize {
    seen.places_of(text, TEXT).len()
}

/// Waits until the shell of a persona whose host is called `host` has prompted `count` times and
/// `fits` is so.
#[track_caller]
fn prompts(seat: &mut Seat, host: &str, count: usize, fits: impl Fn(&Picture) -> bool) -> Picture {
    let prompt = format!("root@{host}");
    let what = format!("the prompt `{prompt}` {count} times, and what belongs to it");
    seat.settles(&what, |seen| {
        seen.places_of(&prompt, PROMPT).len() == count && fits(seen)
    })
}

/// Whether the bar says that this is the persona `name`, in its colour, from the corner on.
fn tells(seen: &Picture, name: &str) -> bool {
    const BAR_HEIGHT: u32 = 24;
    let screen::Colour { red, green, blue } = screen::Who::named(name).colour;
    let names = seen.places_of(name, PROMPT);
    seen.pixel(0, 0) == Colour(red, green, blue) && names.iter().any(|(_, y)| *y < BAR_HEIGHT)
}

/// The whole of it.
fn play(kind: Kind) {
    let mut seat = Seat::take(&Image::built(), kind);
    seat.switch_to(PLAY);
    let of_play = prompts(&mut seat, "play", 1, |seen| tells(seen, "play"));
    seat.switch_to(WORK);
    prompts(&mut seat, "work", 1, |seen| tells(seen, "work"));
    seat.switch_to(ROOT);
    prompts(&mut seat, "janus", 1, |seen| tells(seen, "root"));

    // A command and its answer, and the beginning of another one.
    seat.types("echo seen by root\n");
    prompts(&mut seat, "janus", 2, |seen| times(seen, "seen by ") == 2);
    seat.types("echo only for root");
    let is_written = |seen: &Picture| times(seen, "echo only for root") == 1;
    let of_root = prompts(&mut seat, "janus", 2, is_written);

    seat.switch_to(WORK);
    seat.types("echo only for work");
    let is_written = |seen: &Picture| times(seen, "echo only for work") == 1;
    let of_work = prompts(&mut seat, "work", 1, is_written);
    assert_eq!(
        times(&of_work, "root"),
        0,
        "what root typed is on work's screen"
    );

    seat.switch_to(ROOT);
    seat.shows(&of_root, "root's screen, as it was before the switch");
    seat.types(" > /tmp/root.keys\n");
    let of_root = prompts(&mut seat, "janus", 3, |seen| {
        times(seen, "only for work") == 0
    });
    seat.switch_to(WORK);
    seat.shows(&of_work, "work's screen, as it was before the switch");
    seat.types(" > /tmp/work.keys\n");
    prompts(&mut seat, "work", 2, |seen| {
        times(seen, "only for root") == 0
    });

    // The shells got what was typed at their own screens, to the letter, and the third nothing.
    for (file, text) in [("root", "only for root"), ("work", "only for work")] {
        let answer = seat.console.run(&format!("cat -A /tmp/{file}.keys"));
        let mut lines = answer.text.lines().map(str::trim_end);
        let whole = format!("{text}$");
        assert!(lines.any(|line| line == whole), "{file}: {}", answer.text);
    }
    seat.switch_to(PLAY);
    seat.shows(&of_play, "play's screen, where nobody typed");
    seat.switch_to(ROOT);
    seat.shows(&of_root, "root's screen at the end");
}

#[test]
fn each_terminal_gets_its_own_keys_on_q35() {
    play(Kind::Q35);
}

#[test]
fn each_terminal_gets_its_own_keys_on_microvm() {
    play(Kind::Microvm);
}
