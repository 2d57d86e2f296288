//! What programs may change of a device: what its keys mean, how they repeat, the ranges of its
//! axes.
//!
//! Each persona's programs change it for themselves only. The state of a device has what holds for
//! the persona in front; what the device came with is set aside while that is something else. So a
//! switch exchanges the two for those who have changed something, and costs the others nothing.

use abi::input::AbsInfo;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::mem::swap;

use super::bits::KeyBits;
use super::state::State;

/// One set of them.
pub struct Settings {
    keymap: Option<Vec<u16>>,
    /// The keys there are follow from what they mean.
    keys: KeyBits,
    axes: BTreeMap<u16, AbsInfo>,
    said_of_axes: BTreeMap<u16, AbsInfo>,
    repeat: [u32; 2],
}

impl Settings {
    fn of(state: &State) -> Self {
        Self {
            keymap: state.identity.keymap.clone(),
            keys: state.identity.keys,
            axes: state.identity.axes.clone(),
            said_of_axes: state.said_of_axes.clone(),
            repeat: state.repeat,
        }
    }

    fn exchange(&mut self, state: &mut State) {
        swap(&mut self.keymap, &mut state.identity.keymap);
        swap(&mut self.keys, &mut state.identity.keys);
        swap(&mut self.axes, &mut state.identity.axes);
        swap(&mut self.said_of_axes, &mut state.said_of_axes);
        swap(&mut self.repeat, &mut state.repeat);
    }
}

impl State {
    /// The persona in front is about to change something: what the device came with is set aside.
    pub(super) fn set_own_aside(&mut self) {
        if self.set_aside.is_none() {
            self.set_aside = Some(Box::new(Settings::of(self)));
        }
    }

    /// The persona in front leaves: everything is as the device came with it. Returns what the
    /// persona had changed it to, if it had.
    pub(super) fn take_changes(&mut self) -> Option<Box<Settings>> {
        let mut settings = self.set_aside.take()?;
        settings.exchange(self);
        Some(settings)
    }

    /// A persona comes to the front that has changed something.
    pub(super) fn put_changes(&mut self, mut settings: Box<Settings>) {
        settings.exchange(self);
        self.set_aside = Some(settings);
    }

    /// Shows the state as a persona in the background has it, which has changed it to `changes` if
    /// to anything. Where the axes are and what is on is as in front.
    pub(super) fn show_as<R>(
        &mut self,
        changes: Option<&mut Settings>,
        look: impl FnOnce(&mut Self) -> R,
    ) -> R {
        let mut own = self.set_aside.take();
        let shown = match changes {
            Some(changes) => Some(changes),
            None => own.as_deref_mut(),
        };
        let Some(shown) = shown else {
            return look(self);
        };
        shown.exchange(self);
        let seen = look(self);
        shown.exchange(self);
        self.set_aside = own;
        seen
    }
}
