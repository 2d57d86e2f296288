//! The commands of evdev, with Linux's answers.

use super::super::tests::{GADGET, House, Memory, events, keys, write};
use super::*;
use abi::input::{ABS_X, AbsInfo, EV_ABS, EV_KEY, EV_LED, EV_MSC, EV_REL, EV_SND, EV_SW, KEY_A};
use abi::raw::ioctl::*;
use std::sync::Mutex;

fn memory() -> Memory {
    Memory(Mutex::new(vec![0xee; 256]))
}

/// A command that reads or writes `size` bytes.
fn command(direction: u32, number: u32, size: u32) -> u32 {
    direction << 30 | size << 16 | 0x4500 | number
}

fn read(file: &Evdev, number: u32, size: u32) -> Result<Vec<u8>, Errno> {
    let memory = memory();
    let count = file.ioctl(&memory, command(2, number, size), 0)?;
    Ok(memory.0.lock().unwrap()[..count].to_vec())
}

#[test]
fn texts_are_cut_and_lengths_returned() {
    let house = House::new();
    let file = house.open(0);
    assert_eq!(read(&file, 6, 100).unwrap(), b"Keyboard of a test\0");
    assert_eq!(read(&file, 6, 4).unwrap(), b"Keyb");
    assert_eq!(read(&file, 7, 100).unwrap(), b"test/input0\0");
    assert_eq!(read(&file, 8, 100), Err(Errno::ENOENT));
    assert_eq!(read(&file, 9, 100).unwrap(), [0; 8]);
}

#[test]
fn lists_of_codes_have_linuxs_lengths() {
    let house = House::new();
    let file = house.open(0);
    let length =
        |kind: u16, size| read(&file, 0x20 + u32::from(kind), size).map(|bytes| bytes.len());
    assert_eq!(length(EV_KEY, 4000), Ok(96));
    assert_eq!(length(EV_KEY, 5), Ok(5));
    assert_eq!(length(EV_REL, 4000), Ok(8));
    assert_eq!(length(0x15, 4000), Ok(16));
    assert_eq!(length(0x14, 8), Err(Errno::EINVAL), "EV_REP has no list");
    assert_eq!(length(0x1f, 8), Err(Errno::EINVAL));
    let types = read(&file, 0x20, 4).unwrap();
    assert_eq!(types, 0x0012_0003_u32.to_le_bytes());
}

#[test]
fn unknown_commands_are_invalid_not_foreign() {
    let house = House::new();
    let file = house.open(0);
    for unknown in [
        0,
        command(2, 0x1c, 8),
        command(0, 6, 8),
        command(1, 0x20, 8),
        0x5401,
    ] {
        assert_eq!(
            file.ioctl(&memory(), unknown, 0),
            Err(Errno::EINVAL),
            "{unknown:#x}"
        );
    }
    assert_eq!(read(&file, 0x40, 24), Err(Errno::EINVAL), "it has no axes");
    assert_eq!(
        file.ioctl(&memory(), command(1, 0xc0, 24), 0),
        Err(Errno::EINVAL)
    );
    assert_eq!(file.ioctl(&memory(), EVIOCRMFF, 0), Err(Errno::ENOSYS));
    assert_eq!(
        file.ioctl(&memory(), EVIOCGVERSION, 1000),
        Err(Errno::EFAULT)
    );
}

#[test]
fn repetition_is_read_and_set_by_the_front_only() {
    let house = House::new();
    let (front, back) = (house.open(0), house.open(1));
    let set = |file: &Evdev, delay: u8, period: u8| {
        let mut bytes = vec![0; 8];
        (bytes[0], bytes[4]) = (delay, period);
        file.ioctl(&Memory(Mutex::new(bytes)), EVIOCSREP, 0)
    };
    assert_eq!(set(&back, 9, 9), Ok(0));
    assert_eq!(back.ioctl(&memory(), EVIOCSREP, 1000), Err(Errno::EFAULT));
    assert_eq!(house.mux.with_state(0, |state| state.repeat), [250, 33]);
    assert_eq!(set(&front, 100, 20), Ok(0));
    let memory = memory();
    let told = |file: &Evdev| {
        file.ioctl(&memory, EVIOCGREP, 0).unwrap();
        memory.0.lock().unwrap()[..8].to_vec()
    };
    assert_eq!(told(&front), [100, 0, 0, 0, 20, 0, 0, 0]);
    assert_eq!(told(&back), [250, 0, 0, 0, 33, 0, 0, 0]);
    assert_eq!(events(&front).len(), 0, "their packet has not ended");
}

