//! A small screen that nobody draws on, for a panic while nobody's screen is seen: before the first
//! program opens the display, or while the persona in front has no screen.
//!
//! Its memory and the commands that tell the device of it are made when the driver starts, since
//! in a panic nothing can be; the device learns of it in the panic only.

use alloc::sync::Arc;

use super::super::memory::{MemorySource, ScreenMemory};
use super::super::panel::{Draw, Layout, PanelError, Patience};
use super::super::picture;
use super::gpu::{runs_of, transfer_of};
use super::link::Link;
use super::wire::{Command, Rect};

/// How the device calls it. No other picture is called so: see `Gpu::make`.
pub const SPARE_ID: u32 = u32::MAX;

/// The screen.
pub struct Spare {
    layout: Layout,
    memory: Arc<dyn ScreenMemory>,
    /// To make the picture, and to tell what backs it.
    make: [Command; 2],
}

impl Spare {
    /// None: there is no memory for it.
    pub fn new(source: &dyn MemorySource) -> Option<Self> {
        let layout = picture::PAGE;
        let memory = source.zeroed(layout.bytes())?;
        let runs = runs_of(&*memory, layout.bytes());
        let make = [
            Command::create(SPARE_ID, layout.whole),
            Command::attach(SPARE_ID, &runs),
        ];
        Some(Self {
            layout,
            memory,
            make,
        })
    }

    /// Draws on it and shows it.
    ///
    /// # Errors
    /// [`PanelError::Silent`], [`PanelError::Refused`].
    pub fn draw_at_once(
        &self,
        link: &mut Link,
        draw: Draw<'_>,
        patience: Patience<'_>,
    ) -> Result<(), PanelError> {
        draw(&self.layout, picture::PAGE_VIEW, &*self.memory);
        for command in &self.make {
            match link.send_at_once(command, patience) {
                // It was made before; or what comes next is refused too.
                Ok(()) | Err(PanelError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let size = self.layout.visible;
        let all = Rect {
            x: 0,
            y: 0,
            width: size.width,
            height: size.height,
        };
        let stride = self.layout.stride();
        let commands = [
            transfer_of(SPARE_ID, size.width, 0..size.height, stride),
            Command::set_scanout(SPARE_ID, all),
            Command::flush(SPARE_ID, all),
        ];
        commands
            .iter()
            .try_for_each(|command| link.send_at_once(command, patience))
    }
}
