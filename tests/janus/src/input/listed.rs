//! Where devices are listed: `/proc/bus/input/devices` and `/sys/class/input`. What each says must
//! agree with the other, with the nodes, and with what the devices answer.

use abi_tests::check::{Failure, Outcome};
use abi_tests::{cases, holds, same};
use janus_tests::inputs::{KEYBOARD, MOUSE, TABLET, get, open};
use std::fs::{read_link, read_to_string, symlink_metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};

cases![
    blocks_say_what_a_device_is,
    nodes_are_in_sysfs_with_their_numbers,
    attributes_say_what_the_commands_do,
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
    let keyboard = block(KEYBOARD)?;
    let letters: String = keyboard.iter().map(|(letter, _)| *letter).collect();
    holds!(letters.starts_with("INPSUHB"), "the lines are {letters}");
    same!(
        line(&keyboard, 'I', "Bus=")?,
        "0011 Vendor=0001 Product=0001 Version=ab41"
    );
    same!(line(&keyboard, 'P', "Phys=")?, "isa0060/serio0/input0");
    same!(line(&keyboard, 'B', "EV=")?, "120013");
    same!(line(&keyboard, 'B', "LED=")?, "7");
    let sysfs = line(&keyboard, 'S', "Sysfs=")?;
    holds!(symlink_metadata(format!("/sys{sysfs}"))?.is_dir());
    let mouse = block(MOUSE)?;
    same!(line(&mouse, 'B', "REL=")?, "103");
    same!(line(&mouse, 'B', "KEY=")?, "1f0000 0 0 0 0");
    same!(line(&block(TABLET)?, 'B', "ABS=")?, "3");
    Ok(())
}

fn nodes_are_in_sysfs_with_their_numbers() -> Outcome {
    for (name, begin) in [
        (KEYBOARD, "event"),
        (MOUSE, "event"),
        (MOUSE, "mouse"),
        (TABLET, "mouse"),
    ] {
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

fn attributes_say_what_the_commands_do() -> Outcome {
    let keyboard = open(KEYBOARD)?;
    let directory = format!("/sys{}", line(&block(KEYBOARD)?, 'S', "Sysfs=")?);
    let said = |name: &str| read_to_string(format!("{directory}/{name}"));
    same!(said("phys")?, "isa0060/serio0/input0\n");
    same!(said("id/bustype")?, "0011\n");
    same!(said("id/version")?, "ab41\n");
    same!(said("properties")?, "0\n");
    let types: u64 = keyboard
        .bits::<1>(get(0x20, 8))?
        .iter()
        .map(|kind| 1 << kind)
        .sum();
    same!(said("capabilities/ev")?, format!("{types:x}\n"));
    same!(said("capabilities/rel")?, "0\n");
    let event = said("uevent")?;
    holds!(event.contains("PRODUCT=11/1/1/ab41\n"), "it says {event}");
    Ok(())
}

fn the_node_of_all_mice() -> Outcome {
    same!(read_to_string("/sys/class/input/mice/dev")?, "13:63\n");
    same!(symlink_metadata("/dev/input/mice")?.rdev(), 13 << 8 | 63);
    Ok(())
}
