//! Colours: red, green and blue of eight bits each.

/// A colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Colour {
    /// Its share of red, from 0 to 255.
    pub red: u8,
    /// Its share of green.
    pub green: u8,
    /// Its share of blue.
    pub blue: u8,
}

impl Colour {
    /// Black.
    pub const BLACK: Self = Self::hex(0x00_0000);
    /// White.
    pub const WHITE: Self = Self::hex(0xff_ffff);

    /// The colour that HTML writes as `#rrggbb`.
    pub const fn hex(value: u32) -> Self {
        let [_, red, green, blue] = value.to_be_bytes();
        Self { red, green, blue }
    }

    /// Reads `#rrggbb` (the mark may be missing). None: it is no such thing.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        let all_digits = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = all_digits.then(|| u32::from_str_radix(digits, 16).ok())??;
        Some(Self::hex(value))
    }

    /// A colour by its hue (degrees around the circle from red), its saturation and its value
    /// (both from 0 to 1).
    pub fn of_hue(hue: f32, saturation: f32, value: f32) -> Self {
        let sector = hue.rem_euclid(360.0) / 60.0;
        let channel = |offset: f32| {
            let k = (offset + sector).rem_euclid(6.0);
            let share = value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0);
            (share * 255.0).round().clamp(0.0, 255.0) as u8
        };
        Self {
            red: channel(5.0),
            green: channel(3.0),
            blue: channel(1.0),
        }
    }

    /// Its hue in degrees around the circle from red; 0 for a grey.
    pub fn hue(self) -> f32 {
        let [red, green, blue] = [self.red, self.green, self.blue].map(f32::from);
        let most = red.max(green).max(blue);
        let spread = most - red.min(green).min(blue);
        if spread == 0.0 {
            return 0.0;
        }
        let sector = if most == red {
            (green - blue) / spread
        } else if most == green {
            (blue - red) / spread + 2.0
        } else {
            (red - green) / spread + 4.0
        };
        (sector * 60.0).rem_euclid(360.0)
    }

    /// This colour with `share` of 255 parts of `other` in it.
    pub fn mix(self, other: Self, share: u8) -> Self {
        let part = |own: u8, others: u8| {
            let sum = u32::from(own) * (255 - u32::from(share))
                + u32::from(others) * u32::from(share)
                + 127;
            (sum / 255) as u8
        };
        Self {
            red: part(self.red, other.red),
            green: part(self.green, other.green),
            blue: part(self.blue, other.blue),
        }
    }

    /// How bright it seems to the eye, from 0 to 255.
    pub fn luma(self) -> u8 {
        let [red, green, blue] = [self.red, self.green, self.blue].map(u32::from);
        ((red * 299 + green * 587 + blue * 114) / 1000) as u8
    }

    /// What can be read on this colour: nearly black, or white.
    pub fn ink(self) -> Self {
        if self.luma() > 130 {
            Self::hex(0x0b_0d12)
        } else {
            Self::WHITE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hues_go_there_and_back() {
        assert_eq!(Colour::of_hue(0.0, 1.0, 1.0), Colour::hex(0xff_0000));
        assert_eq!(Colour::of_hue(120.0, 1.0, 1.0), Colour::hex(0x00_ff00));
        assert_eq!(Colour::of_hue(240.0, 1.0, 1.0), Colour::hex(0x00_00ff));
        assert_eq!(Colour::of_hue(77.0, 0.0, 1.0), Colour::WHITE);
        for degrees in (0..360).step_by(15) {
            let hue = degrees as f32;
            let back = Colour::of_hue(hue, 0.8, 0.9).hue();
            let apart = (back - hue).abs();
            assert!(apart.min(360.0 - apart) < 1.0, "{hue} came back as {back}");
        }
    }

    #[test]
    fn text_is_read_and_rubbish_is_not() {
        assert_eq!(Colour::parse("#12aBef"), Some(Colour::hex(0x12_abef)));
        assert_eq!(Colour::parse("12abef"), Some(Colour::hex(0x12_abef)));
        for text in ["", "#12abe", "#12abeg", "#+12abe", "red"] {
            assert_eq!(Colour::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_mix_begins_and_ends_with_the_two() {
        let (one, other) = (Colour::hex(0x10_2030), Colour::hex(0xf0_e0d0));
        assert_eq!(one.mix(other, 0), one);
        assert_eq!(one.mix(other, 255), other);
        assert_eq!(Colour::BLACK.mix(Colour::WHITE, 128).red, 128);
    }
}
