//! Box drawing, U+2500 to U+257F.
//!
//! Every character but a few is four arms that meet in the middle, each of a weight: none,
//! light, heavy or double. The table is the names in the Unicode chart "Box Drawing" written as
//! digits.

use super::Cell;

/// The arms up, right, down and left: 0 none, 1 light, 2 heavy, 3 double. The dashed, the round
/// and the diagonal characters have theirs drawn in `draw`.
const ARMS: &[u8; 128 * 4] = b"\
0101020210102020010102021010202001010202101020200110021001200220\
0011001200210022110012002100220010011002200120021110121021101120\
2120221012202220101110122011102120212012102220220111011202110212\
0121012202210222110111021201120221012102220122021111111212111212\
2111112121212112221111221221221212222122222122220101020210102020\
0303303003100130033000130031003313003100330010033001300313103130\
3330101330313033031301310333130331013303131331313333011000111001\
1100000000000000000110000100001000022000020000200201102001022010";

pub fn draw(character: char, cell: &mut Cell) -> bool {
    let index = character as usize - 0x2500;
    let arms: [u8; 4] = std::array::from_fn(|arm| ARMS[index * 4 + arm] - b'0');
    match character {
        '\u{256d}'..='\u{2570}' => arc(cell, arms),
        '\u{2571}'..='\u{2573}' => diagonal(cell, character),
        _ => {
            lines(cell, arms);
            gaps(cell, character, arms);
        }
    }
    true
}

/// The places of a line in one direction: where it begins and ends across, by its weight.
struct Track {
    middle: usize,
    thin: usize,
}

impl Track {
    fn new(length: usize, thin: usize) -> Self {
        let middle = (length - thin) / 2;
        Self { middle, thin }
    }

    /// From where to where a line of this weight is thick; a double one with its inside.
    fn band(&self, weight: u8) -> std::ops::Range<usize> {
        let more = if weight > 1 { self.thin } else { 0 };
        self.middle.saturating_sub(more)..self.middle + self.thin + more
    }
}

fn lines(cell: &mut Cell, arms: [u8; 4]) {
    let [up, right, down, left] = arms;
    let thin = cell.thickness();
    let (across, along) = (Track::new(cell.width, thin), Track::new(cell.height, thin));
    let (width, height) = (cell.width, cell.height);
    // An arm reaches over the middle as far as the line it meets is thick.
    let (upright, level) = (up.max(down), left.max(right));
    let (meet_x, meet_y) = (across.band(upright), along.band(level));
    let paint = |cell: &mut Cell, weight: fn(u8) -> bool| {
        if weight(up) {
            cell.rect(across.band(up), 0..meet_y.end, 255);
        }
        if weight(down) {
            cell.rect(across.band(down), meet_y.start..height, 255);
        }
        if weight(left) {
            cell.rect(0..meet_x.end, along.band(left), 255);
        }
        if weight(right) {
            cell.rect(meet_x.start..width, along.band(right), 255);
        }
    };
    paint(cell, |weight| weight > 0);
    if arms.contains(&3) {
        hollow(cell, arms, &across, &along);
    }
}

/// Takes the inside out of double lines, and only out of them: where a single line ends at a
/// double one it ends at its nearer half, where it crosses one it goes through.
fn hollow(cell: &mut Cell, [up, right, down, left]: [u8; 4], across: &Track, along: &Track) {
    let (width, height) = (cell.width, cell.height);
    let (x, y) = (across.band(1), along.band(1));
    // The inside begins in the middle, or behind the single line that the arm comes from.
    let from = |near: usize, far: usize, others: [u8; 2]| {
        if others.contains(&1) { far } else { near }
    };
    if up == 3 {
        cell.rect(x.clone(), 0..from(y.end, y.start, [left, right]), 0);
    }
    if down == 3 {
        cell.rect(x.clone(), from(y.start, y.end, [left, right])..height, 0);
    }
    if left == 3 {
        cell.rect(0..from(x.end, x.start, [up, down]), y.clone(), 0);
    }
    if right == 3 {
        cell.rect(from(x.start, x.end, [up, down])..width, y.clone(), 0);
    }
    // A single line on one side only does not fill the middle between the double halves.
    if left == 3 && right == 3 && (up == 1) != (down == 1) {
        cell.rect(x.clone(), y.clone(), 0);
    }
    if up == 3 && down == 3 && (left == 1) != (right == 1) {
        cell.rect(x, y, 0);
    }
}

