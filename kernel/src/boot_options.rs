//! The kernel's command line.
//!
//! ```text
//! init=PATH       the program to run as process 1 (/init)
//! loglevel=0..8   messages below this level reach the console (7; 0: none)
//! panic=SECONDS   after a panic, reset the machine after so long (0: stay; without the
//!                 option: end QEMU with a failure)
//! devns.lights=remember
//!                 what a persona in the background stores into the brightness of a light is
//!                 done when it comes to the front (ignore: it is not)
//! switch=KEYS     the modifiers that, with F1…F12, bring the persona in that slot to the front,
//!                 and with Escape the one before: alt, ctrl, shift, meta, several joined by +
//!                 (alt); off: no keys do. Slot n is the nth living persona in the order of
//!                 creation, slot 1 the root
//! video=WxH       the size of screens on a display that has no preference of its own
//! ktest[=TEXT]    run the in-kernel tests whose names contain TEXT (test builds)
//! ktest-only=NAME run this one, even if it must panic (test builds)
//! ktest-after=NAME with ktest: begin behind this one (test builds)
//! -- WORDS        what follows is handed to process 1
//! ```
//!
//! A word that is none of these, or a value that makes no sense, is reported and left out:
//! the machine should come up all the same.

use alloc::vec::Vec;
use core::str;

#[cfg(feature = "devns")]
use drivers::display::panel::Size;
#[cfg(feature = "devns")]
use drivers::input::switch::SwitchKeys;
#[cfg(feature = "devns")]
use drivers::light::persona::Policy;

/// What the command line asked for.
#[derive(Debug)]
pub struct BootOptions<'a> {
    /// The program to run as process 1.
    pub init: &'a [u8],
    /// Messages with a level below this reach the console.
    pub log_level: u8,
    /// Seconds to wait before a reset after a panic.
    pub panic_seconds: Option<u32>,
    /// What becomes of a store into a light from the background.
    #[cfg(feature = "devns")]
    pub lights: Policy,
    /// Which keys switch personas.
    #[cfg(feature = "devns")]
    pub switch_keys: SwitchKeys,
    /// The size of screens.
    #[cfg(feature = "devns")]
    pub screen_size: Option<Size>,
    /// In-kernel tests to run instead of process 1.
    #[cfg(feature = "ktest")]
    pub tests: Option<crate::ktest::Selection<'a>>,
    /// The test behind which to begin: one that brought the machine down at an earlier boot.
    #[cfg(feature = "ktest")]
    pub tests_after: Option<&'a str>,
    init_arguments: &'a [u8],
}

const OPTIONS: &str = "init=PATH, loglevel=0..8, panic=SECONDS, devns.lights=remember|ignore, \
                       switch=KEYS, video=WIDTHxHEIGHT, ktest[=TEXT], ktest-only=NAME, \
                       ktest-after=NAME, -- WORDS FOR INIT";

impl<'a> BootOptions<'a> {
    /// Reads the command line; what is wrong with it goes to the log.
    pub fn parse(line: &'a [u8]) -> Self {
        let mut options = Self {
            init: b"/init",
            log_level: 7,
            panic_seconds: None,
            #[cfg(feature = "devns")]
            lights: Policy::default(),
            #[cfg(feature = "devns")]
            switch_keys: SwitchKeys::default(),
            #[cfg(feature = "devns")]
            screen_size: None,
            #[cfg(feature = "ktest")]
            tests: None,
            #[cfg(feature = "ktest")]
            tests_after: None,
            init_arguments: b"",
        };
        let mut rest = line;
        while let Some((word, after)) = next_word(rest) {
            rest = after;
            if word == b"--" {
                options.init_arguments = rest;
                break;
            }
            if let Err(problem) = options.take(word) {
                let word = str::from_utf8(word).unwrap_or("(not UTF-8)");
                log::error!("kernel option \"{word}\" is left out: {problem}. Options: {OPTIONS}");
            }
        }
        options
    }

