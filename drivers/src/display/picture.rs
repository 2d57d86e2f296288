//! Text on a screen without a program to draw it: the kernel's last words.
//!
//! Works where nothing else may: no allocation, no lock, a small stack. The glyphs are those of
//! the font Spleen, 8 by 16 pixels.

use spleen_font::{FONT_8X16, PSF2Font};

use super::memory::ScreenMemory;
use super::panel::{Layout, PixelFormat, View};

const GLYPH_WIDTH: u32 = 8;
const GLYPH_HEIGHT: u32 = 16;
/// Bytes of a glyph's row of pixels in the widest format.
const ROW_BYTES: usize = GLYPH_WIDTH as usize * 4;

/// A colour: its intensities in 8 bits each.
#[derive(Clone, Copy)]
struct Color {
    red: u8,
    green: u8,
    blue: u8,
}

const PAPER: Color = Color {
    red: 0x80,
    green: 0,
    blue: 0,
};
const INK: Color = Color {
    red: 0xff,
    green: 0xff,
    blue: 0xff,
};

/// The bytes of a pixel, of which the format takes the first few.
fn pixel(format: PixelFormat, color: Color) -> [u8; 4] {
    match format {
        PixelFormat::Xrgb8888 => [color.blue, color.green, color.red, 0],
        PixelFormat::Rgb565 => {
            let red = u16::from(color.red >> 3) << 11;
            let green = u16::from(color.green >> 2) << 5;
            let [low, high] = (red | green | u16::from(color.blue >> 3)).to_le_bytes();
            [low, high, 0, 0]
        }
    }
}

/// Draws lines of text, from the top of what is seen down, each on a stripe of the whole width;
/// a longer line goes on below. Stops where what is seen ends. What is not ASCII becomes `?`.
pub fn draw(
    lines: &mut dyn Iterator<Item = &str>,
    layout: &Layout,
    view: View,
    memory: &dyn ScreenMemory,
) {
    let Ok(font) = PSF2Font::new(FONT_8X16) else {
        return;
    };
    let columns = (layout.visible.width / GLYPH_WIDTH) as usize;
    let mut page = Page {
        font,
        layout,
        view,
        memory,
        row: 0,
    };
    for line in lines {
        let mut rest = line;
        loop {
            let end = rest.char_indices().nth(columns).map(|(index, _)| index);
            let (now, later) = rest.split_at(end.unwrap_or(rest.len()));
            if !page.line(now) {
                return;
            }
            if later.is_empty() {
                break;
            }
            rest = later;
        }
    }
}

struct Page<'a> {
    font: PSF2Font<'a>,
    layout: &'a Layout,
    view: View,
    memory: &'a dyn ScreenMemory,
    /// The row of pixels that the next line begins with, counted from the first seen.
    row: u32,
}

impl Page<'_> {
    /// Draws one line. False: there is no room left.
    fn line(&mut self, text: &str) -> bool {
        if self.layout.visible.height - self.row < GLYPH_HEIGHT {
            return false;
        }
        let mut text = text.chars();
        for column in 0..self.layout.visible.width / GLYPH_WIDTH {
            self.glyph(column, text.next().unwrap_or(' '));
        }
        self.row += GLYPH_HEIGHT;
        true
    }

    fn glyph(&mut self, column: u32, letter: char) {
        let letter = if matches!(letter, ' '..='~') {
            letter
        } else {
            '?'
        };
        let format = self.layout.format;
        let bytes = format.bytes() as usize;
        let Some(glyph) = self
            .font
            .glyph_for_utf8(letter.encode_utf8(&mut [0; 4]).as_bytes())
        else {
            return;
        };
        let x = self.view.x + column * GLYPH_WIDTH;
        for (y, pixels) in (self.view.y + self.row..).zip(glyph.take(GLYPH_HEIGHT as usize)) {
            let mut row = [0; ROW_BYTES];
            let places = row.chunks_exact_mut(bytes);
            for (place, is_ink) in places.zip(pixels.chain(core::iter::repeat(false))) {
                let color = if is_ink { INK } else { PAPER };
                place.copy_from_slice(&pixel(format, color)[..bytes]);
            }
            let offset = y as usize * self.layout.stride() + x as usize * bytes;
            self.memory
                .write(offset, &row[..GLYPH_WIDTH as usize * bytes]);
        }
    }
}
