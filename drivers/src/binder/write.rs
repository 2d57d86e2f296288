//! The commands of programs: the first half of BINDER_WRITE_READ.
//!
//! Commands are dealt with one by one, until one fails as such (then the call fails), or something
//! that was sent did (then the thread must read what became of it first). What is senseless and
//! harms nobody, such as a handle that leads nowhere, is passed over.

use core::mem::offset_of;

use abi::Errno;
use abi::binder::command::{
    BC_ACQUIRE, BC_ACQUIRE_DONE, BC_CLEAR_DEATH_NOTIFICATION, BC_DEAD_BINDER_DONE, BC_DECREFS,
    BC_ENTER_LOOPER, BC_EXIT_LOOPER, BC_FREE_BUFFER, BC_INCREFS, BC_INCREFS_DONE,
    BC_REGISTER_LOOPER, BC_RELEASE, BC_REPLY, BC_REPLY_SG, BC_REQUEST_DEATH_NOTIFICATION,
    BC_TRANSACTION, BC_TRANSACTION_SG, HANDLE_COOKIE_BYTES,
};
use abi::binder::reply::{BR_ERROR, BR_OK};
use abi::binder::{PtrCookie, TransactionData, TransactionDataSg};
use zerocopy::{FromBytes, IntoBytes};

use super::Caller;
use super::context::{Context, State};
use super::node::Strength;
use super::process::ProcessKey;
use super::reference;
use super::send::Sent;
use super::thread::{Looper, ThreadKey};

/// Bytes that are fetched before they are asked for: those of a buffer to be freed and a
/// transaction to be sent, which come together.
const WINDOW: usize = 80;

/// Where the program has its commands.
struct Input<'a, C> {
    caller: &'a C,
    position: u64,
    end: u64,
    /// The bytes at `position`, as far as they were fetched.
    window: [u8; WINDOW],
    fetched: usize,
    used: usize,
}

impl<'a, C: Caller> Input<'a, C> {
    fn new(caller: &'a C, position: u64, end: u64) -> Self {
        Self {
            caller,
            position,
            end,
            window: [0; WINDOW],
            fetched: 0,
            used: 0,
        }
    }

    /// The next value. It may lie beyond the end, as on Linux.
    #[inline]
    fn value<T: FromBytes + IntoBytes>(&mut self) -> Result<T, Errno> {
        if self.fetched - self.used < size_of::<T>() {
            self.fetch(size_of::<T>());
        }
        let bytes = self.window.get(self.used..self.fetched);
        let value = match T::read_from_prefix(bytes.unwrap_or_default()) {
            Ok((value, _)) => {
                self.used += size_of::<T>();
                value
            }
            Err(_) => {
                let mut value = T::new_zeroed();
                self.caller
                    .read(self.position as usize, value.as_mut_bytes())?;
                value
            }
        };
        self.position = self.position.wrapping_add(size_of::<T>() as u64);
        Ok(value)
    }

    /// Fetches what is left of the commands, as much as fits. Where that fails, what is asked for
    /// is read by itself.
    #[inline(never)]
    fn fetch(&mut self, wanted: usize) {
        let left = self.end.saturating_sub(self.position);
        let length = usize::try_from(left).unwrap_or(WINDOW).min(WINDOW);
        (self.fetched, self.used) = (0, 0);
        if length >= wanted {
            let window = &mut self.window[..length];
            if self.caller.read(self.position as usize, window).is_ok() {
                self.fetched = length;
            }
        }
    }
}

impl Sent {
    /// Reads what goes with a command that sends.
    fn read(command: u32, input: &mut Input<'_, impl Caller>) -> Result<Self, Errno> {
        let data = input.value()?;
        let buffers_size = match command {
            BC_TRANSACTION_SG | BC_REPLY_SG => input.value()?,
            _ => 0,
        };
        const { assert!(offset_of!(TransactionDataSg, buffers_size) == size_of::<TransactionData>()) };
        Ok(Self {
            command,
            data,
            is_reply: matches!(command, BC_REPLY | BC_REPLY_SG),
            buffers_size,
        })
    }
}

/// A command that is neither of a transaction nor of its buffer, and what goes with it.
enum Command {
    Count {
        handle: u32,
        strength: Strength,
        up: bool,
    },
    Done {
        node: PtrCookie,
        strength: Strength,
    },
    RegisterLooper,
    EnterLooper,
    ExitLooper,
    RequestDeath {
        handle: u32,
        cookie: u64,
    },
    ClearDeath {
        handle: u32,
        cookie: u64,
    },
    DeathIsDone(u64),
}

impl Command {
    /// Reads what goes with one.
    ///
    /// # Errors
    /// EFAULT; EINVAL: there is no such command.
    fn read(number: u32, input: &mut Input<'_, impl Caller>) -> Result<Self, Errno> {
        use Strength::{Strong, Weak};
        let count = |handle, strength, up| Self::Count {
            handle,
            strength,
            up,
        };
        let done = |node, strength| Self::Done { node, strength };
        Ok(match number {
            BC_INCREFS => count(input.value()?, Weak, true),
            BC_ACQUIRE => count(input.value()?, Strong, true),
            BC_RELEASE => count(input.value()?, Strong, false),
            BC_DECREFS => count(input.value()?, Weak, false),
            BC_INCREFS_DONE => done(input.value()?, Weak),
            BC_ACQUIRE_DONE => done(input.value()?, Strong),
            BC_REGISTER_LOOPER => Self::RegisterLooper,
            BC_ENTER_LOOPER => Self::EnterLooper,
            BC_EXIT_LOOPER => Self::ExitLooper,
            BC_REQUEST_DEATH_NOTIFICATION => {
                let (handle, cookie) = handle_and_cookie(input)?;
                Self::RequestDeath { handle, cookie }
            }
            BC_CLEAR_DEATH_NOTIFICATION => {
                let (handle, cookie) = handle_and_cookie(input)?;
                Self::ClearDeath { handle, cookie }
            }
            BC_DEAD_BINDER_DONE => Self::DeathIsDone(input.value()?),
            // BC_ATTEMPT_ACQUIRE and BC_ACQUIRE_RESULT were never made.
            _ => return Err(Errno::EINVAL),
        })
    }
}