    fn take(&mut self, word: &'a [u8]) -> Result<(), &'static str> {
        let split = word.iter().position(|byte| *byte == b'=');
        let (name, value) = match split {
            Some(at) => (&word[..at], Some(&word[at + 1..])),
            None => (word, None),
        };
        match (name, value) {
            (b"init", Some(path)) if path.starts_with(b"/") => self.init = path,
            (b"init", _) => return Err("it wants an absolute path, as in init=/bin/sh"),
            (b"loglevel", value) => {
                self.log_level = number(value)
                    .and_then(|level| u8::try_from(level).ok())
                    .filter(|level| *level <= 8)
                    .ok_or("it wants a number from 0 to 8")?;
            }
            (b"panic", value) => {
                self.panic_seconds = Some(number(value).ok_or("it wants a number of seconds")?);
            }
            (b"devns.lights", value) => self.take_lights(value)?,
            (b"switch", value) => self.take_switch_keys(value)?,
            (b"video", value) => self.take_screen_size(value)?,
            (b"ktest" | b"ktest-only" | b"ktest-after", value) => self.take_tests(name, value)?,
            _ => return Err("there is no such option"),
        }
        Ok(())
    }

    #[cfg(feature = "devns")]
    fn take_switch_keys(&mut self, value: Option<&'a [u8]>) -> Result<(), &'static str> {
        let text = value.and_then(|value| str::from_utf8(value).ok());
        self.switch_keys = text
            .and_then(SwitchKeys::parse)
            .ok_or("it wants off, or some of alt, ctrl, shift and meta joined by +")?;
        Ok(())
    }

    #[cfg(feature = "devns")]
    fn take_screen_size(&mut self, value: Option<&'a [u8]>) -> Result<(), &'static str> {
        let text = value.and_then(|value| str::from_utf8(value).ok());
        let sides = text.and_then(|text| text.split_once('x'));
        let side = |text: &str| text.parse().ok().filter(|side| (1..=16_384).contains(side));
        let size = sides.and_then(|(width, height)| {
            let (width, height) = (side(width)?, side(height)?);
            Some(Size { width, height })
        });
        self.screen_size = Some(size.ok_or("it wants a width and a height, as in 1024x768")?);
        Ok(())
    }

    #[cfg(feature = "devns")]
    fn take_lights(&mut self, value: Option<&'a [u8]>) -> Result<(), &'static str> {
        self.lights = match value {
            Some(b"remember") => Policy::Remember,
            Some(b"ignore") => Policy::Ignore,
            _ => return Err("it wants remember or ignore"),
        };
        Ok(())
    }

    #[cfg(not(feature = "devns"))]
    fn take_lights(&mut self, value: Option<&'a [u8]>) -> Result<(), &'static str> {
        self.take_switch_keys(value)
    }

    #[cfg(not(feature = "devns"))]
    fn take_switch_keys(&mut self, _: Option<&'a [u8]>) -> Result<(), &'static str> {
        Err("this kernel is built without device namespaces (cargo feature devns)")
    }

    #[cfg(not(feature = "devns"))]
    fn take_screen_size(&mut self, _: Option<&'a [u8]>) -> Result<(), &'static str> {
        Err("this kernel is built without displays (cargo feature devns)")
    }

    #[cfg(feature = "ktest")]
    fn take_tests(&mut self, name: &[u8], value: Option<&'a [u8]>) -> Result<(), &'static str> {
        use crate::ktest::Selection;
        let text = str::from_utf8(value.unwrap_or_default()).map_err(|_| "it is not UTF-8")?;
        match name {
            b"ktest" => self.tests = Some(Selection::Containing(text)),
            b"ktest-only" => self.tests = Some(Selection::Only(text)),
            _ => self.tests_after = Some(text),
        }
        Ok(())
    }

    #[cfg(not(feature = "ktest"))]
    fn take_tests(&mut self, _: &[u8], _: Option<&'a [u8]>) -> Result<(), &'static str> {
        Err("this kernel is built without tests (cargo feature ktest)")
    }

    /// The words for process 1.
    pub fn init_arguments(&self) -> Vec<Vec<u8>> {
        let mut words = Vec::new();
        let mut rest = self.init_arguments;
        while let Some((word, after)) = next_word(rest) {
            words.push(word.to_vec());
            rest = after;
        }
        words
    }
}

fn next_word(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = line.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let line = &line[start..];
    let end = line
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(line.len());
    Some(line.split_at(end))
}

fn number(value: Option<&[u8]>) -> Option<u32> {
    str::from_utf8(value?).ok()?.parse().ok()
}
