//! Block elements, U+2580 to U+259F, and Braille, U+2800 to U+28FF.

use super::Cell;

/// The quarters of U+2596 to U+259F: upper left 1, upper right 2, lower left 4, lower right 8.
const QUARTERS: [u8; 10] = [4, 8, 1, 13, 9, 7, 11, 2, 6, 14];

pub fn draw(character: char, cell: &mut Cell) -> bool {
    let (width, height) = (cell.width, cell.height);
    let code = character as usize;
    match code {
        0x2580 => cell.rect(0..width, 0..height / 2, 255),
        0x2581..=0x2588 => {
            let share = height * (code - 0x2580) / 8;
            cell.rect(0..width, height - share..height, 255);
        }
        0x2589..=0x258f => {
            let share = (width * (0x2590 - code) + 4) / 8;
            cell.rect(0..share.max(1), 0..height, 255);
        }
        0x2590 => cell.rect(width / 2..width, 0..height, 255),
        0x2591..=0x2593 => {
            let cover = [64, 128, 192][code - 0x2591];
            cell.rect(0..width, 0..height, cover);
        }
        0x2594 => cell.rect(0..width, 0..(height / 8).max(1), 255),
        0x2595 => cell.rect(width - (width / 8).max(1)..width, 0..height, 255),
        _ => quarters(cell, QUARTERS[code - 0x2596]),
    }
    true
}

fn quarters(cell: &mut Cell, which: u8) {
    let (width, height) = (cell.width, cell.height);
    let columns = [0..width / 2, width / 2..width];
    let rows = [0..height / 2, height / 2..height];
    for quarter in 0..4 {
        if which >> quarter & 1 != 0 {
            cell.rect(columns[quarter % 2].clone(), rows[quarter / 2].clone(), 255);
        }
    }
}

/// Two columns of four dots: bits 0 to 2 and 6 are the left one from above, 3 to 5 and 7 the
/// right one.
pub fn braille(character: char, cell: &mut Cell) -> bool {
    const PLACES: [(usize, usize); 8] = [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
        (1, 1),
        (1, 2),
        (0, 3),
        (1, 3),
    ];
    let size = (cell.width / 4).max(1);
    for (bit, (column, row)) in PLACES.iter().enumerate() {
        if character as usize >> bit & 1 != 0 {
            let x = (2 * column + 1) * cell.width / 4 - size / 2;
            let y = (2 * row + 1) * cell.height / 8 - size / 2;
            cell.rect(x..x + size, y..y + size, 255);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::draw;

    fn inked(character: char) -> usize {
        let glyph = draw(character, (10, 16)).expect("it is drawn here");
        glyph.pixels.iter().filter(|&&pixel| pixel > 0).count()
    }

    #[test]
    fn blocks_cover_their_share() {
        assert_eq!(inked('█'), 160);
        assert_eq!(inked('▀'), 80);
        assert_eq!(inked('▄'), 80);
        assert_eq!(inked('▐'), 80);
        assert_eq!(inked('▖'), 40);
        assert_eq!(inked('▙'), 120);
        assert_eq!(inked('▁'), 20);
    }

    #[test]
    fn braille_has_as_many_dots_as_bits() {
        let one = inked('⠁');
        assert!(one > 0);
        assert_eq!(inked('⣿'), 8 * one);
        assert_eq!(inked('⠀'), 0);
    }
}
