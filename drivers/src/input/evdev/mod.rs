//! `/dev/input/eventN`: the bytes and commands that programs see.
//!
//! Reads give whole `struct input_event`s; a write injects events as if the device had made them.
//! What a persona in the background writes or asks for is checked like anybody's and answered
//! the same; only nothing comes of it. What one in front changes of a device, it changes for itself
//! (`settings`).
//!
//! Source: Linux's `Documentation/input/input.rst` and evdev's answers in Linux 6.1.

mod bits;
mod command;
mod ioctl;
mod keymap;
mod mask;
#[cfg(test)]
mod tests;

use abi::Errno;
use abi::input::InputEvent;
use alloc::sync::Arc;
use devns::{Namespace, StateRef};
use zerocopy::IntoBytes;

use super::client::{Client, Waker};
use super::device::Event;
use super::mux::Mux;
use super::persona::{Group, InputClass, InputHandle};

/// Bytes of an event.
const EVENT: usize = size_of::<InputEvent>();
/// Events that are moved at once, which most packets do not have more of.
const BATCH: usize = 8;

pub use crate::user::{Transfer, UserMemory};

/// One opening of a device.
pub struct Evdev {
    mux: Arc<Mux>,
    device: usize,
    client: Arc<Client>,
    /// The persona that opened it, wherever the descriptor travels.
    group: StateRef<InputClass>,
}

impl Evdev {
    /// Opens a device for a process of `namespace`.
    ///
    /// # Errors
    /// ENOMEM; EDEADLK from inside a device class.
    pub fn open(
        mux: &Arc<Mux>,
        handle: &InputHandle,
        namespace: &Arc<Namespace>,
        device: usize,
        waker: Arc<dyn Waker>,
    ) -> Result<Self, Errno> {
        let group = group_of(handle, namespace)?;
        let client = Arc::new(Client::new(waker)?);
        group.attach(device, &client)?;
        Ok(Self {
            mux: Arc::clone(mux),
            device,
            client,
            group,
        })
    }

    fn group(&self) -> &Arc<Group> {
        &self.group
    }

    /// Whether programs get ENODEV from now on.
    pub fn is_dead(&self) -> bool {
        self.client.is_revoked()
    }

    /// Whether there is something to read.
    pub fn is_readable(&self) -> bool {
        self.client.is_readable()
    }

    /// Reads as many whole events as fit into `room` bytes; `put` takes the bytes. None: there
    /// are none, and the reader would have to wait.
    ///
    /// # Errors
    /// EINVAL: less room than an event takes; ENODEV: revoked; what `put` answers, or EFAULT where
    /// it takes a part only. What it was given is gone then.
    pub fn read(&self, room: usize, put: Transfer<'_>) -> Result<Option<usize>, Errno> {
        if room != 0 && room < EVENT {
            return Err(Errno::EINVAL);
        }
        if self.is_dead() {
            return Err(Errno::ENODEV);
        }
        let mut total = 0;
        while room - total >= EVENT {
            let mut batch = [InputEvent::default(); BATCH];
            let wanted = BATCH.min((room - total) / EVENT);
            let count = self.client.take(&mut batch[..wanted]);
            if count == 0 {
                break;
            }
            let bytes = batch[..count].as_mut_bytes();
            if put(bytes)? != bytes.len() {
                return Err(Errno::EFAULT);
            }
            total += bytes.len();
        }
        Ok((total > 0).then_some(total))
    }

    /// Injects the events of a write of `length` bytes, which `get` fetches.
    ///
    /// # Errors
    /// EINVAL: less than an event; ENODEV: revoked; what `get` answers.
    pub fn write(&self, length: usize, get: Transfer<'_>) -> Result<usize, Errno> {
        if length != 0 && length < EVENT {
            return Err(Errno::EINVAL);
        }
        if self.is_dead() {
            return Err(Errno::ENODEV);
        }
        let mut total = 0;
        while length - total >= EVENT {
            let mut batch = [InputEvent::default(); BATCH];
            let wanted = BATCH.min((length - total) / EVENT);
            let count = get(batch[..wanted].as_mut_bytes())? / EVENT;
            for event in &batch[..count] {
                let event = Event::new(event.kind, event.code, event.value);
                self.mux.inject(self.device, self.group(), event);
            }
            if count < wanted {
                return Err(Errno::EFAULT);
            }
            total += count * EVENT;
        }
        Ok(total)
    }
}

/// The readers of a namespace.
///
/// # Errors
/// EDEADLK from inside a device class.
pub fn group_of(
    handle: &InputHandle,
    namespace: &Arc<Namespace>,
) -> Result<StateRef<InputClass>, Errno> {
    handle.get(namespace).map_err(|error| match error {
        devns::StateError::Class(never) => match never {},
        devns::StateError::Refused(refused) => Errno::from_number(refused.errno()),
    })
}

impl Drop for Evdev {
    fn drop(&mut self) {
        self.group.detach(self.device, &self.client);
    }
}
