//! A persona's screen: memory that lives as long as the namespace, and what was chosen for it.

use abi::framebuffer::VarScreenInfo;
use alloc::sync::Arc;
use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};
use spin::mutex::{SpinMutex, SpinMutexGuard};

use super::fbdev::color_map::Colors;
use super::fbdev::mode;
use super::memory::ScreenMemory;
use super::mux::Audience;
use super::panel::{Layout, ScreenNumber, Size, View};
use super::rows::Rows;

/// A screen.
pub struct Screen {
    /// By what the panel knows it; another with each layout.
    number: AtomicU64,
    pub(super) memory: Arc<dyn ScreenMemory>,
    pub(super) audience: Arc<dyn Audience>,
    settings: SpinMutex<Settings>,
}

/// What programs have chosen for a screen. Everybody in the persona shares it.
pub struct Settings {
    /// Mode, virtual size, offsets.
    pub var: VarScreenInfo,
    /// `FB_BLANK_*`; but for 0, nothing is seen.
    pub blank: u32,
    /// Reading and writing its bytes by calls is refused.
    pub is_suspended: bool,
    /// The colour map.
    pub colors: Colors,
    /// Rows of this layout written by calls and not sent yet.
    pub unsent: Rows,
}

impl Settings {
    /// How the screen lies in its memory.
    pub fn layout(&self) -> Layout {
        mode::layout(&self.var)
    }
}

impl Screen {
    /// A screen of `size` with 32 bits a pixel.
    pub(super) fn new(
        number: ScreenNumber,
        memory: Arc<dyn ScreenMemory>,
        size: Size,
        audience: Arc<dyn Audience>,
    ) -> Self {
        let settings = Settings {
            var: mode::var_of(size),
            blank: 0,
            is_suspended: false,
            colors: Colors::new(),
            unsent: Rows::new(),
        };
        Self {
            number: AtomicU64::new(number.0),
            memory,
            audience,
            settings: SpinMutex::new(settings),
        }
    }

    /// Its memory.
    pub fn memory(&self) -> &Arc<dyn ScreenMemory> {
        &self.memory
    }

    /// By what the panel knows it.
    pub(super) fn number(&self) -> ScreenNumber {
        ScreenNumber(self.number.load(Ordering::Relaxed))
    }

    /// The panel knows it anew. Returns what it was known by. To be called where the layout is
    /// changed, under the lock of the front and that of the settings.
    pub(super) fn set_number(&self, number: ScreenNumber) -> ScreenNumber {
        ScreenNumber(self.number.swap(number.0, Ordering::Relaxed))
    }

    /// What was chosen; a short lock.
    pub(super) fn settings(&self) -> SpinMutexGuard<'_, Settings> {
        self.settings.lock()
    }

    /// What is to be seen of it in front; None when it is blank.
    pub(super) fn view(&self) -> Option<View> {
        self.view_by(&self.settings())
    }

    fn view_by(&self, settings: &Settings) -> Option<View> {
        (settings.blank == 0).then(|| View {
            screen: self.number(),
            x: settings.var.xoffset,
            y: settings.var.yoffset,
        })
    }

    /// How it lies in memory, and what is to be seen of it there.
    pub(super) fn layout_and_view(&self) -> (Layout, Option<View>) {
        let settings = self.settings();
        (settings.layout(), self.view_by(&settings))
    }

    /// All that is to be seen of it is to be sent. False: that is nothing.
    pub(super) fn note_seen_changed(&self) -> bool {
        let mut settings = self.settings();
        let (first, height) = (settings.var.yoffset, settings.var.yres);
        let is_seen = settings.blank == 0;
        if is_seen {
            settings.unsent.add(first..first + height);
        }
        is_seen
    }

    /// Some bytes of it were written by a call.
    pub(super) fn note_written(&self, bytes: Range<usize>) {
        let mut settings = self.settings();
        let rows = rows_of(&settings.layout(), bytes);
        settings.unsent.add(rows);
    }

    /// The rows that have changed since this was last asked. May sleep.
    pub(super) fn take_dirty(&self) -> Rows {
        let layout = self.settings().layout();
        let mut rows = Rows::new();
        self.memory
            .take_dirty(&mut |bytes| rows.add(rows_of(&layout, bytes)));
        let mut settings = self.settings();
        let written = core::mem::take(&mut settings.unsent);
        let now = settings.layout();
        if now != layout {
            // What was found meanwhile may be in any row of the layout that it has now.
            return Rows::of(0..now.whole.height);
        }
        rows.add_all(&written);
        rows.within(0..now.whole.height)
    }
}

/// The rows that have bytes in `bytes`.
fn rows_of(layout: &Layout, bytes: Range<usize>) -> Range<u32> {
    let stride = layout.stride().max(1);
    let end = bytes.end.min(layout.bytes());
    if bytes.start >= end {
        return 0..0;
    }
    // Both are at most the height, which is a u32.
    (bytes.start / stride) as u32..end.div_ceil(stride) as u32
}
