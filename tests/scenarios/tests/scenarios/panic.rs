//! A panic is seen on the panel, on each kind: before any program has opened the display, and
//! while one draws on it.

use guests::pattern::Primary;
use qemu::machine::Panel;
use qemu::{Desk, Ending, Kind, Picture};
use scenarios::{BOOT_LIMIT, Console, Image, Seat, Sitter};

/// What the words are written on and with, as 0xRRGGBB.
const PAPER: u32 = 0x80_0000;
const INK: u32 = 0xff_ffff;
/// The size of the screen that is made for them where there is none, and of a letter.
const SIZE: (u32, u32) = (640, 400);
const LETTER: (u32, u32) = (8, 16);
/// The size of a screen that somebody draws on.
const DRAWN: (u32, u32) = (1024, 768);
/// The colour in which they draw: it is in none of the words.
const COLOUR: Primary = Primary::Green;
/// What makes the kernel panic at once.
const CRASH: &str = "echo c > /proc/sysrq-trigger\n";

/// How many letters there are in a line of text: columns with ink in them.
fn letters(seen: &Picture, line: u32) -> usize {
    let is_ink = |x: u32, y: u32| {
        let pixel = u32::from(seen.pixel(x, y));
        assert!([PAPER, INK].contains(&pixel), "{pixel:06x} at {x}, {y}");
        pixel == INK
    };
    let top = line * LETTER.1;
    let has_ink = |column: &u32| {
        let (left, right) = (column * LETTER.0, (column + 1) * LETTER.0);
        (left..right).any(|x| (top..top + LETTER.1).any(|y| is_ink(x, y)))
    };
    (0..seen.width() / LETTER.0).filter(has_ink).count()
}

/// How many letters the lines of a screen so wide have that shows `words`: a line that is too
/// long goes on below.
fn expected_letters(words: &str, width: u32) -> Vec<usize> {
    let columns = (width / LETTER.0) as usize;
    let lines = words.lines().flat_map(|line| {
        let letters: Vec<char> = line.trim_end().chars().collect();
        let pieces = letters.chunks(columns);
        let count = |piece: &[char]| piece.iter().filter(|letter| **letter != ' ').count();
        pieces.map(count).collect::<Vec<_>>()
    });
    lines.collect()
}

/// The kernel's last words, as the serial line has them.
fn last_words(said: &str) -> &str {
    let begin = said.find("kernel panic: ").expect("it is a panic");
    assert!(!said.contains("does not show"), "{said}");
    let end = said.find("the machine is reset in");
    &said[begin..end.unwrap_or(said.len())]
}

/// The panic comes at boot.
fn play(kind: Kind, panel: Panel) {
    let image = Image::built();
    let mut machine = image.machine(kind);
    machine.desk = Desk {
        panel: Some(panel),
        ..Desk::usual()
    };
    // It stays until it is ended from here.
    machine.command_line = "init=/no/such/init panic=600".into();
    let mut console = Console::start(&image, machine);
    let said = console.expect("is reset in", BOOT_LIMIT);
    let seen = console.qmp().screenshot();
    let seen = seen.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((seen.width(), seen.height()), SIZE);
    // The message, which is longer than a line, and where it happened.
    let words = last_words(&said);
    let message = words.lines().next().unwrap_or_default();
    assert!(message.len() > (SIZE.0 / LETTER.0) as usize, "{message}");
    let expected = expected_letters(words, SIZE.0);
    for (line, count) in (0..SIZE.1 / LETTER.1).zip(expected) {
        assert_eq!(letters(&seen, line), count, "line {line} of {words}");
    }
}

#[test]
fn a_panic_at_boot_is_seen_on_q35() {
    for panel in [Panel::Virtio, Panel::Bochs, Panel::Std] {
        play(Kind::Q35, panel);
    }
}

#[test]
fn a_panic_at_boot_is_seen_on_microvm() {
    play(Kind::Microvm, Panel::Virtio);
}

/// Boots a machine with these words for its kernel, and has somebody in a persona in front who
/// draws one picture after the other through a mapping.
fn someone_draws(kind: Kind, panel: Panel, words: &str) -> Seat {
    let image = Image::built().with_shell_only().with_program("desk");
    let mut machine = image.machine(kind);
    machine.desk = Desk {
        panel: Some(panel),
        ..Desk::usual().sized(DRAWN.0, DRAWN.1)
    };
    machine.command_line = words.into();
    let mut seat = Seat::at(&image, machine);
    let painter = Sitter::in_new_persona(&mut seat.console, "painter");
    painter.does(
        &mut seat.console,
        &format!("paint {}", COLOUR.name()),
        "painting",
    );
    let switched = seat.console.run("persona switch painter");
    assert_eq!(switched.status, 0, "{}", switched.text);
    let one = seat.waits_for("what is drawn", |seen| {
        (0..seen.height()).all(|y| is_drawn(seen, y))
    });
    seat.waits_for("another picture", |seen| *seen != one);
    seat
}

/// Whether the row `y` of pixels is all of what somebody drew.
fn is_drawn(seen: &Picture, y: u32) -> bool {
    (0..seen.width()).all(|x| COLOUR.has(seen.pixel(x, y).into()))
}

/// The panic comes while somebody draws: the words are above what was drawn, and whoever drew does
/// not draw over them.
fn play_while_someone_draws(kind: Kind, panel: Panel) {
    let mut seat = someone_draws(kind, panel, "panic=600");
    seat.console.send(CRASH);
    let said = seat.console.expect("is reset in", BOOT_LIMIT);
    let words = last_words(&said);
    assert!(words.contains("sysrq triggered crash"), "{words}");
    let expected = expected_letters(words, DRAWN.0);
    let seen = seat.look();
    assert_eq!((seen.width(), seen.height()), DRAWN);
    assert!(expected.len() < (DRAWN.1 / LETTER.1) as usize, "{words}");
    for (line, &count) in (0..).zip(&expected) {
        assert_eq!(letters(&seen, line), count, "line {line} of {words}");
    }
    let rows = expected.len() as u32 * LETTER.1..DRAWN.1;
    for y in rows {
        assert!(is_drawn(&seen, y), "row {y} is not what was drawn");
    }
    seat.shows_now(&seen, "the same as before, since nobody draws any more");
}

#[test]
fn a_panic_while_someone_draws_is_seen_on_q35() {
    for panel in [Panel::Virtio, Panel::Bochs, Panel::Std] {
        play_while_someone_draws(Kind::Q35, panel);
    }
}

#[test]
fn a_panic_while_someone_draws_is_seen_on_microvm() {
    play_while_someone_draws(Kind::Microvm, Panel::Virtio);
}

#[test]
fn a_panic_while_someone_draws_ends_the_machine_with_a_failure() {
    for (kind, panel) in [(Kind::Q35, Panel::Bochs), (Kind::Microvm, Panel::Virtio)] {
        let mut seat = someone_draws(kind, panel, "");
        seat.console.send(CRASH);
        let ending = seat.console.wait_end();
        let said = seat.console.said();
        assert_eq!(ending, Ending::Failure, "on {kind} it said: {said}");
        last_words(&said);
    }
}

/// The other letter that ends the machine: a reset, with no farewell to anybody.
#[test]
fn the_machine_is_reset_on_request() {
    let mut console = Console::boot(&Image::built().with_shell_only(), Kind::Q35);
    console.send("echo b > /proc/sysrq-trigger\n");
    assert_eq!(console.wait_end(), Ending::PowerOff);
    assert!(console.said().contains("sysrq: Resetting"));
}