fn handle_and_cookie(input: &mut Input<'_, impl Caller>) -> Result<(u32, u64), Errno> {
    let handle = input.value()?;
    let cookie = input.value()?;
    const { assert!(HANDLE_COOKIE_BYTES == size_of::<u32>() + size_of::<u64>()) };
    Ok((handle, cookie))
}

impl Context {
    /// Deals with the commands from `consumed` on, and moves that on behind each one.
    ///
    /// # Errors
    /// EFAULT; EINVAL: an unknown command, or the context manager counts itself.
    pub(super) fn write(
        &self,
        (process, thread): (ProcessKey, ThreadKey),
        caller: &impl Caller,
        address: u64,
        size: u64,
        consumed: &mut u64,
    ) -> Result<(), Errno> {
        let start = address.wrapping_add(*consumed);
        let mut input = Input::new(caller, start, address.wrapping_add(size));
        while input.position < input.end {
            let goes_on = self.carry_out_next(process, thread, caller, &mut input)?;
            *consumed = input.position.wrapping_sub(address);
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// Returns whether the thread may give another command before it reads.
    #[inline(always)]
    fn carry_out_next(
        &self,
        process: ProcessKey,
        thread: ThreadKey,
        caller: &impl Caller,
        input: &mut Input<'_, impl Caller>,
    ) -> Result<bool, Errno> {
        let number = input.value()?;
        match number {
            BC_TRANSACTION | BC_REPLY | BC_TRANSACTION_SG | BC_REPLY_SG => {
                let sent = Sent::read(number, input)?;
                Ok(self.send(process, thread, caller, &sent))
            }
            BC_FREE_BUFFER => {
                self.free_buffer(process, input.value()?, caller);
                Ok(true)
            }
            other => {
                let command = Command::read(other, input)?;
                let mut state = self.lock();
                state.processes[process].statistics.note_command(number);
                state.carry_out(process, thread, caller, command)?;
                Ok(state.threads[thread].return_error.command == BR_OK)
            }
        }
    }
}

impl State {
    fn carry_out(
        &mut self,
        process: ProcessKey,
        thread: ThreadKey,
        caller: &impl Caller,
        command: Command,
    ) -> Result<(), Errno> {
        match command {
            Command::Count {
                handle,
                strength,
                up,
            } => self.count_handle(process, handle, strength, up, caller)?,
            Command::Done { node, strength } => {
                self.notice_is_done(process, node.ptr, node.cookie, strength);
            }
            Command::RegisterLooper => self.register_looper(thread),
            Command::EnterLooper => {
                let looper = &mut self.threads[thread].looper;
                if looper.has(Looper::REGISTERED) {
                    looper.0 |= Looper::INVALID;
                }
                looper.0 |= Looper::ENTERED;
            }
            Command::ExitLooper => self.threads[thread].looper.0 |= Looper::EXITED,
            Command::RequestDeath { handle, cookie } => {
                let room = caller.require_room(reference::ROOM);
                let requested = room.and_then(|()| self.request_death(process, handle, cookie));
                if requested.is_err() {
                    self.set_return_error(thread, BR_ERROR);
                }
            }
            Command::ClearDeath { handle, cookie } => self.clear_death(thread, handle, cookie),
            Command::DeathIsDone(cookie) => self.death_is_done(thread, cookie),
        }
        Ok(())
    }

    /// A handle that leads nowhere, or counts nothing, is the program's affair.
    fn count_handle(
        &mut self,
        process: ProcessKey,
        handle: u32,
        strength: Strength,
        up: bool,
        caller: &impl Caller,
    ) -> Result<(), Errno> {
        if !up {
            let _ = self.uncount_reference(process, handle, strength);
            return Ok(());
        }
        let manager = self.manager.filter(|_| handle == 0);
        if let Some(manager) = manager {
            if self.manager_process() == Some(process) {
                return Err(Errno::EINVAL);
            }
            let counted = caller
                .require_room(reference::ROOM)
                .and_then(|()| self.count_reference_to(process, manager, strength, None));
            if counted.is_ok() {
                return Ok(());
            }
        }
        if self.processes[process]
            .usable_reference(handle, strength)
            .is_some()
        {
            let _ = self.count_reference(process, handle, strength, None);
        }
        Ok(())
    }

    fn register_looper(&mut self, key: ThreadKey) {
        let thread = &mut self.threads[key];
        let process = &mut self.processes[thread.process];
        if thread.looper.has(Looper::ENTERED) || process.requested_threads == 0 {
            thread.looper.0 |= Looper::INVALID;
        } else {
            process.requested_threads -= 1;
            process.started_threads += 1;
        }
        thread.looper.0 |= Looper::REGISTERED;
    }
}