/// The gaps of dashed lines: two, three or four dashes in a cell.
fn gaps(cell: &mut Cell, character: char, [up, ..]: [u8; 4]) {
    let dashes = match character as u32 {
        0x2504..=0x2507 => 3,
        0x2508..=0x250b => 4,
        0x254c..=0x254f => 2,
        _ => return,
    };
    let (width, height) = (cell.width, cell.height);
    let length = if up > 0 { height } else { width };
    for dash in 1..=dashes {
        let end = length * dash / dashes;
        let gap = end - (length / dashes / 3).max(1)..end;
        if up > 0 {
            cell.rect(0..width, gap, 0);
        } else {
            cell.rect(gap, 0..height, 0);
        }
    }
}

/// A round corner: a quarter of a circle between two arms, and the rest of the longer arm.
fn arc(cell: &mut Cell, [up, right, ..]: [u8; 4]) {
    let thin = cell.thickness();
    let (width, height) = (cell.width as f32, cell.height as f32);
    let (across, along) = (Track::new(cell.width, thin), Track::new(cell.height, thin));
    let half = thin as f32 / 2.0;
    let (x, y) = (across.middle as f32 + half, along.middle as f32 + half);
    let to_the_right = right > 0;
    let radius = if to_the_right { width - x } else { x }.min(height - y);
    let center_x = if to_the_right { x + radius } else { x - radius };
    let center_y = if up > 0 { y - radius } else { y + radius };
    cell.shape(|px, py| {
        let beside = if to_the_right {
            px < center_x
        } else {
            px > center_x
        };
        let within = if up > 0 { py > center_y } else { py < center_y };
        if beside && within {
            return ((px - center_x).hypot(py - center_y) - radius).abs() <= half;
        }
        let level = !beside && (py - y).abs() <= half;
        level || beside && !within && (px - x).abs() <= half
    });
}

fn diagonal(cell: &mut Cell, character: char) {
    let (width, height) = (cell.width as f32, cell.height as f32);
    let half = cell.thickness() as f32 / 2.0;
    let length = width.hypot(height);
    cell.shape(|x, y| {
        let falling = (x * height - y * width).abs() / length <= half;
        let rising = ((width - x) * height - y * width).abs() / length <= half;
        match character {
            '\u{2571}' => rising,
            '\u{2572}' => falling,
            _ => rising || falling,
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::draw;
    use crate::Glyph;

    const SIZE: (usize, usize) = (9, 20);

    fn glyph(character: char) -> Glyph {
        draw(character, SIZE).expect("it is drawn here")
    }

    /// The inked places along one edge: up, right, down, left.
    fn edges(glyph: &Glyph) -> [Vec<usize>; 4] {
        let (width, height) = SIZE;
        let inked = |x: usize, y: usize| glyph.pixels[y * width + x] > 60;
        [
            (0..width).filter(|&x| inked(x, 0)).collect(),
            (0..height).filter(|&y| inked(width - 1, y)).collect(),
            (0..width).filter(|&x| inked(x, height - 1)).collect(),
            (0..height).filter(|&y| inked(0, y)).collect(),
        ]
    }

    #[test]
    fn lines_of_one_weight_meet_at_the_edges() {
        for (level, upright, all) in [
            ('─', '│', "┌┐└┘├┤┬┴┼╭╮╯╰╴╵╶╷"),
            ('━', '┃', "┏┓┗┛┣┫┳┻╋╸╹╺╻"),
            ('═', '║', "╔╗╚╝╠╣╦╩╬"),
        ] {
            let [_, right, _, left] = edges(&glyph(level));
            let [up, _, down, _] = edges(&glyph(upright));
            assert_eq!((&right, &up), (&left, &down));
            for character in all.chars() {
                let found = edges(&glyph(character));
                for (index, places) in found.iter().enumerate() {
                    let whole = if index % 2 == 0 { &up } else { &right };
                    assert!(places.is_empty() || places == whole, "{character} {index}");
                }
                assert!(found.iter().any(|places| !places.is_empty()), "{character}");
            }
        }
    }

    #[test]
    fn a_double_line_has_a_hollow_inside() {
        let [_, right, _, _] = edges(&glyph('═'));
        assert_eq!(right.len(), 2);
        assert!(right[1] > right[0] + 1);
    }

    #[test]
    fn dashes_have_gaps() {
        let inked = |c: char| glyph(c).pixels.iter().filter(|&&pixel| pixel > 0).count();
        assert!(inked('┄') < inked('─'));
        assert!(inked('╎') < inked('│'));
    }

    #[test]
    fn every_character_of_the_block_has_a_picture() {
        for character in '\u{2500}'..='\u{259f}' {
            let glyph = glyph(character);
            assert!(glyph.pixels.iter().any(|&pixel| pixel > 0), "{character}");
        }
    }
}
