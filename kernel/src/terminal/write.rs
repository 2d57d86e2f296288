//! Writing: through output processing into the queue that the line empties.
use super::Terminal;
use super::file::Opened;
use crate::error::{Errno, Result};
use crate::file::IoFlags;
use crate::memory::io::Source;

/// Bytes moved at once between the writer and the queue.
const CHUNK: usize = 512;
/// How often the line is offered the last output; each try waits for nothing.
const LAST_TRIES: usize = 100_000;

impl Terminal {
    /// Writes all of `source`, waiting for room unless `flags` say not to.
    pub(super) fn write(
        &self,
        opened: Opened,
        source: &mut Source<'_>,
        flags: IoFlags,
    ) -> Result<usize> {
        if self.is_dead(opened) {
            return Err(Errno::EIO);
        }
        self.check_background_write(opened)?;
        let mut buffer = [0; CHUNK];
        let mut total = 0;
        while source.remaining() > 0 {
            let wanted = source.remaining().min(CHUNK);
            let count = match source.read(&mut buffer) {
                // A line's worth goes out as a whole or not at all, as on Linux.
                Ok(count) if count < wanted && total > 0 => break,
                Ok(count) if count < wanted => return Err(Errno::EFAULT),
                Ok(count) => count,
                Err(_) if total > 0 => break,
                Err(error) => return Err(error),
            };
            let (written, outcome) = self.write_bytes(opened, &buffer[..count], flags);
            total += written;
            match outcome {
                Ok(()) if count > 0 => {}
                Err(error) if total == 0 => return Err(error),
                Ok(()) | Err(_) => break,
            }
        }
        Ok(total)
    }

    /// Writes as many of `bytes` as possible and says why it was not all.
    fn write_bytes(&self, opened: Opened, bytes: &[u8], flags: IoFlags) -> (usize, Result<()>) {
        let mut written = 0;
        while written < bytes.len() {
            let count = self.state.lock().discipline.write(&bytes[written..]);
            written += count;
            if count > 0 {
                self.transmit();
                continue;
            }
            self.signals.write_cut_short();
            if flags.nonblocking {
                return (written, Err(Errno::EAGAIN));
            }
            if let Err(error) = self.wait_for_room(opened) {
                return (written, Err(error));
            }
        }
        (written, Ok(()))
    }

    fn wait_for_room(&self, opened: Opened) -> Result<()> {
        self.writers.wait_until(|| {
            if self.is_dead(opened) {
                return Some(Err(Errno::EIO));
            }
            // Room for the longest that one byte becomes, so that waiting has an end.
            let room = self.state.lock().discipline.write_room();
            (room >= CHUNK / 2).then_some(Ok(()))
        })?
    }

    /// Sends what is left of the output while the machine goes down: with a bounded number of
    /// tries, for the line may be stuck.
    pub fn send_rest(&self) {
        for _ in 0..LAST_TRIES {
            self.transmit();
            if self.state.lock().discipline.output_sendable() == 0 {
                break;
            }
        }
    }

    /// Waits until all output has reached the line (`tcdrain(3)`).
    pub(super) fn drain(&self, opened: Opened) -> Result<()> {
        if !self.line.counts_output() {
            return Ok(());
        }
        self.writers.wait_until(|| {
            let waiting = self.state.lock().discipline.output_waiting();
            (waiting == 0 || self.is_dead(opened)).then_some(())
        })
    }
}
