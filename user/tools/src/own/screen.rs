//! The terminal as a surface: how wide and how high it is.

use rustix::termios::tcgetwinsize;

/// What a terminal that does not say is taken for.
const USUAL: (usize, usize) = (24, 80);

/// Rows and columns of the terminal on standard output; `LINES` and `COLUMNS` come first, as for
/// every program.
pub fn size() -> (usize, usize) {
    let known = tcgetwinsize(std::io::stdout()).ok();
    let ask = |name: &str, seen: Option<u16>, usual: usize| {
        let asked = std::env::var(name).ok().and_then(|text| text.parse().ok());
        asked
            .or(seen.map(usize::from))
            .filter(|count| *count > 0)
            .unwrap_or(usual)
    };
    (
        ask("LINES", known.map(|size| size.ws_row), USUAL.0),
        ask("COLUMNS", known.map(|size| size.ws_col), USUAL.1),
    )
}

/// Its columns.
pub fn width() -> usize {
    size().1
}