#[test]
fn asking_for_keys_takes_their_events() {
    let house = House::new();
    let file = house.open(0);
    house.press(&[(KEY_A, 1)]);
    assert_eq!(read(&file, 0x18, 96).unwrap()[3], 1 << 6);
    assert_eq!(keys(&file), []);
    house.press(&[(KEY_A, 0)]);
    // The copy fails: what waited is gone, and the program is told with the next packet.
    assert_eq!(
        file.ioctl(&memory(), command(2, 0x18, 96), 1000),
        Err(Errno::EFAULT)
    );
    house.press(&[(KEY_A, 1)]);
    assert_eq!(events(&file)[..2], [Event::REPORT, Event::new(0, 3, 0)]);
}

#[test]
fn keys_are_given_other_meanings() {
    let house = House::new();
    let (file, back) = (house.open(0), house.open(1));
    let pair = |scancode: u8, key: u16| {
        let mut bytes = vec![0; 8];
        bytes[0] = scancode;
        bytes[4..6].copy_from_slice(&key.to_le_bytes());
        Memory(Mutex::new(bytes))
    };
    assert_eq!(back.ioctl(&pair(30, 31), EVIOCSKEYCODE, 0), Ok(0));
    assert_eq!(
        back.ioctl(&pair(30, 0x300), EVIOCSKEYCODE, 0),
        Err(Errno::EINVAL)
    );
    assert_eq!(
        back.ioctl(&pair(200, 31), EVIOCSKEYCODE, 0),
        Err(Errno::EINVAL)
    );
    house.press(&[(KEY_A, 1)]);
    assert_eq!(file.ioctl(&pair(30, 200), EVIOCSKEYCODE, 0), Ok(0));
    assert_eq!(
        keys(&file),
        [(KEY_A, 1), (KEY_A, 0)],
        "what means nothing any more goes up"
    );
    house.press(&[(KEY_A, 0), (KEY_A, 1)]);
    assert_eq!(keys(&file), [(200, 1)]);
    let asked = pair(30, 0);
    file.ioctl(&asked, EVIOCGKEYCODE, 0).unwrap();
    assert_eq!(asked.0.lock().unwrap()[4], 200);
    let entry = Memory(Mutex::new(vec![0; 40]));
    entry.0.lock().unwrap()[..4].copy_from_slice(&[1, 0, 31, 0]);
    file.ioctl(&entry, EVIOCGKEYCODE_V2, 0).unwrap();
    assert_eq!(entry.0.lock().unwrap()[..9], [1, 4, 31, 0, 31, 0, 0, 0, 31]);
}

#[test]
fn masks_are_read_back_with_zeros_behind() {
    let house = House::new();
    let file = house.open(0);
    let mask = |kind: u16, size: u8, command: u32, bits: &[u8]| {
        let memory = memory();
        {
            let mut bytes = memory.0.lock().unwrap();
            bytes[..16].fill(0);
            bytes[..2].copy_from_slice(&kind.to_le_bytes());
            (bytes[4], bytes[8]) = (size, 16);
            bytes[16..16 + bits.len()].copy_from_slice(bits);
        }
        let answer = file.ioctl(&memory, command, 0);
        let bytes = memory.0.lock().unwrap();
        answer.map(|_| bytes[16..16 + usize::from(size)].to_vec())
    };
    let all = mask(EV_LED, 12, EVIOCGMASK, &[]).unwrap();
    assert_eq!(all, [255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]);
    assert_eq!(mask(EV_LED, 12, EVIOCSMASK, &[]), Err(Errno::EINVAL));
    mask(EV_KEY, 8, EVIOCSMASK, &[0; 8]).unwrap();
    assert_eq!(mask(EV_KEY, 96, EVIOCGMASK, &[]).unwrap(), [0; 96]);
    house.press(&[(KEY_A, 1)]);
    assert_eq!(events(&file), []);
    assert!(
        mask(0x1e, 8, EVIOCSMASK, &[]).is_ok(),
        "a type without codes"
    );
}

