//! Arrows, geometric shapes and a few signs of typography that the font lacks.

use super::Cell;

/// Draws one of them. False: it is none.
pub fn draw(character: char, cell: &mut Cell) -> bool {
    let (width, height) = (cell.width as f32, cell.height as f32);
    let half = cell.thickness() as f32 * 0.6;
    let (middle_x, middle_y) = (width / 2.0, height * 0.5);
    match character {
        '–' | '—' | '―' => {
            let margin = if character == '–' { 1.0 } else { 0.0 };
            cell.shape(|x, y| (y - middle_y).abs() <= half && x >= margin && x <= width - margin);
        }
        '…' => {
            let base = height * 0.74;
            cell.shape(|x, y| {
                let place = (x / width * 3.0).fract() - 0.5;
                (place * width / 3.0).hypot(y - base) <= half * 1.3
            });
        }
        '←' | '→' | '↑' | '↓' | '↔' | '↕' => arrow(cell, character),
        '▲' | '▶' | '▼' | '◀' | '►' | '◄' => triangle(cell, character),
        '•' => disc(cell, 0.22, 0.0),
        '●' => disc(cell, 0.46, 0.0),
        '○' => disc(cell, 0.46, 0.32),
        '■' => square(cell, true),
        '□' => square(cell, false),
        '✓' | '✔' => {
            let at = |x: f32, y: f32| (x * width, y * height);
            let (left, low, right) = (at(0.1, 0.52), at(0.38, 0.7), at(0.92, 0.3));
            let thick = half * 1.2;
            cell.shape(|x, y| {
                near((x, y), left, low) <= thick || near((x, y), low, right) <= thick
            });
        }
        '✗' | '✘' => {
            let reach = width * 0.34;
            cell.shape(|x, y| {
                let (dx, dy) = ((x - middle_x).abs(), (y - middle_y).abs());
                (dx - dy).abs() <= half * 1.5 && dx <= reach
            });
        }
        '€' => {
            let (radius, thick) = (height * 0.27, half * 0.9);
            cell.shape(|x, y| {
                let (x, y) = (x - width * 0.62, y - height * 0.48);
                let round = (x.hypot(y) - radius).abs() <= thick && x < width * 0.25;
                let bars = (y.abs() - height * 0.06).abs() <= thick * 0.8;
                round || bars && x >= -width * 0.6 && x <= width * 0.12
            });
        }
        _ => return false,
    }
    true
}

/// How far a point is from the line between two others.
fn near((x, y): (f32, f32), from: (f32, f32), to: (f32, f32)) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let along = ((x - from.0) * dx + (y - from.1) * dy) / (dx * dx + dy * dy);
    let along = along.clamp(0.0, 1.0);
    (x - from.0 - along * dx).hypot(y - from.1 - along * dy)
}

fn arrow(cell: &mut Cell, character: char) {
    let (width, height) = (cell.width as f32, cell.height as f32);
    let half = cell.thickness() as f32 * 0.6;
    let (head, reach) = (width * 0.36, width * 0.46);
    cell.shape(|x, y| {
        let (x, y) = (x - width / 2.0, y - height / 2.0);
        // Turned so that the arrow points to the right.
        let (along, across) = match character {
            '←' | '→' | '↔' => (x, y),
            _ => (y, x),
        };
        let points = match character {
            '→' | '↓' => [1.0, 1.0],
            '←' | '↑' => [-1.0, -1.0],
            _ => [1.0, -1.0],
        };
        let shaft = across.abs() <= half && along.abs() <= reach - half;
        shaft
            || points.iter().any(|side| {
                let behind = reach - along * side;
                (0.0..=head).contains(&behind) && (across.abs() - behind).abs() <= half * 1.3
            })
    });
}

fn triangle(cell: &mut Cell, character: char) {
    let (width, height) = (cell.width as f32, cell.height as f32);
    let reach = width * 0.46;
    cell.shape(|x, y| {
        let (x, y) = (x - width / 2.0, y - height / 2.0);
        let (along, across) = match character {
            '▲' => (-y, x),
            '▼' => (y, x),
            '▶' | '►' => (x, y),
            _ => (-x, y),
        };
        along.abs() <= reach && across.abs() <= (reach - along) / 2.0
    });
}

fn disc(cell: &mut Cell, radius: f32, hole: f32) {
    let (width, height) = (cell.width as f32, cell.height as f32);
    cell.shape(|x, y| {
        let distance = (x - width / 2.0).hypot(y - height / 2.0);
        distance <= radius * width && distance >= hole * width
    });
}

fn square(cell: &mut Cell, full: bool) {
    let side = cell.width.saturating_sub(1);
    let top = (cell.height - side) / 2;
    let thin = cell.thickness();
    cell.rect(0..side, top..top + side, 255);
    if !full {
        cell.rect(thin..side - thin, top + thin..top + side - thin, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::draw;

    const SIZE: (usize, usize) = (11, 24);

    #[test]
    fn all_are_drawn_and_others_are_not() {
        for character in "–—―…←→↑↓↔↕▲▶▼◀►◄•●○■□✓✔✗✘€".chars()
        {
            let glyph = draw(character, SIZE).expect("it is drawn here");
            assert!(glyph.pixels.iter().any(|&pixel| pixel > 100), "{character}");
        }
        assert_eq!(draw('漢', SIZE), None);
    }

    #[test]
    fn arrows_mirror_each_other() {
        let rows = |character| -> Vec<Vec<u8>> {
            let glyph = draw(character, SIZE).expect("it is drawn here");
            glyph.pixels.chunks(SIZE.0).map(<[u8]>::to_vec).collect()
        };
        let mut left = rows('←');
        for row in &mut left {
            row.reverse();
        }
        assert_eq!(left, rows('→'));
    }
}
