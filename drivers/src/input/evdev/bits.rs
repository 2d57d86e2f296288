//! Commands that read what a device has and what it is at: lists of bits, names, axes.

use abi::Errno;
use abi::input::{ABS_MT_SLOT, AbsInfo, EV_KEY, EV_LED, EV_SND, EV_SW};
use zerocopy::{FromBytes, IntoBytes};

use super::super::bits::KeyBits;
use super::{Evdev, UserMemory};

/// Writes as much of `bytes` as the program has room for; answers how much.
pub(super) fn put(
    memory: &dyn UserMemory,
    address: usize,
    size: usize,
    bytes: &[u8],
) -> Result<usize, Errno> {
    let count = bytes.len().min(size);
    memory.write(address, &bytes[..count])?;
    Ok(count)
}

impl Evdev {
    /// A text with its NUL. ENOENT: the device has none.
    pub(super) fn put_text(
        &self,
        memory: &dyn UserMemory,
        address: usize,
        size: usize,
        text: Option<alloc::string::String>,
    ) -> Result<usize, Errno> {
        let mut bytes = text.ok_or(Errno::ENOENT)?.into_bytes();
        bytes.push(0);
        put(memory, address, size, &bytes)
    }

    /// The codes of a type. EINVAL: Linux has no list of them.
    pub(super) fn put_codes(
        &self,
        memory: &dyn UserMemory,
        address: usize,
        size: usize,
        kind: u16,
    ) -> Result<usize, Errno> {
        let words = self.mux.with_state_for(self.device, self.group(), |state| {
            state.identity.codes(kind)
        });
        put(
            memory,
            address,
            size,
            words.ok_or(Errno::EINVAL)?.as_bytes(),
        )
    }

    /// What is down, on or closed. The events of that type that wait are then old news.
    pub(super) fn put_state(
        &self,
        memory: &dyn UserMemory,
        address: usize,
        size: usize,
        kind: u16,
    ) -> Result<usize, Errno> {
        let mut keys = KeyBits::EMPTY;
        let few = self.mux.with_state(self.device, |state| match kind {
            EV_LED => state.leds,
            EV_SND => state.sounds,
            EV_SW => state.switches,
            _ => Default::default(),
        });
        let words = if kind == EV_KEY {
            keys = self.mux.keys_for(self.device, self.group());
            keys.words()
        } else {
            few.words()
        };
        self.client.forget(kind, (kind == EV_KEY).then_some(keys));
        let written = put(memory, address, size, words.as_bytes());
        if written.is_err() {
            self.client.dropped(self.mux.now());
        }
        written
    }

    /// An axis. EINVAL: the device has no axes at all.
    pub(super) fn put_axis(
        &self,
        memory: &dyn UserMemory,
        address: usize,
        size: usize,
        axis: u16,
    ) -> Result<usize, Errno> {
        let range = self.mux.axis_for(self.device, self.group(), axis);
        put(
            memory,
            address,
            size,
            range.ok_or(Errno::EINVAL)?.as_bytes(),
        )?;
        Ok(0)
    }

    /// Changes the range of an axis, and where it is said to be.
    pub(super) fn set_axis(
        &self,
        memory: &dyn UserMemory,
        address: usize,
        size: usize,
        axis: u16,
    ) -> Result<usize, Errno> {
        let has_axes = |state: &mut super::super::state::State| !state.identity.axes.is_empty();
        if !self.mux.with_state(self.device, has_axes) {
            return Err(Errno::EINVAL);
        }
        // A program that knows no resolution passes less.
        let mut bytes = [0; size_of::<AbsInfo>()];
        let count = size.min(bytes.len());
        memory.read(address, &mut bytes[..count])?;
        if axis == ABS_MT_SLOT {
            return Err(Errno::EINVAL);
        }
        let mut range = AbsInfo::read_from_bytes(&bytes).map_err(|_| Errno::EINVAL)?;
        if size < size_of::<AbsInfo>() {
            range.resolution = 0;
        }
        if self.mux.is_front(self.group()) {
            self.mux
                .with_state(self.device, |state| state.set_axis(axis, range));
        }
        Ok(0)
    }
}
