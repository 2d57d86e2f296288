//! Virtio GPUs: a picture in the device for each screen, backed by the screen's own memory.
//!
//! The device is told of a screen's memory once, when the screen is made. A switch selects
//! another picture: the device reads the rows that are seen from guest memory, the display is
//! pointed at the picture, and that is shown; three commands, whatever the resolution, and the
//! CPU moves no pixel. What changes while a screen is seen is sent row by row.
//!
//! The device knows pixels of 32 bits only. A screen with 16 has a second memory, into which the
//! rows that change are converted, by whoever presents. That memory is kept while another screen
//! is seen: a switch back converts nothing. It shows the last converted picture, and what was drawn
//! behind follows with the first frame.
//!
//! Source: Virtual I/O Device (VIRTIO) 1.2, section 5.7.

mod convert;
mod gpu;
mod link;
mod resource;
mod spare;
mod wire;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use spin::mutex::SpinMutex;

use super::memory::{MemorySource, ScreenMemory};
use super::panel::{
    Draw, Event, Layout, Panel, PanelError, Patience, PixelFormat, ScreenNumber, Size, View,
};
use super::rows::Rows;
use crate::virtio::{Device, StartError};
use gpu::{Gpu, runs_of};
use link::{CONTROL, Link};
use resource::Resource;
use spare::Spare;
use wire::{Command, RUNS_MAX};

/// `VIRTIO_GPU_F_EDID`.
const FEATURE_EDID: u64 = 1 << 1;
/// The sides that the device takes.
const SIDES: Range<u32> = 64..16_385;
/// Rows that are converted in one piece, between two looks at what is seen.
const BAND: u32 = 16;

/// A running device.
pub struct VirtioGpu {
    gpu: SpinMutex<Gpu>,
    source: Arc<dyn MemorySource>,
    /// For a panic; None where there was no memory for it.
    spare: Option<Spare>,
}

fn is_possible(size: Size) -> bool {
    SIDES.contains(&size.width) && SIDES.contains(&size.height)
}

impl VirtioGpu {
    /// Starts a device and asks what its display prefers, as long as `patience` lasts; what it
    /// says later comes as an [`Event::Resized`]. Memory for converted pixels is from `source`.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(
        mut device: Box<dyn Device>,
        source: Arc<dyn MemorySource>,
        patience: Patience<'_>,
    ) -> Result<Arc<Self>, StartError> {
        let (features, mut queues) = device.start(FEATURE_EDID, &[CONTROL])?;
        let queue = queues.pop().ok_or(StartError::NoQueue(CONTROL.index))?;
        let has_edid = features & FEATURE_EDID != 0;
        let mut gpu = Gpu::new(device, Link::new(queue), has_edid);
        gpu.ask();
        gpu.link.notify();
        while !gpu.is_informed() && patience() {
            // There is no memory yet that it could let go of.
            drop(gpu.take_answers());
            gpu.link.notify();
        }
        // The first size is no change.
        if gpu.is_informed() {
            while gpu.next_event().is_some() {}
        }
        let spare = Spare::new(&*source);
        Ok(Arc::new(Self {
            gpu: SpinMutex::new(gpu),
            source,
            spare,
        }))
    }

    /// Does something under the lock, and tells the device of what came of it.
    fn with<R>(&self, work: impl FnOnce(&mut Gpu) -> R) -> R {
        let mut gpu = self.gpu.lock();
        let outcome = work(&mut gpu);
        gpu.link.notify();
        outcome
    }

    /// The next rows that are to be converted, those of the screen that is seen first. None: there
    /// are none, or somebody else is at it, who goes on until there are none.
    fn next_band(&self) -> Option<Band> {
        let mut gpu = self.gpu.lock();
        if gpu.is_converting {
            return None;
        }
        let shown = gpu.shown.map(|view| view.screen);
        let band = shown
            .and_then(|screen| Band::of(screen, gpu.resources.get_mut(&screen)?))
            .or_else(|| {
                let mut all = gpu.resources.iter_mut();
                all.find_map(|(screen, resource)| Band::of(*screen, resource))
            })?;
        gpu.is_converting = true;
        Some(band)
    }

    fn convert(&self, band: &Band) {
        let rows = band.rows.clone();
        convert::convert(&band.layout, rows, &*band.memory, &*band.converted);
        self.gpu.lock().is_converting = false;
    }
}

/// Rows of a screen that are being converted.
struct Band {
    screen: ScreenNumber,
    layout: Layout,
    memory: Arc<dyn ScreenMemory>,
    converted: Arc<dyn ScreenMemory>,
    rows: Range<u32>,
}

