//! Display hardware for tests: a machine's memory, a GPU and a Bochs display which keep the
//! picture that an eye would see.

pub mod bochs;
pub mod gpu;
pub mod memory;

use super::panel::Size;

/// What an eye sees.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    pub size: Size,
    /// Blue, green, red of each pixel, in the order of reading.
    pub pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// A picture out of rows of 32-bit pixels, `stride` bytes each.
    pub fn of_bytes(size: Size, bytes: &[u8], stride: usize) -> Self {
        let mut pixels = Vec::new();
        for row in bytes.chunks(stride).take(size.height as usize) {
            let row = row.chunks_exact(4).take(size.width as usize);
            pixels.extend(row.map(|pixel| [pixel[0], pixel[1], pixel[2]]));
        }
        Self { size, pixels }
    }
}

impl core::fmt::Debug for Picture {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut colors: Vec<[u8; 3]> = self.pixels.clone();
        colors.dedup();
        colors.truncate(20);
        write!(out, "{} with runs of {colors:x?}", self.size)
    }
}
