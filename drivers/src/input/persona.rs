//! What a device namespace has of the input devices: its readers, and their grabs.
//!
//! A persona's readers get events only while it is in front. When it leaves the front, the keys
//! that are down go up for those who saw them go down; whoever comes to the front begins with
//! all keys up. A pointer that says where it is says so to the persona in front: another knows the
//! last place that it was told, and is told of the next one when it is in front again, also where
//! that is the place at which the pointer has been all the time. A grab is one among the persona's own readers, so it has its effect whenever the
//! persona is in front, and none otherwise: it is the same grab in the background, however often
//! the persona comes and goes.

use core::convert::Infallible;

use abi::Errno;
use abi::input::EV_KEY;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use devns::{Class, Foreground, Handle, Namespace, Observer, RegisterError, Switching};
use spin::mutex::SpinMutex;

use super::bits::KeyBits;
use super::client::{Client, Stamp};
use super::device::Event;
use super::mousedev::{Motion, MouseClient};
use super::mux::Mux;
use super::settings::Settings;
use super::state::State;

/// The readers of one persona.
#[derive(Default)]
pub struct Group {
    members: SpinMutex<Members>,
}

#[derive(Default)]
struct Members {
    /// By device.
    devices: Vec<Readers>,
    mice: Vec<Arc<MouseClient>>,
}

#[derive(Default)]
struct Readers {
    clients: Vec<Arc<Client>>,
    /// The one that wants to be the only one.
    grab: Option<Arc<Client>>,
    /// Some may know of keys that are down. So long as none can, to leave the front costs the same
    /// however many they are.
    may_know_keys: bool,
    /// Where the axes were when the persona left the front.
    places: BTreeMap<u16, i32>,
    /// What its programs have changed of the device, while the persona is not in front.
    changes: Option<Box<Settings>>,
}

impl Members {
    fn device(&mut self, device: usize) -> &mut Readers {
        if self.devices.len() <= device {
            self.devices.resize_with(device + 1, Readers::default);
        }
        &mut self.devices[device]
    }
}

impl Group {
    /// Adds a reader of a device.
    ///
    /// # Errors
    /// ENOMEM.
    pub(super) fn attach(&self, device: usize, client: &Arc<Client>) -> Result<(), Errno> {
        let mut members = self.members.lock();
        let readers = members.device(device);
        readers.clients.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        readers.clients.push(Arc::clone(client));
        // It can ask which keys are down, also those that went down when there was no reader.
        readers.may_know_keys = true;
        Ok(())
    }

    /// Takes a reader out, and its grab.
    pub(super) fn detach(&self, device: usize, client: &Arc<Client>) {
        let mut members = self.members.lock();
        let readers = members.device(device);
        readers.clients.retain(|other| !Arc::ptr_eq(other, client));
        readers.grab.take_if(|holder| Arc::ptr_eq(holder, client));
    }

    /// Makes a reader the only one of its persona.
    ///
    /// # Errors
    /// EBUSY: one is already, perhaps this one.
    pub(super) fn grab(&self, device: usize, client: &Arc<Client>) -> Result<(), Errno> {
        let mut members = self.members.lock();
        let grab = &mut members.device(device).grab;
        if grab.is_some() {
            return Err(Errno::EBUSY);
        }
        *grab = Some(Arc::clone(client));
        Ok(())
    }

    /// Lets the others read again.
    ///
    /// # Errors
    /// EINVAL: this reader has no grab.
    pub(super) fn ungrab(&self, device: usize, client: &Arc<Client>) -> Result<(), Errno> {
        let mut members = self.members.lock();
        let grab = &mut members.device(device).grab;
        let taken = grab.take_if(|holder| Arc::ptr_eq(holder, client));
        taken.map(drop).ok_or(Errno::EINVAL)
    }

    /// Adds a reader of movements.
    ///
    /// # Errors
    /// ENOMEM.
    pub(super) fn attach_mouse(&self, client: &Arc<MouseClient>) -> Result<(), Errno> {
        let mice = &mut self.members.lock().mice;
        mice.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        mice.push(Arc::clone(client));
        Ok(())
    }

    /// Takes it out.
    pub(super) fn detach_mouse(&self, client: &Arc<MouseClient>) {
        let mut members = self.members.lock();
        members.mice.retain(|other| !Arc::ptr_eq(other, client));
    }

