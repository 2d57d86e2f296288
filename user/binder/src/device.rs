//! The binder device: which one, and opening it.

use std::path::Path;

use lexopt::prelude::*;
use rsbinder::{DEFAULT_BINDER_PATH, LEGACY_BINDER_PATH, ProcessState};

use crate::Failure;

/// The line about `-d` in the help of each program.
macro_rules! device_help {
    () => {
        "  -d DEVICE  another device than /dev/binderfs/binder or, where that is not, /dev/binder\n"
    };
}
pub(crate) use device_help;

/// The device that a program uses.
pub struct Device {
    path: String,
}

impl Device {
    /// The one that is used if nothing else is said: that of a binderfs, else the persona's own.
    pub fn usual() -> Self {
        let mounted = Path::new(DEFAULT_BINDER_PATH).exists();
        let path = if mounted {
            DEFAULT_BINDER_PATH
        } else {
            LEGACY_BINDER_PATH
        };
        Self { path: path.into() }
    }

    /// The one named by the value of `-d`, which has just been read.
    ///
    /// # Errors
    /// When there is no value, or it is no UTF-8.
    pub fn named(arguments: &mut lexopt::Parser) -> Result<Self, Failure> {
        let path = arguments.value()?.string()?;
        Ok(Self { path })
    }

    /// Opens it, maps the buffer for what will be received, and lets the kernel ask for at most
    /// `threads` threads more than those that serve anyway.
    ///
    /// # Errors
    /// When the device cannot be opened or speaks another protocol.
    pub fn open(&self, threads: u32) -> Result<(), Failure> {
        ProcessState::init(&self.path, threads)
            .map(|_| ())
            .map_err(|error| Failure::Failed(error.to_string().trim_end().into()))
    }

    /// Its path.
    pub fn path(&self) -> &str {
        &self.path
    }
}
