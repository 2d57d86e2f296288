//! What a display says of itself: the sizes in its EDID.
//!
//! Source: VESA Enhanced EDID Standard, release A, revision 2 (structure 1.4), section 3. Only the
//! base block is read; whatever is wrong with it means that it says nothing.

use alloc::vec::Vec;

use super::panel::Size;

const BLOCK: usize = 128;
const HEADER: [u8; 8] = [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0];
const ESTABLISHED: usize = 35;
const STANDARD: usize = 38;
const DETAILED: usize = 54;
const DETAILED_BYTES: usize = 18;

/// The established timings by their bits, the highest bit of the first byte first.
const ESTABLISHED_SIZES: [(u32, u32); 17] = [
    (720, 400),
    (720, 400),
    (640, 480),
    (640, 480),
    (640, 480),
    (640, 480),
    (800, 600),
    (800, 600),
    (800, 600),
    (800, 600),
    (832, 624),
    (1024, 768),
    (1024, 768),
    (1024, 768),
    (1024, 768),
    (1280, 1024),
    (1152, 870),
];

/// The sizes in an EDID, the preferred one first; none twice. Empty when it is no EDID.
pub fn sizes(edid: &[u8]) -> Vec<Size> {
    let mut sizes = Vec::new();
    let Some(block) = edid.get(..BLOCK) else {
        return sizes;
    };
    let sum = block.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    if block[..HEADER.len()] != HEADER || sum != 0 {
        return sizes;
    }
    let mut add = |size: Option<Size>| {
        if let Some(size) = size
            && !sizes.contains(&size)
        {
            sizes.push(size);
        }
    };
    let detailed = block[DETAILED..DETAILED + 4 * DETAILED_BYTES].chunks_exact(DETAILED_BYTES);
    detailed.for_each(|timing| add(detailed_size(timing)));
    let standard = block[STANDARD..DETAILED].chunks_exact(2);
    standard.for_each(|timing| add(standard_size(timing[0], timing[1])));
    for (index, (width, height)) in ESTABLISHED_SIZES.into_iter().enumerate() {
        let has = block[ESTABLISHED + index / 8] & 0x80 >> (index % 8) != 0;
        add(has.then_some(Size { width, height }));
    }
    sizes
}

/// A detailed timing descriptor; one without a pixel clock describes something else.
fn detailed_size(timing: &[u8]) -> Option<Size> {
    let wide =
        |low: usize, high: usize| u32::from(timing[low]) | u32::from(timing[high] & 0xf0) << 4;
    let size = Size {
        width: wide(2, 4),
        height: wide(5, 7),
    };
    let has_clock = timing[0] != 0 || timing[1] != 0;
    (has_clock && size.width > 0 && size.height > 0).then_some(size)
}

/// A standard timing: the width in steps of 8 from 248 on, and the ratio of the sides.
fn standard_size(width: u8, ratio: u8) -> Option<Size> {
    if width <= 1 {
        return None;
    }
    let width = (u32::from(width) + 31) * 8;
    let (across, down) = match ratio >> 6 {
        0 => (16, 10),
        1 => (4, 3),
        2 => (5, 4),
        _ => (16, 9),
    };
    Some(Size {
        width,
        height: width * down / across,
    })
}

#[cfg(test)]
pub fn example(preferred: Size) -> [u8; BLOCK] {
    let mut edid = [0; BLOCK];
    edid[..8].copy_from_slice(&HEADER);
    edid[ESTABLISHED] = 0x20;
    edid[STANDARD..DETAILED].fill(1);
    // 1024 by 768.
    edid[STANDARD..STANDARD + 2].copy_from_slice(&[97, 0x40]);
    let timing = &mut edid[DETAILED..DETAILED + DETAILED_BYTES];
    timing[0] = 1;
    timing[2] = preferred.width as u8;
    timing[4] = (preferred.width >> 4) as u8 & 0xf0;
    timing[5] = preferred.height as u8;
    timing[7] = (preferred.height >> 4) as u8 & 0xf0;
    let sum = edid.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    edid[BLOCK - 1] = sum.wrapping_neg();
    edid
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WIDE: Size = Size {
        width: 1280,
        height: 800,
    };

    #[test]
    fn the_preferred_size_is_first() {
        let sizes = sizes(&example(WIDE));
        let expected = [(1280, 800), (1024, 768), (640, 480)];
        assert_eq!(
            sizes,
            expected.map(|(width, height)| Size { width, height })
        );
    }

    #[test]
    fn a_damaged_one_says_nothing() {
        let mut edid = example(WIDE);
        edid[60] ^= 1;
        assert!(sizes(&edid).is_empty());
        assert!(sizes(&edid[..100]).is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(mut bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            sizes(&bytes);
            if bytes.len() >= BLOCK {
                bytes[..8].copy_from_slice(&HEADER);
                let sum = bytes[..BLOCK - 1].iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
                bytes[BLOCK - 1] = sum.wrapping_neg();
                let sizes = sizes(&bytes);
                prop_assert!(sizes.iter().all(|size| size.width > 0 && size.height > 0));
            }
        }
    }
}