    /// Hands a packet of a device to who reads it; `motion` is asked for what it means to a
    /// mouse if somebody wants to know. Returns whether only a grab saw it.
    pub(super) fn deliver(
        &self,
        device: usize,
        packet: &[Event],
        stamp: Stamp,
        motion: impl FnOnce() -> Option<Motion>,
    ) -> bool {
        let mut members = self.members.lock();
        if let Some(readers) = members.devices.get_mut(device) {
            readers.may_know_keys |= packet.iter().any(|event| event.kind == EV_KEY);
            if let Some(holder) = &readers.grab {
                holder.deliver(packet, stamp);
                return true;
            }
            let clients = readers.clients.iter();
            clients.for_each(|client| client.deliver(packet, stamp));
        }
        if !members.mice.is_empty()
            && let Some(motion) = motion()
        {
            let mice = members.mice.iter();
            mice.for_each(|client| client.take_motion(device, &motion));
        }
        false
    }

    /// The persona leaves the front while these keys of a device are down.
    pub(super) fn release(&self, device: usize, held: &KeyBits, stamp: Stamp) {
        let mut members = self.members.lock();
        if let Some(readers) = members.devices.get_mut(device)
            && core::mem::take(&mut readers.may_know_keys)
        {
            let clients = readers.clients.iter();
            clients.for_each(|client| client.release(held, stamp));
        }
    }

    /// The persona leaves the front: it knows where the axes of a device are now.
    pub(super) fn keep_places(&self, device: usize, state: &State) {
        let mut members = self.members.lock();
        members.device(device).places = state.places().collect();
    }

    /// Where it knows an axis of a device to be, if it was in front ever.
    pub(super) fn place(&self, device: usize, axis: u16) -> Option<i32> {
        let members = self.members.lock();
        members.devices.get(device)?.places.get(&axis).copied()
    }

    /// The persona leaves the front: this is what its programs have changed of a device.
    pub(super) fn keep_changes(&self, device: usize, changes: Box<Settings>) {
        self.members.lock().device(device).changes = Some(changes);
    }

    /// The persona comes to the front: what its programs have changed, if anything.
    pub(super) fn take_changes(&self, device: usize) -> Option<Box<Settings>> {
        let mut members = self.members.lock();
        members.devices.get_mut(device)?.changes.take()
    }

    /// Shows what its programs have changed, while it is not in front.
    pub(super) fn with_changes<R>(
        &self,
        device: usize,
        look: impl FnOnce(Option<&mut Settings>) -> R,
    ) -> R {
        let mut members = self.members.lock();
        let readers = members.devices.get_mut(device);
        look(readers.and_then(|readers| readers.changes.as_deref_mut()))
    }

    /// The persona leaves the front: its mice let go of their buttons.
    pub(super) fn release_buttons(&self) {
        let members = self.members.lock();
        members
            .mice
            .iter()
            .for_each(|mouse| mouse.release_buttons());
    }
}

/// The device class of all input devices.
pub struct InputClass {
    mux: Arc<Mux>,
}

/// The way to each persona's readers.
pub type InputHandle = Handle<InputClass>;

/// Registers the class.
///
/// # Errors
/// See [`RegisterError`].
pub fn register(foreground: &Foreground, mux: &Arc<Mux>) -> Result<InputHandle, RegisterError> {
    let class = InputClass {
        mux: Arc::clone(mux),
    };
    let handle = foreground.register("input", class)?;
    foreground
        .observe(Arc::clone(mux) as Arc<dyn Observer>)
        .map_err(|_| RegisterError::Inside)?;
    Ok(handle)
}

impl Class for InputClass {
    type State = Arc<Group>;
    type Error = Infallible;

    fn create(&self, namespace: &Namespace) -> Result<Arc<Group>, Infallible> {
        let group = Arc::new(Group::default());
        if namespace.is_active() {
            self.mux.focus(&group);
        }
        Ok(group)
    }

    fn release(&self, _namespace: &Namespace, group: Arc<Group>) {
        self.mux.unfocus(&group);
    }

    fn activate(&self, group: &Arc<Group>, _switching: &Switching<'_>) {
        self.mux.return_to(group);
    }

    fn deactivate(&self, group: &Arc<Group>, _switching: &Switching<'_>) {
        self.mux.release_held(group);
        self.mux.unfocus(group);
    }
}

impl Observer for Mux {
    /// Also where the old persona has no readers, its keys and places are not the new one's.
    fn deactivated(&self, _switching: &Switching<'_>) {
        self.forget();
    }

    fn activated(&self, _switching: &Switching<'_>) {}
}
