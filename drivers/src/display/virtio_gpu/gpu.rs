//! What a virtio GPU was told, and what it is told next. All under one lock, and nothing here
//! waits.
//!
//! # Memory of the device
//! A device has room for so many pictures (256 MiB in QEMU, unless told otherwise). When there is
//! none for another, the pictures that are not seen are given up; each is made anew when its
//! screen is shown.
//!
//! # Memory of the guest
//! The device may look at a picture's backing until it has confirmed that the picture is given
//! up; the backing is held until then.
//!
//! # A device that is slower than who draws
//! What is shown next makes pointless what was to be shown before: commands for that which still
//! wait for room are taken back, and the rows that they would have sent go with the next time that
//! their screen is shown. A picture that is given up before the device was told of it is not
//! mentioned at all.

mod answers;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::super::memory::{FrameRun, ScreenMemory};
use super::super::panel::{Event, PanelError, ScreenNumber, Size, View};
use super::super::rows::Rows;
use super::link::{Link, Purpose};
use super::resource::Resource;
use super::spare::SPARE_ID;
use super::wire::{Command, Rect};
use crate::virtio::Device;

/// What is shown when the display has no wish of its own.
const DEFAULT: Size = Size {
    width: 1024,
    height: 768,
};
/// Events that nobody has fetched.
const EVENTS_MAX: usize = 16;
/// The configuration space: what has happened, and what of it was seen.
const EVENTS_READ: usize = 0;
const EVENTS_CLEAR: usize = 4;
/// `VIRTIO_GPU_EVENT_DISPLAY`.
const EVENT_DISPLAY: u32 = 1;
/// No picture.
const NOTHING: Rect = Rect {
    x: 0,
    y: 0,
    width: 0,
    height: 0,
};

pub struct Gpu {
    device: Box<dyn Device>,
    pub link: Link,
    has_edid: bool,
    /// Questions that are not answered yet.
    asked: u32,
    wish: Option<Size>,
    edid: Vec<Size>,
    preferred: Size,
    pub resources: BTreeMap<ScreenNumber, Resource>,
    /// Pictures that are given up, with what backs them.
    retired: BTreeMap<u32, Arc<dyn ScreenMemory>>,
    /// Pictures that are to be given up when another is seen.
    outgoing: Vec<(u32, Arc<dyn ScreenMemory>)>,
    /// What backed pictures that the device was never told of.
    unused: Vec<Arc<dyn ScreenMemory>>,
    next_id: u32,
    pub shown: Option<View>,
    /// What was seen last, though it be blank now.
    pub last: Option<View>,
    /// Somebody converts rows, and nobody else may: of two who convert the same row, the last
    /// could be the one who had read it first.
    pub is_converting: bool,
    /// What changed is on its way.
    is_presenting: bool,
    /// Room was made for the picture that is seen.
    has_made_room: bool,
    events: VecDeque<Event>,
}

impl Gpu {
    pub fn new(device: Box<dyn Device>, link: Link, has_edid: bool) -> Self {
        Self {
            device,
            link,
            has_edid,
            asked: 0,
            wish: None,
            edid: Vec::new(),
            preferred: DEFAULT,
            resources: BTreeMap::new(),
            retired: BTreeMap::new(),
            outgoing: Vec::new(),
            unused: Vec::new(),
            next_id: 1,
            shown: None,
            last: None,
            is_converting: false,
            is_presenting: false,
            has_made_room: false,
            events: VecDeque::new(),
        }
    }

    pub fn preferred(&self) -> Size {
        self.preferred
    }

    /// The preferred size, and those of the EDID.
    pub fn sizes(&self) -> Vec<Size> {
        let others = self.edid.iter().filter(|size| **size != self.preferred);
        core::iter::once(self.preferred)
            .chain(others.copied())
            .collect()
    }

    fn report(&mut self, event: Event) {
        if self.events.len() < EVENTS_MAX {
            self.events.push_back(event);
        }
    }

    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn submit(&mut self, command: Command, purpose: Purpose) {
        let was_silent = self.link.is_silent();
        let pictures = self.resources.len() + self.retired.len();
        if !self.link.submit(command, purpose, pictures) && !was_silent {
            self.give_up_all();
            self.report(Event::Failed(PanelError::Silent));
        }
    }

    // What the display prefers.

    /// Asks what the display prefers.
    pub fn ask(&mut self) {
        self.asked += 1;
        self.submit(Command::get_display_info(), Purpose::Ask);
        if self.has_edid {
            self.asked += 1;
            self.submit(Command::get_edid(), Purpose::Ask);
        }
    }

    /// Whether all questions are answered.
    pub fn is_informed(&self) -> bool {
        self.asked == 0
    }

