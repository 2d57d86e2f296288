//! The programs that fill the screen, started in a persona's terminal as a person would: what they
//! draw is seen, and when they have ended, the terminal's picture is back to the last pixel.

use std::collections::HashSet;

use qemu::picture::{Difference, Letters};
use qemu::qmp::{Button, Key};
use qemu::{Kind, Picture};
use scenarios::{Image, Seat};

/// Where the terminal of the persona `work` is.
const WORK: usize = 2;
/// The size of the screen.
const SIZE: (u32, u32) = (640, 480);

/// What paint paints with at first, and its red, as 0xRRGGBB.
const INK: u32 = 0x1f_2430;
const RED: u32 = 0xe0_4b4b;
const PAPER: u32 = 0xfa_f8f2;
/// The middle of the fields of the red and of the sheet's whole in paint's bar.
const RED_FIELD: (u32, u32) = (48, 16);

/// The terminal with nothing but a prompt.
fn empty_terminal(seat: &mut Seat) -> Picture {
    seat.types("clear\n");
    seat.settles("a terminal with one prompt", |seen| {
        let prompts = seen.places_of("root@work", Letters::SMALL.bold());
        prompts.len() == 1 && seen.places_of("clear", Letters::SMALL).is_empty()
    })
}

/// Starts a program, and has the terminal empty once it has ended.
fn start(seat: &mut Seat, program: &str) {
    seat.types(&format!("{program}; clear\n"));
}

/// How many pixels differ.
fn differing(one: &Picture, two: &Picture) -> usize {
    match one.difference(two) {
        None => 0,
        Some(Difference::Pixels { count, .. }) => count,
        Some(other) => panic!("{other}"),
    }
}

/// Waits for the colours of palette.
fn colours(seat: &mut Seat) -> Picture {
    seat.waits_for("the colours of palette", |seen| {
        let colours: HashSet<u32> = seen.pixels().iter().map(|&pixel| pixel.into()).collect();
        colours.len() > 100
            && seen
                .places_of("root@work", Letters::SMALL.bold())
                .is_empty()
    })
}

/// Tiles of many colours, all of which change.
fn palette(seat: &mut Seat, terminal: &Picture) {
    start(seat, "palette");
    let one = colours(seat);
    let all = one.pixels().len();
    seat.waits_for("other colours", |seen| differing(seen, &one) > all * 9 / 10);
    seat.chord(&[Key::spc]);
    seat.shows(terminal, "the terminal after palette");
}

/// A clock in the middle, of which a little changes with each second.
fn clock(seat: &mut Seat, terminal: &Picture) {
    start(seat, "clock");
    // The year, the last of what it draws at first.
    let is_clock = |seen: &Picture| !seen.places_of(" 20", Letters::MEDIUM).is_empty();
    let mut before = seat.waits_for("the clock with the date", is_clock);
    for second in ["the next second", "the one after"] {
        let after = seat.waits_for(second, |seen| *seen != before);
        let count = differing(&before, &after);
        assert!(count < before.pixels().len() / 10, "{count} pixels changed");
        before = after;
    }
    seat.chord(&[Key::q]);
    seat.shows(terminal, "the terminal after clock");
}

/// Strokes where the pointer goes while the button is down, and nowhere else.
fn paint(seat: &mut Seat, terminal: &Picture, kind: Kind) {
    start(seat, "paint");
    seat.waits_for("paint's bar", |seen| {
        !seen.places_of("Esc leaves", Letters::SMALL).is_empty()
    });
    drag(seat, (100, 100), (300, 200));
    point(seat, (400, 300));
    let drawn = [(100, 100), (200, 150), (300, 200)];
    wait_for_dots(seat, "a stroke in ink", &drawn, INK);
    wait_for_dots(seat, "no stroke without the button", &[(350, 250)], PAPER);
    wait_for_dots(seat, "the cursor", &[(406, 300), (394, 300), (400, 306)], 0);

    drag(seat, RED_FIELD, RED_FIELD);
    drag(seat, (100, 400), (200, 400));
    wait_for_dots(seat, "a red stroke", &[(100, 400), (150, 400)], RED);
    if kind == Kind::Q35 {
        draw_with_mouse(seat);
    }
    seat.chord(&[Key::c]);
    wait_for_dots(seat, "an empty sheet", &[(200, 150), (150, 400)], PAPER);
    seat.chord(&[Key::esc]);
    seat.shows(terminal, "the terminal after paint");
}

/// There is a mouse as well, which goes on from where the tablet was. QEMU gives the buttons to the
/// tablet, and nothing keeps the events of two devices in their order: so each step is seen before
/// the next is made.
fn draw_with_mouse(seat: &mut Seat) {
    point(seat, (250, 400));
    good(seat.qmp().button(Button::left, true));
    wait_for_dots(seat, "the pen on the paper", &[(250, 400)], RED);
    good(seat.qmp().move_by(0, -50));
    let line = [(250, 350), (250, 375)];
    wait_for_dots(seat, "what the mouse drew", &line, RED);
    good(seat.qmp().button(Button::left, false));
    // The tablet's own events come in their order.
    point(seat, (300, 350));
    wait_for_dots(seat, "the cursor, to the right", &[(306, 350)], 0);
    wait_for_dots(seat, "no stroke without the button", &[(275, 350)], PAPER);
}

fn point(seat: &mut Seat, place: (u32, u32)) {
    good(seat.qmp().move_to(place, SIZE));
}

fn drag(seat: &mut Seat, from: (u32, u32), to: (u32, u32)) {
    point(seat, from);
    good(seat.qmp().button(Button::left, true));
    point(seat, to);
    good(seat.qmp().button(Button::left, false));
}

/// Waits until the pixels at these places have this colour.
#[track_caller]
fn wait_for_dots(seat: &mut Seat, what: &str, places: &[(u32, u32)], colour: u32) {
    seat.waits_for(what, |seen| {
        let has = |&(x, y): &(u32, u32)| u32::from(seen.pixel(x, y)) == colour;
        places.iter().all(has)
    });
}

/// A program that was killed could not put back what it found: the terminal draws it, though
/// neither a key nor a letter comes.
fn killed(seat: &mut Seat) {
    seat.types("clear; sleep 1000\n");
    let quiet = seat.settles("a terminal without a prompt", |seen| {
        seen.places_of("root@work", Letters::SMALL.bold())
            .is_empty()
    });
    seat.chord(&[Key::ctrl, Key::c]);
    empty_terminal(seat);
    // The shell that waits for it has nothing to say about its end.
    seat.types("clear; (palette; sleep 1000) 2> /dev/null\n");
    colours(seat);
    let answer = seat.console.run("kill -9 $(pidof palette)");
    assert_eq!(answer.status, 0, "{}", answer.text);
    seat.shows(&quiet, "the terminal after palette was killed");
}

fn play(kind: Kind) {
    let mut seat = Seat::take(&Image::built(), kind);
    seat.switch_to(WORK);
    seat.waits_for("work's prompt", |seen| {
        !seen
            .places_of("root@work", Letters::SMALL.bold())
            .is_empty()
    });
    let terminal = empty_terminal(&mut seat);
    palette(&mut seat, &terminal);
    paint(&mut seat, &terminal, kind);
    clock(&mut seat, &terminal);
    killed(&mut seat);
}

#[test]
fn programs_that_fill_the_screen_come_and_go_on_q35() {
    play(Kind::Q35);
}

#[test]
fn programs_that_fill_the_screen_come_and_go_on_microvm() {
    play(Kind::Microvm);
}

fn good<T>(result: qemu::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}
