//! What any display hardware can do.
//!
//! A panel is told of each screen once ([`Panel::attach`], which may cost what the screen's
//! memory costs) and then shows one of them or none. Showing costs the same whatever the
//! resolution. No function here waits for the device, and none holds a lock longer than a small,
//! fixed piece of work takes: what takes longer is left for [`Panel::work`].

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::memory::ScreenMemory;
use super::rows::Rows;

/// Width and height, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl fmt::Display for Size {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}x{}", self.width, self.height)
    }
}

/// How a pixel lies in memory, least significant byte first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelFormat {
    /// 32 bits: blue, green, red, and a byte that means nothing.
    Xrgb8888,
    /// 16 bits: 5 of blue, 6 of green, 5 of red.
    Rgb565,
}

impl PixelFormat {
    /// Bytes of a pixel.
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Xrgb8888 => 4,
            Self::Rgb565 => 2,
        }
    }
}

/// How a screen lies in its memory: rows without gaps, from the first byte on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What is seen of it.
    pub visible: Size,
    /// What is in memory, at least as much.
    pub whole: Size,
    /// Its pixels.
    pub format: PixelFormat,
}

impl Layout {
    /// Bytes from one row to the next.
    pub const fn stride(&self) -> usize {
        self.whole.width as usize * self.format.bytes() as usize
    }

    /// Bytes of all rows.
    pub const fn bytes(&self) -> usize {
        self.stride() * self.whole.height as usize
    }
}

/// Names a screen, as long as it is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScreenNumber(pub u64);

/// Which part of which screen is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The screen.
    pub screen: ScreenNumber,
    /// The column of the whole that is the first seen.
    pub x: u32,
    /// The row of the whole that is the first seen.
    pub y: u32,
}

/// What a panel cannot do, or what went wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PanelError {
    /// It has no such mode.
    Mode(Size),
    /// There is no memory, in the guest or in the device, for a screen of so many bytes.
    NoMemory(usize),
    /// The screen's memory lies in more pieces than the device can be told of.
    Scattered {
        /// How many there are.
        runs: usize,
        /// How many can be told.
        most: usize,
    },
    /// The device answered a command with this error.
    Refused {
        /// The command's number, in the device's own counting.
        command: u32,
        /// Its answer.
        answer: u32,
    },
    /// The device does not answer.
    Silent,
    /// It shows nothing that could be drawn over, or somebody is at it just now.
    Unavailable,
}

impl fmt::Display for PanelError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mode(size) => write!(out, "the display has no mode {size}; choose a smaller one"),
            Self::NoMemory(bytes) => write!(
                out,
                "there is no memory for a screen of {bytes} bytes; close a persona or give more"
            ),
            Self::Scattered { runs, most } => write!(
                out,
                "the screen's memory lies in {runs} pieces and the display takes {most}; \
                 open the screen earlier, or choose a smaller mode"
            ),
            Self::Refused { command, answer } => write!(
                out,
                "the display answered command {command:#x} with {answer:#x}; the picture may be old"
            ),
            Self::Silent => out.write_str("the display does not answer; the picture may be old"),
            Self::Unavailable => out.write_str("the display shows no screen to draw on"),
        }
    }
}

impl core::error::Error for PanelError {}

/// What a panel has to say when it was serviced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The display prefers another size now. Screens stay as they are.
    Resized(Size),
    /// Something that was asked for earlier has failed.
    Failed(PanelError),
}

/// Draws on the memory of a screen that is seen like this.
pub type Draw<'a> = &'a mut dyn FnMut(&Layout, View, &dyn ScreenMemory);

/// Is asked again and again while a device is waited for; lets a little time pass, and answers
/// false when it has been long enough.
pub type Patience<'a> = &'a mut dyn FnMut() -> bool;

/// Display hardware.
pub trait Panel: Send + Sync {
    /// What it is called, at most 15 bytes.
    fn name(&self) -> &'static str;

    /// The size it prefers now.
    fn preferred(&self) -> Size;

    /// Sizes that it is good at, the preferred one first.
    fn sizes(&self) -> Vec<Size>;

    /// Whether it can show screens like this.
    ///
    /// # Errors
    /// [`PanelError::Mode`], [`PanelError::NoMemory`].
    fn check(&self, layout: &Layout) -> Result<(), PanelError>;

    /// Makes a screen known, or known anew with another layout. `memory` holds it; the panel
    /// keeps it as long as the device may look there.
    ///
    /// # Errors
    /// As [`Self::check`], and [`PanelError::Scattered`]; nothing has changed then.
    fn attach(
        &self,
        screen: ScreenNumber,
        layout: Layout,
        memory: &Arc<dyn ScreenMemory>,
    ) -> Result<(), PanelError>;

    /// Forgets a screen. If it is seen, nothing is seen from now on.
    fn detach(&self, screen: ScreenNumber);

    /// Shows a part of a screen, or nothing at all. A screen that was not seen before is shown
    /// with whatever was drawn there since; for one that was, or that the device can only show
    /// converted, [`Self::present`] tells. Where the device shows guest memory the CPU moves no
    /// pixel, now or later.
    fn show(&self, view: Option<View>);

    /// These rows of the whole screen have changed. Where they are seen this will show soon. Rows
    /// that it does not have are ignored.
    fn present(&self, screen: ScreenNumber, rows: &Rows);

    /// A switch is complete, all of whose callers wait. Where the CPU must make a picture before
    /// another can be seen at all, it does that now; everything else is left for [`Self::work`].
    fn settle(&self);

    /// Does what was left for later: pixels the CPU must copy or convert, in bounded pieces.
    /// To be called by a thread that holds no lock, after any of the above; returns when nothing
    /// is left.
    fn work(&self);

    /// Its interrupt came, or it is asked anyway: takes what the device has said, and sends it
    /// what was waiting. To be called until it answers None.
    fn service(&self) -> Option<Event>;

    /// In a panic: lets `draw` draw on what is seen (or was, before it was blanked; where nothing
    /// was, or somebody has its memory locked, on an empty screen of its own) and brings it to the
    /// eye, as long as `patience` lasts, without allocating and without waiting for a lock.
    ///
    /// # Errors
    /// [`PanelError::Unavailable`], [`PanelError::Silent`].
    fn draw_at_once(&self, draw: Draw<'_>, patience: Patience<'_>) -> Result<(), PanelError>;
}
