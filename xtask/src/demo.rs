//! `cargo xtask demo`: a scripted tour of a default boot, in pictures.
//!
//! [`tour`] says what is done and what must be seen then; [`guide`] does it on a booted machine,
//! as a person would, with keys and pointer; [`sheet`] puts the pictures together. The guide goes
//! on as soon as the screen shows what it waits for, so the tour takes as long as the host is slow,
//! and fails with a picture where the machine does something else.

mod guide;
mod sheet;
mod tour;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use qemu::{Desk, Guest, Machine, TemporaryFile};

use crate::build::{self, Built, Flavour};
use crate::house::House;
use crate::install;
use crate::options::Demo;
use guide::Guide;
use tour::Stop;

/// The size of the screen: a hundred columns of text, which are still read on the sheet.
const SCREEN: (u32, u32) = (720, 540);
/// The name of the contact sheet.
const SHEET: &str = "sheet.png";

/// Runs the command.
pub fn command(house: &House, options: &Demo) -> Result<ExitCode> {
    let folder = match &options.folder {
        Some(folder) => folder.clone(),
        None => house.target_apart("demo"),
    };
    // Before the build, which may take minutes.
    empty(&folder)?;
    install::ensure(&[install::QEMU])?;
    let Built { kernel, ramdisk } = build::image(house, Flavour::Plain)?;
    let file = TemporaryFile::new("demo.cpio");
    ramdisk.write(file.path())?;
    let mut machine = Machine::new(options.machine, kernel);
    machine.ramdisk = Some(file.path().to_owned());
    machine.desk = Desk::usual().sized(SCREEN.0, SCREEN.1);
    let guest = Guest::start(&machine)?;
    let mut guide = Guide::new(guest.qmp()?, &folder, SCREEN);
    let mut taken = Vec::new();
    for (index, stop) in tour::STOPS.iter().enumerate() {
        let picture = guide
            .visit(stop)
            .map_err(|error| told(error, stop, &guest))?;
        let file = folder.join(format!("{:02}-{}.png", index + 1, stop.name));
        picture.save(&file)?;
        println!("{}: {}", file.display(), stop.label);
        taken.push((stop.label, picture));
    }
    let file = folder.join(SHEET);
    sheet::of(tour::TITLE, &taken).save(&file)?;
    println!("{}: all of them on one sheet", file.display());
    Ok(ExitCode::SUCCESS)
}

/// The error with where it happened, and the machine's last words if those are of a panic.
fn told(error: anyhow::Error, stop: &Stop, guest: &Guest) -> anyhow::Error {
    let said = guest.said();
    let panic = said.find("panic").map(|at| said[at..].trim_end());
    let panic = panic.map(|text| format!("; the machine said: {text}"));
    let panic = panic.unwrap_or_default();
    error.context(format!("the tour ended at `{}`{panic}", stop.label))
}

/// Makes the folder, or takes the pictures of an earlier tour out of it: what is left of a longer
/// one must not be taken for this one's.
fn empty(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("could not make the folder {}", folder.display()))?;
    let doing = || format!("could not read the folder {}", folder.display());
    for entry in folder.read_dir().with_context(doing)? {
        let file = entry.with_context(doing)?.path();
        if is_of_a_tour(&file) {
            std::fs::remove_file(&file)
                .with_context(|| format!("could not remove {}", file.display()))?;
        }
    }
    Ok(())
}

/// Whether a file has a name that a tour gives: the sheet's, the guide's last look, or two
/// digits, a name, `.png`.
fn is_of_a_tour(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let numbered = |name: &str| {
        let (number, rest) = name.split_once('-').unwrap_or_default();
        let is_number = number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number && rest.ends_with(".png")
    };
    name == SHEET || name == guide::LAST_LOOK || numbered(&name)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn only_a_tours_own_pictures_are_removed() {
        let folder = TemporaryFile::new("demo");
        let file = |name: &str| -> PathBuf { folder.path().join(name) };
        empty(folder.path()).expect("it is made");
        let others = [
            "mine.png",
            "2024-mine.png",
            "01-notes.txt",
            "holiday-01.png",
        ];
        let own = ["01-boot.png", "12-end.png", SHEET, guide::LAST_LOOK];
        for name in others.iter().chain(&own) {
            std::fs::write(file(name), "").expect("it is ours");
        }
        empty(folder.path()).expect("it is ours");
        assert!(others.iter().all(|name| file(name).exists()));
        assert!(!own.iter().any(|name| file(name).exists()));
        std::fs::remove_dir_all(folder.path()).expect("it is ours");
    }

    #[test]
    fn a_folder_that_cannot_be_is_named() {
        let file = TemporaryFile::new("no-folder");
        std::fs::write(file.path(), "").expect("it is ours");
        let error = format!(
            "{:#}",
            empty(&file.path().join("demo")).expect_err("a file")
        );
        assert!(error.contains("no-folder"), "{error}");
    }
}
