//! How a pixel lies in memory.
//!
//! Source: Documentation/fb/api.rst, "Types, visuals and formats": packed pixels of true colour,
//! each channel a field of bits whose offset counts from the least significant one.

use framebuffer::{Bitfield, VarScreeninfo};

use crate::Colour;

/// The bits of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Channel {
    offset: u32,
    length: u32,
}

impl Channel {
    /// The field of the pixel, if it is one that a pixel of `bits` can hold.
    fn of(field: &Bitfield, bits: u32) -> Option<Self> {
        let fits = (1..=8).contains(&field.length)
            && field.msb_right == 0
            && field.offset.checked_add(field.length)? <= bits;
        fits.then_some(Self {
            offset: field.offset,
            length: field.length,
        })
    }

    fn put(self, value: u8) -> u32 {
        (u32::from(value) >> (8 - self.length)) << self.offset
    }

    /// Spread over the whole range again, so that the most there is comes back as 255.
    fn take(self, pixel: u32) -> u8 {
        let most = (1 << self.length) - 1;
        let value = pixel >> self.offset & most;
        ((value * 255 + most / 2) / most) as u8
    }
}

/// The form of a pixel: 16 or 32 bits with a field for each of the three channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    bytes: usize,
    red: Channel,
    green: Channel,
    blue: Channel,
}

impl Format {
    /// 32 bits: in memory blue, green, red and a byte that is not looked at.
    pub const XRGB8888: Self = Self::new(4, [(16, 8), (8, 8), (0, 8)]);
    /// 16 bits: five of red, six of green, five of blue.
    pub const RGB565: Self = Self::new(2, [(11, 5), (5, 6), (0, 5)]);

    const fn new(bytes: usize, fields: [(u32, u32); 3]) -> Self {
        const fn channel(field: (u32, u32)) -> Channel {
            Channel {
                offset: field.0,
                length: field.1,
            }
        }
        Self {
            bytes,
            red: channel(fields[0]),
            green: channel(fields[1]),
            blue: channel(fields[2]),
        }
    }

    /// The form that a screen has. None: pixels that this crate cannot draw.
    pub fn of(mode: &VarScreeninfo) -> Option<Self> {
        let bits = mode.bits_per_pixel;
        if !matches!(bits, 16 | 32) || mode.grayscale != 0 {
            return None;
        }
        Some(Self {
            bytes: bits as usize / 8,
            red: Channel::of(&mode.red, bits)?,
            green: Channel::of(&mode.green, bits)?,
            blue: Channel::of(&mode.blue, bits)?,
        })
    }

    /// The bytes of a pixel: 2 or 4.
    pub fn bytes(self) -> usize {
        self.bytes
    }

    /// The pixel of a colour; its lowest bytes are what lies in memory, the lowest first.
    pub fn encode(self, colour: Colour) -> u32 {
        self.red.put(colour.red) | self.green.put(colour.green) | self.blue.put(colour.blue)
    }

    /// The colour of a pixel.
    pub fn decode(self, pixel: u32) -> Colour {
        Colour {
            red: self.red.take(pixel),
            green: self.green.take(pixel),
            blue: self.blue.take(pixel),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_lie_as_the_screen_wants_them() {
        let colour = Colour::hex(0xff_8040);
        assert_eq!(Format::XRGB8888.encode(colour), 0x00ff_8040);
        assert_eq!(Format::RGB565.encode(colour), 0x1f << 11 | 0x20 << 5 | 0x08);
        assert_eq!(Format::XRGB8888.decode(0xffff_8040), colour);
        assert_eq!(Format::RGB565.decode(0xffff), Colour::WHITE);
    }

    #[test]
    fn the_form_is_read_from_the_mode() {
        let field = |offset, length| Bitfield {
            offset,
            length,
            msb_right: 0,
        };
        let mut mode = VarScreeninfo {
            bits_per_pixel: 16,
            red: field(11, 5),
            green: field(5, 6),
            blue: field(0, 5),
            ..VarScreeninfo::default()
        };
        assert_eq!(Format::of(&mode), Some(Format::RGB565));
        mode.red.offset = 12;
        assert_eq!(Format::of(&mode), None, "a field outside the pixel");
        mode.bits_per_pixel = 8;
        assert_eq!(Format::of(&mode), None);
    }
}
