//! The colour map of a screen. Its pixels are true colour, so the map changes no picture; as with
//! Linux's true-colour drivers it can be read back, and its first 16 entries can be written (the
//! palette by which a text console would choose its colours).

use abi::Errno;
use abi::framebuffer::ColorMap;
use alloc::boxed::Box;
use alloc::vec;
use zerocopy::IntoBytes;

use crate::user::UserMemory;

/// Entries that can be read.
const ENTRIES: usize = 256;
/// Bytes of one list that Linux finds memory for, at most.
const COPIED_MAX: usize = 4 << 20;
/// Entries that can be written.
const PALETTE: usize = 16;

/// Red, green and blue intensities.
pub struct Colors(Box<[[u16; ENTRIES]; 3]>);

impl Colors {
    /// The 16 colours of a VGA text console, and black.
    pub fn new() -> Self {
        let mut planes = Box::new([[0; ENTRIES]; 3]);
        for (plane, bit) in planes.iter_mut().zip([4, 2, 1]) {
            for (number, intensity) in plane.iter_mut().take(PALETTE).enumerate() {
                let base = if number & bit != 0 { 0xaaaa } else { 0 };
                *intensity = base + if number & 8 != 0 { 0x5555 } else { 0 };
            }
        }
        Self(planes)
    }

    /// The part of the map that a program asks for: how many entries, from which on. What it asks
    /// for beyond the end is cut off.
    fn part(request: &ColorMap) -> Result<(usize, usize), Errno> {
        let start = request.start as usize;
        let count = (request.length as usize).min(ENTRIES.saturating_sub(start));
        (count > 0).then_some((start, count)).ok_or(Errno::EINVAL)
    }

    /// A copy of the intensities that a program asks for, for each colour.
    ///
    /// # Errors
    /// EINVAL: nothing is asked for, or nothing is there.
    pub fn get(&self, request: &ColorMap) -> Result<[Box<[u16]>; 3], Errno> {
        let (start, count) = Self::part(request)?;
        Ok([0, 1, 2].map(|plane: usize| self.0[plane][start..start + count].into()))
    }

    /// Changes the intensities from `start` on.
    ///
    /// # Errors
    /// EINVAL: they are not all in the palette, or there are none.
    pub fn set(&mut self, start: u32, colors: &[Box<[u16]>; 3]) -> Result<(), Errno> {
        let start = start as usize;
        for (plane, from) in self.0.iter_mut().zip(colors) {
            let end = start.checked_add(from.len()).filter(|end| *end <= PALETTE);
            let end = end.filter(|end| *end > start).ok_or(Errno::EINVAL)?;
            plane[start..end].copy_from_slice(from);
        }
        Ok(())
    }
}

impl Default for Colors {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes intensities to where the request says.
///
/// # Errors
/// EFAULT.
pub fn put(
    memory: &dyn UserMemory,
    request: &ColorMap,
    colors: &[Box<[u16]>; 3],
) -> Result<(), Errno> {
    let addresses = [request.red, request.green, request.blue];
    for (address, from) in addresses.into_iter().zip(colors) {
        memory.write(address as usize, from.as_bytes())?;
    }
    Ok(())
}

/// Reads intensities from where the request says.
///
/// # Errors
/// EFAULT; E2BIG: their length is no length; ENOMEM: it is more than Linux would copy; EINVAL:
/// they are more than there can be.
pub fn fetch(memory: &dyn UserMemory, request: &ColorMap) -> Result<[Box<[u16]>; 3], Errno> {
    // The size in bytes must be a positive int.
    if request.length > i32::MAX as u32 / 2 {
        return Err(Errno::E2BIG);
    }
    let count = request.length as usize;
    if count * size_of::<u16>() > COPIED_MAX {
        return Err(Errno::ENOMEM);
    }
    let mut planes = [0; 3].map(|_| vec![0_u16; count.min(ENTRIES)].into_boxed_slice());
    let addresses = [request.red, request.green, request.blue];
    for (address, plane) in addresses.into_iter().zip(&mut planes) {
        fetch_plane(memory, address as usize, count, plane)?;
    }
    if request.transp != 0 {
        fetch_plane(memory, request.transp as usize, count, &mut [])?;
    }
    // More than the map has: refused, but all of it must be readable first.
    (count <= ENTRIES).then_some(planes).ok_or(Errno::EINVAL)
}

/// Reads `count` intensities, as many at a time as a map has, and keeps the first of them.
fn fetch_plane(
    memory: &dyn UserMemory,
    address: usize,
    count: usize,
    kept: &mut [u16],
) -> Result<(), Errno> {
    let mut piece = [0_u16; ENTRIES];
    for first in (0..count).step_by(ENTRIES) {
        let piece = &mut piece[..ENTRIES.min(count - first)];
        let offset = first * size_of::<u16>();
        let place = address.checked_add(offset).ok_or(Errno::EFAULT)?;
        memory.read(place, piece.as_mut_bytes())?;
        if first == 0 {
            let kept_count = kept.len().min(piece.len());
            kept[..kept_count].copy_from_slice(&piece[..kept_count]);
        }
    }
    Ok(())
}
