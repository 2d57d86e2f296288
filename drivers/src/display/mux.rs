//! Between the panel and the screens: which one is in front.
//!
//! One lock says who is in front, and what is told to the panel is told under it: so a persona
//! that pans while it is switched away cannot bring its picture back. Under it a screen's
//! settings are locked, then the panel's own lock; all of them for short. What takes long (the
//! walk over what programs wrote, pixels that the CPU must move) is done with no lock held.
//!
//! In less than all the light the panel shows a [shadow] of the screen in front instead.
//!
//! [shadow]: super::shade

use abi::framebuffer::VarScreenInfo;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::convert::Infallible;
use core::sync::atomic::{AtomicU64, Ordering};
use spin::mutex::{SpinMutex, SpinMutexGuard};

use super::fbdev::mode;
use super::light::Light;
use super::memory::{MemorySource, ScreenMemory};
use super::panel::{Event, Layout, Panel, PanelError, Patience, PixelFormat, ScreenNumber, Size};
use super::picture;
use super::rows::Rows;
use super::screen::Screen;
use super::shade::{Front, Stage};

/// The thread that brings to the eye what programs draw.
pub trait Presenter: Send + Sync {
    /// There is something to present, or another screen is in front: [`Display::present`] should
    /// run soon. Called with locks held; does not sleep.
    fn wake(&self);

    /// Something has failed that nobody waits for; to be told to whoever runs the machine.
    fn failed(&self, error: PanelError);

    /// The audience of a new screen, to be kept with it.
    fn audience(&self) -> Arc<dyn Audience>;
}

/// Whoever waits for a screen to get another mode.
pub trait Audience: Any + Send + Sync {
    /// It has. Called without locks; does not sleep.
    fn mode_changed(&self);
}

/// A panel and who is seen on it.
pub struct Display {
    panel: Arc<dyn Panel>,
    source: Box<dyn MemorySource>,
    presenter: Box<dyn Presenter>,
    stage: SpinMutex<Stage>,
    next_number: AtomicU64,
}

impl Display {
    /// A display whose screens get their memory from `source`.
    pub fn new(
        panel: Arc<dyn Panel>,
        source: Box<dyn MemorySource>,
        presenter: Box<dyn Presenter>,
    ) -> Arc<Self> {
        Arc::new(Self {
            panel,
            source,
            presenter,
            stage: SpinMutex::new(Stage::new()),
            next_number: AtomicU64::new(1),
        })
    }

    /// The hardware.
    pub fn panel(&self) -> &dyn Panel {
        &*self.panel
    }

