//! Between the panel and the screens: which one is in front.
//!
//! One lock says who is in front, and what is told to the panel is told under it: so a persona
//! that pans while it is switched away cannot bring its picture back. Under it a screen's
//! settings are locked, then the panel's own lock; all of them for short. What takes long (the
//! walk over what programs wrote, pixels that the CPU must move) is done with no lock held.
//!
//! A brightness of each persona would be applied where the front changes, in `Display::show`:
//! it then costs nothing while it is full.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};
use spin::mutex::SpinMutex;

use super::memory::{MemorySource, ScreenMemory};
use super::panel::{Event, Layout, Panel, PanelError, Patience, PixelFormat, ScreenNumber, Size};
use super::picture;
use super::rows::Rows;
use super::screen::Screen;

/// The thread that brings to the eye what programs draw.
pub trait Presenter: Send + Sync {
    /// There is something to present, or another screen is in front: [`Display::present`] should
    /// run soon. Called with locks held; does not sleep.
    fn wake(&self);
}

/// A panel and who is seen on it.
pub struct Display {
    panel: Arc<dyn Panel>,
    source: Box<dyn MemorySource>,
    presenter: Box<dyn Presenter>,
    front: SpinMutex<Option<Arc<Screen>>>,
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
            front: SpinMutex::new(None),
            next_number: AtomicU64::new(1),
        })
    }

    /// The hardware.
    pub fn panel(&self) -> &dyn Panel {
        &*self.panel
    }

    /// The memory that is seen now, or would be if it were not blank.
    pub fn active_memory(&self) -> Option<Arc<dyn ScreenMemory>> {
        let front = self.front.lock();
        front.as_ref().map(|screen| Arc::clone(&screen.memory))
    }

    /// Sends what has changed on the screen in front since the last time: nothing when nothing
    /// has. May sleep; the caller holds no lock.
    pub fn present(&self) {
        let front = self.front.lock().clone();
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
        let front = self.front.lock();
        if is_same(&front, screen) {
            self.panel.present(screen.number, rows);
        } else {
            screen.settings().unsent.add_all(rows);
        }
    }

    /// Whether it is seen now, or would be if it were not blank.
    fn is_in_front(&self, screen: &Arc<Screen>) -> bool {
        is_same(&self.front.lock(), screen)
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
        let number = ScreenNumber(self.next_number.fetch_add(1, Ordering::Relaxed));
        self.panel.attach(number, layout, &memory)?;
        Ok(Arc::new(Screen::new(number, memory, size)))
    }

    /// Twice the height where the panel can show that and there is memory, else once.
    fn memory_for(&self, layout: &Layout) -> Result<Arc<dyn ScreenMemory>, PanelError> {
        let doubled = Layout {
            whole: Size {
                height: layout.whole.height * 2,
                ..layout.whole
            },
            ..*layout
        };
        let both = self.panel.check(&doubled).ok();
        both.and_then(|()| self.source.zeroed(doubled.bytes()))
            .or_else(|| self.source.zeroed(layout.bytes()))
            .ok_or(PanelError::NoMemory(layout.bytes()))
    }

    /// A screen comes to the front.
    pub(super) fn show(&self, screen: &Arc<Screen>) {
        let mut front = self.front.lock();
        *front = Some(Arc::clone(screen));
        self.panel.show(screen.view());
        // What was drawn out of sight is not known to the panel yet, and there may be more.
        self.presenter.wake();
    }

    /// A screen leaves the front. It is seen until [`Self::settle`]: its successor may have one.
    pub(super) fn leave(&self, screen: &Arc<Screen>) {
        let mut front = self.front.lock();
        if is_same(&front, screen) {
            *front = None;
        }
    }

    /// A switch is complete: if nobody's screen is in front, nothing is seen.
    pub(super) fn settle(&self) {
        {
            let front = self.front.lock();
            if front.is_none() {
                self.panel.show(None);
            }
        }
        self.panel.work();
    }

    /// A screen is gone for good.
    pub(super) fn release(&self, screen: &Arc<Screen>) {
        self.leave(screen);
        self.panel.detach(screen.number);
    }

    /// Changes a screen under the lock of the front: `change` decides, and what is to be seen
    /// afterwards is shown if the screen is in front.
    pub(super) fn change<E>(
        &self,
        screen: &Arc<Screen>,
        change: impl FnOnce(&dyn Panel) -> Result<(), E>,
    ) -> Result<(), E> {
        {
            let front = self.front.lock();
            change(&*self.panel)?;
            if is_same(&front, screen) {
                self.panel.show(screen.view());
            }
        }
        self.panel.work();
        Ok(())
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

fn is_same(front: &Option<Arc<Screen>>, screen: &Arc<Screen>) -> bool {
    front
        .as_ref()
        .is_some_and(|other| Arc::ptr_eq(other, screen))
}
