//! The window of the screen gets another size, as a VNC viewer asks for it: the kernel learns of
//! it, new screens have that size, and those that there are stay what their programs think they
//! are. A program that gives its screen another mode is followed by the terminal.

use qemu::picture::Letters;
use qemu::{Kind, Picture};
use scenarios::{Image, LOOK_LIMIT, Seat};

/// The slots of the switch keys.
const ROOT: usize = 1;
const WORK: usize = 2;

/// The sizes: QEMU's own at first, one that is wished for, and a smaller one that every panel has.
const WISHED: (u16, u16) = (800, 600);
const SMALLER: &str = "U:640x480p-60";

/// Letters of prompts on a screen of 800 pixels, and on a smaller one.
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

fn play(kind: Kind) {
    const OF_ROOT: &str = "root@janus";
    let image = Image::built();
    let mut machine = image.machine(kind);
    machine.desk = qemu::Desk::usual().sized(1024, 768);
    let mut seat = Seat::at(&image, machine);
    seat.switch_to(WORK);
    let work = prompts(&mut seat, (1024, 768), ("root@work", PROMPT), 1);
    seat.switch_to(ROOT);
    let root = prompts(&mut seat, (1024, 768), (OF_ROOT, PROMPT), 1);

    let wished = seat.console.vnc().resize(WISHED, LOOK_LIMIT);
    wished.unwrap_or_else(|error| panic!("{error}"));
    let wait = "until dmesg | grep -q 'screens will have 800x600'; do sleep 0.1; done";
    prints(&mut seat, wait, "");
    prints(&mut seat, "cat /sys/class/graphics/fb0/modes", "U:800x600p");
    prints(
        &mut seat,
        "cat /sys/class/graphics/fb0/virtual_size",
        "1024,768",
    );
    seat.shows_now(&root, "root's screen, which has a size of its own");

    // A new persona's screen has the new size, and its terminal with it.
    prints(
        &mut seat,
        "persona create fresh && persona switch fresh",
        "",
    );
    let fresh = prompts(&mut seat, (800, 600), ("root@fresh", PROMPT), 1);
    let size = "persona run fresh cat /sys/class/graphics/fb0/virtual_size";
    prints(&mut seat, size, "800,600");
    seat.switch_to(WORK);
    seat.shows(&work, "work's screen, which has a size of its own");

    // Root's screen is given a smaller mode; its terminal finds that out at the next key.
    seat.switch_to(ROOT);
    seat.shows(&root, "root's screen before it gets another mode");
    let smaller = format!("echo {SMALLER} > /sys/class/graphics/fb0/mode");
    prints(&mut seat, &smaller, "");
    seat.types("\n");
    prompts(&mut seat, (640, 480), (OF_ROOT, SMALL_PROMPT), 2);
    seat.types("stty size > /tmp/size\n");
    prompts(&mut seat, (640, 480), (OF_ROOT, SMALL_PROMPT), 3);
    prints(&mut seat, "cat /tmp/size", "28 90");
    seat.chord(&scenarios::switch_keys(WORK));
    seat.shows(&work, "work's screen, after another one's mode was changed");
    prints(&mut seat, "persona switch fresh", "");
    seat.shows(&fresh, "the new persona's screen at the end");
}

#[test]
fn new_screens_follow_the_window_on_q35() {
    play(Kind::Q35);
}

#[test]
fn new_screens_follow_the_window_on_microvm() {
    play(Kind::Microvm);
}
