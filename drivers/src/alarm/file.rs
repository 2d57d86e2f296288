//! `/dev/alarm` as programs see it.
//!
//! A command is of the type 'a'; its number is what to do, and above four bits which alarm. The
//! first file that gives one other than GET_TIME and SET_RTC owns the device in its namespace,
//! also where the command is unknown. Asking for the time is open to all; the rest needs a file
//! that can be written to.
//!
//! Source: the commands of Android's `linux/android_alarm.h`.

use abi::{Errno, Timespec};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};
use devns::{Namespace, StateError, StateRef};
use zerocopy::{FromZeros, IntoBytes};

use super::Kind;
use super::persona::{AlarmClass, AlarmHandle, Wake};
use crate::user::UserMemory;

/// ANDROID_ALARM_CLEAR, without the number of an alarm, as those that follow.
pub const CLEAR: u32 = 0x6100;
/// ANDROID_ALARM_WAIT.
pub const WAIT: u32 = 0x6101;
/// ANDROID_ALARM_SET.
pub const SET: u32 = 0x4010_6102;
/// ANDROID_ALARM_SET_AND_WAIT.
pub const SET_AND_WAIT: u32 = 0x4010_6103;
/// ANDROID_ALARM_GET_TIME.
pub const GET_TIME: u32 = 0x4010_6104;
/// ANDROID_ALARM_SET_RTC, which is of no alarm.
pub const SET_RTC: u32 = 0x4010_6105;
/// The bits of a command that say which alarm.
const KIND_MASK: u32 = 0xf0;

/// What is to become of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done.
    Done,
    /// The program waits until [`AlarmFile::take`] gives what it answers.
    Wait,
}

/// One opening.
pub struct AlarmFile {
    handle: AlarmHandle,
    alarms: StateRef<AlarmClass>,
    writable: bool,
    wake: Wake,
    owns: AtomicBool,
}

impl AlarmFile {
    /// Opens the device for a namespace. `wake` is called when something is pending, once the
    /// file owns the device.
    ///
    /// # Errors
    /// EAGAIN from inside a switch.
    pub fn open(
        handle: &AlarmHandle,
        namespace: &Arc<Namespace>,
        writable: bool,
        wake: Wake,
    ) -> Result<Self, Errno> {
        let alarms = handle.get(namespace).map_err(|error| match error {
            StateError::Class(never) => match never {},
            StateError::Refused(refused) => Errno::from_number(refused.errno()),
        })?;
        Ok(Self {
            handle: handle.clone(),
            alarms,
            writable,
            wake,
            owns: AtomicBool::new(false),
        })
    }

    /// Answers `ioctl(2)`.
    ///
    /// # Errors
    /// EINVAL: there is no such alarm or command. EPERM: the file is read-only. EBUSY: another
    /// file owns the device. EFAULT.
    pub fn ioctl(
        &self,
        memory: &dyn UserMemory,
        command: u32,
        argument: usize,
    ) -> Result<Answer, Errno> {
        let kind = Kind::ALL.get(((command & KIND_MASK) >> 4) as usize);
        let kind = *kind.ok_or(Errno::EINVAL)?;
        let what = command & !KIND_MASK;
        if what != GET_TIME {
            self.may_change(what)?;
        }
        match what {
            CLEAR => self.alarms.clear(kind),
            WAIT => return Ok(Answer::Wait),
            SET | SET_AND_WAIT => {
                self.alarms.set(kind, moment(read(memory, argument)?));
                if what == SET_AND_WAIT {
                    return Ok(Answer::Wait);
                }
            }
            GET_TIME => {
                let now = self.alarms.class().clocks.now(kind);
                memory.write(argument, now.as_bytes())?;
            }
            SET_RTC => self.set_time(read(memory, argument)?)?,
            _ => return Err(Errno::EINVAL),
        }
        Ok(Answer::Done)
    }

    /// What has come and nobody has been told of: a bit for each alarm, and bit 16 when the time
    /// of day was set.
    pub fn take(&self) -> Option<usize> {
        self.alarms.take().map(|pending| pending as usize)
    }

    fn may_change(&self, what: u32) -> Result<(), Errno> {
        if !self.writable {
            return Err(Errno::EPERM);
        }
        if what == SET_RTC || self.owns.load(Ordering::Relaxed) {
            return Ok(());
        }
        if !self.alarms.claim(&self.wake) {
            return Err(Errno::EBUSY);
        }
        self.owns.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn set_time(&self, time: Timespec) -> Result<(), Errno> {
        self.alarms.class().clocks.set_time(time)?;
        let told = self.handle.walk(|alarms| alarms.time_changed());
        told.map_err(|refused| Errno::from_number(refused.errno()))
    }
}

impl Drop for AlarmFile {
    fn drop(&mut self) {
        if self.owns.load(Ordering::Relaxed) {
            self.alarms.give_back();
        }
    }
}

fn read(memory: &dyn UserMemory, argument: usize) -> Result<Timespec, Errno> {
    let mut time = Timespec::new_zeroed();
    memory.read(argument, time.as_mut_bytes())?;
    Ok(time)
}

/// In nanoseconds; what lies before the clock's beginning lies behind as well.
fn moment(time: Timespec) -> u64 {
    let seconds = i128::from(time.tv_sec) * 1_000_000_000;
    let moment = (seconds + i128::from(time.tv_nsec)).max(0);
    u64::try_from(moment).unwrap_or(u64::MAX)
}
