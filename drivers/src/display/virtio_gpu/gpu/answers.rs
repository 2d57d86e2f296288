//! What a virtio GPU answers, and what follows from that.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::super::super::edid;
use super::super::super::memory::ScreenMemory;
use super::super::super::panel::{Event, PanelError};
use super::super::is_possible;
use super::super::link::{Answer, Purpose};
use super::super::wire::{
    self, ANSWER_MAX, Command, GET_DISPLAY_INFO, GET_EDID, OK_DISPLAY_INFO, OK_EDID, OK_NODATA,
    display_size, number,
};
use super::{DEFAULT, Gpu, NOTHING};

impl Gpu {
    fn learn(&mut self, command: u32, answer: &[u8]) {
        match (command, number(answer, 0)) {
            (GET_DISPLAY_INFO, OK_DISPLAY_INFO) => self.wish = display_size(answer),
            (GET_EDID, OK_EDID) => {
                self.edid = edid::sizes(wire::edid(answer));
                self.edid.retain(|size| is_possible(*size));
            }
            (_, code) => self.report(Event::Failed(PanelError::Refused {
                command,
                answer: code,
            })),
        }
        self.asked = self.asked.saturating_sub(1);
        if self.asked > 0 {
            return;
        }
        let wish = self.wish.filter(|size| is_possible(*size));
        let preferred = wish.or(self.edid.first().copied()).unwrap_or(DEFAULT);
        if preferred != self.preferred {
            self.preferred = preferred;
            self.report(Event::Resized(preferred));
        }
    }

    /// Returns memory that is not needed any more and that the device never knew, to be dropped
    /// where no lock is held.
    pub fn take_unused(&mut self) -> Vec<Arc<dyn ScreenMemory>> {
        core::mem::take(&mut self.unused)
    }

    /// Takes all answers that are there. Returns the memory that the device has let go of, to be
    /// dropped where no lock is held.
    pub fn take_answers(&mut self) -> Vec<Arc<dyn ScreenMemory>> {
        let mut bytes = [0; ANSWER_MAX];
        let mut free = Vec::new();
        let was_silent = self.link.is_silent();
        while let Some(answer) = self.link.take(&mut bytes) {
            free.extend(self.understand(&answer, &bytes[..answer.length]));
        }
        if was_silent && !self.link.is_silent() {
            self.begin_anew();
        }
        free
    }

    fn understand(&mut self, answer: &Answer, bytes: &[u8]) -> Option<Arc<dyn ScreenMemory>> {
        let is_good = number(bytes, 0) == OK_NODATA;
        match answer.purpose {
            Purpose::Ask => {
                self.learn(answer.command, bytes);
                return None;
            }
            Purpose::Create(id) if is_good => {
                if self.seen_id() == Some(id) {
                    self.has_made_room = false;
                }
                return None;
            }
            Purpose::Create(id) => {
                self.not_made(id);
                return None;
            }
            Purpose::Unref(id) => {
                // One that was never made is not there either.
                return self.retired.remove(&id);
            }
            // What was to be done with a picture that could not be made fails too.
            Purpose::Use(id) | Purpose::Transfer(id, ..) | Purpose::Select(id)
                if !is_good && id != 0 && !self.is_known(id) =>
            {
                return None;
            }
            Purpose::Presented => {
                self.is_presenting = false;
                self.present();
            }
            Purpose::Select(_) | Purpose::Use(_) | Purpose::Transfer(..) => {}
        }
        if !is_good {
            self.report(Event::Failed(PanelError::Refused {
                command: answer.command,
                answer: number(bytes, 0),
            }));
        }
        None
    }

    /// Whether a screen's picture is called so.
    pub(super) fn is_known(&self, id: u32) -> bool {
        let mut resources = self.resources.values();
        resources.any(|resource| resource.id == Some(id))
    }

    /// The picture that is seen.
    fn seen_id(&self) -> Option<u32> {
        self.resources.get(&self.shown?.screen)?.id
    }

    /// The device has no room for a picture. If it is to be seen, room is made, once.
    fn not_made(&mut self, id: u32) {
        let is_seen = self.seen_id() == Some(id);
        let mut resources = self.resources.values_mut();
        let Some(resource) = resources.find(|resource| resource.id == Some(id)) else {
            return;
        };
        resource.id = None;
        resource.is_new = true;
        let bytes = resource.backing_layout().bytes();
        match self.shown {
            // Made when it is shown.
            _ if !is_seen => {}
            Some(view) if !self.has_made_room => {
                self.has_made_room = true;
                self.make_room(view.screen);
                self.show(Some(view));
            }
            _ => {
                self.has_made_room = false;
                self.submit(Command::set_scanout(0, NOTHING), Purpose::Select(0));
                self.report(Event::Failed(PanelError::NoMemory(bytes)));
            }
        }
    }
}
