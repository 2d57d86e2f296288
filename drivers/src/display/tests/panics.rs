//! The last words of the kernel, on whatever can be drawn on.

use super::{Hardware, House, both};

#[test]
fn a_panic_is_seen_also_where_it_was_blank() {
    for house in both() {
        let screen = house.open(0);
        screen.blank(1).unwrap();
        house.settle();
        let mut lines = ["kernel panic: all is lost", "ü"].into_iter();
        let outcome = house.display.show_panic(&mut lines, &mut || {
            if let Hardware::Gpu(gpu) = &house.hardware {
                gpu.lock().unwrap().run();
            }
            true
        });
        assert_eq!(outcome, Ok(()));
        let pixels = house.seen().unwrap().pixels;
        assert!(pixels.contains(&[0xff; 3]) && pixels.contains(&[0, 0, 0x80]));
    }
}

#[test]
fn a_panic_is_seen_where_nobody_has_a_screen() {
    for house in [House::with_gpu(), House::with_bochs(1 << 20)] {
        let say = |text: &'static str| {
            let outcome = house.display.show_panic(&mut text.lines(), &mut || {
                if let Hardware::Gpu(gpu) = &house.hardware {
                    gpu.lock().unwrap().run();
                }
                true
            });
            assert_eq!(outcome, Ok(()));
            let seen = house.seen().unwrap();
            assert_eq!((seen.size.width, seen.size.height), (640, 400));
            let line: Vec<[u8; 3]> = seen.pixels[..640 * 16].to_vec();
            assert!(line.contains(&[0xff; 3]) && line.contains(&[0, 0, 0x80]));
            assert_eq!(seen.pixels[640 * 16..], vec![[0; 3]; 640 * 384]);
            line
        };
        // Behind somebody who has one, and twice.
        let _background = house.open(1);
        house.settle();
        assert_eq!(house.seen(), None);
        assert_ne!(say("one"), say("two"));
    }
}
