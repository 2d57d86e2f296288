//! The Bochs display and the standard VGA of QEMU: a few registers, and video memory that is the
//! picture.
//!
//! This hardware shows nothing but its own memory, so the rows that are seen of a persona's
//! screen are copied there, those that changed and are seen. A switch copies all that is seen:
//! the screen that comes is copied to a place beside the one that is seen, and then the registers
//! point there, so that nobody sees half of each. Where the video memory does not hold two
//! screens, or the two differ in their layout, the display is dark while it is copied. In less than
//! all the light what is seen is one shadow, whoever is in front: there a switch is drawn over the
//! picture that is seen, from top to bottom, and for a moment there is half of each.
//!
//! Source: QEMU's `docs/specs/standard-vga.rst`; the VBE "dispi" interface of the Bochs VGABIOS.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use spin::mutex::SpinMutex;

use super::memory::{FrameRun, ScreenMemory};
use super::panel::{Draw, Event, Layout, Panel, PanelError, Patience, ScreenNumber, Size, View};
use super::picture;
use super::rows::Rows;

/// The registers by their numbers.
const ID: u16 = 0;
const XRES: u16 = 1;
const YRES: u16 = 2;
const BITS_PER_PIXEL: u16 = 3;
const ENABLE: u16 = 4;
const VIRT_WIDTH: u16 = 6;
const X_OFFSET: u16 = 8;
const Y_OFFSET: u16 = 9;
/// What [`ID`] reads, but for its last digit, the version.
const ID_BASE: u16 = 0xb0c0;
/// Bits of [`ENABLE`]: on, with all memory in one stretch, which is not cleared.
const ON: u16 = 0x01 | 0x40 | 0x80;
const OFF: u16 = 0;

/// The size of new screens, when none is wanted.
const DEFAULT: Size = Size {
    width: 1024,
    height: 768,
};
/// The sides that the registers take, and QEMU's devices show.
const SIDES: Range<u32> = 64..12_001;
/// Bytes that are copied under the lock.
const BAND_BYTES: usize = 64 * 1024;
/// Bytes that are copied in one piece.
const PIECE: usize = 1024;

/// The registers of a device.
pub trait Registers: Send {
    /// Reads a register of the dispi interface.
    fn read(&mut self, index: u16) -> u16;

    /// Writes one.
    fn write(&mut self, index: u16, value: u16);

    /// Where the device has the attribute controller of a VGA: lets it show the picture, or
    /// black. To be ignored where it has none.
    fn enable_vga(&mut self, on: bool);
}

/// The video memory of a device.
pub trait VideoMemory: Send {
    /// Its length in bytes.
    fn length(&self) -> usize;

    /// Writes at `offset`; stays within the length.
    fn write(&mut self, offset: usize, from: &[u8]);
}

struct Screen {
    layout: Layout,
    memory: Arc<dyn ScreenMemory>,
}

/// The copy of a screen in video memory.
struct Copy {
    screen: ScreenNumber,
    layout: Layout,
    /// The row of video memory that its first row is in.
    first_row: u32,
    /// Rows that differ.
    stale: Rows,
}

/// Everything under the lock.
struct State {
    registers: Box<dyn Registers>,
    video: Box<dyn VideoMemory>,
    screens: BTreeMap<ScreenNumber, Screen>,
    copy: Option<Copy>,
    /// What is to be seen.
    view: Option<View>,
    /// What was to be seen last, though it be blank now.
    last: Option<View>,
    /// The registers do not say so yet: the copy is not complete.
    is_pending: bool,
    /// What the registers say: the mode, and the row of video memory that the screen that is
    /// seen begins with. None: dark.
    mode: Option<(Layout, u32)>,
}

/// A running device.
pub struct Bochs {
    state: SpinMutex<State>,
    memory_bytes: usize,
    preferred: Size,
}

impl Bochs {
    /// Takes a device whose registers and memory these are. `wanted` is the size of new
    /// screens, if any is.
    ///
    /// # Errors
    /// [`PanelError::Silent`]: no such device answers there; [`PanelError::Mode`],
    /// [`PanelError::NoMemory`]: the size is impossible.
    pub fn start(
        mut registers: Box<dyn Registers>,
        video: Box<dyn VideoMemory>,
        wanted: Option<Size>,
    ) -> Result<Arc<Self>, PanelError> {
        if registers.read(ID) & 0xfff0 != ID_BASE {
            return Err(PanelError::Silent);
        }
        let preferred = wanted.unwrap_or(DEFAULT);
        let memory_bytes = video.length();
        let state = State {
            registers,
            video,
            screens: BTreeMap::new(),
            copy: None,
            view: None,
            last: None,
            is_pending: false,
            mode: None,
        };
        let bochs = Self {
            state: SpinMutex::new(state),
            memory_bytes,
            preferred,
        };
        bochs.check(&Layout {
            visible: preferred,
            whole: preferred,
            format: super::panel::PixelFormat::Xrgb8888,
        })?;
        Ok(Arc::new(bochs))
    }
}

