//! The bar above the text: which persona this is, in its colour; what runs; and what the keyboard
//! and the view are set to.

use screen::{Canvas, Colour, Font, Rect, Weight, Who};

/// What the bar says beside the name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// What runs: the title that a program set, or the program's name.
    pub title: String,
    /// What is out of the ordinary, such as `CAPS`.
    pub marks: String,
    /// Whether a bell has just been rung.
    pub flash: bool,
}

/// The bar.
pub struct Bar {
    who: Who,
    font: Font,
    background: Colour,
    drawn: Option<Said>,
}

impl Bar {
    /// The bar of a persona; `background` is what the text below it stands on.
    pub fn new(who: Who, font: Font, background: Colour) -> Self {
        Self {
            who,
            font,
            background,
            drawn: None,
        }
    }

    /// Its height in pixels, the line below it included.
    pub fn height(font: Font) -> usize {
        font.height() + font.height() / 2 + Self::line(font)
    }

    fn line(font: Font) -> usize {
        (font.height() / 8).max(2)
    }

    /// Forgets what was drawn.
    pub fn spoil(&mut self) {
        self.drawn = None;
    }

    /// Draws it, if it says something else now. True: it did.
    pub fn draw(&mut self, said: &Said, canvas: &mut Canvas) -> bool {
        if self.drawn.as_ref() == Some(said) {
            return false;
        }
        self.drawn = Some(said.clone());
        let colour = self.who.colour;
        let line = Self::line(self.font) as i32;
        let height = Self::height(self.font) as i32 - line;
        let width = canvas.width();
        let quiet = self
            .background
            .mix(colour, if said.flash { 170 } else { 46 });
        canvas.fill(Rect::new(0, 0, width, height), quiet);
        canvas.fill(Rect::new(0, height, width, line), colour);

        let cell = self.font.width() as i32;
        let top = (height - self.font.height() as i32) / 2;
        let letters = self.who.name.chars().count() as i32;
        let chip = (letters + 4) * cell;
        canvas.fill(Rect::new(0, 0, chip, height), colour);
        slope(canvas, chip, height, (colour, quiet));
        let text = &self.who.name;
        self.font.write(
            canvas,
            (2 * cell, top),
            text,
            (colour.ink(), colour),
            Weight::Bold,
        );

        let pale = Colour::WHITE.mix(colour, 60);
        let marks = said.marks.chars().count() as i32;
        let right = width - (marks + 2) * cell;
        self.font.write(
            canvas,
            (right + cell, top),
            &said.marks,
            (Colour::WHITE, quiet),
            Weight::Bold,
        );
        let left = chip + height / 2 + 2 * cell;
        let room = ((right - left) / cell).max(0) as usize;
        let title = shortened(&said.title, room);
        self.font
            .write(canvas, (left, top), &title, (pale, quiet), Weight::Regular);
        true
    }
}

/// The slanted end of the coloured part.
fn slope(canvas: &mut Canvas, x: i32, height: i32, (from, to): (Colour, Colour)) {
    let width = height / 2;
    canvas.shade(Rect::new(x, 0, width, height), |px, py| {
        // Where the slope is in this row, in quarters of a pixel, for a smooth edge.
        let edge = (height - py) * 4 * width / height - (px - x) * 4;
        from.mix(to, (255 - edge.clamp(0, 4) * 255 / 4) as u8)
    });
}

/// The text, or as much of it as there is room for and a sign that there is more.
fn shortened(text: &str, room: usize) -> String {
    let printable = text.chars().map(|c| if c < ' ' { ' ' } else { c });
    if text.chars().count() <= room {
        return printable.collect();
    }
    let mut short: String = printable.take(room.saturating_sub(1)).collect();
    if room > 0 {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use screen::Format;

    const WIDTH: usize = 400;

    fn drawn(name: &str, said: &Said) -> Vec<u8> {
        let font = Font::SMALL;
        let height = Bar::height(font);
        let mut bytes = vec![0; WIDTH * 4 * height];
        let mut canvas =
            Canvas::new(&mut bytes, WIDTH * 4, (WIDTH, height), Format::XRGB8888).expect("it fits");
        let mut bar = Bar::new(Who::named(name), font, Colour::BLACK);
        assert!(bar.draw(said, &mut canvas));
        assert!(!bar.draw(said, &mut canvas), "nothing has changed");
        bytes
    }

    #[test]
    fn each_persona_has_its_colour_and_name_in_the_bar() {
        let said = Said::default();
        let root = drawn("root", &said);
        let expected = Who::named("root").colour;
        assert_eq!(root[..3], [expected.blue, expected.green, expected.red]);
        assert_ne!(root, drawn("work", &said));
    }

    #[test]
    fn titles_marks_and_bells_are_seen() {
        let plain = drawn("demo", &Said::default());
        for said in [
            Said {
                title: "vi".into(),
                ..Said::default()
            },
            Said {
                marks: "CAPS".into(),
                ..Said::default()
            },
            Said {
                flash: true,
                ..Said::default()
            },
        ] {
            assert_ne!(drawn("demo", &said), plain, "{said:?}");
        }
    }

    #[test]
    fn long_titles_are_cut() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("äbcd", 3), "äb…");
        assert_eq!(shortened("a\tb", 9), "a b");
        assert_eq!(shortened("abc", 0), "");
        let long = "x".repeat(1000);
        drawn(
            &long,
            &Said {
                title: long.clone(),
                ..Said::default()
            },
        );
    }
}
