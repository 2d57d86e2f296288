//! What personas share of the devices: nothing. Events go to the one in front; the others are
//! answered as if they were there.

use crate::player::{Order, Player};
use abi_tests::check::Outcome;
use abi_tests::{cases, fails, gives, same, sys, works};
use janus_tests::inputs::{
    EV_KEY, EV_LED, EV_REP, Event, GRAB, KEY_A, KEYBOARD, NOWHERE, REPORT, TABLET, get, has_ps2,
    key, open, set,
};
use janus_tests::persona::{ACTIVE, in_front, inside, put};
use libc::*;

cases![
    calls_in_the_background_succeed_and_do_nothing,
    a_second_grab_in_the_background_is_busy,
    events_go_to_the_persona_in_front,
    a_grab_in_the_background_keeps_nobody_out,
    a_grab_survives_ten_switches,
    a_held_key_is_released_for_who_saw_it,
    what_waits_can_be_read_after_the_switch,
    a_file_belongs_to_who_opened_it,
    written_keys_switch_nobody,
    what_another_persona_changed_is_its_own,
];

fn calls_in_the_background_succeed_and_do_nothing() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    let tablet = open(TABLET)?;
    let answer = if has_ps2() { 0 } else { -(EINVAL as isize) };
    let state = || -> Result<_, abi_tests::check::Failure> {
        let (mut repeat, mut axis) = ([0i32; 2], [0i32; 6]);
        works!(SYS_ioctl, keyboard.number, get(3, 8), &mut repeat);
        works!(SYS_ioctl, tablet.number, get(0x40, 24), &mut axis);
        let mut pair = [30u32, 0];
        // A virtio keyboard has no map.
        let read = sys!(SYS_ioctl, keyboard.number, get(4, 8), &mut pair);
        same!(read, answer);
        Ok((repeat, axis, pair, keyboard.leds()?))
    };
    let before = state()?;
    inside(|| {
        let (keyboard, tablet) = (open(KEYBOARD)?, open(TABLET)?);
        gives!(0, SYS_ioctl, keyboard.number, set(3, 8), &[1, 1]);
        let changed = sys!(SYS_ioctl, keyboard.number, set(4, 8), &[30u32, 1]);
        same!(changed, answer);
        gives!(0, SYS_ioctl, tablet.number, set(0xc0, 24), &[9; 6]);
        keyboard.put(&[(EV_KEY, KEY_A, 1), (EV_LED, 0, 1), (EV_REP, 0, 5), REPORT])?;
        same!((keyboard.events(), keyboard.keys()?), (vec![], vec![]));
        // What is wrong is as wrong as in front.
        fails!(EFAULT, SYS_ioctl, keyboard.number, set(3, 8), NOWHERE);
        fails!(
            EINVAL,
            SYS_ioctl,
            keyboard.number,
            set(4, 8),
            &[30u32, 0x300]
        );
        fails!(EINVAL, SYS_ioctl, keyboard.number, set(4, 8), &[999u32, 1]);
        fails!(EFAULT, SYS_ioctl, tablet.number, set(0xc0, 24), NOWHERE);
        fails!(ENOSYS, SYS_ioctl, tablet.number, set(3, 8), &[1, 1]);
        fails!(ENOSYS, SYS_ioctl, keyboard.number, set(0x81, 4), 0);
        fails!(EFAULT, SYS_write, keyboard.number, NOWHERE, 24);
        fails!(EINVAL, SYS_write, keyboard.number, NOWHERE, 23);
        Ok(())
    })?;
    same!(state()?, before);
    same!((keyboard.events(), keyboard.keys()?), (vec![], vec![]));
    Ok(())
}

fn a_second_grab_in_the_background_is_busy() -> Outcome {
    // Though somebody in front has one: it is another persona's.
    let keyboard = open(KEYBOARD)?;
    works!(SYS_ioctl, keyboard.number, GRAB, 1);
    inside(|| {
        let (one, two) = (open(KEYBOARD)?, open(KEYBOARD)?);
        fails!(EINVAL, SYS_ioctl, one.number, GRAB, 0);
        gives!(0, SYS_ioctl, one.number, GRAB, 1);
        fails!(EBUSY, SYS_ioctl, two.number, GRAB, 1);
        fails!(EBUSY, SYS_ioctl, one.number, GRAB, 1);
        gives!(0, SYS_ioctl, one.number, GRAB, 0);
        gives!(0, SYS_ioctl, two.number, GRAB, 1);
        drop(two);
        gives!(0, SYS_ioctl, one.number, GRAB, 1);
        Ok(())
    })
}

/// A press and a release, written by a persona; what one of its files then reads.
fn tap(player: &Player, file: usize) -> Result<Vec<Event>, abi_tests::check::Failure> {
    player.ask(0, Order::Press)?;
    player.ask(0, Order::Release)?;
    Ok(player.ask(file, Order::Events)?.events)
}

fn events_go_to_the_persona_in_front() -> Outcome {
    let mine = open(KEYBOARD)?;
    let player = Player::start()?;
    let both = [key(KEY_A, 1), key(KEY_A, 0)].concat();
    mine.put(&both)?;
    same!(mine.events(), both.clone());
    same!(player.ask(0, Order::Events)?.events, []);
    player.to_front()?;
    same!(tap(&player, 1)?, both.clone());
    same!((mine.write(&both), mine.events()), (96, vec![]));
    put(ACTIVE, "1")?;
    same!(tap(&player, 1)?, []);
    player.end()
}

