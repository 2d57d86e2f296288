//! A panic before any program has opened the display: its words are on the panel, on each kind.

use qemu::machine::Panel;
use qemu::{Desk, Kind, Picture};
use scenarios::{BOOT_LIMIT, Console, Image};

/// What the words are written on and with, as 0xRRGGBB.
const PAPER: u32 = 0x80_0000;
const INK: u32 = 0xff_ffff;
/// The size of the screen that is made for them, and of a letter.
const SIZE: (u32, u32) = (640, 400);
const LETTER: (u32, u32) = (8, 16);

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
    (0..SIZE.0 / LETTER.0).filter(has_ink).count()
}

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
    assert!(!said.contains("does not show"), "{said}");
    let seen = console.qmp().screenshot();
    let seen = seen.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((seen.width(), seen.height()), SIZE);
    // The message, which is longer than a line, and where it happened.
    let begin = said.find("kernel panic: ").expect("it is a panic");
    let words = said[begin..].lines().next().unwrap_or_default().trim_end();
    let count = |text: &str| text.chars().filter(|letter| *letter != ' ').count();
    let columns = (SIZE.0 / LETTER.0) as usize;
    assert!(words.len() > columns, "{words}");
    assert_eq!(letters(&seen, 0), count(&words[..columns]), "{words}");
    let second = &words[columns..words.len().min(2 * columns)];
    assert_eq!(letters(&seen, 1), count(second), "{words}");
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