impl State {
    fn show(&mut self, view: Option<View>) {
        self.view = view;
        let Some(view) = view else {
            self.is_pending = false;
            self.darken();
            return;
        };
        let Some(screen) = self.screens.get(&view.screen) else {
            return;
        };
        self.last = Some(view);
        let layout = screen.layout;
        let has_copy = self
            .copy
            .as_ref()
            .is_some_and(|copy| copy.screen == view.screen && copy.layout == layout);
        // After it was dark, what changed meanwhile is not known.
        if !has_copy || self.mode.is_none() {
            self.begin_copy(view.screen, layout);
        }
        self.is_pending = true;
        self.finish();
    }

    /// Chooses a place for a new copy, all of which is to be made.
    fn begin_copy(&mut self, screen: ScreenNumber, layout: Layout) {
        let rows = layout.whole.height;
        let has_room_for_two = 2 * layout.bytes() <= self.video.length();
        let first_row = match self.mode {
            Some((seen, 0)) if seen == layout && has_room_for_two => rows,
            Some((seen, _)) if seen == layout && has_room_for_two => 0,
            _ => {
                self.darken();
                0
            }
        };
        self.copy = Some(Copy {
            screen,
            layout,
            first_row,
            stale: Rows::of(0..rows),
        });
    }

    fn darken(&mut self) {
        if self.mode.take().is_some() {
            self.registers.enable_vga(false);
            self.registers.write(ENABLE, OFF);
        }
    }

    /// Rows of the copy that are to be seen.
    fn seen_rows(&self) -> Option<(View, Range<u32>)> {
        let (view, copy) = (self.view?, self.copy.as_ref()?);
        let rows = view.y..view.y + copy.layout.visible.height;
        (copy.screen == view.screen).then_some((view, rows))
    }

    /// Copies a few rows that are seen and stale. False: there are none.
    fn copy_band(&mut self) -> bool {
        let Some((_, seen)) = self.seen_rows() else {
            return false;
        };
        let Some(copy) = &mut self.copy else {
            return false;
        };
        let stride = copy.layout.stride();
        let most = (BAND_BYTES / stride.max(1)).max(1) as u32;
        let Some(rows) = copy.stale.take_touching(seen, most) else {
            return false;
        };
        let Some(screen) = self.screens.get(&copy.screen) else {
            return false;
        };
        let mut piece = [0; PIECE];
        let place = copy.first_row as usize * stride;
        let end = rows.end as usize * stride;
        let mut offset = rows.start as usize * stride;
        while offset < end {
            let piece = &mut piece[..PIECE.min(end - offset)];
            screen.memory.read(offset, piece);
            self.video.write(place + offset, piece);
            offset += piece.len();
        }
        true
    }

    /// Points the registers at what is to be seen, if it is all there.
    fn finish(&mut self) {
        let Some((view, seen)) = self.seen_rows().filter(|_| self.is_pending) else {
            return;
        };
        let Some(copy) = &self.copy else {
            return;
        };
        if !copy.stale.within(seen).is_empty() {
            return;
        }
        let (layout, first_row) = (copy.layout, copy.first_row);
        self.is_pending = false;
        if self.mode.is_none_or(|(seen, _)| seen != layout) {
            self.set_mode(&layout);
        }
        self.mode = Some((layout, first_row));
        // Sides and offsets are at most 12,000, and the second screen's at most twice that.
        self.registers.write(X_OFFSET, view.x as u16);
        self.registers.write(Y_OFFSET, (first_row + view.y) as u16);
    }

    /// In a panic while nobody's screen was seen: draws straight into the video memory.
    fn draw_on_nothing(&mut self, draw: Draw<'_>) -> Result<(), PanelError> {
        let layout = picture::PAGE;
        if layout.bytes() > self.video.length() {
            return Err(PanelError::Unavailable);
        }
        // The empty box takes no memory.
        let video = core::mem::replace(&mut self.video, Box::new(NoMemory));
        let page = Page(SpinMutex::new(video));
        for offset in (0..layout.bytes()).step_by(PIECE) {
            let rest = layout.bytes() - offset;
            page.write(offset, &[0; PIECE][..PIECE.min(rest)]);
        }
        draw(&layout, picture::PAGE_VIEW, &page);
        self.video = page.0.into_inner();
        self.set_mode(&layout);
        self.mode = Some((layout, 0));
        Ok(())
    }

