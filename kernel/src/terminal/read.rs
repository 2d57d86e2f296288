//! Reading: a line at a time, or bytes by `VMIN` and `VTIME`.
//!
//! Readers take turns: what one call takes is whole, though it takes it in several steps and
//! waits in between. As on Linux, who may not wait for a turn gets `EAGAIN`.
//!
//! Source: `termios(3)`, sections on canonical and noncanonical mode.
use super::Terminal;
use super::file::Opened;
use crate::error::{Errno, Result};
use crate::file::IoFlags;
use crate::memory::io::Sink;
use crate::sync::WaitQueue;
use crate::time::{Instant, Nanoseconds, monotonic_now};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use drivers::terminal::{LineRead, ReadRule};

/// Bytes moved at once between the queue and the reader.
const CHUNK: usize = 512;

/// Whose turn it is to read.
pub(super) struct Turns {
    taken: AtomicBool,
    waiting: WaitQueue,
}

/// A turn to read; ends when dropped.
struct Turn<'a>(&'a Turns);

impl Turns {
    /// Nobody's.
    pub(super) fn new() -> Self {
        Self {
            taken: AtomicBool::new(false),
            waiting: WaitQueue::new(),
        }
    }

    /// Waits for a turn. `EAGAIN`: another has it and the caller may not wait. `EINTR` and its
    /// kin: a signal came first.
    fn take(&self, nonblocking: bool) -> Result<Turn<'_>> {
        let try_take = || (!self.taken.swap(true, Ordering::Acquire)).then(|| Turn(self));
        match try_take() {
            Some(turn) => Ok(turn),
            None if nonblocking => Err(Errno::EAGAIN),
            None => self.waiting.wait_until(try_take),
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.taken.store(false, Ordering::Release);
        // All of them: one alone might have been woken by a signal at the same moment, and would
        // not take the turn.
        self.0.waiting.wake_all();
    }
}

/// What a look at the input queue gave.
enum Look {
    /// So many bytes, as they came.
    Bytes(usize),
    /// A line or a part of one.
    Line(LineRead),
    /// The terminal was hung up, or its other side is gone.
    Gone,
}

impl Terminal {
    /// Reads into `sink`. `Ok(0)`: end of file, or the terminal was hung up.
    pub(super) fn read(
        &self,
        opened: Opened,
        sink: &mut Sink<'_>,
        flags: IoFlags,
    ) -> Result<usize> {
        if sink.remaining() == 0 {
            return Ok(0);
        }
        self.check_background_read(opened)?;
        let _turn = self.reading.take(flags.nonblocking)?;
        let rule = self.state.lock().discipline.read_rule();
        let result = match rule {
            ReadRule::Line => self.read_line(opened, sink, flags),
            ReadRule::Bytes {
                minimum,
                first,
                between,
            } => self.read_bytes(opened, sink, flags, minimum, [first, between]),
        };
        self.line.input_taken();
        result
    }

    fn read_line(&self, opened: Opened, sink: &mut Sink<'_>, flags: IoFlags) -> Result<usize> {
        let mut buffer = [0; CHUNK];
        let mut total = 0;
        loop {
            let room = sink.remaining().min(CHUNK);
            // Once a part of a line was taken, the rest is there and nothing is waited for.
            let deadline = if total > 0 { Some(Instant(0)) } else { None };
            let look = match self.look(opened, &mut buffer[..room], flags, deadline) {
                Ok(look) => look,
                Err(_) if total > 0 => return Ok(total),
                Err(error) => return Err(error),
            };
            let (count, ended) = match look {
                Some(Look::Line(LineRead { count, ended })) => (count, ended),
                Some(Look::Bytes(count)) => (count, true),
                Some(Look::Gone) | None => return Ok(total),
            };
            total += sink.write(&buffer[..count])?;
            if ended {
                return Ok(total);
            }
            if sink.remaining() == 0 {
                self.state.lock().discipline.skip_end_of_file();
                return Ok(total);
            }
        }
    }

    fn read_bytes(
        &self,
        opened: Opened,
        sink: &mut Sink<'_>,
        flags: IoFlags,
        minimum: usize,
        [first, between]: [Option<Duration>; 2],
    ) -> Result<usize> {
        let mut buffer = [0; CHUNK];
        let mut total = 0;
        let mut patience = first;
        loop {
            let room = sink.remaining().min(CHUNK);
            let deadline = patience.map(|time| monotonic_now() + nanoseconds(time));
            let look = match self.look(opened, &mut buffer[..room], flags, deadline) {
                Ok(look) => look,
                Err(_) if total > 0 => return Ok(total),
                Err(error) => return Err(error),
            };
            let count = match look {
                Some(Look::Bytes(count)) => count,
                Some(Look::Line(line)) => line.count,
                Some(Look::Gone) | None => return Ok(total),
            };
            total += sink.write(&buffer[..count])?;
            // A chunk that was filled may have left bytes behind that can be had at once.
            let more = count == CHUNK && sink.remaining() > 0;
            if sink.remaining() == 0 || (total >= minimum && !more) {
                return Ok(total);
            }
            patience = if total >= minimum {
                Some(Duration::ZERO)
            } else {
                between
            };
        }
    }

    /// Takes input, waiting for it until `deadline` (none: as long as it takes). None when the
    /// deadline passed. `EAGAIN`: it would have had to wait.
    fn look(
        &self,
        opened: Opened,
        buffer: &mut [u8],
        flags: IoFlags,
        deadline: Option<Instant>,
    ) -> Result<Option<Look>> {
        if let Some(look) = self.look_now(opened, buffer) {
            return Ok(Some(look));
        }
        if deadline.is_some_and(|deadline| deadline <= monotonic_now()) {
            return Ok(None);
        }
        if flags.nonblocking {
            return Err(Errno::EAGAIN);
        }
        let look = self
            .readers
            .wait_until_deadline(deadline, || self.look_now(opened, buffer))?;
        // Whoever was waiting when the other side went is told; later reads find the end.
        match look {
            Some(Look::Gone) if !self.is_connected() => Err(Errno::EIO),
            look => Ok(look),
        }
    }

    fn look_now(&self, opened: Opened, buffer: &mut [u8]) -> Option<Look> {
        if self.is_dead(opened) {
            return Some(Look::Gone);
        }
        let discipline = &mut self.state.lock().discipline;
        if discipline.is_canonical() {
            return discipline.read_line(buffer).map(Look::Line);
        }
        match discipline.read(buffer) {
            0 => None,
            count => Some(Look::Bytes(count)),
        }
    }
}

fn nanoseconds(time: Duration) -> Nanoseconds {
    Nanoseconds(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}
