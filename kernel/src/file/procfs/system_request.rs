//! `/proc/sysrq-trigger`: letters that the kernel itself obeys, for who wants the machine to end
//! at once, or to see how it fails.
//!
//! The first byte of a write is the letter, and nothing else of it counts. A letter that has no
//! meaning is no error: the log then names those that have one. Nobody outside the root persona may
//! use the file, not even through a descriptor from there: the machine is not theirs to bring down.
//!
//! Source: Linux's `Documentation/admin-guide/sysrq.rst`.
use crate::error::{Errno, Result};
use crate::file::{File, IoFlags, Seek};
use crate::log::{limited, set_console_level};
use crate::memory::io::{Sink, Source};
use crate::process;
use alloc::sync::Arc;

/// What stands before all that is said here.
const PREFIX: &str = "sysrq: ";

/// Opens it. `EPERM`: the caller is of another persona than the root's.
pub(super) fn open() -> Result<Arc<dyn File>> {
    check_permission()?;
    Ok(Arc::new(SystemRequestFile))
}

/// As reboot(2): the machine's own processes only.
fn check_permission() -> Result<()> {
    let process = &process::current().process;
    let is_the_machines =
        process.pid_namespace.is_root() && process.membership.namespace().is_root();
    is_the_machines.then_some(()).ok_or(Errno::EPERM)
}

struct SystemRequestFile;

impl File for SystemRequestFile {
    fn read(&self, _position: &mut u64, _sink: &mut Sink<'_>, _flags: IoFlags) -> Result<usize> {
        Err(Errno::EIO)
    }

    fn write(
        &self,
        _position: &mut u64,
        source: &mut Source<'_>,
        _flags: IoFlags,
    ) -> Result<usize> {
        check_permission()?;
        let length = source.remaining();
        let mut letter = [0];
        if source.read(&mut letter)? == letter.len() {
            let [letter] = letter;
            obey(letter);
        }
        Ok(length)
    }

    fn seek(&self) -> Seek {
        Seek::Ignored
    }
}

fn obey(letter: u8) {
    match letter {
        b'0'..=b'9' => {
            let level = letter - b'0';
            set_console_level(level);
            limited!(info, "{PREFIX}Loglevel set to {level}");
        }
        b'b' => {
            log::info!("{PREFIX}Resetting");
            metal::power::reset()
        }
        b'c' => {
            log::info!("{PREFIX}Trigger a crash");
            panic!("sysrq triggered crash")
        }
        _ => limited!(info, "{PREFIX}HELP : loglevel(0-9) reboot(b) crash(c)"),
    }
}