    fn set_mode(&mut self, layout: &Layout) {
        let values = [
            (ENABLE, OFF),
            (BITS_PER_PIXEL, layout.format.bytes() as u16 * 8),
            (XRES, layout.visible.width as u16),
            (YRES, layout.visible.height as u16),
            (VIRT_WIDTH, layout.whole.width as u16),
            (X_OFFSET, 0),
            (Y_OFFSET, 0),
            (ENABLE, ON),
        ];
        for (index, value) in values {
            self.registers.write(index, value);
        }
        self.registers.enable_vga(true);
    }
}

/// The place of the video memory while that is drawn on.
struct NoMemory;

impl VideoMemory for NoMemory {
    fn length(&self) -> usize {
        0
    }

    fn write(&mut self, _offset: usize, _from: &[u8]) {}
}

/// Video memory as a screen that is only written.
struct Page(SpinMutex<Box<dyn VideoMemory>>);

impl ScreenMemory for Page {
    fn length(&self) -> usize {
        self.0.lock().length()
    }

    fn grow(&self, bytes: usize) -> bool {
        bytes <= self.length()
    }

    fn read(&self, _offset: usize, into: &mut [u8]) {
        into.fill(0);
    }

    fn write(&self, offset: usize, from: &[u8]) {
        self.0.lock().write(offset, from);
    }

    fn is_at_hand(&self) -> bool {
        !self.0.is_locked()
    }

    fn frames(&self, _visit: &mut dyn FnMut(FrameRun)) {}

    fn take_dirty(&self, _visit: &mut dyn FnMut(Range<usize>)) {}
}

impl Panel for Bochs {
    fn name(&self) -> &'static str {
        "bochs"
    }

    fn preferred(&self) -> Size {
        self.preferred
    }

    fn sizes(&self) -> Vec<Size> {
        const USUAL: [(u32, u32); 5] = [
            (1920, 1080),
            (1280, 1024),
            (1024, 768),
            (800, 600),
            (640, 480),
        ];
        let usual = USUAL.map(|(width, height)| Size { width, height });
        let fits = |size: &Size| {
            let bytes = size.width as usize * size.height as usize * 4;
            *size != self.preferred && bytes <= self.memory_bytes
        };
        let others = usual.into_iter().filter(fits);
        core::iter::once(self.preferred).chain(others).collect()
    }

    fn check(&self, layout: &Layout) -> Result<(), PanelError> {
        for size in [layout.visible, layout.whole] {
            // The device counts the visible width in steps of 8.
            let possible = SIDES.contains(&size.width)
                && SIDES.contains(&size.height)
                && size.width.is_multiple_of(8);
            if !possible {
                return Err(PanelError::Mode(size));
            }
        }
        if layout.bytes() > self.memory_bytes {
            return Err(PanelError::NoMemory(layout.bytes()));
        }
        Ok(())
    }

    fn attach(
        &self,
        screen: ScreenNumber,
        layout: Layout,
        memory: &Arc<dyn ScreenMemory>,
    ) -> Result<(), PanelError> {
        self.check(&layout)?;
        let memory = Arc::clone(memory);
        let old = {
            let mut state = self.state.lock();
            state.screens.insert(screen, Screen { layout, memory })
        };
        drop(old);
        Ok(())
    }

    fn detach(&self, screen: ScreenNumber) {
        let old = {
            let mut state = self.state.lock();
            if state.view.is_some_and(|view| view.screen == screen) {
                state.show(None);
            }
            state.last.take_if(|view| view.screen == screen);
            state.copy.take_if(|copy| copy.screen == screen);
            state.screens.remove(&screen)
        };
        drop(old);
    }

    fn show(&self, view: Option<View>) {
        self.state.lock().show(view);
    }

    fn present(&self, screen: ScreenNumber, rows: &Rows) {
        let mut state = self.state.lock();
        if let Some(copy) = &mut state.copy
            && copy.screen == screen
        {
            let rows = rows.within(0..copy.layout.whole.height);
            copy.stale.add_all(&rows);
        }
    }

    /// Until it is copied, the picture of somebody else is seen.
    fn settle(&self) {
        self.work();
    }

    fn work(&self) {
        // The lock is let go of between two bands.
        while self.state.lock().copy_band() {}
        self.state.lock().finish();
    }

    fn service(&self) -> Option<Event> {
        None
    }

    fn draw_at_once(&self, draw: Draw<'_>, _patience: Patience<'_>) -> Result<(), PanelError> {
        let mut state = self.state.try_lock().ok_or(PanelError::Unavailable)?;
        let last = state.last.and_then(|view| {
            let screen = state.screens.get(&view.screen)?;
            screen.memory.is_at_hand().then_some((view, screen))
        });
        let Some((view, screen)) = last else {
            return state.draw_on_nothing(draw);
        };
        draw(&screen.layout, view, &*screen.memory);
        let rows = view.y..view.y + screen.layout.visible.height;
        state.show(Some(view));
        if let Some(copy) = &mut state.copy {
            copy.stale.add(rows);
        }
        while state.copy_band() {}
        state.finish();
        Ok(())
    }
}
