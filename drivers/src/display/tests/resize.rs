//! A window that gets another size, and the screens that follow it.

use abi::Errno;
use abi::framebuffer::{FB_ACTIVATE_FORCE, VarScreenInfo};

use super::super::fbdev::mode;
use super::{
    Event, FakeMemory, Framebuffer, House, SMALL, Size, both, draw, mode_changes, picture, write,
};

#[test]
fn a_resize_is_offered_and_screens_may_follow_it() {
    let house = House::with_gpu();
    let screen = house.open(0);
    let wider = Size {
        width: 128,
        height: 96,
    };
    house.gpu().resize(wider);
    let follow = |size: Size, screen: &Framebuffer| {
        let var = mode::var_of(size);
        screen.set_mode(&VarScreenInfo {
            activate: FB_ACTIVATE_FORCE,
            ..var
        })
    };
    let length = screen.length();
    assert_eq!(
        follow(wider, &screen).err(),
        None,
        "twice the height is there"
    );
    assert_eq!(house.settle(), [Event::Resized(wider)]);
    assert_eq!(house.seen(), Some(picture(&screen)));
    assert_eq!(house.display.panel().preferred(), wider);
    assert_eq!((mode_changes(&screen), screen.length()), (1, length));

    // More than there was memory for; what was drawn stays where it is.
    let large = Size {
        width: 640,
        height: 480,
    };
    draw(&screen, 0, 5, 20);
    assert_eq!(follow(large, &screen), Err(Errno::EINVAL));
    house.gpu().resize(large);
    house.settle();
    let background = house.open(1);
    assert_eq!((background.var().xres, mode_changes(&background)), (640, 0));
    follow(large, &screen).unwrap();
    assert_eq!((mode_changes(&screen), mode_changes(&background)), (2, 0));
    assert_eq!(screen.length(), background.length());
    house.settle();
    assert_eq!(house.seen(), Some(picture(&screen)));
    assert_eq!(house.seen().unwrap().pixels[..20], [[5; 3]; 20]);
    draw(&screen, (640 * 479 + 620) * 4, 6, 20);
    house.settle();
    assert_eq!(house.seen(), Some(picture(&screen)));

    // And no more than the display prefers, whatever is asked for.
    let larger = Size {
        width: 641,
        height: 2000,
    };
    assert_eq!(follow(larger, &screen), Err(Errno::EINVAL));
}

/// What was written by a call before, and is not sent yet, was in rows of the mode of then.
#[test]
fn rows_written_before_a_smaller_mode_are_none_of_its_own() {
    for (bits_per_pixel, in_front) in [(16, true), (32, true), (16, false), (32, false)] {
        for house in both() {
            let screens = [house.open(0), house.open(1)];
            let screen = &screens[usize::from(!in_front)];
            house.settle();
            write(screen, 95 * 256, 7, 64);
            let smaller = VarScreenInfo {
                bits_per_pixel,
                ..mode::var_of(Size {
                    height: 64,
                    ..SMALL
                })
            };
            screen.set_mode(&smaller).unwrap();
            // What is drawn now must not be lost with what cannot be sent.
            FakeMemory::of(screen.memory()).draw(0, &[0xff; 4]);
            assert_eq!(house.settle(), [], "{bits_per_pixel} bits, {in_front}");
            house.switch(usize::from(!in_front));
            assert_eq!(house.settle(), [], "{bits_per_pixel} bits, {in_front}");
            assert_eq!(house.seen().unwrap().pixels[0], [0xff; 3]);
            assert_eq!(house.seen(), Some(picture(screen)));
        }
    }
}
