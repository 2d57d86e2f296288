//! Where devices are listed: `/proc/bus/input/devices` and `/sys/class/input`. What each says must
//! agree with the other, with the nodes, and with what the devices answer.

use abi_tests::check::{Failure, Outcome};
use abi_tests::{cases, holds, same, works};
use janus_tests::inputs::{File, KEYBOARD, MOUSE, TABLET, get, has_ps2, name_of, open, set};
use libc::SYS_ioctl;
use std::fs::{read_link, read_to_string, symlink_metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};

cases![
    blocks_say_what_a_device_is,
    nodes_are_in_sysfs_with_their_numbers,
    attributes_say_what_the_commands_do,
    udev_is_told_what_there_is,
    a_key_that_is_given_is_an_ability,
    the_node_of_all_mice,
];

/// The lines of a device's block, by the letter before their colon.
fn block(name: &str) -> Result<Vec<(char, String)>, Failure> {
    let all = read_to_string("/proc/bus/input/devices")?;
    holds!(all.ends_with("\n\n"), "the last block is not ended");
    let wanted = format!("N: Name=\"{name}\"");
    let found = all
        .split("\n\n")
        .find(|block| block.lines().any(|line| line == wanted));
    let found = found.ok_or_else(|| Failure::Wrong(format!("{name} is not in {all}")))?;
    let lines = found.lines().map(|line| {
        let (letter, rest) = line.split_at_checked(3).unwrap_or((line, ""));
        (letter.chars().next().unwrap_or('?'), rest.to_owned())
    });
    Ok(lines.collect())
}

/// The first line with this letter, behind what it begins with.
fn line(block: &[(char, String)], letter: char, begin: &str) -> Result<String, Failure> {
    let mut lines = block.iter().filter(|(own, _)| *own == letter);
    let found = lines.find_map(|(_, line)| line.strip_prefix(begin));
    let found = found.ok_or_else(|| Failure::Wrong(format!("no {letter}: {begin} in {block:?}")));
    found.map(str::to_owned)
}

/// The node of a device that begins so.
fn node(name: &str, begin: &str) -> Result<String, Failure> {
    let handlers = line(&block(name)?, 'H', "Handlers=")?;
    let mut nodes = handlers.split_whitespace();
    let found = nodes.find(|node| node.starts_with(begin));
    let found = found.ok_or_else(|| Failure::Wrong(format!("{name} has only {handlers}")));
    found.map(str::to_owned)
}

fn blocks_say_what_a_device_is() -> Outcome {
    let keyboard = block(name_of(KEYBOARD))?;
    let letters: String = keyboard.iter().map(|(letter, _)| *letter).collect();
    holds!(letters.starts_with("INPSUHB"), "the lines are {letters}");
    let (numbers, place, types) = if has_ps2() {
        (
            "0011 Vendor=0001 Product=0001 Version=ab41",
            "isa0060/serio0/input0",
            "120013",
        )
    } else {
        (
            "0006 Vendor=0627 Product=0001 Version=0001",
            "virtio0/input0",
            "120003",
        )
    };
    same!(line(&keyboard, 'I', "Bus=")?, numbers);
    same!(line(&keyboard, 'P', "Phys=")?, place);
    same!(line(&keyboard, 'B', "EV=")?, types);
    same!(line(&keyboard, 'B', "LED=")?, "7");
    same!(line(&keyboard, 'U', "Uniq=")?, "");
    let sysfs = line(&keyboard, 'S', "Sysfs=")?;
    holds!(symlink_metadata(format!("/sys{sysfs}"))?.is_dir());
    let mouse = block(name_of(MOUSE))?;
    same!(line(&mouse, 'B', "REL=")?, "103");
    if has_ps2() {
        same!(line(&mouse, 'B', "KEY=")?, "1f0000 0 0 0 0");
    }
    let tablet = block(TABLET)?;
    same!(line(&tablet, 'B', "ABS=")?, "3");
    same!(line(&tablet, 'U', "Uniq=")?, "desk-7");
    Ok(())
}

fn nodes_are_in_sysfs_with_their_numbers() -> Outcome {
    for (name, begin) in [
        (KEYBOARD, "event"),
        (MOUSE, "event"),
        (MOUSE, "mouse"),
        (TABLET, "mouse"),
    ] {
        let name = name_of(name);
        let node = node(name, begin)?;
        let file = symlink_metadata(format!("/dev/input/{node}"))?;
        holds!(file.file_type().is_char_device());
        let (major, minor) = (file.rdev() >> 8 & 0xfff, file.rdev() & 0xff);
        let class = format!("/sys/class/input/{node}");
        same!(
            read_to_string(format!("{class}/dev"))?,
            format!("{major}:{minor}\n")
        );
        same!(major, 13);
        // The way that udev goes from a node to its device.
        same!(
            read_to_string(format!("{class}/device/name"))?,
            format!("{name}\n")
        );
        let by_number = read_link(format!("/sys/dev/char/{major}:{minor}"))?;
        holds!(by_number.ends_with(&node), "it leads to {by_number:?}");
        let event = read_to_string(format!("{class}/uevent"))?;
        holds!(
            event.contains(&format!("DEVNAME=input/{node}\n")),
            "it says {event}"
        );
    }
    Ok(())
}

