//! Pixels of 16 bits and of 32 on each display device, as an eye sees them; and a page flip with
//! both.

use qemu::machine::Panel;
use qemu::{Desk, Kind};
use scenarios::{Image, Seat};

/// Pixels that are written, from the first of a row on.
const COUNT: u32 = 100;
const SIZE: (u32, u32) = (640, 480);

/// The files of the screen.
const FILES: &str = "/sys/class/graphics/fb0";

/// Runs a command that must succeed.
#[track_caller]
fn runs(seat: &mut Seat, command: &str) {
    let answer = seat.console.run(command);
    assert_eq!(answer.status, 0, "{command}: {}", answer.text);
}

/// Chooses so many bits, and a whole of twice the height of what is seen; draws pixels with these
/// bytes at the top of each page, and looks at both.
fn pages(seat: &mut Seat, bits: u32, pixels: [(&str, u32); 2]) {
    let (width, height) = SIZE;
    runs(seat, &format!("echo {bits} > {FILES}/bits_per_pixel"));
    let whole = format!("echo {width},{} > {FILES}/virtual_size", 2 * height);
    runs(seat, &whole);
    // The second first, since zeros up to there are drawn over the other.
    for (page, (bytes, colour)) in (0..2).zip(pixels).rev() {
        let before = page * height * width * bits / 8;
        let row = bytes.repeat(COUNT as usize);
        runs(
            seat,
            &format!("(head -c {before} /dev/zero; printf '{row}') > /dev/fb0"),
        );
        shows_page(seat, page, (bits, colour));
    }
    let (_, second) = pixels[1];
    shows_page(seat, 1, (bits, second));
    runs(seat, &format!("echo 0,0 > {FILES}/pan"));
}

/// Pans to a page, in which pixels of this colour are drawn.
#[track_caller]
fn shows_page(seat: &mut Seat, page: u32, (bits, colour): (u32, u32)) {
    runs(seat, &format!("echo 0,{} > {FILES}/pan", page * SIZE.1));
    let what = format!("pixels {colour:06x} of {bits} bits on page {page}");
    seat.waits_for(&what, |seen| {
        let pixel = |x| u32::from(seen.pixel(x, 0));
        let is_drawn = (0..COUNT).all(|x| pixel(x) == colour);
        is_drawn && (COUNT..SIZE.0).all(|x| pixel(x) == 0)
    });
}

fn play(kind: Kind, panel: Panel) {
    let image = Image::built().with_shell_only();
    let mut machine = image.machine(kind);
    machine.desk = Desk {
        panel: Some(panel),
        ..Desk::usual()
    };
    machine.desk = machine.desk.sized(SIZE.0, SIZE.1);
    if panel != Panel::Virtio {
        machine.command_line = format!("video={}x{}", SIZE.0, SIZE.1);
    }
    let mut seat = Seat::at(&image, machine);
    // 5, 6 and 5 bits; what is missing below repeats the upper ones.
    pages(
        &mut seat,
        16,
        [("\\340\\340", 0xe7_1c00), ("\\037\\000", 0x00_00ff)],
    );
    let wide = [
        ("\\020\\040\\060\\000", 0x30_2010),
        ("\\377\\000\\001\\377", 0x01_00ff),
    ];
    pages(&mut seat, 32, wide);
}

#[test]
fn pixels_of_both_sizes_are_seen_on_each_panel_of_q35() {
    for panel in [Panel::Virtio, Panel::Bochs, Panel::Std] {
        play(Kind::Q35, panel);
    }
}

#[test]
fn pixels_of_both_sizes_are_seen_on_microvm() {
    play(Kind::Microvm, Panel::Virtio);
}
