//! The cells on the screen: what each looks like, and which have to be drawn again.
//!
//! Contract: a cell is drawn when it looks different from what was drawn there last, or when the
//! picture was spoilt; never otherwise.

use alacritty_terminal::Term;
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::cell::{Cell, Flags};
use alacritty_terminal::vte::ansi::{Color, CursorShape, NamedColor};
use screen::{Canvas, Colour, Font, Rect, Weight};

use crate::colours::Colours;
use crate::emulator::{Mailbox, changed_lines};

/// What a cell looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    character: char,
    /// How many cells the character takes; 0 for those that belong to the one before.
    cells: usize,
    flags: Flags,
    ink: Colour,
    paper: Colour,
    underline: Colour,
    cursor: Option<(CursorShape, Colour)>,
}

/// The lines below letters.
const UNDERLINES: Flags = Flags::ALL_UNDERLINES;

/// What is on the screen.
pub struct View {
    font: Font,
    colours: Colours,
    columns: usize,
    drawn: Vec<Option<Look>>,
}

impl View {
    /// Nothing is drawn yet.
    pub fn new(font: Font, colours: Colours) -> Self {
        Self {
            font,
            colours,
            columns: 0,
            drawn: Vec::new(),
        }
    }

    /// Forgets what was drawn: someone else has drawn over it.
    pub fn spoil(&mut self) {
        self.drawn.fill(None);
    }

    /// Draws the cells that look different now; the upper left one is at `origin`. Gives their
    /// number.
    pub fn draw(
        &mut self,
        grid: &mut Term<Mailbox>,
        canvas: &mut Canvas,
        origin: (i32, i32),
    ) -> usize {
        let (columns, lines) = (grid.columns(), grid.screen_lines());
        if self.columns != columns || self.drawn.len() != columns * lines {
            self.columns = columns;
            self.drawn = vec![None; columns * lines];
        }
        let changed = changed_lines(grid);
        grid.reset_damage();
        let cursor = cursor_of(grid);
        let mut count = 0;
        for (line, damaged) in changed.into_iter().enumerate() {
            let whole = self.drawn[line * columns..(line + 1) * columns].contains(&None);
            if !damaged && !whole {
                continue;
            }
            let row = Line(line as i32 - grid.grid().display_offset() as i32);
            for column in 0..columns {
                let shape = cursor
                    .filter(|(_, at)| *at == (row.0, column))
                    .map(|(shape, _)| shape);
                let look = self.look(grid, &grid.grid()[row][Column(column)], shape);
                let drawn = &mut self.drawn[line * columns + column];
                if *drawn == Some(look) {
                    continue;
                }
                *drawn = Some(look);
                self.paint(canvas, origin, (column, line), look);
                count += 1;
            }
        }
        count
    }

    fn look(&self, grid: &Term<Mailbox>, cell: &Cell, cursor: Option<CursorShape>) -> Look {
        let changed = grid.colors();
        let flags = cell.flags;
        // Bold text in one of the eight colours is in the brighter one, as it always was.
        let bright = |color| match color {
            Color::Named(name) if flags.contains(Flags::BOLD) && (name as usize) < 8 => {
                Color::Indexed(name as u8 + 8)
            }
            Color::Indexed(index @ 0..8) if flags.contains(Flags::BOLD) => {
                Color::Indexed(index + 8)
            }
            other => other,
        };
        let mut ink = self.colours.resolve(bright(cell.fg), changed);
        let mut paper = self.colours.resolve(cell.bg, changed);
        if flags.contains(Flags::DIM) {
            ink = self.colours.dim(ink);
        }
        if flags.contains(Flags::INVERSE) {
            std::mem::swap(&mut ink, &mut paper);
        }
        if flags.contains(Flags::HIDDEN) {
            ink = paper;
        }
        let underline = cell.underline_color();
        let underline = underline.map_or(ink, |color| self.colours.resolve(color, changed));
        let cursor = cursor.map(|shape| {
            let name = NamedColor::Cursor as usize;
            (shape, self.colours.by_index(name, changed))
        });
        let cells = if flags.contains(Flags::WIDE_CHAR) {
            2
        } else {
            usize::from(!flags.contains(Flags::WIDE_CHAR_SPACER))
        };
        Look {
            // A tab stands in its cell as itself, for those who copy it.
            character: if cell.c < ' ' {
                ' '
            } else {
                self.composed(cell)
            },
            cells,
            flags: flags & (Flags::BOLD_ITALIC | Flags::STRIKEOUT | UNDERLINES),
            ink,
            paper,
            underline,
            cursor,
        }
    }

