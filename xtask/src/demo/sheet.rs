//! The contact sheet: all pictures of a tour on one, each with its number and what it shows.

use qemu::Picture;
use qemu::picture::{Colour, Letters};

/// So many pictures beside each other.
const COLUMNS: u32 = 3;
/// The room around each, in pixels.
const GAP: u32 = 24;
/// The frame around each.
const FRAME: u32 = 2;
const TITLE: Letters = Letters::LARGE;
const LABEL: Letters = Letters::MEDIUM;

const PAPER: Colour = Colour(0xf4, 0xf1, 0xea);
const INK: Colour = Colour(0x24, 0x26, 0x2e);
const NUMBER: Colour = Colour(0xb4, 0x5f, 0x06);
const FRAME_COLOUR: Colour = Colour(0x8a, 0x86, 0x7c);

/// The sheet with these labels and pictures, which are of one size.
pub fn of(title: &str, pictures: &[(&str, Picture)]) -> Picture {
    let side = |side: fn(&Picture) -> u32| {
        let sides = pictures.iter().map(|(_, picture)| side(picture));
        sides.max().unwrap_or(0)
    };
    let cell = Cell {
        width: side(Picture::width) + 2 * FRAME,
        height: side(Picture::height) + 2 * FRAME,
    };
    let count = pictures.len() as u32;
    let columns = count.clamp(1, COLUMNS);
    let width = GAP + columns * (cell.width + GAP);
    let height = cell.top(count.div_ceil(columns)) + GAP;
    let mut sheet = Picture::filled(width, height, PAPER);
    sheet.write(title, (GAP, GAP), TITLE.bold(), INK);
    for (index, (label, picture)) in (0..).zip(pictures) {
        let left = GAP + index % columns * (cell.width + GAP);
        let top = cell.top(index / columns);
        let frame = Picture::filled(cell.width, cell.height, FRAME_COLOUR);
        sheet.put(&frame, left, top);
        sheet.put(picture, left + FRAME, top + FRAME);
        let below = top + cell.height + GAP / 4;
        let number = format!("{} ", index + 1);
        sheet.write(&number, (left, below), LABEL.bold(), NUMBER);
        let indent = LABEL.width() * number.chars().count() as u32;
        sheet.write(label, (left + indent, below), LABEL, INK);
    }
    sheet
}

/// The room of one picture.
struct Cell {
    width: u32,
    height: u32,
}

impl Cell {
    /// Where the row with this number begins.
    fn top(&self, row: u32) -> u32 {
        2 * GAP + TITLE.height() + row * (self.height + LABEL.height() + GAP)
    }
}

/// The most letters that a label below a picture of this width has room for.
#[cfg(test)]
pub fn room_for_label(width: u32) -> usize {
    // The number takes three.
    (width / LABEL.width()) as usize - 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_is_there_with_its_label() {
        const RED: Colour = Colour(200, 0, 0);
        let pictures: Vec<_> = ["one", "two", "three", "four"]
            .iter()
            .map(|label| (*label, Picture::filled(160, 40, RED)))
            .collect();
        let sheet = of("All", &pictures);
        assert_eq!(sheet.places_of("All", TITLE.bold()).len(), 1);
        let reds = sheet.pixels().iter().filter(|pixel| **pixel == RED);
        assert_eq!(reds.count(), 4 * 160 * 40);
        let place = |label: &str| match sheet.places_of(label, LABEL)[..] {
            [place] => place,
            ref places => panic!("{label} is at {places:?}"),
        };
        let [one, two, three, four] = ["one", "two", "three", "four"].map(place);
        assert!(one.0 < two.0 && two.0 < three.0 && one.0 == four.0);
        assert!(one.1 == two.1 && two.1 == three.1 && three.1 < four.1);
        assert!(four.1 + LABEL.height() + GAP <= sheet.height());
    }

    #[test]
    fn an_empty_tour_has_a_sheet_too() {
        let sheet = of("None", &[]);
        assert!(sheet.width() > 0 && sheet.height() > 0);
    }
}
