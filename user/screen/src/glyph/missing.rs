//! What stands for a character without a picture: a box with its number in it, in hexadecimal
//! digits of three by five points, as GNU Unifont has it. So different characters look different,
//! and a person can look up which one it is.

use super::Cell;

/// The rows of each digit; bit 2 is the left point.
const DIGITS: [[u8; 5]; 16] = [
    [7, 5, 5, 5, 7],
    [2, 6, 2, 2, 7],
    [7, 1, 7, 4, 7],
    [7, 1, 3, 1, 7],
    [5, 5, 7, 1, 1],
    [7, 4, 7, 1, 7],
    [7, 4, 7, 5, 7],
    [7, 1, 1, 2, 2],
    [7, 5, 7, 5, 7],
    [7, 5, 7, 1, 7],
    [2, 5, 7, 5, 5],
    [6, 5, 6, 5, 6],
    [3, 4, 4, 4, 3],
    [6, 5, 5, 5, 6],
    [7, 4, 6, 4, 7],
    [7, 4, 6, 4, 4],
];
/// How much of the frame is ink, and of the digits.
const FRAME: u8 = 110;
const INK: u8 = 220;

/// Draws it. Where there is no room for the digits the box is empty.
pub fn draw(character: char, cell: &mut Cell) {
    let number = character as u32;
    let columns = if number > 0xffff { 3 } else { 2 };
    // Two rows, with a point between the digits and one around all of them inside the frame.
    let (wide, high) = (4 * columns - 1, 11);
    let room = |length: usize| length.saturating_sub(2);
    let scale = (room(cell.width) / wide).min(room(cell.height).saturating_sub(2) / high);
    frame(cell, scale > 0);
    if scale == 0 {
        return;
    }
    let left = (cell.width - wide * scale) / 2;
    let top = (cell.height - high * scale) / 2;
    for index in 0..2 * columns {
        let shift = 4 * (2 * columns - 1 - index);
        let digit = (number >> shift & 0xf) as usize;
        let x = left + index % columns * 4 * scale;
        let y = top + index / columns * 6 * scale;
        points(cell, DIGITS[digit], (x, y), scale);
    }
}

fn points(cell: &mut Cell, digit: [u8; 5], (x, y): (usize, usize), scale: usize) {
    for (row, bits) in digit.into_iter().enumerate() {
        for column in (0..3).filter(|column| bits >> (2 - column) & 1 == 1) {
            let (left, top) = (x + column * scale, y + row * scale);
            cell.rect(left..left + scale, top..top + scale, INK);
        }
    }
}

/// The outline: all of the cell around digits, else as high as a letter.
fn frame(cell: &mut Cell, whole: bool) {
    let (width, height) = (cell.width, cell.height);
    let (left, right) = if whole {
        (0, width)
    } else {
        (1, width.saturating_sub(1))
    };
    let margin = if whole { 0 } else { height / 5 };
    let (top, bottom) = (margin, height - margin);
    cell.rect(left..right, top..bottom, FRAME);
    cell.rect(
        left + 1..right.saturating_sub(1),
        top + 1..bottom.saturating_sub(1),
        0,
    );
}

#[cfg(test)]
mod tests {
    use super::super::missing;

    /// The rows of a picture: a mark where a digit is, a dot elsewhere.
    fn rows(character: char, size: (usize, usize)) -> Vec<String> {
        let glyph = missing(character, size);
        let mark = |&pixel: &u8| if pixel == super::INK { '#' } else { '.' };
        let rows = glyph.pixels.chunks(size.0);
        rows.map(|row| row.iter().map(mark).collect()).collect()
    }

    #[test]
    fn the_number_stands_in_the_box() {
        // U+6F22 in two cells of the smallest font.
        let expected = [
            "...###.###....",
            "...#...#......",
            "...###.##.....",
            "...#.#.#......",
            "...###.#......",
            "..............",
            "...###.###....",
            ".....#...#....",
            "...###.###....",
            "...#...#......",
            "...###.###....",
        ];
        assert_eq!(rows('漢', (14, 16))[2..13], expected);
    }

    #[test]
    fn all_digits_differ_and_so_do_characters() {
        for (index, digit) in super::DIGITS.iter().enumerate() {
            assert!(!super::DIGITS[..index].contains(digit), "{index:x}");
        }
        for size in [(14, 16), (18, 20), (28, 32)] {
            assert_ne!(rows('漢', size), rows('字', size));
            assert_ne!(rows('😀', size), rows('😁', size));
        }
    }

    #[test]
    fn small_cells_have_an_empty_box() {
        for size in [(7, 16), (3, 3), (1, 1)] {
            let glyph = missing('漢', size);
            assert_eq!(glyph.pixels.len(), size.0 * size.1);
            assert!(rows('漢', size).concat().chars().all(|c| c == '.'));
        }
        assert!(missing('漢', (7, 16)).pixels.iter().any(|&pixel| pixel > 0));
    }
}
