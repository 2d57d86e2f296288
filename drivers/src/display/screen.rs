//! A persona's screen: memory that lives as long as the namespace, and what was chosen for it.

use abi::framebuffer::VarScreenInfo;
use alloc::sync::Arc;
use core::ops::Range;
use spin::mutex::{SpinMutex, SpinMutexGuard};

use super::fbdev::color_map::Colors;
use super::fbdev::mode;
use super::memory::ScreenMemory;
use super::panel::{Layout, ScreenNumber, Size, View};
use super::rows::Rows;

/// A screen.
pub struct Screen {
    pub(super) number: ScreenNumber,
    pub(super) memory: Arc<dyn ScreenMemory>,
    settings: SpinMutex<Settings>,
}

/// What programs have chosen for a screen. Everybody in the persona shares it.
pub struct Settings {
    /// Mode, virtual size, offsets.
    pub var: VarScreenInfo,
    /// Nothing is seen.
    pub is_blank: bool,
    /// The colour map.
    pub colors: Colors,
    /// Rows written by calls and not sent yet.
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
    pub(super) fn new(number: ScreenNumber, memory: Arc<dyn ScreenMemory>, size: Size) -> Self {
        let settings = Settings {
            var: mode::var_of(size),
            is_blank: false,
            colors: Colors::new(),
            unsent: Rows::new(),
        };
        Self {
            number,
            memory,
            settings: SpinMutex::new(settings),
        }
    }

    /// Its memory.
    pub fn memory(&self) -> &Arc<dyn ScreenMemory> {
        &self.memory
    }

    /// What was chosen; a short lock.
    pub(super) fn settings(&self) -> SpinMutexGuard<'_, Settings> {
        self.settings.lock()
    }

    /// What is to be seen of it in front; None when it is blank.
    pub(super) fn view(&self) -> Option<View> {
        let settings = self.settings();
        (!settings.is_blank).then_some(View {
            screen: self.number,
            x: settings.var.xoffset,
            y: settings.var.yoffset,
        })
    }

    /// Some bytes of it were written by a call.
    pub(super) fn note_written(&self, bytes: Range<usize>) {
        let mut settings = self.settings();
        let rows = rows_of(&settings.layout(), bytes);
        settings.unsent.add(rows);
    }

    /// The rows that have changed since this was last asked. May sleep.
    pub(super) fn take_dirty(&self) -> Rows {
        let layout = {
            let settings = self.settings();
            settings.layout()
        };
        let mut rows = Rows::new();
        self.memory
            .take_dirty(&mut |bytes| rows.add(rows_of(&layout, bytes)));
        let written = core::mem::take(&mut self.settings().unsent);
        rows.add_all(&written);
        rows
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
