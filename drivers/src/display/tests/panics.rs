//! The last words of the kernel, on whatever can be drawn on.

use abi::framebuffer::VarScreenInfo;

use super::{FakeMemory, Hardware, House, PanelError, both};

/// The kernel says this.
fn say(house: &House, text: &str) -> Result<(), PanelError> {
    house.display.show_panic(&mut text.lines(), &mut || {
        if let Hardware::Gpu(gpu) = &house.hardware {
            gpu.lock().unwrap().run();
        }
        true
    })
}

/// What is seen of a line on a page with nothing else.
#[track_caller]
fn line_seen(house: &House) -> Vec<[u8; 3]> {
    let seen = house.seen().unwrap();
    assert_eq!((seen.size.width, seen.size.height), (640, 400));
    let line: Vec<[u8; 3]> = seen.pixels[..640 * 16].to_vec();
    assert!(line.contains(&[0xff; 3]) && line.contains(&[0, 0, 0x80]));
    assert_eq!(seen.pixels[640 * 16..], vec![[0; 3]; 640 * 384]);
    line
}

#[test]
fn a_panic_is_seen_also_where_it_was_blank() {
    for house in both() {
        let screen = house.open(0);
        screen.blank(1).unwrap();
        house.settle();
        let outcome = say(&house, "kernel panic: all is lost\nü");
        assert_eq!(outcome, Ok(()));
        let pixels = house.seen().unwrap().pixels;
        assert!(pixels.contains(&[0xff; 3]) && pixels.contains(&[0, 0, 0x80]));
    }
}

#[test]
fn a_panic_is_seen_where_nobody_has_a_screen() {
    for house in [House::with_gpu(), House::with_bochs(1 << 20)] {
        let seen_of = |text| {
            assert_eq!(say(&house, text), Ok(()));
            line_seen(&house)
        };
        // Behind somebody who has one, and twice.
        let _background = house.open(1);
        house.settle();
        assert_eq!(house.seen(), None);
        assert_ne!(seen_of("one"), seen_of("two"));
    }
}

/// The panic has come in the middle of something that locks what is seen.
#[test]
fn a_panic_does_not_wait_for_memory_that_is_locked() {
    for house in [House::with_gpu(), House::with_bochs(1 << 20)] {
        let screen = house.open(0);
        house.settle();
        let memory = FakeMemory::of(screen.memory());
        let held = memory.hold();
        assert_eq!(say(&house, "all is lost"), Ok(()));
        line_seen(&house);
        drop(held);
    }
}

#[test]
fn a_panic_is_seen_over_a_screen_of_16_bits() {
    for house in both() {
        let screen = house.open(0);
        let narrow = VarScreenInfo {
            bits_per_pixel: 16,
            ..screen.var()
        };
        screen.set_mode(&narrow).unwrap();
        FakeMemory::of(screen.memory()).draw(0, &[0x11; 96 * 128]);
        house.settle();
        assert_eq!(say(&house, "all is lost"), Ok(()));
        let seen = house.seen().unwrap();
        assert_eq!((seen.size.width, seen.size.height), (64, 96));
        // The letters, white on red, and below them what was seen before.
        let letters = &seen.pixels[..64 * 16];
        assert!(letters.contains(&[0xff; 3]));
        let is_red = |pixel: &[u8; 3]| pixel[2] >= 0x80 && pixel[..2] == [0, 0];
        assert!(letters.iter().any(is_red), "{seen:?}");
        assert_eq!(seen.pixels[64 * 95], [0x8c, 0x20, 0x10]);
    }
}
