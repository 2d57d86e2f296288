//! What a device namespace has of binder: a context of its own.
//!
//! It lives as long as the namespace: whose the context manager may be is remembered when all its
//! processes have ended. Nothing of it changes when the foreground does, since nothing of it is
//! the hardware's.

use alloc::sync::Arc;
use core::convert::Infallible;

use abi::Errno;
use devns::{Class, Foreground, Handle, Lifetime, Namespace, RegisterError, StateError, Switching};

use super::context::Context;

/// The device class.
pub struct BinderClass;

/// The way to each persona's context.
pub type BinderHandle = Handle<BinderClass>;

impl Class for BinderClass {
    type State = Arc<Context>;
    type Error = Infallible;
    const LIFETIME: Lifetime = Lifetime::Namespace;

    fn create(&self, _namespace: &Namespace) -> Result<Arc<Context>, Infallible> {
        Ok(Arc::default())
    }

    fn activate(&self, _context: &Arc<Context>, _switching: &Switching<'_>) {}

    fn deactivate(&self, _context: &Arc<Context>, _switching: &Switching<'_>) {}
}

/// Registers the class.
///
/// # Errors
/// See [`RegisterError`].
pub fn register(foreground: &Foreground) -> Result<BinderHandle, RegisterError> {
    foreground.register("binder", BinderClass)
}

/// The context of a namespace.
///
/// # Errors
/// EAGAIN from inside a switch.
pub fn context_of(
    handle: &BinderHandle,
    namespace: &Arc<Namespace>,
) -> Result<Arc<Context>, Errno> {
    let state = handle.get(namespace).map_err(|error| match error {
        StateError::Class(never) => match never {},
        StateError::Refused(refused) => Errno::from_number(refused.errno()),
    })?;
    Ok(Arc::clone(&state))
}
