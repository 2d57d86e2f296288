//! The patterns that `desk` draws, computed in the guest and again by the scenario that looks.
//!
//! A pattern is a board of squares whose brightness follows from its number. All of it is in one
//! of the three primary colours, and never black: one look at any pixel of any screenshot, even
//! in the midst of drawing, tells whose picture it is.

/// The side of a square, in pixels.
const SQUARE: u32 = 16;

/// The colours, one for each persona.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Primary {
    /// Only red.
    Red,
    /// Only green.
    Green,
    /// Only blue.
    Blue,
}

impl Primary {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Red, Self::Green, Self::Blue];

    /// The one with this name, in small letters.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|primary| primary.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Green => "green",
            Self::Blue => "blue",
        }
    }

    /// The pixel of this colour and brightness, as 0xRRGGBB.
    fn pixel(self, brightness: u8) -> u32 {
        let place = match self {
            Self::Red => 16,
            Self::Green => 8,
            Self::Blue => 0,
        };
        u32::from(brightness) << place
    }

    /// Whether a pixel, as 0xRRGGBB, is of a pattern of this colour.
    pub fn has(self, pixel: u32) -> bool {
        pixel != 0 && pixel & !self.pixel(0xff) == 0
    }
}

/// A pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Its colour.
    pub primary: Primary,
    /// Which of that colour.
    pub number: u32,
}

impl Pattern {
    /// The pixel at (`x`, `y`), as 0xRRGGBB.
    pub fn pixel(self, x: u32, y: u32) -> u32 {
        // Any odd multipliers will do: the squares must differ, not be random.
        let mixed = (x / SQUARE)
            .wrapping_mul(0x9e37_79b1)
            .wrapping_add((y / SQUARE).wrapping_mul(0x85eb_ca6b))
            .wrapping_add(self.number.wrapping_mul(0xc2b2_ae35));
        let mixed = (mixed ^ mixed >> 15).wrapping_mul(0x2c1b_3c6d);
        let [brightness, ..] = mixed.to_be_bytes();
        // From the half up, so that no square is black.
        self.primary.pixel(brightness | 0x80)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_told_apart() {
        let of = |primary, number| Pattern { primary, number };
        let red = of(Primary::Red, 1);
        let differs = |other: Pattern| {
            (0..64).any(|square| red.pixel(square * 16, 40) != other.pixel(square * 16, 40))
        };
        assert!(differs(of(Primary::Red, 2)) && differs(of(Primary::Blue, 1)));
        for primary in Primary::ALL {
            assert_eq!(Primary::named(primary.name()), Some(primary));
            let pixel = of(primary, 7).pixel(100, 200);
            let owners = Primary::ALL.into_iter().filter(|owner| owner.has(pixel));
            assert_eq!(owners.collect::<Vec<_>>(), [primary]);
        }
        assert!(!Primary::Red.has(0));
    }
}
