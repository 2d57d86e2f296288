//! Screens of 16 bits a pixel, which a GPU can only show converted.

use abi::framebuffer::VarScreenInfo;

use super::super::light::Light;
use super::{FakeMemory, Framebuffer, House, both, doubled, picture, write};

const STRIDE: usize = 64 * 2;

fn narrow(screen: &Framebuffer, var: VarScreenInfo) -> VarScreenInfo {
    let wanted = VarScreenInfo {
        bits_per_pixel: 16,
        ..var
    };
    screen.set_mode(&wanted).unwrap()
}

/// A program draws these rows through a mapping.
fn draw_rows(screen: &Framebuffer, rows: std::ops::Range<usize>, color: u8) {
    let bytes = vec![color; rows.len() * STRIDE];
    FakeMemory::of(screen.memory()).draw(rows.start * STRIDE, &bytes);
}

#[test]
fn what_is_drawn_behind_is_seen_after_the_switch() {
    for house in both() {
        let screens = [house.open(0), house.open(1)];
        draw_rows(&screens[1], 0..10, 0x11);
        narrow(&screens[1], screens[1].var());
        house.settle();
        draw_rows(&screens[1], 60..70, 0x35);
        write(&screens[1], 90 * STRIDE, 0x77, 16);
        house.switch(1);
        house.settle();
        assert_eq!(house.seen(), Some(picture(&screens[1])));
        house.switch(0);
        draw_rows(&screens[1], 5..6, 0x53);
        house.settle();
        assert_eq!(house.seen(), Some(picture(&screens[0])));
        house.switch(1);
        house.settle();
        assert_eq!(house.seen(), Some(picture(&screens[1])));
    }
}

/// What was drawn in the background before the mode was chosen is there with the switch itself.
/// Whether anything is converted is told by who reads what programs draw into.
#[test]
fn a_switch_on_a_gpu_converts_nothing_and_the_first_frame_what_has_changed() {
    let house = House::with_gpu();
    let screens = [house.open(0), house.open(1)];
    draw_rows(&screens[1], 0..90, 0x24);
    narrow(&screens[1], screens[1].var());
    let memory = FakeMemory::of(screens[1].memory());
    assert_eq!(memory.bytes_read(), 96 * STRIDE, "all, for a new mode");
    house.switch(1);
    assert_eq!(memory.bytes_read(), 0);
    // Nobody presents.
    for _ in 0..8 {
        house.gpu().run();
        assert_eq!(house.settle_without_device(), []);
    }
    assert_eq!(house.seen(), Some(picture(&screens[1])));
    house.settle();
    for round in 0..3 {
        house.switch(0);
        house.settle();
        memory.bytes_read();
        house.switch(1);
        house.settle();
        assert_eq!(memory.bytes_read(), 0, "nothing was drawn");
        house.switch(0);
        house.settle();
        // A page: 32 rows.
        draw_rows(&screens[1], 33..34, round);
        house.switch(1);
        assert_eq!(memory.bytes_read(), 0);
        house.settle();
        assert_eq!(memory.bytes_read(), 4096);
        assert_eq!(house.seen(), Some(picture(&screens[1])));
    }
}

#[test]
fn what_is_drawn_in_dim_light_is_seen_in_all_the_light_and_where_it_was_out_of_sight() {
    for narrowed in [false, true] {
        let house = House::with_gpu();
        let screen = house.open(0);
        let mut var = screen.set_mode(&doubled(&screen)).unwrap();
        if narrowed {
            var = narrow(&screen, var);
        }
        house.settle();
        house.display.set_light(|light, _| light.brightness = 100);
        house.settle();
        draw_rows(&screen, 3..9, 0x44);
        draw_rows(&screen, 150..160, 0x66);
        draw_rows(&screen, 340..350, 0x66);
        house.settle();
        house.display.set_light(|light, _| *light = Light::ALL);
        house.settle();
        assert_eq!(house.seen(), Some(picture(&screen)));
        screen.pan(&VarScreenInfo { yoffset: 96, ..var }).unwrap();
        house.settle();
        assert_eq!(house.seen(), Some(picture(&screen)));
    }
}
