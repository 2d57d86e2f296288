//! Digits of seven segments, as watches have them.
//!
//! The segments are called a to g: above, on the right above and below, below, on the left below
//! and above, in the middle. Each is a bar with pointed ends, so that they meet at angles of 45
//! degrees with a gap between them.

use screen::{Canvas, Colour, Rect};

/// Which segments each digit has: bit 0 is a, bit 6 is g.
const LIT: [u8; 10] = [
    0b011_1111, 0b000_0110, 0b101_1011, 0b100_1111, 0b110_0110, 0b110_1101, 0b111_1101, 0b000_0111,
    0b111_1111, 0b110_1111,
];

/// A bar with pointed ends: its middle, half its length from point to point, and whether it
/// stands.
type Segment = ((f32, f32), f32, bool);

/// The segments in a place of this size, and half their thickness; all in pixels.
fn segments(width: f32, height: f32) -> ([Segment; 7], f32) {
    let half = (width / 10.0).max(0.5);
    let gap = half / 4.0;
    let (left, right) = (half, width - half);
    let (top, middle, bottom) = (half, height / 2.0, height - half);
    let level = |y: f32| ((width / 2.0, y), (right - left) / 2.0 - gap, false);
    let upright =
        |x: f32, from: f32, to: f32| ((x, (from + to) / 2.0), (to - from) / 2.0 - gap, true);
    let all = [
        level(top),
        upright(right, top, middle),
        upright(right, middle, bottom),
        level(bottom),
        upright(left, middle, bottom),
        upright(left, top, middle),
        level(middle),
    ];
    (all, half)
}

/// How much of the pixel around a point is inside the segment, from 0 to 1.
fn cover((x, y): (f32, f32), ((mx, my), reach, stands): Segment, half: f32) -> f32 {
    let (dx, dy) = ((x - mx).abs(), (y - my).abs());
    let (along, across) = if stands { (dy, dx) } else { (dx, dy) };
    let pointed = (along - (reach - half)).max(0.0);
    (half - across - pointed + 0.5).clamp(0.0, 1.0)
}

/// Draws a digit from 0 to 9 into `place`, on `ground`, all of whose pixels are written: the
/// colours are of segments that are lit and of those that are not.
pub fn draw(
    canvas: &mut Canvas,
    place: Rect,
    digit: u8,
    (lit, unlit): (Colour, Colour),
    ground: Colour,
) {
    let (all, half) = segments(place.width as f32, place.height as f32);
    let lights = LIT[usize::from(digit % 10)];
    canvas.shade(place, |x, y| {
        let point = ((x - place.x) as f32 + 0.5, (y - place.y) as f32 + 0.5);
        for (index, segment) in all.into_iter().enumerate() {
            let share = cover(point, segment, half);
            if share > 0.0 {
                let light = if lights >> index & 1 == 1 { lit } else { unlit };
                return ground.mix(light, (share * 255.0) as u8);
            }
        }
        ground
    });
}

/// Draws the two dots of a colon; the rest of `place` stays as it is.
pub fn colon(canvas: &mut Canvas, place: Rect, colour: Colour) {
    let side = (place.width / 2).max(1);
    let x = place.x + (place.width - side) / 2;
    for third in [1, 2] {
        let y = place.y + place.height * third / 3 - side / 2;
        canvas.fill(Rect::new(x, y, side, side), colour);
    }
}

#[cfg(test)]
mod tests {
    use screen::Format;

    use super::*;

    const SIZE: (usize, usize) = (40, 75);
    const COLOURS: (Colour, Colour) = (Colour::WHITE, Colour::BLACK);

    /// Whether the middle of each segment is lit.
    fn lights(digit: u8) -> Vec<bool> {
        let mut bytes = vec![7; SIZE.0 * SIZE.1 * 4];
        let canvas = Canvas::new(&mut bytes, SIZE.0 * 4, SIZE, Format::XRGB8888);
        let mut canvas = canvas.expect("it fits");
        let place = canvas.bounds();
        draw(&mut canvas, place, digit, COLOURS, Colour::BLACK);
        let (all, _) = segments(SIZE.0 as f32, SIZE.1 as f32);
        all.iter()
            .map(|((x, y), ..)| canvas.get(*x as i32, *y as i32) == Some(Colour::WHITE))
            .collect()
    }

    #[test]
    fn digits_have_their_segments() {
        let count = |digit| lights(digit).into_iter().filter(|&lit| lit).count();
        let counts: Vec<usize> = (0..10).map(count).collect();
        assert_eq!(counts, [6, 2, 5, 5, 4, 5, 6, 3, 7, 6]);
        assert_eq!(lights(1), [false, true, true, false, false, false, false]);
        assert!(!lights(0)[6] && lights(8)[6]);
    }

    #[test]
    fn segments_do_not_touch_each_other() {
        let (all, half) = segments(SIZE.0 as f32, SIZE.1 as f32);
        for y in 0..SIZE.1 {
            for x in 0..SIZE.0 {
                let point = (x as f32 + 0.5, y as f32 + 0.5);
                let full = all.iter().filter(|&&one| cover(point, one, half) > 0.9);
                assert!(full.count() <= 1, "{x} {y}");
            }
        }
    }
}
