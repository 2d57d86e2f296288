//! The client: each function is one call.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use rsbinder::{
    BinderResult, DEFAULT_MAX_BINDER_THREADS, DeathRecipient, Interface, ProcessState, StatusCode,
    Strong, WIBinder, hub,
};

use super::IGuest::{BnGuest, IGuest};
use super::IHello::IHello;
use super::Target;
use crate::Failure;

/// Opens the device and looks the service up.
fn find(target: &Target) -> Result<Strong<dyn IHello>, Failure> {
    let name = &target.name;
    target.device.open(DEFAULT_MAX_BINDER_THREADS)?;
    hub::default().map_err(Failure::no_manager)?;
    let found = if target.wait {
        // The service manager calls us when the name is registered.
        ProcessState::start_thread_pool();
        hub::wait_for_interface(name).map(Some)
    } else {
        hub::try_get_interface(name)
    };
    found
        .map_err(Failure::cannot(format!("cannot use {name}")))?
        .ok_or_else(|| Failure::Failed(format!("there is no service {name}")))
}

/// What a failed call is told as.
fn failed<E: std::fmt::Display>(error: E) -> Failure {
    Failure::Failed(format!("the call failed: {error}"))
}

/// Sends a text and prints the answer.
pub fn say(target: &Target, text: &str) -> Result<(), Failure> {
    let answer = find(target)?.echo(text).map_err(failed)?;
    println!("{answer}");
    Ok(())
}

/// A guest; it lives here and is called from the service.
struct Guest(String);

impl Interface for Guest {}

impl IGuest for Guest {
    fn name(&self) -> BinderResult<String> {
        Ok(self.0.clone())
    }
}

/// Passes a guest and prints the answer.
pub fn greet(target: &Target, who: String) -> Result<(), Failure> {
    let guest = BnGuest::new_binder(Guest(who));
    let answer = find(target)?.greet(&guest).map_err(failed)?;
    println!("{answer}");
    Ok(())
}

/// Sends a text and does not wait.
pub fn note(target: &Target, text: &str) -> Result<(), Failure> {
    find(target)?.note(text).map_err(failed)
}

/// Prints what was sent that way.
pub fn notes(target: &Target) -> Result<(), Failure> {
    for line in find(target)?.notes().map_err(failed)? {
        println!("{line}");
    }
    Ok(())
}

/// Passes an obituary on to who waits for it.
struct Obituary(Mutex<Sender<()>>);

impl DeathRecipient for Obituary {
    fn binder_died(&self, _who: &WIBinder) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody listens only if the program is about to end.
        let _ = sender.send(());
    }
}

/// Waits until the service dies, and says so.
pub fn watch(target: &Target) -> Result<(), Failure> {
    let name = &target.name;
    let hello = find(target)?.as_binder();
    let (sender, receiver) = channel();
    let obituary = Arc::new(Obituary(Mutex::new(sender)));
    // The notice comes to a thread that serves.
    ProcessState::start_thread_pool();
    match hello.link_to_death_arc(&obituary) {
        Ok(()) => println!("hello: watching {name}"),
        Err(StatusCode::DeadObject) => return Err(Failure::Failed(format!("{name} is dead"))),
        Err(error) => return Err(failed(error)),
    }
    receiver.recv().map_err(failed)?;
    println!("hello: {name} has died");
    Ok(())
}
