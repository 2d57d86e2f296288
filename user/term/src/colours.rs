//! The colours of cells as the screen gets them.
//!
//! Source: xterm's ctlseqs for the 256 colours (16 by name, a cube of 6 by 6 by 6, 24 greys) and
//! for OSC 4 and OSC 10 to 12, by which programs change them.

use alacritty_terminal::term::color::Colors;
use alacritty_terminal::vte::ansi::{Color, NamedColor, Rgb};
use screen::{Colour, Who};

/// The sixteen with names: eight, and the same brighter.
const NAMED: [Colour; 16] = [
    Colour::hex(0x22_262e),
    Colour::hex(0xe8_6671),
    Colour::hex(0x98_c379),
    Colour::hex(0xe5_c07b),
    Colour::hex(0x61_afef),
    Colour::hex(0xc6_78dd),
    Colour::hex(0x56_b6c2),
    Colour::hex(0xc5_cad3),
    Colour::hex(0x6b_7280),
    Colour::hex(0xff_8790),
    Colour::hex(0xb6_e08f),
    Colour::hex(0xff_d98f),
    Colour::hex(0x86_c7ff),
    Colour::hex(0xe0_9df2),
    Colour::hex(0x7a_d7e2),
    Colour::hex(0xff_ffff),
];

/// How dark a dim letter is, in parts of 255.
const DIM: u8 = 90;

/// The colours of one terminal.
#[derive(Clone, Debug)]
pub struct Colours {
    foreground: Colour,
    background: Colour,
    cursor: Colour,
}

impl Colours {
    /// Those that go with a persona: its own colour is in the cursor, and faintly behind the text.
    pub fn of(who: &Who) -> Self {
        Self {
            foreground: Colour::hex(0xd6_dae2),
            background: Colour::hex(0x0f_1117).mix(who.colour, 9),
            cursor: who.colour,
        }
    }

    /// What is behind the text where nothing else was said.
    pub fn background(&self) -> Colour {
        self.background
    }

    /// The colour of a cell's ink or paper; `changed` are those that programs changed.
    pub fn resolve(&self, color: Color, changed: &Colors) -> Colour {
        match color {
            Color::Spec(rgb) => of_rgb(rgb),
            Color::Indexed(index) => self.by_index(usize::from(index), changed),
            Color::Named(name) => self.by_index(name as usize, changed),
        }
    }

    /// A colour by the number that programs know it by; those above 255 are the terminal's own.
    pub fn by_index(&self, index: usize, changed: &Colors) -> Colour {
        if let Some(rgb) = (index < alacritty_terminal::term::color::COUNT)
            .then(|| changed[index])
            .flatten()
        {
            return of_rgb(rgb);
        }
        const FIRST_DIM: usize = NamedColor::DimBlack as usize;
        const LAST_DIM: usize = NamedColor::DimWhite as usize;
        match index {
            0..16 => NAMED[index],
            16..232 => {
                // The steps of the cube: none, then from 95 on in equal ones.
                let step = |divisor: usize| match (index - 16) / divisor % 6 {
                    0 => 0,
                    level => (55 + 40 * level) as u8,
                };
                Colour {
                    red: step(36),
                    green: step(6),
                    blue: step(1),
                }
            }
            232..256 => {
                let level = (8 + 10 * (index - 232)) as u8;
                Colour {
                    red: level,
                    green: level,
                    blue: level,
                }
            }
            FIRST_DIM..=LAST_DIM => self.dim(self.by_index(index - FIRST_DIM, changed)),
            _ if index == NamedColor::Background as usize => self.background,
            _ if index == NamedColor::Cursor as usize => self.cursor,
            _ if index == NamedColor::BrightForeground as usize => Colour::WHITE,
            _ if index == NamedColor::DimForeground as usize => self.dim(self.foreground),
            _ => self.foreground,
        }
    }

    /// A colour as faint text has it.
    pub fn dim(&self, colour: Colour) -> Colour {
        colour.mix(self.background, DIM)
    }
}

fn of_rgb(rgb: Rgb) -> Colour {
    Colour {
        red: rgb.r,
        green: rgb.g,
        blue: rgb.b,
    }
}

/// A colour as the emulator speaks of it.
pub fn to_rgb(colour: Colour) -> Rgb {
    Rgb {
        r: colour.red,
        g: colour.green,
        b: colour.blue,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_256_colours_are_xterms() {
        let colours = Colours::of(&Who::named("x"));
        let none = Colors::default();
        let by = |index| colours.resolve(Color::Indexed(index), &none);
        assert_eq!(by(16), Colour::BLACK);
        assert_eq!(by(196), Colour::hex(0xff_0000));
        assert_eq!(by(110), Colour::hex(0x87_afd7));
        assert_eq!(by(231), Colour::WHITE);
        assert_eq!(by(232), Colour::hex(0x08_0808));
        assert_eq!(by(255), Colour::hex(0xee_eeee));
    }

    #[test]
    fn what_a_program_changed_comes_first() {
        let colours = Colours::of(&Who::named("x"));
        let mut changed = Colors::default();
        changed[1] = Some(Rgb { r: 1, g: 2, b: 3 });
        let red = Color::Named(NamedColor::Red);
        assert_eq!(colours.resolve(red, &changed), Colour::hex(0x01_0203));
        assert_ne!(
            colours.resolve(red, &Colors::default()),
            Colour::hex(0x01_0203)
        );
    }
}