fn a_grab_in_the_background_keeps_nobody_out() -> Outcome {
    let (mine, other) = (open(KEYBOARD)?, open(KEYBOARD)?);
    let player = Player::start()?;
    same!(player.ask(0, Order::Grab)?.result, 0);
    mine.put(&key(KEY_A, 1))?;
    mine.put(&key(KEY_A, 0))?;
    same!((mine.events().len(), other.events().len()), (4, 4));
    // In front it has its effect at once, among its own; mine has none there.
    works!(SYS_ioctl, other.number, GRAB, 1);
    player.to_front()?;
    same!(tap(&player, 0)?.len(), 4);
    same!(player.ask(1, Order::Events)?.events, []);
    put(ACTIVE, "1")?;
    mine.put(&key(KEY_A, 1))?;
    mine.put(&key(KEY_A, 0))?;
    same!((mine.events().len(), other.events().len()), (0, 4));
    player.end()
}

fn a_grab_survives_ten_switches() -> Outcome {
    let player = Player::start()?;
    same!(player.ask(0, Order::Grab)?.result, 0);
    for round in 0..10 {
        player.to_front()?;
        same!((round, tap(&player, 0)?.len()), (round, 4));
        same!(player.ask(1, Order::Events)?.events, []);
        same!(player.ask(1, Order::Grab)?.result, -EBUSY);
        put(ACTIVE, "1")?;
        same!(player.ask(1, Order::Grab)?.result, -EBUSY);
    }
    same!(player.ask(0, Order::Ungrab)?.result, 0);
    player.to_front()?;
    same!(tap(&player, 1)?.len(), 4);
    put(ACTIVE, "1")?;
    player.end()
}

fn a_held_key_is_released_for_who_saw_it() -> Outcome {
    let mine = open(KEYBOARD)?;
    let player = Player::start()?;
    mine.put(&key(KEY_A, 1))?;
    let late = open(KEYBOARD)?;
    mine.events();
    player.to_front()?;
    same!(mine.events(), key(KEY_A, 0));
    // Who did not see it go down does not see it go up.
    same!((late.events(), mine.keys()?), (vec![], vec![]));
    same!(player.ask(0, Order::Keys)?.events, []);
    same!(player.ask(0, Order::Events)?.events, []);
    player.ask(0, Order::Press)?;
    same!(player.ask(0, Order::Keys)?.events, [(EV_KEY, KEY_A, 1)]);
    same!(mine.keys()?, []);
    put(ACTIVE, "1")?;
    let expected = [key(KEY_A, 1), key(KEY_A, 0)].concat();
    same!(player.ask(1, Order::Events)?.events, expected);
    same!(player.ask(0, Order::Keys)?.events, []);
    same!((mine.events(), mine.keys()?), (vec![], vec![]));
    player.end()
}

fn what_waits_can_be_read_after_the_switch() -> Outcome {
    let mine = open(KEYBOARD)?;
    let player = Player::start()?;
    mine.put(&key(KEY_A, 1))?;
    mine.put(&key(KEY_A, 0))?;
    player.to_front()?;
    same!(mine.poll() & POLLIN, POLLIN);
    same!(mine.events().len(), 4);
    put(ACTIVE, "1")?;
    player.end()
}

fn a_file_belongs_to_who_opened_it() -> Outcome {
    let mine = open(KEYBOARD)?;
    // The other persona writes through what it inherited, and it is as if the root had.
    inside(|| {
        mine.put(&key(KEY_A, 1))?;
        mine.put(&key(KEY_A, 0))?;
        same!(open(KEYBOARD)?.events(), []);
        Ok(())
    })?;
    same!(mine.events().len(), 4);
    Ok(())
}

fn written_keys_switch_nobody() -> Outcome {
    const LEFT_ALT: u16 = 56;
    const ESCAPE: u16 = 1;
    let mine = open(KEYBOARD)?;
    let player = Player::start()?;
    player.to_front()?;
    put(ACTIVE, "1")?;
    for code in [59, 60, 61, ESCAPE] {
        let chord = [
            key(LEFT_ALT, 1),
            key(code, 1),
            key(code, 0),
            key(LEFT_ALT, 0),
        ]
        .concat();
        mine.put(&chord)?;
        // They are keys like any others.
        same!(mine.events(), chord);
        same!(in_front()?, 1);
    }
    player.end()
}

fn what_another_persona_changed_is_its_own() -> Outcome {
    let mine = open(KEYBOARD)?;
    let mut before = [0i32; 2];
    works!(SYS_ioctl, mine.number, get(3, 8), &mut before);
    let player = Player::start()?;
    player.to_front()?;
    same!(player.ask(0, Order::Change)?.result, 0);
    let both = [key(KEY_A, 1), key(KEY_A, 0)].concat();
    let of_player = if has_ps2() { Vec::new() } else { both.clone() };
    same!(tap(&player, 0)?, of_player.clone());
    let mut now = [0i32; 2];
    works!(SYS_ioctl, mine.number, get(3, 8), &mut now);
    same!(now, before);
    put(ACTIVE, "1")?;
    works!(SYS_ioctl, mine.number, get(3, 8), &mut now);
    same!(now, before);
    mine.put(&both)?;
    same!(mine.events(), both);
    // It finds what it had changed.
    player.to_front()?;
    same!(tap(&player, 0)?, of_player);
    put(ACTIVE, "1")?;
    player.end()
}
