//! The device's side of a screen: a picture of its own, backed by guest memory.

use alloc::sync::Arc;

use super::super::memory::ScreenMemory;
use super::super::panel::{Layout, PixelFormat, View};
use super::super::rows::Rows;
use super::wire::Rect;

/// A picture that the device keeps for a screen.
pub struct Resource {
    /// How the device calls it; None while the device has none.
    pub id: Option<u32>,
    pub layout: Layout,
    /// What programs draw into.
    pub memory: Arc<dyn ScreenMemory>,
    /// What the device reads instead, where it does not know the screen's pixels.
    pub converted: Option<Arc<dyn ScreenMemory>>,
    /// Rows that are to be converted.
    pub stale: Rows,
    /// Rows that the device does not know yet.
    pub unsent: Rows,
    /// It has not been shown since it was attached.
    pub is_new: bool,
}

impl Resource {
    /// What the device reads.
    pub fn backing(&self) -> &Arc<dyn ScreenMemory> {
        self.converted.as_ref().unwrap_or(&self.memory)
    }

    /// How the backing lies in memory.
    pub fn backing_layout(&self) -> Layout {
        Layout {
            format: PixelFormat::Xrgb8888,
            ..self.layout
        }
    }

    /// The part that is seen.
    pub fn seen(&self, view: View) -> Rect {
        Rect {
            x: view.x,
            y: view.y,
            width: self.layout.visible.width,
            height: self.layout.visible.height,
        }
    }

    /// All rows that are seen may have changed. Where they are converted, they change by that
    /// only, which tells.
    pub fn note_seen_changed(&mut self, view: View) {
        if self.converted.is_none() {
            let rows = view.y..view.y + self.layout.visible.height;
            self.unsent.add(rows);
        }
    }
}