    /// The character of a cell with the marks on it that the font has pictures of; what other marks
    /// there are is not shown.
    fn composed(&self, cell: &Cell) -> char {
        let marks = cell.zerowidth().unwrap_or_default();
        marks.iter().fold(cell.c, |letter, mark| {
            let both = unicode_normalization::char::compose(letter, *mark);
            both.filter(|both| self.font.has(*both)).unwrap_or(letter)
        })
    }

    fn paint(&self, canvas: &mut Canvas, origin: (i32, i32), place: (usize, usize), look: Look) {
        if look.cells == 0 {
            return;
        }
        let (width, height) = (self.font.width(), self.font.height());
        let x = origin.0 + (place.0 * width) as i32;
        let y = origin.1 + (place.1 * height) as i32;
        let cell = Rect::new(x, y, (width * look.cells) as i32, height as i32);
        let (mut ink, mut paper) = (look.ink, look.paper);
        if let Some((CursorShape::Block, colour)) = look.cursor {
            (ink, paper) = (colour.ink(), colour);
        }
        if look.character == ' ' {
            canvas.fill(cell, paper);
        } else {
            let weight = if look.flags.contains(Flags::BOLD) {
                Weight::Bold
            } else {
                Weight::Regular
            };
            let glyph = self.font.glyph(look.character, weight, look.cells);
            if look.flags.contains(Flags::ITALIC) {
                let slanted = slant(&glyph.pixels, glyph.width);
                canvas.stamp((x, y), (&slanted, glyph.width), ink, paper);
            } else {
                canvas.stamp((x, y), (&glyph.pixels, glyph.width), ink, paper);
            }
        }
        strike(canvas, cell, look);
        mark(canvas, cell, look.cursor);
    }
}

/// The cursor's shape, and its line and column in the grid; None when it is not to be seen.
fn cursor_of(grid: &Term<Mailbox>) -> Option<(CursorShape, (i32, usize))> {
    let cursor = grid.renderable_content().cursor;
    let hidden =
        cursor.shape == CursorShape::Hidden || !grid.mode().contains(TermMode::SHOW_CURSOR);
    (!hidden).then_some((cursor.shape, (cursor.point.line.0, cursor.point.column.0)))
}

/// The same letter leaning to the right, its foot in place.
fn slant(pixels: &[u8], width: usize) -> Vec<u8> {
    let rows = pixels.len() / width;
    let mut slanted = vec![0; pixels.len()];
    for row in 0..rows {
        let shift = (rows - row) / 6;
        let shift = shift.saturating_sub(rows / 12).min(width);
        let (from, to) = (&pixels[row * width..][..width - shift], row * width + shift);
        slanted[to..to + from.len()].copy_from_slice(from);
    }
    slanted
}

/// The lines below and through a letter.
fn strike(canvas: &mut Canvas, cell: Rect, look: Look) {
    let thin = (cell.height / 16).max(1);
    let line = |from: i32| Rect::new(cell.x, cell.y + from, cell.width, thin);
    let base = cell.height * 7 / 8;
    if look.flags.contains(Flags::DOUBLE_UNDERLINE) {
        canvas.fill(line(base - thin), look.underline);
        canvas.fill(line(base + thin), look.underline);
    } else if look.flags.contains(Flags::UNDERLINE) {
        canvas.fill(line(base), look.underline);
    } else if look.flags.intersects(UNDERLINES) {
        // The curly, the dotted and the dashed one in steps of a few pixels.
        let (step, curl) = match look.flags & UNDERLINES {
            Flags::DOTTED_UNDERLINE => (thin, 0),
            Flags::DASHED_UNDERLINE => (3 * thin, 0),
            _ => (2 * thin, thin),
        };
        for x in 0..cell.width {
            let odd = (cell.x + x) / step % 2;
            if odd == 0 || curl > 0 {
                let dot = Rect::new(cell.x + x, cell.y + base + odd * curl, 1, thin);
                canvas.fill(dot, look.underline);
            }
        }
    }
    if look.flags.contains(Flags::STRIKEOUT) {
        canvas.fill(line(cell.height / 2), look.ink);
    }
}

/// The cursors that do not fill the cell.
fn mark(canvas: &mut Canvas, cell: Rect, cursor: Option<(CursorShape, Colour)>) {
    let Some((shape, colour)) = cursor else {
        return;
    };
    let thin = (cell.height / 10).max(2);
    match shape {
        CursorShape::Beam => canvas.fill(Rect::new(cell.x, cell.y, thin, cell.height), colour),
        CursorShape::Underline => {
            let below = Rect::new(cell.x, cell.y + cell.height - thin, cell.width, thin);
            canvas.fill(below, colour);
        }
        CursorShape::HollowBlock | CursorShape::Block | CursorShape::Hidden => {}
    }
}