    /// Acknowledges the interrupt; if the display has changed, asks about it.
    pub fn acknowledge(&mut self) {
        if !self.device.acknowledge() {
            return;
        }
        let mut events = [0; 4];
        self.device.read_config(EVENTS_READ, &mut events);
        if u32::from_le_bytes(events) & EVENT_DISPLAY != 0 {
            self.device
                .write_config(EVENTS_CLEAR, &EVENT_DISPLAY.to_le_bytes());
            self.ask();
        }
    }

    // The pictures.

    /// Keeps a screen's picture, in place of the one it had. Returns what is not needed any
    /// more, to be dropped where no lock is held.
    pub fn attach(
        &mut self,
        screen: ScreenNumber,
        resource: Resource,
        runs: &[FrameRun],
    ) -> Option<Resource> {
        let old = self.resources.insert(screen, resource);
        if let Some(old) = &old {
            let is_seen = self.shown.is_some_and(|view| view.screen == screen);
            if let Some(id) = old.id {
                // Given up now, it would leave the display dark until the new one is shown.
                let backing = Arc::clone(old.backing());
                self.outgoing.push((id, backing));
            }
            if !is_seen {
                self.retire_outgoing();
            }
        }
        self.make(screen, runs);
        old
    }

    /// What the device is to call a new picture: not 0, which means none, nor as the spare picture
    /// is called, nor, when all numbers were used once, as one that it still has. Those are fewer
    /// than numbers.
    fn take_id(&mut self) -> u32 {
        loop {
            let id = self.next_id;
            self.next_id = match id + 1 {
                SPARE_ID => 1,
                next => next,
            };
            let outgoing = self.outgoing.iter().any(|(other, _)| *other == id);
            if !(outgoing || self.is_known(id) || self.retired.contains_key(&id)) {
                return id;
            }
        }
    }

    /// Has the device make the picture of a screen.
    fn make(&mut self, screen: ScreenNumber, runs: &[FrameRun]) {
        if self.link.is_silent() {
            return;
        }
        let id = self.take_id();
        let Some(resource) = self.resources.get_mut(&screen) else {
            return;
        };
        resource.id = Some(id);
        // The device knows no row of it, those out of sight neither.
        resource.unsent.add(0..resource.layout.whole.height);
        let size = resource.layout.whole;
        self.submit(Command::create(id, size), Purpose::Create(id));
        self.submit(Command::attach(id, runs), Purpose::Use(id));
    }

    /// As [`Self::make`], for a picture that was given up.
    fn make_again(&mut self, screen: ScreenNumber) {
        if let Some(resource) = self.resources.get(&screen)
            && resource.id.is_none()
        {
            let runs = runs_of(&**resource.backing(), resource.backing_layout().bytes());
            self.make(screen, &runs);
        }
    }

    pub fn detach(&mut self, screen: ScreenNumber) -> Option<Resource> {
        let resource = self.resources.remove(&screen)?;
        if self.shown.is_some_and(|view| view.screen == screen) {
            self.show(None);
        }
        self.last.take_if(|view| view.screen == screen);
        if let Some(id) = resource.id {
            self.retire(id, Arc::clone(resource.backing()));
        }
        Some(resource)
    }

    /// Gives a picture up.
    fn retire(&mut self, id: u32, backing: Arc<dyn ScreenMemory>) {
        let mut is_made = true;
        self.link.drop_waiting(|purpose| {
            is_made &= purpose != Purpose::Create(id);
            match purpose {
                Purpose::Create(other)
                | Purpose::Use(other)
                | Purpose::Transfer(other, ..)
                | Purpose::Select(other) => other == id,
                Purpose::Ask | Purpose::Unref(_) | Purpose::Presented => false,
            }
        });
        if !is_made {
            self.unused.push(backing);
            return;
        }
        self.retired.insert(id, backing);
        self.submit(Command::unref(id), Purpose::Unref(id));
    }

    fn retire_outgoing(&mut self) {
        for (id, backing) in core::mem::take(&mut self.outgoing) {
            self.retire(id, backing);
        }
    }

    /// Gives up the pictures of all screens but one.
    fn make_room(&mut self, except: ScreenNumber) {
        let others = self.resources.iter_mut();
        let given_up: Vec<_> = others
            .filter(|(screen, _)| **screen != except)
            .filter_map(|(_, resource)| {
                let id = resource.id.take()?;
                Some((id, Arc::clone(resource.backing())))
            })
            .collect();
        for (id, backing) in given_up {
            self.retire(id, backing);
        }
    }

    /// The device is silent: what it was told last is not known.
    fn give_up_all(&mut self) {
        self.is_presenting = false;
        self.asked = 0;
        let ids = self.resources.values_mut().filter_map(|resource| {
            let id = resource.id.take()?;
            Some((id, Arc::clone(resource.backing())))
        });
        self.retired.extend(ids);
        self.retired.extend(core::mem::take(&mut self.outgoing));
    }

