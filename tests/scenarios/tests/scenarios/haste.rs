//! Many switches between large screens, as fast as a program can make them: far faster than the
//! display reads a screen. It shows the last one soon, and nothing was too much for it.

use guests::pattern::{Pattern, Primary};
use qemu::{Desk, Kind, Picture};
use scenarios::{Image, Seat, Sitter};

const SIZE: (u32, u32) = (3840, 2160);
/// Memory for a few such screens.
const MEMORY_MIB: u32 = 512;
/// Twice as many switches are made.
const ROUNDS: usize = 1000;

fn draws(seat: &mut Seat, sitter: Sitter, primary: Primary) -> Picture {
    let order = format!("draw {} 7", primary.name());
    sitter.does(&mut seat.console, &order, "drawn");
    let number = 7;
    let pattern = Pattern { primary, number };
    Picture::from_pixels(SIZE.0, SIZE.1, |x, y| pattern.pixel(x, y))
}

fn play(kind: Kind) {
    let image = Image::built().with_shell_only().with_program("desk");
    let mut machine = image.machine(kind);
    machine.memory_mib = MEMORY_MIB;
    machine.desk = Desk::usual().sized(SIZE.0, SIZE.1);
    let mut seat = Seat::at(&image, machine);
    let red = Sitter::in_new_persona(&mut seat.console, "red");
    let green = Sitter::in_new_persona(&mut seat.console, "green");
    let pictures = [
        draws(&mut seat, red, Primary::Red),
        draws(&mut seat, green, Primary::Green),
    ];
    let switches = format!(
        "set -- $(pidof desk); n=0; while [ $n -lt {ROUNDS} ]; do \
         echo $1 > /proc/dev_ns/active_ns_pid; echo $2 > /proc/dev_ns/active_ns_pid; \
         n=$((n + 1)); done; dmesg | grep fb0"
    );
    let answer = seat.console.run(&switches);
    assert_eq!(answer.status, 0, "{}", answer.text);
    assert!(!answer.text.contains("answer"), "{}", answer.text);
    for (sitter, picture) in [red, green].into_iter().zip(&pictures) {
        let name = sitter.name();
        let answer = seat.console.run(&format!("persona switch {name}"));
        assert_eq!(answer.status, 0, "{}", answer.text);
        seat.shows(picture, &format!("{name}'s picture after many switches"));
    }
}

#[test]
fn switches_in_haste_leave_the_display_in_order_on_q35() {
    play(Kind::Q35);
}

#[test]
fn switches_in_haste_leave_the_display_in_order_on_microvm() {
    play(Kind::Microvm);
}