    /// The lock of the front; a short one.
    pub(super) fn stage(&self) -> SpinMutexGuard<'_, Stage> {
        self.stage.lock()
    }

    pub(super) fn next_number(&self) -> ScreenNumber {
        ScreenNumber(self.next_number.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn zeroed(&self, bytes: usize) -> Result<Arc<dyn ScreenMemory>, PanelError> {
        let memory = self.source.zeroed(bytes);
        memory.ok_or(PanelError::NoMemory(bytes))
    }

    pub(super) fn wake_presenter(&self) {
        self.presenter.wake();
    }

    pub(super) fn report(&self, error: PanelError) {
        self.presenter.failed(error);
    }

    /// How bright the panel is.
    pub fn light(&self) -> Light {
        self.stage.lock().light
    }

    /// The level (`FB_BLANK_*`) at which the screen in front is blanked.
    pub fn blank_level(&self) -> u32 {
        self.stage.lock().blank_level()
    }

    /// Changes how bright the panel is; `change` is given the level at which the screen in front
    /// is blanked, too. Does not sleep.
    pub fn set_light(&self, change: impl FnOnce(&mut Light, u32)) {
        let unwanted = {
            let mut stage = self.stage.lock();
            let level = stage.blank_level();
            change(&mut stage.light, level);
            self.relight(&mut stage)
        };
        self.put_away(unwanted);
    }

    /// The memory that is seen now, or would be if it were not blank.
    pub fn active_memory(&self) -> Option<Arc<dyn ScreenMemory>> {
        let stage = self.stage.lock();
        let screen = stage.front.screen();
        screen.map(|screen| Arc::clone(&screen.memory))
    }

    /// Sends what has changed on the screen in front since the last time: nothing when nothing
    /// has. May sleep; the caller holds no lock.
    pub fn present(&self) {
        let front = self.stage.lock().front.screen().cloned();
        if let Some(screen) = front {
            self.present_screen(&screen);
        }
        self.panel.work();
    }

    /// As [`Self::present`], if this screen is in front.
    pub(super) fn present_if_in_front(&self, screen: &Arc<Screen>) {
        if self.is_in_front(screen) {
            self.present_screen(screen);
            self.panel.work();
        }
    }

    fn present_screen(&self, screen: &Arc<Screen>) {
        let rows = screen.take_dirty();
        self.send(screen, &rows);
    }

    /// A screen that has left the front meanwhile needs nothing sent: the whole of it is when it
    /// comes back. Its rows out of sight are kept.
    fn send(&self, screen: &Arc<Screen>, rows: &Rows) {
        if rows.is_empty() {
            return;
        }
        let stage = self.stage.lock();
        match &stage.front {
            Front::Full(front) if Arc::ptr_eq(front, screen) => {
                self.panel.present(screen.number(), rows);
            }
            front if front.is_of(screen) => {
                // For when it is seen itself again, or another part of it.
                self.panel.present(screen.number(), rows);
                self.draw_shadow(stage, screen, rows);
            }
            _ => screen.settings().unsent.add_all(rows),
        }
    }

    /// Whether it is seen now, or would be if it were not blank.
    fn is_in_front(&self, screen: &Arc<Screen>) -> bool {
        self.stage.lock().front.is_of(screen)
    }

    /// Something has been written by a call.
    pub(super) fn wake(&self, screen: &Arc<Screen>) {
        if self.is_in_front(screen) {
            self.presenter.wake();
        }
    }

    /// Takes what the panel has to say; to be called in a thread when its interrupt came.
    pub fn service(&self, report: &mut dyn FnMut(Event)) {
        while let Some(event) = self.panel.service() {
            report(event);
        }
    }

    /// Makes a screen of the size that the panel prefers, with memory for twice its height.
    pub(super) fn create_screen(&self) -> Result<Arc<Screen>, PanelError> {
        let size = self.panel.preferred();
        let layout = Layout {
            visible: size,
            whole: size,
            format: PixelFormat::Xrgb8888,
        };
        self.panel.check(&layout)?;
        let memory = self.memory_for(&layout)?;
        let number = self.next_number();
        self.panel.attach(number, layout, &memory)?;
        let audience = self.presenter.audience();
        Ok(Arc::new(Screen::new(number, memory, size, audience)))
    }

    /// Twice the height where the panel can show that and there is memory, else once.
    fn memory_for(&self, layout: &Layout) -> Result<Arc<dyn ScreenMemory>, PanelError> {
        self.doubled(layout)
            .and_then(|bytes| self.source.zeroed(bytes))
            .or_else(|| self.source.zeroed(layout.bytes()))
            .ok_or(PanelError::NoMemory(layout.bytes()))
    }

    /// Bytes of a screen like this with twice the height, if the panel can show that.
    fn doubled(&self, layout: &Layout) -> Option<usize> {
        let doubled = Layout {
            whole: Size {
                height: layout.whole.height * 2,
                ..layout.whole
            },
            ..*layout
        };
        self.panel.check(&doubled).ok().map(|()| doubled.bytes())
    }

    /// Bytes that a screen's memory has, or may grow to: what the size that the panel prefers now
    /// needs, so that each screen can follow it, and no more, whatever a program asks for. Without a
    /// screen it is what a new one might have.
    pub(super) fn memory_limit(&self, screen: Option<&Screen>) -> usize {
        let size = self.panel.preferred();
        let layout = Layout {
            visible: size,
            whole: size,
            format: PixelFormat::Xrgb8888,
        };
        let needed = match self.panel.check(&layout) {
            Ok(()) => self.doubled(&layout).unwrap_or(layout.bytes()),
            Err(_) => 0,
        };
        needed.max(screen.map_or(0, |screen| screen.memory.length()))
    }

    /// Sizes that a screen can be given, the one that the panel prefers first.
    pub(super) fn sizes(&self, screen: Option<&Screen>) -> Vec<Size> {
        let memory = self.memory_limit(screen);
        let mut sizes = self.panel.sizes();
        sizes.retain(|size| mode::check(&mode::var_of(*size), &*self.panel, memory).is_ok());
        sizes
    }

    /// Lets a screen's memory grow, if need be, until it holds this layout; to the most that it
    /// may have, where there is so much.
    fn make_room(&self, screen: &Screen, layout: &Layout) -> Result<(), PanelError> {
        let memory = &screen.memory;
        let has_room = layout.bytes() <= memory.length()
            || memory.grow(self.memory_limit(Some(screen)).max(layout.bytes()))
            || memory.grow(layout.bytes());
        let room = has_room.then_some(());
        room.ok_or(PanelError::NoMemory(layout.bytes()))
    }

    /// A screen comes to the front.
    pub(super) fn show(&self, screen: &Arc<Screen>) {
        let mut stage = self.stage.lock();
        match &mut stage.front {
            Front::Shaded(shaded) => {
                shaded.enter(screen);
                self.show_shaded(&mut stage);
            }
            front => {
                *front = Front::Full(Arc::clone(screen));
                self.panel.show(screen.view());
                // What was drawn out of sight is not known to the panel yet, and there may be
                // more.
                self.presenter.wake();
            }
        }
    }

    /// A screen leaves the front. It is seen until [`Self::settle`]: its successor may have one.
    pub(super) fn leave(&self, screen: &Arc<Screen>) {
        let mut stage = self.stage.lock();
        if stage.front.is_of(screen) {
            stage.front.leave();
        }
    }

    /// A switch is complete: if nobody's screen is in front, nothing is seen.
    pub(super) fn settle(&self) {
        {
            let mut stage = self.stage.lock();
            if stage.front.screen().is_none() {
                self.panel.show(None);
                stage.front.note_dark();
            }
        }
        self.panel.settle();
    }

    /// A screen is gone for good.
    pub(super) fn release(&self, screen: &Arc<Screen>) {
        self.leave(screen);
        self.panel.detach(screen.number());
    }

    /// Changes a screen under the lock of the front: `change` decides, and what is to be seen
    /// afterwards is shown if the screen is in front.
    pub(super) fn change<E>(
        &self,
        screen: &Arc<Screen>,
        change: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        {
            let mut stage = self.stage.lock();
            change()?;
            match &stage.front {
                Front::Full(front) if Arc::ptr_eq(front, screen) => {
                    self.panel.show(screen.view());
                }
                front if front.is_of(screen) => self.show_shaded(&mut stage),
                _ => {}
            }
        }
        self.panel.work();
        Ok(())
    }

    /// Gives a screen another mode, for which its memory grows if need be; who waits for that is
    /// told. The panel makes what it needs for another layout (memory for converted pixels,
    /// perhaps) with no lock held.
    ///
    /// # Errors
    /// [`PanelError::NoMemory`], and what [`Panel::attach`] answers; nothing has changed then.
    pub(super) fn set_mode(
        &self,
        screen: &Arc<Screen>,
        var: VarScreenInfo,
    ) -> Result<(), PanelError> {
        let layout = mode::layout(&var);
        self.make_room(screen, &layout)?;
        let mut made = None;
        loop {
            let is_other = layout != screen.settings().layout();
            if is_other && made.is_none() {
                let number = self.next_number();
                self.panel.attach(number, layout, &screen.memory)?;
                made = Some(number);
            }
            let mut is_set = false;
            let Ok(()) = self.change(screen, || {
                let mut settings = screen.settings();
                // Somebody else may have changed it meanwhile.
                is_set = made.is_some() || settings.layout() == layout;
                if is_set {
                    if let Some(number) = made {
                        made = Some(screen.set_number(number));
                        // Rows of the layout before; in this all are new to the panel.
                        settings.unsent = Rows::new();
                    }
                    settings.var = var;
                }
                Ok::<_, Infallible>(())
            });
            if is_set {
                break;
            }
        }
        // What it was known by before is not seen any more.
        if let Some(old) = made {
            self.panel.detach(old);
        }
        screen.audience.mode_changed();
        Ok(())
    }

    /// Blanks a screen at this level (`FB_BLANK_*`), or with 0 shows it again. In front this is
    /// handed on to the LCD.
    pub(super) fn blank(&self, screen: &Arc<Screen>, level: u32) {
        let unwanted = {
            let mut stage = self.stage.lock();
            screen.settings().blank = level;
            let in_front = stage.front.is_of(screen);
            if in_front {
                stage.light.lcd_power = None;
            }
            in_front.then(|| self.relight(&mut stage)).flatten()
        };
        self.put_away(unwanted);
        self.panel.work();
    }

    /// In a panic: writes `lines` over what is seen. Takes no lock that is held, allocates
    /// nothing, and waits for the device as long as `patience` lasts.
    ///
    /// # Errors
    /// [`PanelError::Unavailable`], [`PanelError::Silent`].
    pub fn show_panic(
        &self,
        lines: &mut dyn Iterator<Item = &str>,
        patience: Patience<'_>,
    ) -> Result<(), PanelError> {
        let mut draw = |layout: &Layout, view, memory: &dyn ScreenMemory| {
            picture::draw(lines, layout, view, memory);
        };
        self.panel.draw_at_once(&mut draw, patience)
    }
}