/// An attribute of a device, without the end of its line.
fn said(device: &str, attribute: &str) -> Result<String, Failure> {
    let directory = line(&block(name_of(device))?, 'S', "Sysfs=")?;
    let text = read_to_string(format!("/sys{directory}/{attribute}"))?;
    let text = text.strip_suffix('\n').map(str::to_owned);
    text.ok_or_else(|| Failure::Wrong(format!("{attribute} has no end of line")))
}

/// The words of a set of bits, as attributes have them.
fn words<const WORDS: usize>(file: &File, command: u32) -> Result<String, Failure> {
    let mut words = [0u64; WORDS];
    for number in file.bits::<WORDS>(command)? {
        words[usize::from(number) / 64] |= 1 << (number % 64);
    }
    let highest = words.iter().rposition(|word| *word != 0).unwrap_or(0);
    let words = words[..=highest].iter().rev();
    let words: Vec<_> = words.map(|word| format!("{word:x}")).collect();
    Ok(words.join(" "))
}

/// The lists of codes, by their attribute and type, that have one word.
const LISTS: [(&str, u8); 7] = [
    ("ev", 0),
    ("rel", 2),
    ("abs", 3),
    ("msc", 4),
    ("led", 0x11),
    ("snd", 0x12),
    ("sw", 5),
];

fn attributes_say_what_the_commands_do() -> Outcome {
    for name in [KEYBOARD, MOUSE, TABLET] {
        let file = open(name)?;
        let mut id = [0u16; 4];
        works!(SYS_ioctl, file.number, get(2, 8), &mut id);
        for (place, number) in ["bustype", "vendor", "product", "version"].iter().zip(id) {
            let attribute = format!("id/{place}");
            same!(said(name, &attribute)?, format!("{number:04x}"));
        }
        same!(said(name, "name")?, name_of(name));
        same!(said(name, "properties")?, words::<1>(&file, get(9, 8))?);
        let keys = words::<12>(&file, get(0x21, 96))?;
        same!(said(name, "capabilities/key")?, keys);
        for (list, kind) in LISTS {
            let attribute = format!("capabilities/{list}");
            same!(
                (list, said(name, &attribute)?),
                (list, words::<1>(&file, get(0x20 + kind, 8))?)
            );
        }
        same!(said(name, "capabilities/ff")?, "0");
    }
    same!(said(TABLET, "uniq")?, "desk-7");
    same!(said(KEYBOARD, "uniq")?, "");
    Ok(())
}

fn udev_is_told_what_there_is() -> Outcome {
    let event = said(KEYBOARD, "uevent")?;
    let names = event.lines().map(|line| line.split_once('='));
    let names: Vec<_> = names.map(|pair| pair.unwrap_or_default().0).collect();
    // A virtio keyboard does not tell what it sends.
    let codes: &[&str] = if has_ps2() {
        &["KEY", "MSC", "LED"]
    } else {
        &["KEY", "LED"]
    };
    let begin = ["PRODUCT", "NAME", "PHYS", "PROP", "EV"];
    same!(names, [&begin, codes, &["MODALIAS"]].concat());
    let says = |line: &str| event.lines().any(|own| own == line);
    let alias = said(KEYBOARD, "modalias")?;
    holds!(says(&format!("MODALIAS={alias}")), "it says {event}");
    for (name, attribute) in [("KEY", "capabilities/key"), ("LED", "capabilities/led")] {
        let words = said(KEYBOARD, attribute)?;
        holds!(says(&format!("{name}={words}")), "it says {event}");
    }
    let (numbers, begin) = if has_ps2() {
        (
            "11/1/1/ab41",
            "input:b0011v0001p0001eAB41-e0,1,4,11,14,k71,",
        )
    } else {
        ("6/627/1/1", "input:b0006v0627p0001e0001-e0,1,11,14,k71,")
    };
    holds!(says(&format!("PRODUCT={numbers}")), "it says {event}");
    holds!(alias.starts_with(begin), "it is {alias}");
    holds!(alias.ends_with("l0,1,2,sfw"), "it is {alias}");
    holds!(said(TABLET, "uevent")?.contains("\nUNIQ=\"desk-7\"\n"));
    holds!(said(TABLET, "modalias")?.contains("a0,1,mlsfw"));
    Ok(())
}

fn a_key_that_is_given_is_an_ability() -> Outcome {
    if !has_ps2() {
        return Err(Failure::Skipped);
    }
    const WRITE: u32 = set(4, 8);
    const A: u32 = 30;
    let keyboard = open(KEYBOARD)?;
    let before = said(KEYBOARD, "capabilities/key")?;
    works!(SYS_ioctl, keyboard.number, WRITE, &[A, 0x2fe]);
    let after = said(KEYBOARD, "capabilities/key");
    let event = said(KEYBOARD, "uevent");
    let list = words::<12>(&keyboard, get(0x21, 96));
    works!(SYS_ioctl, keyboard.number, WRITE, &[A, A]);
    let (after, event) = (after?, event?);
    same!(after.clone(), list?);
    holds!(after.starts_with("4000000000000000 "), "they are {after}");
    holds!(
        event.contains(&format!("\nKEY={after}\n")),
        "it says {event}"
    );
    same!(said(KEYBOARD, "capabilities/key")?, before);
    Ok(())
}

fn the_node_of_all_mice() -> Outcome {
    same!(read_to_string("/sys/class/input/mice/dev")?, "13:63\n");
    same!(symlink_metadata("/dev/input/mice")?.rdev(), 13 << 8 | 63);
    Ok(())
}