impl Band {
    /// The next of a screen's. None: it has none.
    fn of(screen: ScreenNumber, resource: &mut Resource) -> Option<Self> {
        let converted = Arc::clone(resource.converted.as_ref()?);
        let rows = resource.stale.take_front(BAND)?;
        Some(Self {
            screen,
            layout: resource.layout,
            memory: Arc::clone(&resource.memory),
            converted,
            rows,
        })
    }
}

impl Panel for VirtioGpu {
    fn name(&self) -> &'static str {
        "virtio-gpu"
    }

    fn preferred(&self) -> Size {
        self.gpu.lock().preferred()
    }

    fn sizes(&self) -> Vec<Size> {
        self.gpu.lock().sizes()
    }

    fn check(&self, layout: &Layout) -> Result<(), PanelError> {
        let sizes = [layout.visible, layout.whole];
        let impossible = sizes.into_iter().find(|size| !is_possible(*size));
        impossible.map_or(Ok(()), |size| Err(PanelError::Mode(size)))
    }

    fn attach(
        &self,
        screen: ScreenNumber,
        layout: Layout,
        memory: &Arc<dyn ScreenMemory>,
    ) -> Result<(), PanelError> {
        self.check(&layout)?;
        let mut resource = Resource {
            id: None,
            layout,
            memory: Arc::clone(memory),
            converted: None,
            stale: Rows::new(),
            unsent: Rows::new(),
            is_new: true,
        };
        let bytes = resource.backing_layout().bytes();
        if layout.format != PixelFormat::Xrgb8888 {
            let converted = self.source.zeroed(bytes);
            resource.converted = Some(converted.ok_or(PanelError::NoMemory(bytes))?);
            // What is there already.
            resource.stale.add(0..layout.whole.height);
        }
        let runs = runs_of(&**resource.backing(), bytes);
        if runs.len() > RUNS_MAX {
            return Err(PanelError::Scattered {
                runs: runs.len(),
                most: RUNS_MAX,
            });
        }
        let old = self.with(|gpu| gpu.attach(screen, resource, &runs));
        drop(old);
        Ok(())
    }

    fn detach(&self, screen: ScreenNumber) {
        let gone = self.with(|gpu| (gpu.detach(screen), gpu.take_unused()));
        drop(gone);
    }

    fn show(&self, view: Option<View>) {
        self.with(|gpu| gpu.show(view));
    }

    fn present(&self, screen: ScreenNumber, rows: &Rows) {
        self.with(|gpu| {
            let Some(resource) = gpu.resources.get_mut(&screen) else {
                return;
            };
            // Who found them may have thought of another layout.
            let rows = rows.within(0..resource.layout.whole.height);
            if resource.converted.is_some() {
                resource.stale.add_all(&rows);
            } else {
                gpu.note_changed(screen, &rows);
            }
        });
    }

    /// The picture is selected already, and no pixel is converted while anybody waits.
    fn settle(&self) {
        let unused = self.gpu.lock().take_unused();
        drop(unused);
    }

    fn work(&self) {
        self.settle();
        let mut done: Option<(ScreenNumber, Rows)> = None;
        while let Some(band) = self.next_band() {
            self.convert(&band);
            match &mut done {
                Some((screen, rows)) if *screen == band.screen => rows.add(band.rows),
                _ => {
                    if let Some((screen, rows)) = done {
                        self.with(|gpu| gpu.note_changed(screen, &rows));
                    }
                    done = Some((band.screen, Rows::of(band.rows)));
                }
            }
        }
        if let Some((screen, rows)) = done {
            self.with(|gpu| gpu.note_changed(screen, &rows));
        }
    }

    fn service(&self) -> Option<Event> {
        let (event, free) = self.with(|gpu| {
            gpu.acknowledge();
            let free = gpu.take_answers();
            (gpu.next_event(), free)
        });
        drop(free);
        event
    }

    fn draw_at_once(&self, draw: Draw<'_>, patience: Patience<'_>) -> Result<(), PanelError> {
        let mut gpu = self.gpu.try_lock().ok_or(PanelError::Unavailable)?;
        let gpu = &mut *gpu;
        let last = gpu.last.and_then(|view| {
            let resource = gpu.resources.get(&view.screen)?;
            let is_at_hand = resource.backing().is_at_hand();
            is_at_hand.then_some((view, resource, resource.id?))
        });
        let Some((view, resource, id)) = last else {
            let spare = self.spare.as_ref().ok_or(PanelError::Unavailable)?;
            return spare.draw_at_once(&mut gpu.link, draw, patience);
        };
        let layout = resource.backing_layout();
        draw(&layout, view, &**resource.backing());
        let rows = view.y..view.y + layout.visible.height;
        let seen = resource.seen(view);
        let commands = [
            gpu::transfer_of(id, layout.whole.width, rows, layout.stride()),
            Command::set_scanout(id, seen),
            Command::flush(id, seen),
        ];
        commands
            .iter()
            .try_for_each(|command| gpu.link.send_at_once(command, patience))
    }
}
