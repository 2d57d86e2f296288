//! The lamps of a keyboard, `/sys/class/leds/inputN::capslock` and its like: what their files take
//! and say. What a lamp shines like from outside is the scenarios' business.

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::inside_child;
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use janus_tests::persona::inside;
use libc::*;
use std::ffi::CString;

cases![
    each_lock_has_a_lamp,
    numbers_are_decimal,
    above_the_maximum_is_the_maximum,
    nothing_takes_the_trigger_away,
    triggers_are_chosen_by_name,
    what_only_tells_takes_nothing,
    others_may_look_only,
    the_background_is_told_the_same_and_changes_nothing,
    a_store_from_behind_is_in_the_log,
];

/// The folder of a keyboard's lamp. Left out where there is none.
fn lamp(lock: &str) -> Result<String, Failure> {
    let entries = std::fs::read_dir("/sys/class/leds").map_err(|_| Failure::Skipped)?;
    let names = entries.flatten().map(|entry| entry.file_name());
    let mut names: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
    names.sort();
    let name = names.into_iter().find(|name| name.ends_with(lock));
    name.map(|name| format!("/sys/class/leds/{name}"))
        .ok_or(Failure::Skipped)
}

fn said(file: &str) -> Result<String, Failure> {
    Ok(std::fs::read_to_string(file)?)
}

/// Stores a text; what write(2) answered.
fn store(file: &str, text: &str) -> Result<isize, Failure> {
    let path = CString::new(file).unwrap_or_default();
    let file = works!(SYS_open, path.as_c_str(), O_WRONLY | O_CLOEXEC);
    let answer = sys!(SYS_write, file, text.as_bytes(), text.len());
    gives!(0, SYS_close, file);
    Ok(answer)
}

/// Runs `body` with the files of the lamp for Scroll Lock, which is dark and follows nothing
/// before, and its lock afterwards.
fn with_lamp(body: impl FnOnce(&str, &str) -> Outcome) -> Outcome {
    let lamp = lamp("scrolllock")?;
    let (brightness, trigger) = (format!("{lamp}/brightness"), format!("{lamp}/trigger"));
    same!(store(&brightness, "0")?, 1);
    let outcome = body(&brightness, &trigger);
    same!(store(&trigger, "kbd-scrolllock")?, 14);
    outcome
}

fn each_lock_has_a_lamp() -> Outcome {
    for lock in ["capslock", "numlock", "scrolllock"] {
        let lamp = lamp(lock)?;
        same!(said(&format!("{lamp}/max_brightness"))?, "1\n");
        holds!(["0\n", "1\n"].contains(&said(&format!("{lamp}/brightness"))?.as_str()));
        let trigger = said(&format!("{lamp}/trigger"))?;
        holds!(trigger.contains(&format!("[kbd-{lock}]")), "{trigger}");
        holds!(std::fs::metadata(format!("{lamp}/device/name")).is_ok());
    }
    Ok(())
}

fn numbers_are_decimal() -> Outcome {
    with_lamp(|brightness, _| {
        for (text, value) in [("1\n", "1\n"), ("0\n", "0\n"), ("+1", "1\n"), ("00", "0\n")] {
            same!(store(brightness, text)?, text.len() as isize);
            same!(said(brightness)?, value);
        }
        for text in ["on", "0x1", "1 ", " 1", "-1", "1\n\n", "\n", "1\0"] {
            same!(store(brightness, text)?, -(EINVAL as isize));
        }
        same!(
            store(brightness, "18446744073709551616")?,
            -(ERANGE as isize)
        );
        same!(said(brightness)?, "0\n");
        Ok(())
    })
}

fn above_the_maximum_is_the_maximum() -> Outcome {
    with_lamp(|brightness, _| {
        for text in ["2", "255", "18446744073709551615"] {
            same!(store(brightness, "0")?, 1);
            same!(store(brightness, text)?, text.len() as isize);
            same!(said(brightness)?, "1\n");
        }
        Ok(())
    })
}

