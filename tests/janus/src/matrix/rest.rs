//! What can be tried with lights, the panel, the logs, and the foreground itself.

use super::attempt::{Attempt, change, has_data, of_class, open, store, store_in_all, text, watch};
use abi_tests::check::Failure;
use abi_tests::sys;
use janus_tests::persona::{ACTIVE, TAG, write};
use libc::*;

const LEDS: &str = "leds";
const BACKLIGHT: &str = "backlight";
const LCD: &str = "lcd";
const LOGGER: &str = "logger";
const FOREGROUND: &str = "foreground";
const MAIN: &str = "/dev/log/main";
const FLUSH: u32 = 0xae04;
const SET_FILTER: u32 = 0xae0a;

#[rustfmt::skip]
pub const ATTEMPTS: &[Attempt] = &[
    change(LEDS, "lights caps lock", || lamps("capslock", "brightness", "1\n")),
    change(LEDS, "puts num lock out", || lamps("numlock", "brightness", "0\n")),
    change(LEDS, "lights scroll lock", || lamps("scrolllock", "brightness", "1\n")),
    change(LEDS, "chooses a trigger", || lamps("capslock", "trigger", "kbd-scrolllock\n")),
    change(LEDS, "chooses another trigger", || lamps("scrolllock", "trigger", "kbd-capslock\n")),
    watch(LEDS, "sees a lamp by its file", || Ok(0), |_| Ok(lit())).shared(),
    change(BACKLIGHT, "dims the panel", || panel(BACKLIGHT, "brightness", "1\n")),
    change(BACKLIGHT, "turns the panel off", || panel(BACKLIGHT, "bl_power", "4\n")),
    change(BACKLIGHT, "turns the panel on", || panel(BACKLIGHT, "bl_power", "0\n")).unseen_in_front(),
    change(LCD, "turns the screen off", || panel(LCD, "lcd_power", "4\n")),
    change(LCD, "turns the screen on", || panel(LCD, "lcd_power", "0\n")).unseen_in_front(),
    change(LCD, "changes the contrast", || panel(LCD, "contrast", "1\n")),
    change(LOGGER, "writes to the main log", || Ok(store(MAIN, "\x04from\0behind\0"))),
    change(LOGGER, "writes to the events log", || Ok(store("/dev/log/events", "\x04from\0behind\0"))),
    change(LOGGER, "writes to the radio log", || Ok(store("/dev/log/radio", "\x04from\0behind\0"))),
    change(LOGGER, "writes to the system log", || Ok(store("/dev/log/system", "\x04from\0behind\0"))),
    change(LOGGER, "empties the main log", || Ok(sys!(SYS_ioctl, open(MAIN, O_WRONLY), FLUSH, 0))),
    change(LOGGER, "reads the log away", || Ok(super::attempt::read(open(MAIN, O_RDONLY)))).unseen_in_front(),
    watch(LOGGER, "reads the main log", || new_reader(MAIN), has_data),
    watch(LOGGER, "reads it unfiltered", || Ok(open(MAIN, O_RDONLY | O_DIRECT)), has_data).unseen_in_front(),
    watch(LOGGER, "reads it with another filter", filtered, has_data).unseen_in_front(),
    watch(LOGGER, "asks how long the log is", || new_reader(MAIN), |file| Ok(sys!(SYS_ioctl, file, 0xae02, 0) > 0)),
    change(FOREGROUND, "switches to itself", || Ok(write(ACTIVE, std::process::id().to_string().as_bytes()))).unseen_in_front(),
    change(FOREGROUND, "switches by its number outside", || Ok(store("/proc/dev_ns/active_ns_pid", &text("/proc/self/stat")))).unseen_in_front(),
    change(FOREGROUND, "tags the foreground", || Ok(write(TAG, b"1:evil"))).unseen_in_front(),
    watch(FOREGROUND, "asks who is in front", || Ok(0), |_| Ok(!text("/proc/dev_ns/active_ns_pid").is_empty())).unseen_in_front(),
    watch(FOREGROUND, "asks who there is", || Ok(0), |_| Ok(!text("/proc/dev_ns/list").is_empty())).unseen_in_front(),
];

fn lamps(lamp: &str, file: &str, value: &str) -> Result<isize, Failure> {
    Ok(store_in_all(&of_class("leds", lamp, file), value))
}

/// Leaves the attempt out where there is no such device.
fn panel(class: &str, file: &str, value: &str) -> Result<isize, Failure> {
    let paths = of_class(class, "", file);
    if paths.is_empty() {
        return Err(Failure::Skipped);
    }
    Ok(store_in_all(&paths, value))
}

/// Whether the lamp burns that the foreground has lit.
fn lit() -> bool {
    let lamps = of_class("leds", "capslock", "brightness");
    lamps.iter().any(|lamp| text(lamp) == "1\n")
}

/// A reader that has read all there is.
fn new_reader(path: &str) -> Result<isize, Failure> {
    let file = open(path, O_RDONLY);
    while super::attempt::read(file) > 0 {}
    Ok(file)
}

/// A reader of all namespaces' entries, if that is allowed.
fn filtered() -> Result<isize, Failure> {
    let file = new_reader(MAIN)?;
    sys!(SYS_ioctl, file, SET_FILTER, 0);
    Ok(file)
}
