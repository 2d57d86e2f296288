//! The way to the device: commands wait here for room in the queue, and answers are told apart.
//!
//! Nothing waits for an answer, and little waits for room: what a later command makes pointless is
//! dropped ([`Link::drop_waiting`]), so that a slow device is not behind by more than a few
//! pictures however fast they change. If more waits than there can be a use for, the device is
//! silent; what was meant for it is dropped then, and its driver begins anew when it answers.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::super::panel::{PanelError, Patience};
use super::wire::{ANSWER_MAX, COMMAND_MAX, Command, number};
use crate::virtio::{Queue, QueueShape, Token};

/// Commands that may be with the device at once.
const BUFFERS: u16 = 8;
/// Commands that may wait for room, besides those that make or give up pictures; one more, and the
/// device is silent.
const WAITING_MAX: usize = 128;
/// Commands that make a picture and give it up.
const OF_A_PICTURE: usize = 3;

/// The queue of commands.
pub const CONTROL: QueueShape = QueueShape {
    index: 0,
    buffers: BUFFERS,
    readable: COMMAND_MAX,
    writable: ANSWER_MAX,
};

/// What a command was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To learn what the display prefers.
    Ask,
    /// To make this resource.
    Create(u32),
    /// To give this resource up.
    Unref(u32),
    /// To do something with this resource.
    Use(u32),
    /// To have these rows of this resource read, from the first up to the last, which does not
    /// belong to them.
    Transfer(u32, u32, u32),
    /// To select what is seen, this resource: a later one makes it pointless.
    Select(u32),
    /// The last command of those that send what changed.
    Presented,
}

struct Sent {
    token: Token,
    kind: u32,
    purpose: Purpose,
}

/// An answer of the device.
pub struct Answer {
    /// What was asked, as a command's number.
    pub command: u32,
    /// What for.
    pub purpose: Purpose,
    /// Bytes of it.
    pub length: usize,
}

/// The queue, and what is on its way.
pub struct Link {
    queue: Box<dyn Queue>,
    waiting: VecDeque<(Command, Purpose)>,
    flying: Vec<Sent>,
    is_silent: bool,
    /// The device was given commands and has not been told so.
    is_untold: bool,
}

impl Link {
    pub fn new(queue: Box<dyn Queue>) -> Self {
        Self {
            queue,
            waiting: VecDeque::new(),
            flying: Vec::with_capacity(usize::from(BUFFERS)),
            is_silent: false,
            is_untold: false,
        }
    }

    /// Whether the device has ceased to answer.
    pub fn is_silent(&self) -> bool {
        self.is_silent
    }

    /// Tells the device of the commands that it was given: once for all that belong together, since
    /// to tell it costs more than the commands do, and so that it begins with the first when the
    /// last is there.
    pub fn notify(&mut self) {
        if core::mem::take(&mut self.is_untold) {
            self.queue.notify();
        }
    }

    /// Gives the device a command ([`Self::notify`] is still to be called), or lets it wait for
    /// room; `pictures` is how many there are, or were and are to be given up. False: the device is
    /// silent.
    pub fn submit(&mut self, command: Command, purpose: Purpose, pictures: usize) -> bool {
        if self.is_silent {
            return false;
        }
        self.waiting.push_back((command, purpose));
        self.pump();
        if self.waiting.len() > WAITING_MAX + OF_A_PICTURE * pictures {
            self.waiting.clear();
            self.is_silent = true;
        }
        !self.is_silent
    }

    /// Drops the commands that are still waiting and that are pointless now.
    pub fn drop_waiting(&mut self, mut is_pointless: impl FnMut(Purpose) -> bool) {
        self.waiting.retain(|(_, purpose)| !is_pointless(*purpose));
    }

    fn pump(&mut self) {
        while let Some((command, purpose)) = self.waiting.front()
            && let Some(token) = self.queue.give(command.as_bytes())
        {
            self.flying.push(Sent {
                token,
                kind: command.kind(),
                purpose: *purpose,
            });
            self.waiting.pop_front();
            self.is_untold = true;
        }
    }

    /// The next answer, copied into `into`. A device that answers is not silent.
    pub fn take(&mut self, into: &mut [u8; ANSWER_MAX]) -> Option<Answer> {
        loop {
            let (token, length) = self.queue.take(into)?;
            self.is_silent = false;
            let place = self.flying.iter().position(|sent| sent.token == token);
            // What was sent in a panic, or never, is not waited for.
            if let Some(place) = place {
                let sent = self.flying.swap_remove(place);
                self.pump();
                return Some(Answer {
                    command: sent.kind,
                    purpose: sent.purpose,
                    length,
                });
            }
        }
    }

    /// In a panic: sends a command past all that waits, and waits until the device has done it
    /// and all before it. Allocates nothing.
    ///
    /// # Errors
    /// [`PanelError::Silent`]; [`PanelError::Refused`].
    pub fn send_at_once(
        &mut self,
        command: &Command,
        patience: Patience<'_>,
    ) -> Result<(), PanelError> {
        let mut answer = [0; HEAD];
        let mut ours = None;
        loop {
            if ours.is_none() {
                ours = self.queue.give(command.as_bytes());
                self.queue.notify();
            }
            while let Some((token, _)) = self.queue.take(&mut answer) {
                if ours == Some(token) {
                    return refused(command.kind(), &answer);
                }
            }
            if !patience() {
                return Err(PanelError::Silent);
            }
        }
    }
}

/// What counts of an answer in a panic: its number.
const HEAD: usize = 4;

fn refused(command: u32, answer: &[u8]) -> Result<(), PanelError> {
    match number(answer, 0) {
        super::wire::OK_NODATA => Ok(()),
        answer => Err(PanelError::Refused { command, answer }),
    }
}
