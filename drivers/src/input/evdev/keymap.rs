//! Commands about what keys mean: by what the keyboard sends, or by place in the map.

use abi::Errno;
use abi::input::{KEY_CNT, KEYMAP_BY_INDEX, KeymapEntry};
use zerocopy::{FromBytes, FromZeros, IntoBytes};

use super::{Evdev, UserMemory};

/// The place in the map that an entry names.
fn place(entry: &KeymapEntry) -> Result<usize, Errno> {
    if entry.flags & KEYMAP_BY_INDEX != 0 {
        return Ok(usize::from(entry.index));
    }
    let code = &entry.scancode;
    Ok(match entry.length {
        1 => usize::from(code[0]),
        2 => usize::from(u16::from_le_bytes([code[0], code[1]])),
        4 => u32::from_le_bytes([code[0], code[1], code[2], code[3]]) as usize,
        _ => return Err(Errno::EINVAL),
    })
}

/// The entry of the older commands: two ints, what is sent and what it means.
fn from_pair(pair: [u32; 2]) -> KeymapEntry {
    let mut entry = KeymapEntry::new_zeroed();
    entry.length = 4;
    entry.scancode[..4].copy_from_slice(&pair[0].to_le_bytes());
    entry.keycode = pair[1];
    entry
}

impl Evdev {
    fn look_up(&self, entry: &mut KeymapEntry) -> Result<(), Errno> {
        let place = place(entry)?;
        let key = self.mux.with_state_for(self.device, self.group(), |state| {
            let map = state.identity.keymap.as_ref()?;
            map.get(place).copied()
        });
        entry.keycode = u32::from(key.ok_or(Errno::EINVAL)?);
        entry.index = place as u16;
        entry.length = 4;
        entry.scancode[..4].copy_from_slice(&(place as u32).to_le_bytes());
        Ok(())
    }

    fn change(&self, entry: &KeymapEntry) -> Result<usize, Errno> {
        let key = u16::try_from(entry.keycode).map_err(|_| Errno::EINVAL)?;
        if key >= KEY_CNT {
            return Err(Errno::EINVAL);
        }
        let changed = self
            .mux
            .set_meaning(self.device, self.group(), place(entry)?, key);
        changed.map(|()| 0).ok_or(Errno::EINVAL)
    }

    /// `EVIOCGKEYCODE`.
    pub(super) fn keycode(&self, memory: &dyn UserMemory, address: usize) -> Result<usize, Errno> {
        let mut scancode = [0; 4];
        memory.read(address, &mut scancode)?;
        let mut entry = from_pair([u32::from_le_bytes(scancode), 0]);
        self.look_up(&mut entry)?;
        memory.write(address.wrapping_add(4), entry.keycode.as_bytes())?;
        Ok(0)
    }

    /// `EVIOCSKEYCODE`.
    pub(super) fn set_keycode(
        &self,
        memory: &dyn UserMemory,
        address: usize,
    ) -> Result<usize, Errno> {
        let mut pair = [0_u32; 2];
        memory.read(address, pair.as_mut_bytes())?;
        self.change(&from_pair(pair))
    }

    /// `EVIOCGKEYCODE_V2`.
    pub(super) fn keymap_entry(
        &self,
        memory: &dyn UserMemory,
        address: usize,
    ) -> Result<usize, Errno> {
        let mut entry = read_entry(memory, address)?;
        self.look_up(&mut entry)?;
        memory.write(address, entry.as_bytes())?;
        Ok(0)
    }

    /// `EVIOCSKEYCODE_V2`.
    pub(super) fn set_keymap_entry(
        &self,
        memory: &dyn UserMemory,
        address: usize,
    ) -> Result<usize, Errno> {
        let entry = read_entry(memory, address)?;
        if usize::from(entry.length) > entry.scancode.len() {
            return Err(Errno::EINVAL);
        }
        self.change(&entry)
    }
}

fn read_entry(memory: &dyn UserMemory, address: usize) -> Result<KeymapEntry, Errno> {
    let mut bytes = [0; size_of::<KeymapEntry>()];
    memory.read(address, &mut bytes)?;
    KeymapEntry::read_from_bytes(&bytes).map_err(|_| Errno::EINVAL)
}
