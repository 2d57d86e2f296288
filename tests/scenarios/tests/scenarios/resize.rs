//! The window of the screen gets another size, as a VNC viewer asks for it: the kernel learns of
//! it and wakes who waits for that, and the terminals of all personas, in front or not, take that
//! size, as does a program that fills the screen, though no key is pressed. A screen that is given
//! another mode by hand is followed by its own terminal, and by no other.

use std::collections::HashSet;

use qemu::picture::Letters;
use qemu::qmp::Key;
use qemu::{Kind, Picture};
use scenarios::{Image, LOOK_LIMIT, Seat};

/// The slots of the switch keys.
const ROOT: usize = 1;
const WORK: usize = 2;

/// The sizes: QEMU's own at first; one that is wished for; one for which no screen has the memory
/// yet; and a small one that every panel has.
const FIRST: (u32, u32) = (1024, 768);
const WISHED: (u32, u32) = (800, 600);
const LARGER: (u32, u32) = (1392, 1200);
const SMALLER: &str = "U:640x480p-60";

/// The prompts.
const OF_ROOT: &str = "root@janus";
const OF_WORK: &str = "root@work";
/// Their letters on a screen of 800 to 1399 columns of pixels, and on a smaller one.
const PROMPT: Letters = Letters::MEDIUM.bold();
const SMALL_PROMPT: Letters = Letters::SMALL.bold();

/// Waits for a screen of this size with this prompt on it so many times.
#[track_caller]
fn prompts(seat: &mut Seat, size: (u32, u32), prompt: (&str, Letters), count: usize) -> Picture {
    let what = format!("{} {count} times on {}x{}", prompt.0, size.0, size.1);
    seat.settles(&what, |seen| {
        let is_so_large = (seen.width(), seen.height()) == size;
        is_so_large && seen.places_of(prompt.0, prompt.1).len() == count
    })
}

/// What a command prints in a persona, or in the root's shell on the serial line.
#[track_caller]
fn prints(seat: &mut Seat, command: &str, text: &str) {
    let answer = seat.console.run(command);
    assert!(
        answer.status == 0 && answer.text.contains(text),
        "{command}: {}",
        answer.text
    );
}

/// The window gets this size.
#[track_caller]
fn resize(seat: &mut Seat, (width, height): (u32, u32)) {
    let size = (width as u16, height as u16);
    let wished = seat.console.vnc().resize(size, LOOK_LIMIT);
    wished.unwrap_or_else(|error| panic!("{error}"));
}

fn play(kind: Kind) {
    let image = Image::built();
    let mut machine = image.machine(kind);
    machine.desk = qemu::Desk::usual().sized(FIRST.0, FIRST.1);
    let mut seat = Seat::at(&image, machine);
    seat.switch_to(WORK);
    prompts(&mut seat, FIRST, (OF_WORK, PROMPT), 1);
    seat.switch_to(ROOT);
    prompts(&mut seat, FIRST, (OF_ROOT, PROMPT), 1);

    terminals_follow(&mut seat);
    a_picture_follows(&mut seat);
    modes_by_hand(&mut seat);
}

/// Nobody touches anything but the window.
fn terminals_follow(seat: &mut Seat) {
    resize(seat, WISHED);
    prompts(seat, WISHED, (OF_ROOT, PROMPT), 1);
    prints(seat, "dmesg", "fb0: the display prefers 800x600 now");
    let size = "/sys/class/graphics/fb0/virtual_size";
    prints(seat, &format!("cat {size}"), "800,600");
    prints(seat, &format!("persona run work cat {size}"), "800,600");
    prints(seat, "persona create fresh && persona switch fresh", "");
    prompts(seat, WISHED, ("root@fresh", PROMPT), 1);
    seat.switch_to(WORK);
    prompts(seat, WISHED, (OF_WORK, PROMPT), 1);

    // More than any screen had memory for.
    resize(seat, LARGER);
    prompts(seat, LARGER, (OF_WORK, PROMPT), 1);
    seat.types("stty size > /tmp/size\n");
    prompts(seat, LARGER, (OF_WORK, PROMPT), 2);
    prints(seat, "persona run work cat /tmp/size", "58 153");
    seat.switch_to(ROOT);
    prompts(seat, LARGER, (OF_ROOT, PROMPT), 1);
}

/// A program that has the screen to itself.
fn a_picture_follows(seat: &mut Seat) {
    seat.types("palette\n");
    seat.waits_for("the colours of palette", |seen| {
        (seen.width(), seen.height()) == LARGER && colours(seen) > 100
    });
    resize(seat, WISHED);
    seat.waits_for("the colours of palette in the new size", |seen| {
        (seen.width(), seen.height()) == WISHED && colours(seen) > 100
    });
    seat.chord(&[Key::spc]);
    prompts(seat, WISHED, (OF_ROOT, PROMPT), 2);
}

fn colours(picture: &Picture) -> usize {
    let pixels = picture.pixels().iter().map(|&pixel| u32::from(pixel));
    pixels.collect::<HashSet<_>>().len()
}

/// Root's screen is given a smaller mode, in front and then in the background.
fn modes_by_hand(seat: &mut Seat) {
    seat.switch_to(WORK);
    let work = prompts(seat, WISHED, (OF_WORK, PROMPT), 2);
    seat.switch_to(ROOT);
    prompts(seat, WISHED, (OF_ROOT, PROMPT), 2);
    let set = |seat: &mut Seat, mode: &str| {
        let command = format!("echo {mode} > /sys/class/graphics/fb0/mode");
        prints(seat, &command, "");
    };
    set(seat, SMALLER);
    prompts(seat, (640, 480), (OF_ROOT, SMALL_PROMPT), 2);
    seat.types("stty size > /tmp/size\n");
    prompts(seat, (640, 480), (OF_ROOT, SMALL_PROMPT), 3);
    prints(seat, "cat /tmp/size", "28 90");
    seat.switch_to(WORK);
    seat.shows(&work, "work's screen, after another one's mode was changed");
    set(seat, "U:800x600p-60");
    seat.shows_now(&work, "work's screen, while another one's mode is changed");
    seat.switch_to(ROOT);
    prompts(seat, WISHED, (OF_ROOT, PROMPT), 3);
}

#[test]
fn screens_follow_the_window_on_q35() {
    play(Kind::Q35);
}

#[test]
fn screens_follow_the_window_on_microvm() {
    play(Kind::Microvm);
}
