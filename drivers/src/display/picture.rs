//! Text on a screen without a program to draw it: the kernel's last words.
//!
//! Works where nothing else may: no allocation, no lock, a small stack. The glyphs are those of
//! the font Spleen, 8 by 16 pixels.

use spleen_font::FONT_8X16;

use super::memory::ScreenMemory;
use super::panel::{Layout, PixelFormat, ScreenNumber, Size, View};

const GLYPH_WIDTH: u32 = 8;
const GLYPH_HEIGHT: u32 = 16;
/// Bytes of the font's header (PSF, version 1); behind it come the glyphs in the order of their
/// codes, a byte for each row of pixels. The crate's own reader takes the two last bytes of the
/// header for each other.
const FONT_HEADER: [u8; 4] = [0x36, 0x04, 0x03, GLYPH_HEIGHT as u8];
/// Bytes of a glyph's row of pixels in the widest format.
const ROW_BYTES: usize = GLYPH_WIDTH as usize * 4;

/// A screen for text alone where nobody's is seen: 80 columns and 25 lines.
const PAGE_SIZE: Size = Size {
    width: 80 * GLYPH_WIDTH,
    height: 25 * GLYPH_HEIGHT,
};
/// How it lies in memory.
pub const PAGE: Layout = Layout {
    visible: PAGE_SIZE,
    whole: PAGE_SIZE,
    format: PixelFormat::Xrgb8888,
};
/// All of it. No screen of a persona has this number.
pub const PAGE_VIEW: View = View {
    screen: ScreenNumber(0),
    x: 0,
    y: 0,
};

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
    let columns = (layout.visible.width / GLYPH_WIDTH) as usize;
    let mut page = Page {
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

/// The rows of pixels of a letter, the leftmost pixel in the highest bit; none for what is not
/// ASCII.
fn glyph_of(letter: char) -> Option<&'static [u8]> {
    let glyphs = FONT_8X16.strip_prefix(&FONT_HEADER)?;
    let code = usize::from(u8::try_from(letter).ok()?);
    let mut all = glyphs.chunks_exact(GLYPH_HEIGHT as usize);
    matches!(letter, ' '..='~').then(|| all.nth(code))?
}

struct Page<'a> {
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
        let format = self.layout.format;
        let bytes = format.bytes() as usize;
        let Some(glyph) = glyph_of(letter).or_else(|| glyph_of('?')) else {
            return;
        };
        let x = self.view.x + column * GLYPH_WIDTH;
        for (y, pixels) in (self.view.y + self.row..).zip(glyph) {
            let mut row = [0; ROW_BYTES];
            let places = row.chunks_exact_mut(bytes).take(GLYPH_WIDTH as usize);
            for (column, place) in places.enumerate() {
                let is_ink = pixels >> (GLYPH_WIDTH as usize - 1 - column) & 1 != 0;
                let color = if is_ink { INK } else { PAPER };
                place.copy_from_slice(&pixel(format, color)[..bytes]);
            }
            let offset = y as usize * self.layout.stride() + x as usize * bytes;
            self.memory
                .write(offset, &row[..GLYPH_WIDTH as usize * bytes]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_all_letters_in_their_whole_height() {
        let hash = glyph_of('#').expect("it is ASCII");
        assert_eq!(hash.len(), 16);
        assert_eq!(glyph_of(' '), Some([0; 16].as_slice()));
        assert!(
            (' '..='~')
                .skip(1)
                .all(|letter| glyph_of(letter).is_some_and(|rows| rows != [0; 16]))
        );
        // Two strokes across, two or more down.
        let full = hash.iter().filter(|row| row.count_ones() >= 6).count();
        assert!((2..=4).contains(&full), "{hash:x?}");
        assert!(glyph_of('\u{e9}').is_none() && glyph_of('\u{1f}').is_none());
    }
}
