//! Who goes the tour: presses keys, moves the pointer, and looks until the screen shows what it
//! should.

use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use qemu::picture::Letters;
use qemu::qmp::{Button, Key};
use qemu::{Picture, Qmp};

use super::tour::{Act, Bow, Sight, Stop};

/// How long the screen may take to show what was done: a moment on an idle host.
const LIMIT: Duration = Duration::from_secs(120);
/// The rest between two looks.
const REST: Duration = Duration::from_millis(100);
/// The rest after each step of the pointer, for the program to draw its line.
const STEP: Duration = Duration::from_millis(10);
/// What a look that came in vain is called.
pub const LAST_LOOK: &str = "last-look.png";
/// What a terminal on a small screen writes in.
const TEXT: Letters = Letters::SMALL;

/// The guide.
pub struct Guide {
    qmp: Qmp,
    folder: PathBuf,
    screen: (u32, u32),
    /// What the last stop showed.
    before: Option<Picture>,
}

impl Guide {
    /// A guide on the machine behind `qmp` whose screen is so wide and high; where it fails, what
    /// the screen shows is written to `folder`.
    pub fn new(qmp: Qmp, folder: impl Into<PathBuf>, screen: (u32, u32)) -> Self {
        Self {
            qmp,
            folder: folder.into(),
            screen,
            before: None,
        }
    }

    /// Does what is done at `stop` and returns what is seen there.
    ///
    /// # Errors
    /// When QEMU is gone, or the screen does not show it in time.
    pub fn visit(&mut self, stop: &Stop) -> Result<Picture> {
        for act in stop.acts {
            self.does(act)?;
        }
        let picture = self.sees(&stop.sight)?;
        self.before = Some(picture.clone());
        Ok(picture)
    }

    fn does(&mut self, act: &Act) -> Result<()> {
        match act {
            Act::Types(text) => self.qmp.type_text(text)?,
            Act::Presses(keys) => self.qmp.chord(keys)?,
            Act::Bends(bow) => self.draws(bow)?,
            Act::Sees(sight) => drop(self.sees(sight)?),
        }
        Ok(())
    }

    /// Draws a line with the button held.
    fn draws(&mut self, bow: &Bow) -> Result<()> {
        for (index, place) in bow.places().enumerate() {
            self.qmp.move_to(place, self.screen)?;
            if index == 0 {
                self.qmp.button(Button::left, true)?;
            }
            sleep(STEP);
        }
        Ok(self.qmp.button(Button::left, false)?)
    }

    /// Waits until the screen shows `sight`.
    fn sees(&mut self, sight: &Sight) -> Result<Picture> {
        let deadline = Instant::now() + LIMIT;
        let mut last: Option<Picture> = None;
        loop {
            // A machine that boots has no picture yet.
            let seen = self.qmp.screenshot()?;
            // What changes while we look is half drawn; a moving picture always is.
            let rests = last.as_ref() == Some(&seen) || matches!(sight, Sight::Moves(_));
            if rests && self.is(&seen, sight) {
                return Ok(seen);
            }
            if Instant::now() >= deadline {
                let file = self.folder.join(LAST_LOOK);
                seen.save(&file)?;
                bail!(
                    "the screen did not show {sight} within {} s; what it shows instead is in {}",
                    LIMIT.as_secs(),
                    file.display()
                );
            }
            last = Some(seen);
            sleep(REST);
        }
    }

    /// Whether `seen` is such a sight.
    fn is(&self, seen: &Picture, sight: &Sight) -> bool {
        let times = |text: &str| {
            let plain = seen.places_of(text, TEXT).len();
            plain + seen.places_of(text, TEXT.bold()).len()
        };
        match sight {
            Sight::Text(text, count) => times(text) >= *count,
            Sight::Without(text) => times(text) == 0,
            Sight::Colours(colours, pixels) => colours.iter().all(|colour| {
                let drawn = seen.pixels().iter().filter(|pixel| *pixel == colour);
                drawn.count() >= *pixels
            }),
            Sight::Moves(colours) => {
                let many: std::collections::HashSet<_> = seen.pixels().iter().collect();
                many.len() >= *colours && self.before.as_ref() != Some(seen)
            }
        }
    }
}

/// The chord of a switch key.
pub const fn alt(key: Key) -> [Key; 2] {
    [Key::alt, key]
}
