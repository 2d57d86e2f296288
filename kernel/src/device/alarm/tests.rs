//! In-kernel tests of the alarms, on the kernel's own clocks.

use alloc::sync::Arc;

use abi::{Errno, Timespec};
use drivers::alarm::file::{AlarmFile, Answer, SET};
use drivers::user::UserMemory;
use zerocopy::IntoBytes;

use super::handle;
use crate::namespace::device::{foreground, now};
use crate::sync::WaitQueue;
use crate::time::{Nanoseconds, monotonic_now};

/// A program's memory: one moment, wherever it is read.
struct Moment(Timespec);

impl UserMemory for Moment {
    fn read(&self, _address: usize, into: &mut [u8]) -> Result<(), Errno> {
        into.copy_from_slice(self.0.as_bytes());
        Ok(())
    }

    fn write(&self, _address: usize, _from: &[u8]) -> Result<(), Errno> {
        Err(Errno::EFAULT)
    }
}

metal::ktest! {
    fn an_alarm_of_a_background_persona_comes_when_it_is_due() {
        let persona = foreground().create(76);
        persona.join().expect("it is new");
        let queue = Arc::new(WaitQueue::new());
        let woken = Arc::clone(&queue);
        let wake = Arc::new(move || woken.wake_all());
        let file = AlarmFile::open(handle(), &persona, true, wake).expect("no switch is under way");
        let due = monotonic_now() + Nanoseconds(20_000_000);
        let moment = Moment(Nanoseconds(due.0).to_timespec());
        let systemtime = SET | 4 << 4;
        assert_eq!(file.ioctl(&moment, systemtime, 0), Ok(Answer::Done));
        let limit = monotonic_now() + Nanoseconds(30_000_000_000);
        let came = queue.wait_until_deadline(Some(limit), || file.take());
        assert_eq!(came, Ok(Some(1 << 4)));
        assert!(due.has_passed());
        // One that has not come when its owner goes leaves nothing behind.
        let moment = Moment(Nanoseconds(limit.0).to_timespec());
        assert_eq!(file.ioctl(&moment, systemtime, 0), Ok(Answer::Done));
        drop(file);
        foreground().leave(&persona, now()).expect("not inside a class");
    }
}
