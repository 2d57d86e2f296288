//! What the grid itself leaves undone where a character is more than a letter in a cell.
//!
//! A wide character (of eastern Asia, an emoji) has two cells. What erases, deletes or shifts one
//! of them takes the other along, as in xterm: a half that has lost its other is a blank. Marks
//! that combine with a letter are kept in its cell, as many as a language may have use for; a
//! program that writes nothing else must not use up the memory.
//!
//! Contract: to be called with the lines that programs may have changed, before anyone looks.

use alacritty_terminal::grid::Row;
use alacritty_terminal::index::Column;
use alacritty_terminal::term::cell::{Cell, Flags};

/// Marks in one cell: more than any orthography has, or a family of emoji.
const MARKS_MAX: usize = 16;

/// Puts the cells of a line in order.
pub fn mend(row: &mut Row<Cell>) {
    let columns = row.len();
    let is = |row: &Row<Cell>, column: usize, flag| {
        column < columns && row[Column(column)].flags.contains(flag)
    };
    for column in 0..columns {
        let cell = &row[Column(column)];
        let is_left = cell.flags.contains(Flags::WIDE_CHAR);
        let is_right = cell.flags.contains(Flags::WIDE_CHAR_SPACER);
        let has_many = cell
            .zerowidth()
            .is_some_and(|marks| marks.len() > MARKS_MAX);
        if is_left && !is(row, column + 1, Flags::WIDE_CHAR_SPACER) {
            row[Column(column)].clear_wide();
        } else if has_many {
            cut_marks(&mut row[Column(column)]);
        }
        if is_right && (column == 0 || !is(row, column - 1, Flags::WIDE_CHAR)) {
            row[Column(column)].flags.remove(Flags::WIDE_CHAR_SPACER);
        }
    }
}

fn cut_marks(cell: &mut Cell) {
    let marks = cell.zerowidth().unwrap_or_default();
    let kept: Vec<char> = marks.iter().copied().take(MARKS_MAX).collect();
    let (underline, link) = (cell.underline_color(), cell.hyperlink());
    cell.extra = None;
    cell.set_underline_color(underline);
    cell.set_hyperlink(link);
    kept.into_iter().for_each(|mark| cell.push_zerowidth(mark));
}
