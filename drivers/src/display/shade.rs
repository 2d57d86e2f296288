//! A screen in less than all the light.
//!
//! No panel here can dim its picture, so what is seen then is a shadow: memory of the display's
//! own, of the size that is seen, into which the rows that change are copied as [`light`] says.
//! In all the light there is no shadow, and nothing here is run: [`Front::Full`] is a screen as
//! ever.
//!
//! Only the presenter and programs that ask for a picture at once draw the shadow, one at a time
//! and with no lock held. What shows a screen (a switch, a pan, another mode) only says that all
//! of it is to be sent again, which costs the same whatever the resolution; until the shadow is
//! complete, what was seen before is seen.
//!
//! [`light`]: super::light

use alloc::sync::Arc;
use spin::mutex::SpinMutexGuard;

use super::light::{Light, Table, shade};
use super::memory::ScreenMemory;
use super::mux::Display;
use super::panel::{Layout, PanelError, ScreenNumber, View};
use super::rows::Rows;
use super::screen::Screen;

/// Bytes that are copied in one piece; whole pixels.
const PIECE: usize = 1024;

/// Who is in front, and how it is seen.
pub(super) enum Front {
    /// Nobody who has a screen.
    Nobody,
    /// This screen, as it was drawn.
    Full(Arc<Screen>),
    /// In less than all the light.
    Shaded(Shaded),
}

/// A screen, or none yet, that is seen by its shadow.
pub(super) struct Shaded {
    screen: Option<Arc<Screen>>,
    /// None: there is none yet, or it is being drawn.
    shadow: Option<Shadow>,
    /// Somebody draws the shadow, who gives it back if this is still the same number.
    is_drawn: bool,
    number: ScreenNumber,
    /// The shadow that the panel shows.
    shown: Option<ScreenNumber>,
}

/// What the panel shows in place of a screen.
pub(super) struct Shadow {
    number: ScreenNumber,
    layout: Layout,
    memory: Arc<dyn ScreenMemory>,
}

/// Everything under the lock of the front.
pub(super) struct Stage {
    pub front: Front,
    pub light: Light,
    /// The light's.
    table: Table,
}

impl Stage {
    pub fn new() -> Self {
        Self {
            front: Front::Nobody,
            light: Light::ALL,
            table: Light::ALL.table(),
        }
    }

    /// The level at which the screen in front is blanked.
    pub fn blank_level(&self) -> u32 {
        self.front
            .screen()
            .map_or(0, |screen| screen.settings().blank)
    }
}

impl Front {
    pub fn screen(&self) -> Option<&Arc<Screen>> {
        match self {
            Self::Nobody => None,
            Self::Full(screen) => Some(screen),
            Self::Shaded(shaded) => shaded.screen.as_ref(),
        }
    }

    pub fn is_of(&self, screen: &Arc<Screen>) -> bool {
        self.screen().is_some_and(|own| Arc::ptr_eq(own, screen))
    }

    /// Nobody's screen is in front any more; how the next is seen stays.
    pub fn leave(&mut self) {
        match self {
            Self::Shaded(shaded) => shaded.screen = None,
            front => *front = Self::Nobody,
        }
    }

    /// The panel shows nothing.
    pub fn note_dark(&mut self) {
        if let Self::Shaded(shaded) = self {
            shaded.shown = None;
        }
    }
}

impl Shaded {
    /// This screen is in front now.
    pub fn enter(&mut self, screen: &Arc<Screen>) {
        self.screen = Some(Arc::clone(screen));
    }
}

/// A part of a screen that is to be drawn on its shadow.
struct Work {
    number: ScreenNumber,
    layout: Layout,
    view: View,
    table: Table,
}

impl Display {
    /// The light has changed, or what is seen of the front. Returns a shadow that is not needed
    /// any more, to be put away where no lock is held.
    pub(super) fn relight(&self, stage: &mut Stage) -> Option<Shadow> {
        stage.table = stage.light.table();
        let screen = stage.front.screen().cloned();
        if !stage.light.is_full() {
            if !matches!(stage.front, Front::Shaded(_)) {
                stage.front = Front::Shaded(Shaded {
                    screen,
                    shadow: None,
                    is_drawn: false,
                    number: self.next_number(),
                    shown: None,
                });
            }
            self.show_shaded(stage);
            return None;
        }
        if let Some(screen) = &screen {
            self.panel().show(screen.view());
            // What was drawn meanwhile may be known and not converted.
            self.wake_presenter();
        }
        let front = screen.map_or(Front::Nobody, Front::Full);
        match core::mem::replace(&mut stage.front, front) {
            Front::Shaded(shaded) => shaded.shadow,
            Front::Nobody | Front::Full(_) => None,
        }
    }

    /// What is seen of the shaded screen in front has changed, all of it.
    #[cold]
    pub(super) fn show_shaded(&self, stage: &mut Stage) {
        let Front::Shaded(shaded) = &mut stage.front else {
            return;
        };
        let Some(screen) = &shaded.screen else {
            return;
        };
        if stage.light.is_lit() && screen.note_seen_changed() {
            self.wake_presenter();
        } else {
            shaded.shown = None;
            self.panel().show(None);
        }
    }