    /// The device answers again after it was silent.
    fn begin_anew(&mut self) {
        let ids: Vec<u32> = self.retired.keys().copied().collect();
        for id in ids {
            self.submit(Command::unref(id), Purpose::Unref(id));
        }
        let shown = self.shown.take();
        self.show(shown);
    }

    // What is seen.

    pub fn show(&mut self, view: Option<View>) {
        self.take_back();
        match view {
            Some(view) => self.show_view(view),
            None => {
                self.shown = None;
                self.submit(Command::set_scanout(0, NOTHING), Purpose::Select(0));
            }
        }
        self.retire_outgoing();
    }

    /// Takes back what is still on its way to the eye.
    fn take_back(&mut self) {
        let Self {
            link,
            resources,
            is_presenting,
            ..
        } = self;
        link.drop_waiting(|purpose| {
            match purpose {
                Purpose::Select(_) => {}
                Purpose::Presented => *is_presenting = false,
                Purpose::Transfer(id, first, end) => {
                    let mut resources = resources.values_mut();
                    let resource = resources.find(|resource| resource.id == Some(id));
                    if let Some(resource) = resource {
                        resource.unsent.add(first..end);
                    }
                }
                _ => return false,
            }
            true
        });
    }

    fn show_view(&mut self, view: View) {
        let was_seen = self.shown.is_some_and(|shown| shown.screen == view.screen);
        self.make_again(view.screen);
        let Some(resource) = self.resources.get_mut(&view.screen) else {
            return;
        };
        if !was_seen || core::mem::take(&mut resource.is_new) {
            resource.is_new = false;
            resource.note_seen_changed(view);
        }
        self.shown = Some(view);
        self.last = Some(view);
        self.select(view);
    }

    /// Brings the picture up to date and points the display at it.
    fn select(&mut self, view: View) {
        self.transfer(view.screen);
        if let Some(resource) = self.resources.get(&view.screen)
            && let Some(id) = resource.id
        {
            let seen = resource.seen(view);
            self.submit(Command::set_scanout(id, seen), Purpose::Select(id));
            self.submit(Command::flush(id, seen), Purpose::Select(id));
        }
    }

    /// Has the device read the rows of a screen that it does not know. Returns them.
    fn transfer(&mut self, screen: ScreenNumber) -> Rows {
        let Some((resource, id)) = self
            .resources
            .get_mut(&screen)
            .and_then(|resource| resource.id.map(|id| (resource, id)))
        else {
            return Rows::new();
        };
        let rows = core::mem::take(&mut resource.unsent);
        let layout = resource.backing_layout();
        for range in rows.ranges() {
            let command = transfer_of(id, layout.whole.width, range.clone(), layout.stride());
            self.submit(command, Purpose::Transfer(id, range.start, range.end));
        }
        rows
    }

    /// Rows of a screen have changed in what the device reads.
    pub fn note_changed(&mut self, screen: ScreenNumber, rows: &Rows) {
        if let Some(resource) = self.resources.get_mut(&screen) {
            resource.unsent.add_all(rows);
        }
        self.present();
    }

    /// Sends what has changed of the screen that is seen, unless the device is still busy with
    /// what was sent before: then it goes with the next.
    fn present(&mut self) {
        let Some(view) = self.shown.filter(|_| !self.is_presenting) else {
            return;
        };
        let rows = self.transfer(view.screen);
        let Some(resource) = self.resources.get(&view.screen) else {
            return;
        };
        let seen = rows.within(view.y..view.y + resource.layout.visible.height);
        let (Some(first), Some(last)) = (seen.ranges().first(), seen.ranges().last()) else {
            return;
        };
        if let Some(id) = resource.id {
            let rect = Rect {
                y: first.start,
                height: last.end - first.start,
                ..resource.seen(view)
            };
            self.is_presenting = true;
            self.submit(Command::flush(id, rect), Purpose::Presented);
        }
    }
}

/// Transfers whole rows.
pub fn transfer_of(id: u32, width: u32, rows: core::ops::Range<u32>, stride: usize) -> Command {
    let offset = u64::from(rows.start) * stride as u64;
    let rect = Rect {
        x: 0,
        y: rows.start,
        width,
        height: rows.end - rows.start,
    };
    Command::transfer(id, rect, offset)
}

/// The runs of the first `bytes` of memory.
pub fn runs_of(memory: &dyn ScreenMemory, bytes: usize) -> Vec<FrameRun> {
    let mut left = bytes as u64;
    let mut runs = Vec::new();
    memory.frames(&mut |run| {
        let bytes = run.bytes.min(left);
        left -= bytes;
        if bytes > 0 {
            runs.push(FrameRun { bytes, ..run });
        }
    });
    runs
}
