//! Pixels of 16 bits for a device that only knows those of 32.

use core::ops::Range;

use super::super::memory::ScreenMemory;
use super::super::panel::Layout;

/// Pixels converted in one piece.
const PIECE: usize = 256;

/// Writes these rows of a screen with 16 bits a pixel to the same place in memory with 32.
pub fn convert(layout: &Layout, rows: Range<u32>, from: &dyn ScreenMemory, to: &dyn ScreenMemory) {
    let width = layout.whole.width as usize;
    // Rows lie without gaps in both, so that they are one stretch of pixels.
    let end = rows.end as usize * width;
    let mut pixel = rows.start as usize * width;
    while pixel < end {
        let count = PIECE.min(end - pixel);
        let (mut narrow, mut wide) = ([0; PIECE * 2], [0; PIECE * 4]);
        let narrow = &mut narrow[..count * 2];
        from.read(pixel * 2, narrow);
        for (short, long) in narrow.chunks_exact(2).zip(wide.chunks_exact_mut(4)) {
            long.copy_from_slice(&widen(u16::from_le_bytes([short[0], short[1]])));
        }
        to.write(pixel * 4, &wide[..count * 4]);
        pixel += count;
    }
}

/// Full intensity stays full: the high bits are repeated below.
fn widen(pixel: u16) -> [u8; 4] {
    let five = |bits: u16| (bits << 3 | bits >> 2) as u8;
    let green = pixel >> 5 & 0x3f;
    let green = (green << 2 | green >> 4) as u8;
    [five(pixel & 0x1f), green, five(pixel >> 11), 0]
}

#[cfg(test)]
mod tests {
    use super::widen;

    #[test]
    fn black_white_and_the_colours_stay_what_they_are() {
        assert_eq!(widen(0), [0, 0, 0, 0]);
        assert_eq!(widen(0xffff), [0xff, 0xff, 0xff, 0]);
        assert_eq!(widen(0xf800), [0, 0, 0xff, 0]);
        assert_eq!(widen(0x07e0), [0, 0xff, 0, 0]);
        assert_eq!(widen(0x0010), [0x84, 0, 0, 0]);
    }
}
