//! Someone who sits at a booted machine: eyes on the screen if there is one, hands on the keyboard,
//! and the serial line at their side.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use qemu::machine::Desk;
use qemu::qmp::{InputEvent, Key};
use qemu::{Kind, Machine, Picture, Qmp};

use crate::{Console, Image, LOOK_LIMIT};

/// The size of the screen: small, so that the slowest host draws it quickly.
const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;
/// The rest between two looks.
const REST: Duration = Duration::from_millis(50);

/// So many looks in a row that show the same are rest.
const LOOKS_AT_REST: usize = 4;

/// A booted machine and who sits at it.
pub struct Seat {
    /// The serial line, with root's shell, whichever persona is in front.
    pub console: Console,
    qmp: Qmp,
}

impl Seat {
    /// Boots `image` on a machine of this kind with a panel, a keyboard and a tablet, and waits
    /// until the shell on the serial line prompts.
    pub fn take(image: &Image, kind: Kind) -> Self {
        let mut machine = image.machine(kind);
        machine.desk = Desk::usual().sized(WIDTH, HEIGHT);
        Self::at(image, machine)
    }

    /// The same with `machine`, which is one of `image`'s, changed.
    pub fn at(image: &Image, machine: Machine) -> Self {
        let mut console = Console::start(image, machine);
        console.wait_prompt();
        let qmp = console.qmp();
        Self { console, qmp }
    }

    /// The picture that a screen of this machine shows when each pixel, as 0xRRGGBB, is as
    /// `pixel` has it.
    pub fn picture_of(pixel: impl Fn(u32, u32) -> u32) -> Picture {
        Picture::from_pixels(WIDTH, HEIGHT, pixel)
    }

    /// What the screen shows now.
    pub fn look(&mut self) -> Picture {
        good(self.qmp.screenshot())
    }

    /// Waits until the screen shows `expected`, to the last pixel.
    #[track_caller]
    pub fn shows(&mut self, expected: &Picture, what: &str) {
        let deadline = Instant::now() + LOOK_LIMIT;
        loop {
            let seen = self.look();
            match seen.difference(expected) {
                None => return,
                Some(_) if Instant::now() < deadline => std::thread::sleep(REST),
                Some(found) => {
                    let files = saved(&[("seen", &seen), ("expected", expected)]);
                    panic!("the screen never showed {what}: {found}; see {files}");
                }
            }
        }
    }

    /// Looks now: the screen must show `expected`, to the last pixel.
    #[track_caller]
    pub fn shows_now(&mut self, expected: &Picture, what: &str) {
        let seen = self.look();
        if let Some(found) = seen.difference(expected) {
            let files = saved(&[("seen", &seen), ("expected", expected)]);
            panic!("the screen does not show {what}: {found}; see {files}");
        }
    }

    /// Waits until the screen shows something that `fits`, and returns it.
    #[track_caller]
    pub fn waits_for(&mut self, what: &str, fits: impl Fn(&Picture) -> bool) -> Picture {
        let deadline = Instant::now() + LOOK_LIMIT;
        loop {
            let seen = self.look();
            if fits(&seen) {
                return seen;
            }
            if Instant::now() >= deadline {
                let files = saved(&[("seen", &seen)]);
                panic!("the screen never showed {what}; see {files}");
            }
            std::thread::sleep(REST);
        }
    }

    /// The same, and then waits until it does not change any more: a program draws piece by piece.
    #[track_caller]
    pub fn settles(&mut self, what: &str, fits: impl Fn(&Picture) -> bool) -> Picture {
        let mut settled = self.waits_for(what, &fits);
        let deadline = Instant::now() + LOOK_LIMIT;
        let mut looks = 0;
        while looks < LOOKS_AT_REST {
            assert!(Instant::now() < deadline, "{what} changes without end");
            std::thread::sleep(REST);
            let seen = self.waits_for(what, &fits);
            looks = if seen == settled { looks + 1 } else { 0 };
            settled = seen;
        }
        settled
    }

    /// Presses the keys that switch to the persona in slot `slot`, from 1 to 10.
    pub fn switch_to(&mut self, slot: usize) {
        self.chord(&switch_keys(slot));
    }

    /// Presses keys together and lets go of them.
    pub fn chord(&mut self, keys: &[Key]) {
        good(self.qmp.chord(keys));
    }

    /// Types `text`.
    pub fn types(&mut self, text: &str) {
        good(self.qmp.type_text(text));
    }

    /// Sends input events all at once.
    pub fn burst(&mut self, events: &[InputEvent]) {
        good(self.qmp.burst(events));
    }

    /// QEMU itself.
    pub fn qmp(&mut self) -> &mut Qmp {
        &mut self.qmp
    }
}

/// The keys that switch to the persona in slot `slot`, from 1 to 10.
pub fn switch_keys(slot: usize) -> [Key; 2] {
    let key = format!("f{slot}").parse();
    let key = key.unwrap_or_else(|()| panic!("there is no key F{slot}"));
    [Key::alt, key]
}

fn good<T>(result: qemu::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

/// Saves pictures for a person to look at; says where they are.
pub fn saved(pictures: &[(&str, &Picture)]) -> String {
    let folder = std::env::var_os("JANUS_PICTURES").map(PathBuf::from);
    let folder = folder.unwrap_or_else(std::env::temp_dir);
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("test").replace("::", "-");
    let names: Vec<String> = pictures
        .iter()
        .map(|(name, picture)| {
            let file = folder.join(format!("{test}-{name}.png"));
            // The failure itself is what counts; that it cannot be illustrated is said beside.
            let written = std::fs::create_dir_all(&folder)
                .map_err(|error| error.to_string())
                .and_then(|()| picture.save(&file).map_err(|error| error.to_string()));
            match written {
                Ok(()) => file.display().to_string(),
                Err(error) => error,
            }
        })
        .collect();
    names.join(" and ")
}
