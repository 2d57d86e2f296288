//! The bar above the sheet: colours, brushes, and a field that clears.

use screen::{Canvas, Colour, Font, Rect, Weight, Who};

/// The colours; the first is the paper, which rubs out.
pub const COLOURS: [Colour; 9] = [
    Colour::hex(0xfa_f8f2),
    Colour::hex(0x1f_2430),
    Colour::hex(0xe0_4b4b),
    Colour::hex(0xf0_8c2e),
    Colour::hex(0xf2_c631),
    Colour::hex(0x3f_a65a),
    Colour::hex(0x2f_8fd0),
    Colour::hex(0x5b_57c8),
    Colour::hex(0xc4_5fb4),
];
/// The radii of the brushes in points.
pub const RADII: [i32; 4] = [1, 3, 7, 14];

const GROUND: Colour = Colour::hex(0x23_2730);
const CHOSEN: Colour = Colour::WHITE;
const HINT: &str = "Esc leaves";

/// What a place in the bar is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The colour of this number.
    Colour(usize),
    /// The brush of this number.
    Brush(usize),
    /// Paper everywhere.
    Clear,
}

/// The bar on a picture of some size.
#[derive(Clone, Copy, Debug)]
pub struct Toolbar {
    font: Font,
    /// The side of a colour's field and the height of the bar, in pixels.
    side: i32,
}

impl Toolbar {
    /// For a picture of this width.
    pub fn on(width: i32) -> Self {
        let font = Font::for_screen(width as usize);
        let fields = (COLOURS.len() + RADII.len() + 3) as i32;
        let side = (width / fields).clamp(1, font.height() as i32 * 2);
        Self { font, side }
    }

    /// The height, the line below included.
    pub fn height(self) -> i32 {
        self.side + self.line()
    }

    fn line(self) -> i32 {
        (self.side / 12).max(1)
    }

    /// The fields, from left to right.
    fn fields(self) -> impl Iterator<Item = (Field, Rect)> {
        // Ink first, as most begin with it, and the paper last.
        let colours = (1..COLOURS.len()).chain([0]).map(Field::Colour);
        let brushes = (0..RADII.len()).map(Field::Brush);
        let single = colours.chain(brushes).enumerate();
        let single = single.map(move |(index, field)| {
            (
                field,
                Rect::new(index as i32 * self.side, 0, self.side, self.side),
            )
        });
        let left = (COLOURS.len() + RADII.len()) as i32 * self.side;
        let clear = Rect::new(left, 0, self.side * 3, self.side);
        single.chain([(Field::Clear, clear)])
    }

    /// What is at this place.
    pub fn field_at(self, x: i32, y: i32) -> Option<Field> {
        let mut fields = self.fields();
        fields
            .find(|(_, place)| place.contains(x, y))
            .map(|(field, _)| field)
    }

    /// Draws it; `colour` and `brush` are chosen.
    pub fn draw(self, canvas: &mut Canvas, who: &Who, (colour, brush): (usize, usize)) {
        let width = canvas.width();
        canvas.fill(Rect::new(0, 0, width, self.side), GROUND);
        canvas.fill(Rect::new(0, self.side, width, self.line()), who.colour);
        let margin = (self.side / 8).max(1);
        for (field, place) in self.fields() {
            match field {
                Field::Colour(number) => {
                    if number == colour {
                        canvas.fill(place.inset(margin / 2), CHOSEN);
                        canvas.fill(place.inset(margin - 1), GROUND);
                    }
                    canvas.fill(place.inset(margin + 1), COLOURS[number]);
                }
                Field::Brush(number) => self.brush(canvas, place, number, number == brush),
                Field::Clear => {
                    let button = place.inset(margin);
                    let paper = GROUND.mix(CHOSEN, 40);
                    canvas.fill(button, paper);
                    self.write(canvas, button, "clear", paper);
                }
            }
        }
        let left = (COLOURS.len() + RADII.len() + 3) as i32 * self.side;
        let rest = Rect::new(left, 0, width - left, self.side);
        if rest.width > ((HINT.len() + 1) * self.font.width()) as i32 {
            self.write(canvas, rest, HINT, GROUND);
        }
    }

    /// A disc as large as the brush, or as there is room for.
    fn brush(self, canvas: &mut Canvas, place: Rect, number: usize, chosen: bool) {
        let ink = if chosen {
            CHOSEN
        } else {
            GROUND.mix(CHOSEN, 90)
        };
        let most = self.side / 2 - 2;
        let radius = (RADII[number] * self.side / 32).clamp(1, most.max(1));
        let (x, y) = (place.x + self.side / 2, place.y + self.side / 2);
        canvas.shade(
            Rect::new(
                x - radius - 1,
                y - radius - 1,
                2 * radius + 3,
                2 * radius + 3,
            ),
            |px, py| {
                let distance = ((px - x) as f32).hypot((py - y) as f32);
                let cover = (radius as f32 + 0.5 - distance).clamp(0.0, 1.0);
                GROUND.mix(ink, (cover * 255.0) as u8)
            },
        );
    }

    /// Writes in the middle of a place, if it is wide enough.
    fn write(self, canvas: &mut Canvas, place: Rect, text: &str, paper: Colour) {
        let length = (text.len() * self.font.width()) as i32;
        if length <= place.width {
            let x = place.x + (place.width - length) / 2;
            let y = place.y + (place.height - self.font.height() as i32) / 2;
            let ink = CHOSEN.mix(paper, 40);
            self.font
                .write(canvas, (x, y), text, (ink, paper), Weight::Regular);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_can_be_hit_at_every_width() {
        for width in [16, 100, 320, 640, 1024, 2560] {
            let bar = Toolbar::on(width);
            let mut found = Vec::new();
            for x in 0..width {
                let field = bar.field_at(x, bar.side / 2);
                if found.last() != Some(&field) {
                    found.push(field);
                }
            }
            let fields: Vec<_> = found.into_iter().flatten().collect();
            assert_eq!(fields.len(), COLOURS.len() + RADII.len() + 1, "{width}");
            assert_eq!(fields[0], Field::Colour(1));
            assert_eq!(fields.last(), Some(&Field::Clear));
            assert_eq!(bar.field_at(0, bar.height()), None);
        }
    }
}
