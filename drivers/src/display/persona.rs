//! What a device namespace has of the display: a screen of its own.
//!
//! It begins when a process of the namespace first opens the device, black, of the size that the
//! panel prefers then, and lives as long as the namespace, through close and reopen. All that is
//! chosen for it (mode, pan, colour map, blank) is chosen in the background as in front: the
//! panel learns of it when the persona comes to the front, and its picture is there without
//! redrawing, since the panel is pointed at the memory it was drawn into.

use abi::Errno;
use alloc::sync::Arc;
use devns::{
    Class, Foreground, Handle, Lifetime, Namespace, Observer, RegisterError, StateError, StateRef,
    Switching,
};

use super::mux::Display;
use super::panel::PanelError;
use super::screen::Screen;

/// The device class of the display.
pub struct DisplayClass {
    display: Arc<Display>,
}

/// The way to each persona's screen.
pub type DisplayHandle = Handle<DisplayClass>;

/// Registers the class.
///
/// # Errors
/// See [`RegisterError`].
pub fn register(
    foreground: &Foreground,
    display: &Arc<Display>,
) -> Result<DisplayHandle, RegisterError> {
    let class = DisplayClass {
        display: Arc::clone(display),
    };
    let handle = foreground.register("display", class)?;
    foreground
        .observe(Arc::clone(display) as Arc<dyn Observer>)
        .map_err(|_| RegisterError::Inside)?;
    Ok(handle)
}

/// The screen of a namespace.
///
/// # Errors
/// ENOMEM: there is no memory for it; EIO: the panel does not take it; EDEADLK from inside a
/// device class.
pub fn screen_of(
    handle: &DisplayHandle,
    namespace: &Arc<Namespace>,
) -> Result<StateRef<DisplayClass>, Errno> {
    handle.get(namespace).map_err(|error| match error {
        StateError::Class(PanelError::NoMemory(_) | PanelError::Scattered { .. }) => Errno::ENOMEM,
        StateError::Class(_) => Errno::EIO,
        StateError::Refused(refused) => Errno::from_number(refused.errno()),
    })
}

impl Class for DisplayClass {
    type State = Arc<Screen>;
    type Error = PanelError;
    const LIFETIME: Lifetime = Lifetime::Namespace;

    fn create(&self, namespace: &Namespace) -> Result<Arc<Screen>, PanelError> {
        let screen = self.display.create_screen()?;
        if namespace.is_active() {
            self.display.show(&screen);
            self.display.settle();
        }
        Ok(screen)
    }

    fn release(&self, _namespace: &Namespace, screen: Arc<Screen>) {
        self.display.release(&screen);
    }

    fn activate(&self, screen: &Arc<Screen>, _switching: &Switching<'_>) {
        self.display.show(screen);
    }

    fn deactivate(&self, screen: &Arc<Screen>, _switching: &Switching<'_>) {
        self.display.leave(screen);
    }
}

impl Observer for Display {
    fn deactivated(&self, _switching: &Switching<'_>) {}

    /// Also where the new persona has no screen, the old one's is not seen.
    fn activated(&self, _switching: &Switching<'_>) {
        self.settle();
    }
}