fn nothing_takes_the_trigger_away() -> Outcome {
    with_lamp(|brightness, trigger| {
        same!(store(trigger, "kbd-numlock\n")?, 12);
        same!(store(brightness, "1")?, 1);
        holds!(said(trigger)?.contains("[kbd-numlock]"));
        same!(store(brightness, "0")?, 1);
        holds!(said(trigger)?.starts_with("[none]"));
        Ok(())
    })
}

fn triggers_are_chosen_by_name() -> Outcome {
    with_lamp(|brightness, trigger| {
        same!(store(brightness, "1")?, 1);
        same!(store(trigger, "none")?, 4);
        same!(said(brightness)?, "0\n");
        same!(
            said(trigger)?,
            "[none] kbd-scrolllock kbd-numlock kbd-capslock\n"
        );
        for text in ["heartbeat", "kbd-", "NONE", "none kbd-numlock"] {
            same!(store(trigger, text)?, -(EINVAL as isize));
        }
        same!(store(trigger, "kbd-capslock\n")?, 13);
        same!(
            said(trigger)?,
            "none kbd-scrolllock kbd-numlock [kbd-capslock]\n"
        );
        Ok(())
    })
}

fn what_only_tells_takes_nothing() -> Outcome {
    let lamp = lamp("scrolllock")?;
    let path = CString::new(format!("{lamp}/max_brightness")).unwrap_or_default();
    let file = sys!(SYS_open, path.as_c_str(), O_WRONLY);
    if file >= 0 {
        fails!(EIO, SYS_write, file, b"5", 1);
    }
    same!(said(&format!("{lamp}/max_brightness"))?, "1\n");
    Ok(())
}

fn others_may_look_only() -> Outcome {
    let lamp = lamp("scrolllock")?;
    inside_child(|| {
        works!(SYS_setresuid, 1000, 1000, 1000);
        for name in ["brightness", "trigger"] {
            let path = CString::new(format!("{lamp}/{name}")).unwrap_or_default();
            fails!(EACCES, SYS_open, path.as_c_str(), O_WRONLY);
            works!(SYS_open, path.as_c_str(), O_RDONLY);
        }
        Ok(())
    })
}

fn the_background_is_told_the_same_and_changes_nothing() -> Outcome {
    with_lamp(|brightness, trigger| {
        inside(|| {
            same!(store(brightness, "1\n")?, 2);
            same!(store(brightness, "bright")?, -(EINVAL as isize));
            same!(store(trigger, "kbd-numlock")?, 11);
            same!(store(trigger, "heartbeat")?, -(EINVAL as isize));
            // It reads what the lamp is really at.
            same!(said(brightness)?, "0\n");
            holds!(said(trigger)?.starts_with("[none]"));
            Ok(())
        })?;
        same!(said(brightness)?, "0\n");
        holds!(said(trigger)?.starts_with("[none]"));
        Ok(())
    })
}

/// One line, of the level of information, with the lamp and the value as it was given.
fn a_store_from_behind_is_in_the_log() -> Outcome {
    with_lamp(|brightness, _| {
        let kmsg = works!(SYS_open, c"/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        gives!(0, SYS_lseek, kmsg, 0, SEEK_END);
        inside(|| {
            same!(store(brightness, "0042\n")?, 5);
            Ok(())
        })?;
        let mut bytes = vec![0_u8; 8192];
        let count = works!(SYS_read, kmsg, bytes.as_mut_slice(), bytes.len());
        let record = String::from_utf8_lossy(&bytes[..count as usize]);
        let name = brightness.rsplit('/').nth(1).unwrap_or_default();
        holds!(record.starts_with("6,"), "{record}");
        holds!(
            record.contains(&format!("{name}: brightness 0042: not set")),
            "{record}"
        );
        fails!(EAGAIN, SYS_read, kmsg, bytes.as_mut_slice(), bytes.len());
        Ok(())
    })
}
