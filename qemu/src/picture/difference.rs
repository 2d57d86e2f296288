//! How two pictures differ: what a failed comparison says.

use std::fmt;

use super::{Colour, Picture, Region};

/// How two pictures differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// They have different sizes: width and height of the first and of the second.
    Size {
        /// The first one's.
        first: (u32, u32),
        /// The second one's.
        second: (u32, u32),
    },
    /// Some pixels have different colours.
    Pixels {
        /// The first of them, line by line from the top.
        at: (u32, u32),
        /// Its colour in the first picture.
        first: Colour,
        /// Its colour in the second.
        second: Colour,
        /// How many differ.
        count: usize,
        /// The smallest part of the picture that has all of them.
        bounds: Region,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { first, second } => write!(
                out,
                "one has {}x{} pixels, the other {}x{}",
                first.0, first.1, second.0, second.1
            ),
            Self::Pixels {
                at: (x, y),
                first,
                second,
                count,
                bounds,
            } => write!(
                out,
                "the first pixel that differs is ({x}, {y}): {first} in one, {second} in the \
                 other; {count} differ, all in {bounds}"
            ),
        }
    }
}

impl Picture {
    /// How it differs from `other`; none where each pixel is the same.
    pub fn difference(&self, other: &Self) -> Option<Difference> {
        let size = |picture: &Self| (picture.width(), picture.height());
        if size(self) != size(other) {
            return Some(Difference::Size {
                first: size(self),
                second: size(other),
            });
        }
        let mut places = self.differing(other);
        let at = places.next()?;
        let (mut left, mut right, mut bottom, mut count) = (at.0, at.0, at.1, 1);
        for (x, y) in places {
            left = left.min(x);
            right = right.max(x);
            bottom = y;
            count += 1;
        }
        Some(Difference::Pixels {
            at,
            first: self.pixel(at.0, at.1),
            second: other.pixel(at.0, at.1),
            count,
            bounds: Region {
                x: left,
                y: at.1,
                width: right - left + 1,
                height: bottom - at.1 + 1,
            },
        })
    }

    /// As [`Picture::difference`], for the part of both in `region`; the places named are those
    /// in the whole pictures.
    pub fn difference_in(&self, other: &Self, region: Region) -> Option<Difference> {
        let mut found = self.crop(region).difference(&other.crop(region));
        if let Some(Difference::Pixels { at, bounds, .. }) = &mut found {
            *at = (at.0 + region.x, at.1 + region.y);
            bounds.x += region.x;
            bounds.y += region.y;
        }
        found
    }

    /// The places of the pixels that differ, line by line; both are of one size.
    fn differing(&self, other: &Self) -> impl Iterator<Item = (u32, u32)> {
        let width = self.width() as usize;
        let pairs = self.pixels().iter().zip(other.pixels()).enumerate();
        let differing = pairs.filter(|(_, (one, two))| one != two);
        // Places in a picture fit in its sides' type.
        differing.map(move |(place, _)| ((place % width) as u32, (place / width) as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Colour = Colour(255, 0, 0);

    #[test]
    fn the_first_pixel_is_named() {
        let plain = Picture::filled(10, 8, Colour::BLACK);
        assert_eq!(plain.difference(&plain.clone()), None);
        let mut other = plain.clone();
        other.put(&Picture::filled(1, 1, RED), 6, 2);
        other.put(&Picture::filled(2, 2, RED), 1, 4);
        let found = plain.difference(&other).expect("they differ");
        assert_eq!(
            found.to_string(),
            "the first pixel that differs is (6, 2): #000000 in one, #ff0000 in the other; \
             5 differ, all in 6x4 at (1, 2)"
        );
        let below = Region {
            x: 0,
            y: 3,
            width: 10,
            height: 5,
        };
        let found = plain.difference_in(&other, below).expect("they differ");
        assert!(
            matches!(
                found,
                Difference::Pixels {
                    at: (1, 4),
                    count: 4,
                    ..
                }
            ),
            "{found}"
        );
        let above = Region {
            height: 2,
            y: 0,
            ..below
        };
        assert_eq!(plain.difference_in(&other, above), None);
    }

    #[test]
    fn sizes_differ_too() {
        let one = Picture::filled(2, 3, RED);
        let found = one.difference(&Picture::filled(3, 2, RED));
        assert_eq!(
            found.expect("they differ").to_string(),
            "one has 2x3 pixels, the other 3x2"
        );
    }
}
