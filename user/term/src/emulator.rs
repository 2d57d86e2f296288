//! The grid of cells and what escape sequences do to it: `alacritty_terminal` with what it wants
//! from its surroundings collected instead of called back.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use alacritty_terminal::Term;
use alacritty_terminal::event::{Event, EventListener, WindowSize};
use alacritty_terminal::grid::{Dimensions, Scroll};
use alacritty_terminal::index::Line;
use alacritty_terminal::term::{Config, TermDamage, TermMode};
use alacritty_terminal::vte::ansi::{Processor, StdSyncHandler};

use crate::colours::{Colours, to_rgb};

mod cells;

/// Lines kept of what has scrolled away.
const SCROLLBACK: usize = 2000;

/// How many cells there are, and how large each is in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Cells in a line.
    pub columns: usize,
    /// Lines.
    pub lines: usize,
    /// Width and height of a cell.
    pub cell: (usize, usize),
}

impl Dimensions for Size {
    fn total_lines(&self) -> usize {
        self.lines
    }

    fn screen_lines(&self) -> usize {
        self.lines
    }

    fn columns(&self) -> usize {
        self.columns
    }
}

/// What the grid has to say to its surroundings, until someone asks.
#[derive(Clone, Default)]
pub struct Mailbox(Rc<RefCell<Vec<Event>>>);

impl EventListener for Mailbox {
    fn send_event(&self, event: Event) {
        self.0.borrow_mut().push(event);
    }
}

/// The terminal without any device.
pub struct Emulator {
    grid: Term<Mailbox>,
    parser: Processor<StdSyncHandler>,
    mailbox: Mailbox,
    size: Size,
    colours: Colours,
    title: Option<String>,
    rang: bool,
    replies: Vec<u8>,
}

impl Emulator {
    /// An empty one.
    pub fn new(size: Size, colours: Colours) -> Self {
        let mailbox = Mailbox::default();
        let config = Config {
            scrolling_history: SCROLLBACK,
            ..Config::default()
        };
        Self {
            grid: Term::new(config, &size, mailbox.clone()),
            parser: Processor::new(),
            mailbox,
            size,
            colours,
            title: None,
            rang: false,
            replies: Vec::new(),
        }
    }

    /// Takes in what a program wrote.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.parser.advance(&mut self.grid, bytes);
        self.mend();
        self.open_mail();
    }

    /// Until when a program has asked to see nothing of what it writes (synchronized updates),
    /// if it has.
    pub fn held_until(&self) -> Option<Instant> {
        self.parser.sync_timeout().sync_timeout()
    }

    /// Shows what was held back: the program took too long.
    pub fn show_held(&mut self) {
        self.parser.stop_sync(&mut self.grid);
        self.mend();
        self.open_mail();
    }

    /// Puts the cells of the lines that have changed in order.
    fn mend(&mut self) {
        let changed = changed_lines(&mut self.grid);
        let lines = (0..).zip(changed).filter(|(_, changed)| *changed);
        for (line, _) in lines {
            cells::mend(&mut self.grid.grid_mut()[Line(line)]);
        }
    }

    fn open_mail(&mut self) {
        let events = std::mem::take(&mut *self.mailbox.0.borrow_mut());
        for event in events {
            match event {
                Event::PtyWrite(text) => self.replies.extend(text.into_bytes()),
                Event::Title(title) => self.title = Some(title),
                Event::ResetTitle => self.title = None,
                Event::Bell => self.rang = true,
                Event::ColorRequest(index, format) => {
                    let colour = self.colours.by_index(index, self.grid.colors());
                    self.replies.extend(format(to_rgb(colour)).into_bytes());
                }
                Event::TextAreaSizeRequest(format) => {
                    self.replies.extend(format(self.window()).into_bytes());
                }
                // There is no clipboard, no mouse cursor, no blinking, and no other thread.
                Event::ClipboardStore(..)
                | Event::ClipboardLoad(..)
                | Event::MouseCursorDirty
                | Event::CursorBlinkingChange
                | Event::Wakeup
                | Event::Exit
                | Event::ChildExit(_) => {}
            }
        }
    }

    fn window(&self) -> WindowSize {
        let short = |value: usize| u16::try_from(value).unwrap_or(u16::MAX);
        WindowSize {
            num_lines: short(self.size.lines),
            num_cols: short(self.size.columns),
            cell_width: short(self.size.cell.0),
            cell_height: short(self.size.cell.1),
        }
    }

    /// The answers to what programs asked since the last call; they are to be read by them.
    pub fn take_replies(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.replies)
    }

    /// Whether a program rang the bell since the last call.
    pub fn take_bell(&mut self) -> bool {
        std::mem::take(&mut self.rang)
    }

    /// The title that a program set.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Gives the grid another size; long lines are wrapped anew.
    pub fn resize(&mut self, size: Size) {
        self.size = size;
        self.grid.resize(size);
    }

    /// Its size.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Moves through what has scrolled away.
    pub fn scroll(&mut self, how: Scroll) {
        self.grid.scroll_display(how);
        self.open_mail();
    }

    /// How many lines back one looks: 0 is the present.
    pub fn lines_back(&self) -> usize {
        self.grid.grid().display_offset()
    }

    /// What programs have switched on.
    pub fn mode(&self) -> TermMode {
        *self.grid.mode()
    }

    /// The grid, to be drawn.
    pub fn grid(&mut self) -> &mut Term<Mailbox> {
        &mut self.grid
    }

    /// What a line shows, without blanks at its end; for tests.
    #[cfg(test)]
    pub fn line(&self, line: i32) -> String {
        let row = &self.grid.grid()[Line(line)];
        let text: String = row.into_iter().map(|cell| cell.c).collect();
        // A tab stands in the cell it began in.
        let text = text.replace('\t', " ");
        text.trim_end().into()
    }
}

/// Which lines the grid says have changed since its damage was last reset.
pub fn changed_lines(grid: &mut Term<Mailbox>) -> Vec<bool> {
    let lines = grid.screen_lines();
    match grid.damage() {
        TermDamage::Full => vec![true; lines],
        TermDamage::Partial(damaged) => {
            let mut changed = vec![false; lines];
            for bounds in damaged {
                if let Some(line) = changed.get_mut(bounds.line) {
                    *line = true;
                }
            }
            changed
        }
    }
}

#[cfg(test)]
mod tests;
