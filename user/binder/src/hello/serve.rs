//! The service.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rsbinder::{
    BinderResult, DEFAULT_MAX_BINDER_THREADS, ExceptionCode, Interface, ProcessState, Strong, hub,
};

use super::IGuest::IGuest;
use super::IHello::{BnHello, IHello};
use super::Target;
use crate::{Failure, messages};

/// How many notes are kept: the last ones.
const NOTES: usize = 1000;
/// The longest note in bytes: nobody fills our memory.
const LONGEST_NOTE: usize = 1000;

/// Registers the name and answers until the end of the process.
pub fn run(target: &Target) -> Result<(), Failure> {
    let Target { device, name, .. } = target;
    device.open(DEFAULT_MAX_BINDER_THREADS)?;
    hub::default().map_err(Failure::no_manager)?;
    messages::go_to_standard_error("hello");
    // The threads serve before anyone can know of us.
    ProcessState::start_thread_pool();
    let hello = BnHello::new_binder(Hello::new());
    hub::add_service(name, hello.as_binder())
        .map_err(Failure::cannot(format!("cannot register {name}")))?;
    println!("hello: {name} is ready on {}", device.path());
    ProcessState::join_thread_pool().map_err(Failure::cannot("cannot serve any more"))
}

/// What the service remembers.
struct Hello {
    /// The machine it runs on: in a persona, the persona's name.
    machine: String,
    /// The lines that were sent one way, the oldest first.
    notes: Mutex<VecDeque<String>>,
}

impl Hello {
    fn new() -> Self {
        let machine = rustix::system::uname();
        Self {
            machine: machine.nodename().to_string_lossy().into_owned(),
            notes: Mutex::default(),
        }
    }

    fn notes(&self) -> MutexGuard<'_, VecDeque<String>> {
        // Each change is one step, so what a panic left is whole.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Interface for Hello {
    /// What `rsb_service dump` and Android's `dumpsys` show.
    fn dump(&self, writer: &mut dyn Write, _arguments: &[String]) -> rsbinder::Result<()> {
        let count = self.notes().len();
        writeln!(writer, "hello on {}, {count} notes", self.machine).map_err(Into::into)
    }
}

impl IHello for Hello {
    fn echo(&self, message: &str) -> BinderResult<String> {
        Ok(format!("{}: {message}", self.machine))
    }

    fn greet(&self, guest: &Strong<dyn IGuest>) -> BinderResult<String> {
        // The caller waits for our answer and so serves this call meanwhile.
        let name = guest.name()?;
        Ok(format!("{}: welcome, {name}", self.machine))
    }

    fn note(&self, line: &str) -> BinderResult<()> {
        if line.len() > LONGEST_NOTE {
            // The caller does not hear of it: nobody answers a one-way call.
            return Err(ExceptionCode::IllegalArgument.into());
        }
        let mut notes = self.notes();
        if notes.len() == NOTES {
            notes.pop_front();
        }
        notes.push_back(line.to_owned());
        Ok(())
    }

    fn notes(&self) -> BinderResult<Vec<String>> {
        Ok(Hello::notes(self).iter().cloned().collect())
    }
}