#[test]
fn only_three_clocks_are_taken() {
    let house = House::new();
    let file = house.open(0);
    let set = |clock: u8| file.ioctl(&Memory(Mutex::new(vec![clock, 0, 0, 0])), EVIOCSCLOCKID, 0);
    assert_eq!([0, 1, 7].map(set), [Ok(0); 3]);
    assert_eq!([2, 4, 11].map(set), [Err(Errno::EINVAL); 3]);
}

#[test]
fn any_other_clock_drops_what_waits() {
    let house = House::new();
    let file = house.open(0);
    let set = |clock: u8| {
        let memory = Memory(Mutex::new(vec![clock, 0, 0, 0]));
        file.ioctl(&memory, EVIOCSCLOCKID, 0).unwrap();
    };
    let (dropped, report) = (Event::new(0, 3, 0), Event::REPORT);
    for (clock, value) in [(7, 1), (1, 0), (0, 1), (1, 0), (7, 1)] {
        house.press(&[(KEY_A, value)]);
        set(clock);
        house.press(&[(KEY_A, 1 - value)]);
        let seen = events(&file);
        assert_eq!(
            seen,
            [dropped, Event::key(KEY_A, 1 - value), report],
            "{clock}"
        );
        house.press(&[(KEY_A, value)]);
        set(clock);
        assert_eq!(
            events(&file),
            [Event::key(KEY_A, value), report],
            "the same"
        );
    }
}

#[test]
fn sounds_and_switches_are_kept_and_the_rest_is_passed_on() {
    let house = House::new();
    let file = house.open_device(0, GADGET);
    let (switch, sound) = (
        |on| Event::new(EV_SW, 5, on),
        |on| Event::new(EV_SND, 2, on),
    );
    let other = Event::new(EV_MSC, 3, 7);
    let say = |said: &[Event]| {
        write(&file, said).unwrap();
        write(&file, &[Event::REPORT]).unwrap();
        let mut seen = events(&file);
        assert!(seen.pop().is_none_or(|last| last.is_report()));
        seen
    };
    // Whatever is not zero is on. A switch that is closed is not closed again, but a sound sounds
    // again; and what the device lacks is nothing.
    assert_eq!(say(&[switch(9), switch(1)]), [switch(9)]);
    assert_eq!(say(&[sound(440), sound(440)]), [sound(440); 2]);
    assert_eq!(say(&[other, other]), [other; 2]);
    let lacked = [(EV_SW, 1), (EV_SND, 0), (EV_MSC, 4), (EV_LED, 0)];
    assert_eq!(
        say(&lacked.map(|(kind, code)| Event::new(kind, code, 1))),
        []
    );
    assert_eq!(read(&file, 0x1b, 8).unwrap()[0], 1 << 5);
    assert_eq!(read(&file, 0x1a, 8).unwrap()[0], 1 << 2);
    assert_eq!(say(&[switch(0), sound(0)]), [switch(0), sound(0)]);
    assert_eq!(read(&file, 0x1b, 8).unwrap(), [0; 8]);
    assert_eq!(read(&file, 0x1a, 8).unwrap(), [0; 8]);
}

#[test]
fn near_the_old_place_a_noisy_axis_moves_less() {
    let house = House::new();
    let file = house.open_device(0, GADGET);
    let rest = AbsInfo {
        value: 100,
        maximum: 1000,
        fuzz: 8,
        ..AbsInfo::default()
    };
    let moved = |to: i32| {
        let memory = Memory(Mutex::new(rest.as_bytes().to_vec()));
        assert_eq!(file.ioctl(&memory, command(1, 0xc0, 24), 0), Ok(0));
        write(&file, &[Event::new(EV_ABS, ABS_X, to), Event::REPORT]).unwrap();
        let seen = events(&file);
        seen.first().map(|event| event.value)
    };
    assert_eq!(
        [103, 106, 112, 120].map(moved),
        [None, Some(101), Some(106), Some(120)]
    );
    assert_eq!(
        [97, 94, 88, 80].map(moved),
        [None, Some(98), Some(94), Some(80)]
    );
}
