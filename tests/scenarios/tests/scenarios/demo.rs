//! `cargo xtask demo`: the tour goes through on both machines, and leaves its pictures.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use qemu::picture::{Letters, Region};
use qemu::{Kind, Picture, TemporaryFile};
use scenarios::xtask;

/// What the sheet writes in.
const TITLE: Letters = Letters::LARGE.bold();
const LABEL: Letters = Letters::MEDIUM;
/// What stands before a label: a digit and a space.
const NUMBER: u32 = 2;
/// How thick the frame of a picture is.
const FRAME: u32 = 2;

/// Goes the tour, with pictures into `folder`.
fn demo(kind: Kind, folder: &Path) -> Output {
    let mut command = Command::new(xtask());
    command.args(["demo", "--machine", kind.name()]).arg(folder);
    let output = command.stdin(Stdio::null()).output();
    output.expect("it can be run")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn open(file: &Path) -> Picture {
    Picture::open(file).unwrap_or_else(|error| panic!("{error}"))
}

/// The whole of it.
fn tour(kind: Kind) {
    let folder = TemporaryFile::new("tour");
    let output = demo(kind, folder.path());
    let (said, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{said}{errors}");

    // A line for each picture: where it is, and what it shows.
    let lines = said.lines().map(|line| line.split_once(": "));
    let mut told: Vec<(PathBuf, &str)> = lines
        .map(|line| line.unwrap_or_else(|| panic!("no place and label: {said}")))
        .map(|(file, label)| (file.into(), label))
        .collect();
    let (sheet, _) = told.pop().expect("the sheet comes last");
    let sheet = open(&sheet);
    assert_eq!(sheet.places_of("Janus", TITLE).len(), 1);
    assert!(told.len() >= 7, "{said}");
    let mut pictures: Vec<Picture> = Vec::new();
    for (number, (file, label)) in (1..).zip(&told) {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        assert!(name.starts_with(&format!("{number:02}-")), "{name}");
        let picture = open(file);
        assert!(!pictures.contains(&picture), "{name} shows nothing new");
        assert_eq!(picture.only_colour(), None, "{name}");
        // It is on the sheet, above its label.
        let (x, y) = match sheet.places_of(label, LABEL)[..] {
            [place] => place,
            ref places => panic!("`{label}` is on the sheet at {places:?}"),
        };
        let mut region = Region {
            x: x - NUMBER * LABEL.width() + FRAME,
            ..picture.whole()
        };
        let is_above = (1..2 * LABEL.height()).any(|room| {
            region.y = y - room - region.height;
            sheet.crop(region) == picture
        });
        assert!(is_above, "{name} is not above its label");
        pictures.push(picture);
    }
    std::fs::remove_dir_all(folder.path()).expect("it is ours");
}

#[test]
fn the_tour_goes_through_on_q35() {
    tour(Kind::Q35);
}

#[test]
fn the_tour_goes_through_on_microvm() {
    tour(Kind::Microvm);
}

#[test]
fn a_folder_that_cannot_be_made_is_named_before_anything_is_built() {
    let file = TemporaryFile::new("in-the-way");
    std::fs::write(file.path(), "").expect("the temporary folder takes it");
    let output = demo(Kind::Microvm, &file.path().join("demo"));
    let errors = text(&output.stderr);
    assert!(!output.status.success());
    assert!(errors.contains("in-the-way"), "{errors}");
    assert!(
        !errors.contains("Compiling") && !errors.contains("Finished"),
        "{errors}"
    );
}
