//! Commands about what a reader wants to see.

use abi::Errno;
use abi::input::InputMask;
use zerocopy::{FromBytes, IntoBytes};

use super::super::codes::bytes_of;
use super::{Evdev, UserMemory};

fn read_mask(memory: &dyn UserMemory, address: usize) -> Result<InputMask, Errno> {
    let mut bytes = [0; size_of::<InputMask>()];
    memory.read(address, &mut bytes)?;
    InputMask::read_from_bytes(&bytes).map_err(|_| Errno::EINVAL)
}

/// Bytes of the mask of a type; 0 for one that has no codes.
fn length_of(kind: u32) -> usize {
    u16::try_from(kind).map_or(0, bytes_of)
}

impl Evdev {
    /// `EVIOCGMASK`. What lies behind the codes of the type is zeroed.
    pub(super) fn mask(&self, memory: &dyn UserMemory, address: usize) -> Result<usize, Errno> {
        let wanted = read_mask(memory, address)?;
        let length = length_of(wanted.kind);
        let mut bytes = alloc::vec![0xff; length];
        if let Some(mask) = self.client.mask(wanted.kind as u16).filter(|_| length > 0) {
            bytes.copy_from_slice(mask.as_bytes());
        }
        let (address, size) = (wanted.codes as usize, wanted.codes_size as usize);
        let count = length.min(size);
        memory.write(address, &bytes[..count])?;
        let zeros = [0; 256];
        let mut done = count;
        while done < size {
            // A program may say four gigabytes.
            memory.pause()?;
            let part = (size - done).min(zeros.len());
            memory.write(address.wrapping_add(done), &zeros[..part])?;
            done += part;
        }
        Ok(0)
    }

    /// `EVIOCSMASK`. Codes that are not named are not wanted.
    pub(super) fn set_mask(&self, memory: &dyn UserMemory, address: usize) -> Result<usize, Errno> {
        let wanted = read_mask(memory, address)?;
        let length = length_of(wanted.kind);
        if length == 0 {
            return Ok(0);
        }
        let size = wanted.codes_size as usize;
        if !size.is_multiple_of(8) {
            return Err(Errno::EINVAL);
        }
        let mut words = alloc::vec![0_u64; length / 8];
        let count = length.min(size);
        memory.read(wanted.codes as usize, &mut words.as_mut_bytes()[..count])?;
        self.client.set_mask(wanted.kind as u16, words);
        Ok(0)
    }
}