    /// Puts a shadow away. No lock is held.
    pub(super) fn put_away(&self, shadow: Option<Shadow>) {
        if let Some(shadow) = shadow {
            self.panel().detach(shadow.number);
        }
    }

    /// Draws rows of the shaded screen in front on its shadow, and sends them. The lock of the
    /// front, which `stage` is, is let go of meanwhile.
    #[cold]
    pub(super) fn draw_shadow(
        &self,
        mut stage: SpinMutexGuard<'_, Stage>,
        screen: &Arc<Screen>,
        rows: &Rows,
    ) {
        let Stage {
            front,
            light,
            table,
        } = &mut *stage;
        let (layout, view) = screen.layout_and_view();
        let (Front::Shaded(shaded), Some(view)) = (front, view.filter(|_| light.is_lit())) else {
            // All is sent when it is seen again.
            return;
        };
        if shaded.is_drawn {
            screen.settings().unsent.add_all(rows);
            self.wake_presenter();
            return;
        }
        shaded.is_drawn = true;
        let old = shaded.shadow.take();
        let work = Work {
            number: shaded.number,
            layout,
            view,
            table: *table,
        };
        drop(stage);
        self.draw(&work, screen, old, rows);
        self.panel().work();
    }

    fn draw(&self, work: &Work, screen: &Arc<Screen>, old: Option<Shadow>, rows: &Rows) {
        let seen = work.view.y..work.view.y + work.layout.visible.height;
        let layout = Layout {
            whole: work.layout.visible,
            ..work.layout
        };
        let (shadow, rows, old) = match old {
            Some(shadow) if shadow.layout == layout => (Ok(shadow), rows.within(seen), None),
            old => (self.make_shadow(layout), Rows::of(seen), old),
        };
        match shadow {
            Ok(shadow) => {
                let rows = work.copy(&rows, &*screen.memory, &*shadow.memory);
                let unwanted = self.send_shadow(work, screen, shadow, &rows);
                self.put_away(unwanted);
            }
            Err(error) => {
                self.give_up_shadow(work.number);
                self.report(error);
            }
        }
        self.put_away(old);
    }

    fn make_shadow(&self, layout: Layout) -> Result<Shadow, PanelError> {
        let memory = self.zeroed(layout.bytes())?;
        let number = self.next_number();
        self.panel().attach(number, layout, &memory)?;
        Ok(Shadow {
            number,
            layout,
            memory,
        })
    }

    /// There can be no shadow: the screen is seen in all the light until it is changed again.
    fn give_up_shadow(&self, number: ScreenNumber) {
        let mut stage = self.stage();
        if let Front::Shaded(shaded) = &mut stage.front
            && shaded.number == number
        {
            let screen = shaded.screen.take();
            if let Some(screen) = screen.as_ref().filter(|_| stage.light.is_lit()) {
                self.panel().show(screen.view());
            }
            stage.front = screen.map_or(Front::Nobody, Front::Full);
        }
    }

    /// Gives back the shadow and has the rows sent, if it still is what is to be seen. Returns
    /// it if it is not needed any more.
    fn send_shadow(
        &self,
        work: &Work,
        screen: &Arc<Screen>,
        shadow: Shadow,
        rows: &Rows,
    ) -> Option<Shadow> {
        let mut stage = self.stage();
        let is_lit = stage.light.is_lit();
        let in_front = stage.front.is_of(screen);
        let shaded = match &mut stage.front {
            Front::Shaded(shaded) if shaded.number == work.number => shaded,
            _ => return Some(shadow),
        };
        let number = shadow.number;
        shaded.is_drawn = false;
        shaded.shadow = Some(shadow);
        // If it is another by now, all of what is seen of that is to be sent already.
        if is_lit && in_front && screen.layout_and_view() == (work.layout, Some(work.view)) {
            self.panel().present(number, rows);
            if shaded.shown.replace(number) != Some(number) {
                let (x, y) = (0, 0);
                self.panel().show(Some(View {
                    screen: number,
                    x,
                    y,
                }));
            }
        }
        None
    }
}

impl Work {
    /// Copies rows of a screen, all of them seen, and returns where they are in the shadow.
    fn copy(&self, rows: &Rows, from: &dyn ScreenMemory, to: &dyn ScreenMemory) -> Rows {
        let mut copied = Rows::new();
        for range in rows.ranges() {
            range.clone().for_each(|row| self.copy_row(row, from, to));
            copied.add(range.start - self.view.y..range.end - self.view.y);
        }
        copied
    }

    fn copy_row(&self, row: u32, from: &dyn ScreenMemory, to: &dyn ScreenMemory) {
        let pixel = self.layout.format.bytes() as usize;
        let length = self.layout.visible.width as usize * pixel;
        let source = row as usize * self.layout.stride() + self.view.x as usize * pixel;
        let target = (row - self.view.y) as usize * length;
        let mut piece = [0; PIECE];
        let mut done = 0;
        while done < length {
            let piece = &mut piece[..PIECE.min(length - done)];
            from.read(source + done, piece);
            shade(&self.table, self.layout.format, piece);
            to.write(target + done, piece);
            done += piece.len();
        }
    }
}
