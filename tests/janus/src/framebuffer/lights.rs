//! The panel's lights, `/sys/class/backlight/panel0` and `/sys/class/lcd/panel0`: what their files
//! take and say, and how they agree with FBIOBLANK.

use super::device::{BLANK, open};
use super::persona::inside;
use abi_tests::cases;
use abi_tests::check::{Failure, Outcome};
use abi_tests::{fails, gives, same, works};
use libc::*;
use std::ffi::CString;

cases![
    all_files_are_there,
    numbers_are_as_in_c,
    above_the_maximum_is_refused,
    a_blank_screen_and_the_powers_agree,
    the_background_changes_nothing,
];

const BACKLIGHT: &str = "/sys/class/backlight/panel0";
const LCD: &str = "/sys/class/lcd/panel0";

fn path(directory: &str, name: &str) -> Result<CString, Failure> {
    CString::new(format!("{directory}/{name}")).map_err(|error| Failure::Wrong(error.to_string()))
}

/// What a file says.
fn said(directory: &str, name: &str) -> Result<String, Failure> {
    Ok(std::fs::read_to_string(format!("{directory}/{name}"))?)
}

/// Stores a text, which is taken whole.
fn store(directory: &str, name: &str, text: &str) -> Outcome {
    let file = works!(SYS_open, path(directory, name)?.as_c_str(), O_WRONLY);
    gives!(text.len(), SYS_write, file, text.as_bytes(), text.len());
    works!(SYS_close, file);
    Ok(())
}

/// Stores a text, which is refused with EINVAL.
fn refuse(directory: &str, name: &str, text: &str) -> Outcome {
    let file = works!(SYS_open, path(directory, name)?.as_c_str(), O_WRONLY);
    fails!(EINVAL, SYS_write, file, text.as_bytes(), text.len());
    works!(SYS_close, file);
    Ok(())
}

fn all_files_are_there() -> Outcome {
    for (name, value) in [
        ("brightness", "255\n"),
        ("actual_brightness", "255\n"),
        ("max_brightness", "255\n"),
        ("bl_power", "0\n"),
        ("type", "raw\n"),
        ("scale", "linear\n"),
    ] {
        same!(said(BACKLIGHT, name)?, value);
    }
    for (name, value) in [
        ("lcd_power", "0\n"),
        ("contrast", "255\n"),
        ("max_contrast", "255\n"),
    ] {
        same!(said(LCD, name)?, value);
    }
    Ok(())
}

fn numbers_are_as_in_c() -> Outcome {
    for (directory, name) in [(BACKLIGHT, "brightness"), (LCD, "contrast")] {
        for (text, value) in [("0x40\n", "64\n"), ("010", "8\n"), ("255", "255\n")] {
            store(directory, name, text)?;
            same!(said(directory, name)?, value);
        }
        for text in ["bright", "0x", "1 2", "-1"] {
            refuse(directory, name, text)?;
        }
        same!(said(directory, name)?, "255\n");
    }
    Ok(())
}

fn above_the_maximum_is_refused() -> Outcome {
    let all = || -> Outcome {
        refuse(BACKLIGHT, "brightness", "256")?;
        refuse(LCD, "contrast", "0x100")
    };
    all()?;
    inside(all)
}

fn a_blank_screen_and_the_powers_agree() -> Outcome {
    let file = open(O_RDWR)?;
    let states = || -> Result<[String; 3], Failure> {
        let actual = said(BACKLIGHT, "actual_brightness")?;
        Ok([
            said(BACKLIGHT, "bl_power")?,
            said(LCD, "lcd_power")?,
            actual,
        ])
    };
    works!(SYS_ioctl, file, BLANK, 4);
    same!(states()?, ["0\n", "4\n", "0\n"]);
    // The LCD can be asked apart.
    store(LCD, "lcd_power", "0")?;
    same!(states()?, ["0\n", "0\n", "0\n"]);
    store(BACKLIGHT, "bl_power", "4")?;
    works!(SYS_ioctl, file, BLANK, 0);
    same!(states()?, ["4\n", "0\n", "0\n"]);
    store(BACKLIGHT, "bl_power", "0")?;
    store(LCD, "lcd_power", "4")?;
    same!(states()?, ["0\n", "4\n", "255\n"]);
    works!(SYS_ioctl, file, BLANK, 0);
    same!(states()?, ["0\n", "0\n", "255\n"]);
    Ok(())
}

fn the_background_changes_nothing() -> Outcome {
    inside(|| {
        for (directory, name, text, value) in [
            (BACKLIGHT, "brightness", "7\n", "255\n"),
            (BACKLIGHT, "bl_power", "4\n", "0\n"),
            (LCD, "contrast", "0\n", "255\n"),
            (LCD, "lcd_power", "4\n", "0\n"),
        ] {
            store(directory, name, text)?;
            same!(said(directory, name)?, value);
        }
        works!(SYS_ioctl, open(O_RDWR)?, BLANK, 4);
        same!(said(LCD, "lcd_power")?, "0\n");
        same!(said(BACKLIGHT, "actual_brightness")?, "255\n");
        Ok(())
    })
}
