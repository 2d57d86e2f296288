//! Grabs, in front and behind.

use super::*;
use abi::input::KEY_A;
use abi::raw::ioctl::{EVIOCGRAB, EVIOCREVOKE};

fn grab(file: &Evdev, on: bool) -> Result<usize, Errno> {
    file.ioctl(&Memory::default(), EVIOCGRAB, usize::from(on))
}

const STROKE: [(u16, i32); 2] = [(KEY_A, 1), (KEY_A, 0)];

#[test]
fn a_grab_excludes_the_others_of_its_persona() {
    let house = House::new();
    let (holder, other) = (house.open(0), house.open(0));
    assert_eq!(grab(&holder, false), Err(Errno::EINVAL));
    assert_eq!(grab(&holder, true), Ok(0));
    assert_eq!(grab(&holder, true), Err(Errno::EBUSY));
    assert_eq!(grab(&other, true), Err(Errno::EBUSY));
    assert_eq!(grab(&other, false), Err(Errno::EINVAL));
    house.press(&STROKE);
    assert_eq!((keys(&holder).len(), keys(&other).len()), (2, 0));
    drop(holder);
    house.press(&STROKE);
    assert_eq!(keys(&other), STROKE);
}

#[test]
fn a_grab_in_the_background_is_no_grab_of_the_front() {
    let house = House::new();
    let (front, back, third) = (house.open(0), house.open(1), house.open(1));
    assert_eq!(grab(&back, true), Ok(0));
    assert_eq!(
        grab(&third, true),
        Err(Errno::EBUSY),
        "one in each persona, behind too"
    );
    house.press(&STROKE);
    assert_eq!(keys(&front), STROKE);
    assert_eq!(grab(&front, true), Ok(0));
    assert_eq!((keys(&back).len(), keys(&third).len()), (0, 0));
}

#[test]
fn a_grab_survives_any_number_of_switches() {
    let house = House::new();
    let (holder, other) = (house.open(1), house.open(1));
    grab(&holder, true).unwrap();
    for _ in 0..10 {
        house.switch(1);
        house.press(&STROKE);
        assert_eq!((keys(&holder).len(), keys(&other).len()), (2, 0));
        house.switch(0);
        house.press(&STROKE);
    }
    assert_eq!((keys(&holder).len(), keys(&other).len()), (0, 0));
    assert_eq!(grab(&holder, false), Ok(0), "also while it is behind");
    house.switch(1);
    house.press(&STROKE);
    assert_eq!(keys(&other), STROKE);
}

#[test]
fn a_revoked_file_is_dead_and_lets_go_of_its_grab() {
    let house = House::new();
    let (holder, other) = (house.open(0), house.open(0));
    grab(&holder, true).unwrap();
    assert_eq!(
        holder.ioctl(&Memory::default(), EVIOCREVOKE, 1),
        Err(Errno::EINVAL)
    );
    assert_eq!(holder.ioctl(&Memory::default(), EVIOCREVOKE, 0), Ok(0));
    assert_eq!(grab(&holder, false), Err(Errno::ENODEV));
    assert_eq!(holder.read(24, &mut |_| Ok(0)), Err(Errno::ENODEV));
    assert_eq!(write(&holder, &[Event::REPORT]), Err(Errno::ENODEV));
    assert_eq!(grab(&other, true), Ok(0));
}
