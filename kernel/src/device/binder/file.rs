//! `/dev/binder` as an open file, and its mapping. The rules are `drivers::binder::file`'s.

use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicBool, Ordering};

use abi::raw::general::O_NONBLOCK;
use drivers::binder::context::Context;
use drivers::binder::file::Opening;
use drivers::binder::{LENGTH_MAX, Opener, Waker};

use super::caller::Caller;
use super::pages::RoomFrames;
use super::reaper;
use crate::error::{Errno, Result};
use crate::file::{File, OpenFlags};
use crate::memory::{AddressSpace, Frame, MapRequest, PAGE_SIZE, Pager, Protection};
use crate::process::{self, Process};
use crate::sync::poll::{PollEvents, PollRegistrar};
use crate::sync::{SpinLock, WaitQueue};

/// One opening.
pub(in crate::device) struct BinderFile {
    opening: Opening,
    /// The process that opened it.
    opener: Weak<Process>,
    frames: Arc<RoomFrames>,
    pollers: Arc<Pollers>,
    nonblocking: AtomicBool,
    /// See [`reaper`].
    pub(super) next_ending: SpinLock<Option<Arc<Self>>>,
}

/// Those who poll one opening.
struct Pollers {
    queue: Arc<WaitQueue>,
}

impl Waker for Pollers {
    fn wake(self: Arc<Self>) {
        self.queue.wake_pollers();
    }
}

impl BinderFile {
    /// Opens a context for the running process.
    ///
    /// # Errors
    /// ENOMEM.
    pub(in crate::device) fn open(context: &Arc<Context>, flags: OpenFlags) -> Result<Self> {
        crate::memory::require_room(PAGE_SIZE)?;
        let thread = process::current();
        let opener = Opener {
            pid: thread.process.pid,
            euid: thread.credentials().euid,
            nice: thread.nice.load(Ordering::Relaxed).into(),
        };
        let frames = RoomFrames::new();
        let pollers = Arc::new(Pollers {
            queue: Arc::new(WaitQueue::new()),
        });
        let opening = Opening::new(
            context,
            opener,
            Arc::clone(&frames) as _,
            Arc::clone(&pollers) as _,
        )?;
        Ok(Self {
            opening,
            opener: Arc::downgrade(&thread.process),
            frames,
            pollers,
            nonblocking: AtomicBool::new(flags.has(O_NONBLOCK)),
            next_ending: SpinLock::new(None),
        })
    }
}

impl File for BinderFile {
    fn ioctl(&self, command: u32, argument: usize) -> Result<usize> {
        let caller = Caller::current(&self.opener);
        let nonblocking = self.nonblocking.load(Ordering::Relaxed);
        self.opening.ioctl(&caller, command, argument, nonblocking)
    }

    fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        let caller = Caller::current(&self.opener);
        if let Some(registrar) = registrar {
            registrar.register(&self.pollers.queue);
        }
        match self.opening.poll(&caller) {
            Ok(true) => PollEvents::IN,
            Ok(false) => PollEvents::empty(),
            Err(_) => PollEvents::ERR,
        }
    }

    fn flags_changed(&self, flags: OpenFlags) -> Result<()> {
        let nonblocking = flags.has(O_NONBLOCK);
        self.nonblocking.store(nonblocking, Ordering::Relaxed);
        Ok(())
    }

    fn descriptor_closed(&self) {
        self.opening.flush();
    }

    /// A program may read its room and no more, and its children do not get it.
    fn mapping(
        self: Arc<Self>,
        request: &mut MapRequest,
        offset_bytes: &mut u64,
    ) -> Result<Arc<dyn Pager>> {
        let process = &process::current().process;
        self.opening.check_opener(process.pid)?;
        if request.protection.contains(Protection::WRITE) {
            return Err(Errno::EPERM);
        }
        request.allowed -= Protection::WRITE;
        request.not_inherited = true;
        *offset_bytes = 0;
        let length = request.length.min(LENGTH_MAX).next_multiple_of(PAGE_SIZE);
        self.opening.map(length)?;
        if let Err(error) = self.frames.set_length(length) {
            self.opening.not_mapped();
            return Err(error);
        }
        Ok(Arc::new_cyclic(|this| Room {
            file: Some(self),
            this: Weak::clone(this),
            is_mapped: AtomicBool::new(false),
        }))
    }
}

/// The mapping of a room. It goes when the program unmaps it.
struct Room {
    /// None once it is gone.
    file: Option<Arc<BinderFile>>,
    this: Weak<Self>,
    is_mapped: AtomicBool,
}

impl Pager for Room {
    fn page(&self, index: u64, _write: bool) -> Result<Frame> {
        self.page_at_hand(index).ok_or(Errno::EFAULT)
    }

    fn page_at_hand(&self, index: u64) -> Option<Frame> {
        let file = self.file.as_ref()?;
        file.frames.frame(usize::try_from(index).ok()?)
    }

    fn mapped(&self, space: &Weak<AddressSpace>, address: usize) {
        let Some(file) = &self.file else {
            return;
        };
        file.frames.set_mapping(space, &self.this);
        file.opening.mapped(address as u64);
        self.is_mapped.store(true, Ordering::Relaxed);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let Some(file) = self.file.take() else {
            return;
        };
        if *self.is_mapped.get_mut() {
            file.opening.unmapped();
        } else {
            file.opening.not_mapped();
        }
        reaper::let_go(file);
    }
}
