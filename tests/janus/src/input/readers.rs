//! Several readers of one device: all see everything, unless one of them wants to be alone, is
//! cut off, or is too slow.

use abi_tests::check::Outcome;
use abi_tests::{cases, fails, gives, same, works};
use janus_tests::inputs::{
    EV_KEY, EV_LED, EV_SYN, GRAB, KEY_A, KEY_B, KEYBOARD, KEYS, NOWHERE, REPORT, REVOKE, Record,
    SYN_DROPPED, TABLET, key, open,
};
use libc::*;

cases![
    all_readers_see_all,
    a_grab_keeps_the_others_out,
    who_was_cut_off_gets_nothing_more,
    a_slow_reader_is_told_and_asks_for_the_state,
];

fn all_readers_see_all() -> Outcome {
    let (one, two, other) = (open(KEYBOARD)?, open(KEYBOARD)?, open(TABLET)?);
    one.put(&key(KEY_A, 1))?;
    one.put(&key(KEY_A, 0))?;
    let expected = [key(KEY_A, 1), key(KEY_A, 0)].concat();
    same!((one.events(), two.events()), (expected.clone(), expected));
    same!(other.events(), []);
    Ok(())
}

fn a_grab_keeps_the_others_out() -> Outcome {
    let (one, two) = (open(KEYBOARD)?, open(KEYBOARD)?);
    fails!(EINVAL, SYS_ioctl, one.number, GRAB, 0);
    gives!(0, SYS_ioctl, one.number, GRAB, 1);
    fails!(EBUSY, SYS_ioctl, one.number, GRAB, 1);
    fails!(EBUSY, SYS_ioctl, two.number, GRAB, NOWHERE);
    fails!(EINVAL, SYS_ioctl, two.number, GRAB, 0);
    two.put(&key(KEY_A, 1))?;
    same!((one.events().len(), two.events()), (2, vec![]));
    // The state is everybody's.
    same!(two.keys()?, [KEY_A]);
    gives!(0, SYS_ioctl, one.number, GRAB, 0);
    two.put(&key(KEY_A, 0))?;
    same!((one.events().len(), two.events().len()), (2, 2));
    // A grab ends with its file, and that with its last descriptor.
    works!(SYS_ioctl, one.number, GRAB, 1);
    let twin = works!(SYS_dup, one.number);
    drop(one);
    fails!(EBUSY, SYS_ioctl, two.number, GRAB, 1);
    works!(SYS_close, twin);
    gives!(0, SYS_ioctl, two.number, GRAB, 1);
    Ok(())
}

fn who_was_cut_off_gets_nothing_more() -> Outcome {
    let (one, two) = (open(KEYBOARD)?, open(KEYBOARD)?);
    fails!(EINVAL, SYS_ioctl, one.number, REVOKE, 1);
    works!(SYS_ioctl, one.number, GRAB, 1);
    gives!(0, SYS_ioctl, one.number, REVOKE, 0);
    let mut some = [Record::default(); 2];
    fails!(ENODEV, SYS_read, one.number, &mut some, 48);
    fails!(ENODEV, SYS_write, one.number, &some, 48);
    fails!(ENODEV, SYS_ioctl, one.number, REVOKE, 0);
    fails!(ENODEV, SYS_ioctl, one.number, KEYS, &mut some);
    // What makes no sense at all is said first.
    fails!(EINVAL, SYS_read, one.number, &mut some, 23);
    same!(one.poll(), POLLHUP | POLLERR);
    // Its grab went with it.
    two.put(&key(KEY_A, 1))?;
    two.put(&key(KEY_A, 0))?;
    same!(two.events().len(), 4);
    same!(one.poll(), POLLHUP | POLLERR);
    Ok(())
}

fn a_slow_reader_is_told_and_asks_for_the_state() -> Outcome {
    let (slow, quick) = (open(KEYBOARD)?, open(KEYBOARD)?);
    for _ in 0..700 {
        quick.put(&key(KEY_A, 1))?;
        quick.put(&key(KEY_A, 0))?;
        same!(quick.events().len(), 4);
    }
    quick.put(&key(KEY_B, 1))?;
    // Something is gone: that is said once, and from there on all is there.
    let events = slow.events();
    let dropped = (EV_SYN, SYN_DROPPED, 0);
    same!(events[0], dropped);
    same!(events[1..].contains(&dropped), false);
    same!(&events[events.len() - 2..], &key(KEY_B, 1));
    same!(slow.keys()?, [KEY_B]);
    quick.put(&key(KEY_B, 0))?;
    same!(slow.events(), key(KEY_B, 0));
    // Who asks for the state has no old news of it to read.
    quick.put(&[(EV_KEY, KEY_A, 1), (EV_LED, 2, 1), REPORT])?;
    quick.put(&[(EV_KEY, KEY_A, 0), (EV_LED, 2, 0), REPORT])?;
    same!(slow.keys()?, []);
    same!(
        slow.events(),
        [(EV_LED, 2, 1), REPORT, (EV_LED, 2, 0), REPORT]
    );
    Ok(())
}
