//! Timers behind descriptors: a read tells how often one has expired. Source: timerfd_create(2).

use super::{AnonymousInode, File, IoFlags, OpenFile, OpenFlags, Seek};
use crate::{
    error::Result,
    memory::io::Sink,
    process::timer::{Setting, wall::WallTimer},
    sync::{
        SpinLock, WaitQueue,
        poll::{PollEvents, PollRegistrar},
    },
    time::{Clock, Deadline, Instant, Nanoseconds},
};
use abi::{Errno, raw::general};
use alloc::{
    sync::{Arc, Weak},
    vec::Vec,
};
use core::{
    any::Any,
    fmt::{self, Write},
};

/// A read moves so many bytes.
const WORD_BYTES: usize = size_of::<u64>();

/// What a descriptor from timerfd_create(2) stands for.
pub struct TimerFile {
    number: i32,
    clock: Clock,
    timer: Arc<WallTimer>,
    state: Arc<State>,
}

/// What an expiry changes.
struct State {
    counts: SpinLock<Counts>,
    changed: Arc<WaitQueue>,
}

#[derive(Default)]
struct Counts {
    /// Expiries since the last read or setting; a cancelling counts as one.
    expiries: u64,
    /// The flags of the last setting.
    flags: u32,
    /// The timer is to be cancelled when the time of day is set.
    cancels: bool,
    /// That has happened, and nobody was told yet.
    cancelled: bool,
}

impl Counts {
    /// Whether somebody is to be told that the timer was cancelled; whoever asks is told.
    fn take_cancelled(&mut self) -> bool {
        self.cancels && core::mem::take(&mut self.cancelled)
    }
}

/// Those that want to know when the time of day is set.
static CANCELLED_BY_SETTING: SpinLock<Vec<Weak<State>>> = SpinLock::new(Vec::new());

/// A timer on `clock`, whose number is `number`; `flags` are those of timerfd_create(2).
pub fn create(number: i32, clock: Clock, flags: u32) -> Arc<OpenFile> {
    let state = Arc::new(State {
        counts: SpinLock::new(Counts::default()),
        changed: Arc::new(WaitQueue::new()),
    });
    let told = Arc::clone(&state);
    let expired = move |count| {
        let mut counts = told.counts.lock();
        counts.expiries = counts.expiries.saturating_add(count);
        drop(counts);
        told.changed.wake_all();
    };
    let file = Arc::new(TimerFile {
        number,
        clock,
        timer: WallTimer::new(Arc::new(expired)),
        state,
    });
    let inode = Arc::new(AnonymousInode::new("timerfd"));
    let flags = general::O_RDWR | flags & general::TFD_NONBLOCK;
    OpenFile::anonymous(inode, file, OpenFlags::from_raw(flags))
}

/// The timer behind an open file. `None`: it is something else.
pub fn behind(file: &OpenFile) -> Option<&TimerFile> {
    let any: &dyn Any = &**file.file();
    any.downcast_ref()
}

/// The time of day was set.
pub fn time_was_set() {
    let listening = CANCELLED_BY_SETTING.lock().clone();
    for state in listening.iter().filter_map(Weak::upgrade) {
        let mut counts = state.counts.lock();
        counts.cancelled = true;
        counts.expiries = counts.expiries.saturating_add(1);
        drop(counts);
        state.changed.wake_all();
    }
}

impl TimerFile {
    /// The clock it runs on.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Sets it, or turns it off; `flags` are those of timerfd_settime(2). Answers how it was set.
    ///
    /// # Errors
    /// ECANCELED: the time of day was set before, and nobody was told yet. The timer is on all the
    /// same, as on Linux.
    pub fn set(&self, setting: Setting, flags: u32) -> Result<Setting> {
        let absolute = flags & general::TFD_TIMER_ABSTIME != 0;
        let is_realtime = matches!(self.clock, Clock::Realtime { .. });
        let first = (setting.value.0 != 0).then(|| match (absolute, is_realtime) {
            (false, _) => Deadline::after(setting.value),
            (true, false) => Deadline::Monotonic(Instant(setting.value.0)),
            (true, true) => Deadline::Realtime(setting.value),
        });
        let cancels = flags & general::TFD_TIMER_CANCEL_ON_SET != 0;
        let cancels = is_realtime && absolute && cancels;
        self.listen(cancels);
        let old = self.timer.set(None, Nanoseconds(0));
        let mut counts = self.state.counts.lock();
        counts.expiries = 0;
        counts.cancels = cancels;
        let cancelled = first.is_some() && counts.take_cancelled();
        if !cancelled {
            counts.flags = flags;
        }
        drop(counts);
        self.timer.set(first, setting.interval);
        if cancelled {
            return Err(Errno::ECANCELED);
        }
        Ok(old)
    }

    /// How it is set.
    pub fn get(&self) -> Setting {
        self.timer.get()
    }

    /// Has the timer cancelled when the time of day is set, or not.
    fn listen(&self, on: bool) {
        let mut listening = CANCELLED_BY_SETTING.lock();
        let own = Arc::downgrade(&self.state);
        listening.retain(|other| !other.ptr_eq(&own) && other.strong_count() > 0);
        if on {
            listening.push(own);
        }
    }

    /// What a read answers, if it has an answer. As on Linux, who waits is not told of a
    /// cancelling that a setting has left behind.
    fn attempt(&self, waits: bool) -> Option<Result<u64>> {
        let mut counts = self.state.counts.lock();
        if waits && counts.expiries == 0 {
            return None;
        }
        let expiries = core::mem::take(&mut counts.expiries);
        if counts.take_cancelled() {
            return Some(Err(Errno::ECANCELED));
        }
        (expiries != 0).then_some(Ok(expiries))
    }

    /// The lines of /proc/PID/fdinfo. Source: proc(5).
    pub fn show(&self, text: &mut dyn Write) -> fmt::Result {
        let (expiries, flags) = {
            let counts = self.state.counts.lock();
            (counts.expiries, counts.flags)
        };
        let Setting { value, interval } = self.get();
        let (value, interval) = (value.to_timespec(), interval.to_timespec());
        writeln!(text, "clockid: {}\nticks: {expiries}", self.number)?;
        writeln!(text, "settime flags: 0{flags:o}")?;
        writeln!(text, "it_value: ({}, {})", value.tv_sec, value.tv_nsec)?;
        writeln!(
            text,
            "it_interval: ({}, {})",
            interval.tv_sec, interval.tv_nsec
        )
    }
}

impl Drop for TimerFile {
    fn drop(&mut self) {
        self.timer.set(None, Nanoseconds(0));
        self.listen(false);
    }
}

impl File for TimerFile {
    fn read(&self, _position: &mut u64, sink: &mut Sink<'_>, flags: IoFlags) -> Result<usize> {
        if sink.remaining() < WORD_BYTES {
            return Err(Errno::EINVAL);
        }
        let expiries = if flags.nonblocking {
            self.attempt(false).ok_or(Errno::EAGAIN)?
        } else {
            self.state.changed.wait_until(|| self.attempt(true))?
        };
        sink.write(&expiries?.to_ne_bytes())
    }

    fn seek(&self) -> Seek {
        Seek::Ignored
    }

    fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        if let Some(registrar) = registrar {
            registrar.register(&self.state.changed);
        }
        let counts = self.state.counts.lock();
        let mut events = PollEvents::empty();
        // Linux says IN only.
        events.set(PollEvents::IN, counts.expiries != 0);
        events
    }
}
