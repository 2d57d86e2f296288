//! Mice and tablets: movements, buttons, wheels; as events and as the bytes of `/dev/input/mice`.

use qemu::qmp::Button;

use super::Play;

/// The buttons, their numbers, and what the first byte of a packet says of each on mice of three
/// and of five buttons, and the fourth byte of the latter.
const BUTTONS: [(Button, u16, [u8; 3]); 5] = [
    (Button::left, 0x110, [1, 1, 0]),
    (Button::right, 0x111, [2, 2, 0]),
    (Button::middle, 0x112, [4, 4, 0]),
    (Button::side, 0x113, [4, 0, 0x10]),
    (Button::extra, 0x114, [2, 0, 0x20]),
];

/// Everything a hand does with a mouse.
pub fn mouse(play: &mut Play) {
    let (motion, clicked) = (play.set.motion, play.set.buttons);
    good(play.seat.qmp().move_by(5, -3));
    assert_eq!(play.packets(1), [format!("{motion}:2.0=5,2.1=-3")]);
    play.mice_say(play.set.motion_mouse, [[8, 5, 3, 0]; 3]);
    good(play.seat.qmp().move_by(-100, 0));
    assert_eq!(play.packets(1), [format!("{motion}:2.0=-100")]);
    play.mice_say(play.set.motion_mouse, [[0x18, 0x9c, 0, 0]; 3]);

    for (button, code, [of_three, of_five, fourth]) in BUTTONS {
        for (down, value) in [(true, 1), (false, 0)] {
            good(play.seat.qmp().button(button, down));
            assert_eq!(play.packets(1), [format!("{clicked}:1.{code}={value}")]);
            let three = [8 | (of_three * value), 0, 0, 0];
            let five = [8 | (of_five * value), 0, 0, fourth * value];
            play.mice_say(play.set.buttons_mouse, [three, three, five]);
        }
    }
    for (notches, of_wheel, of_five) in [(1, 0xff, 0x0f), (-1, 1, 1)] {
        good(play.seat.qmp().wheel(notches));
        assert_eq!(play.packets(1), [format!("{clicked}:2.8={notches}")]);
        let packets = [[8, 0, 0, 0], [8, 0, 0, of_wheel], [8, 0, 0, of_five]];
        play.mice_say(play.set.buttons_mouse, packets);
    }
}

/// A tablet says where it is; to a mouse, how far it went on a screen of 1024 by 768.
pub fn tablet(play: &mut Play) {
    let Some((device, mouse)) = play.set.tablet else {
        return;
    };
    // To a point that every reader knows; from the middle to there is of no interest.
    good(play.seat.qmp().move_to((0, 0), (32, 24)));
    assert_eq!(play.packets(1), [format!("{device}:3.0=512,3.1=682")]);
    play.hands.told(&mut play.seat.console, "mice 1");
    good(play.seat.qmp().move_to((2, 1), (32, 24)));
    assert_eq!(play.packets(1), [format!("{device}:3.0=2560,3.1=2048")]);
    // 64 points to the right, and 33 down.
    play.mice_say(mouse, [[0x28, 64, 0xdf, 0]; 3]);
}

fn good<T>(result: qemu::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}
