//! Waiting for many files at once: poll, ppoll, select, pselect6. Source: poll(2), select(2).
//!
//! Every call looks at its files once without listening, which is all it takes when something is
//! ready; only then does it register with their wait queues and sleep.

use crate::{
    error::Result,
    file::{FileTable, OpenFile},
    memory::user,
    process::{Thread, limits::Resource, scheduler, signal},
    sync::poll::{PollEvents, PollRegistrar},
    time::{Instant, Nanoseconds, monotonic_now},
};
use abi::{Errno, PollFd, Timespec, Timeval};
use alloc::{sync::Arc, vec::Vec};
use zerocopy::{FromZeros, IntoBytes};

const WORD_BITS: usize = 64;
/// So many files to look at need no memory of the heap.
const FEW: usize = 8;
/// Bytes of the only signal set there is.
const SIGNAL_SET_BYTES: usize = 8;

/// Sleeps until `scan` finds something or the deadline passes. `scan` returns how many files are
/// ready and registers them if it is given a registrar.
fn wait_for_any(
    thread: &Arc<Thread>,
    deadline: Option<Instant>,
    mut scan: impl FnMut(Option<&mut PollRegistrar>) -> usize,
) -> Result<usize> {
    let ready = scan(None);
    if ready != 0 || deadline.is_some_and(|deadline| deadline <= monotonic_now()) {
        return Ok(ready);
    }
    let mut registrar = PollRegistrar::new(thread.clone());
    let mut ready = scan(Some(&mut registrar));
    registrar.check()?;
    while ready == 0 {
        if thread.must_interrupt_wait() {
            return Err(Errno::ERESTARTNOHAND);
        }
        let in_time = scheduler::park(thread, deadline);
        ready = scan(None);
        if !in_time {
            break;
        }
    }
    Ok(ready)
}

fn deadline_after(span: Nanoseconds) -> Option<Instant> {
    Some(monotonic_now() + span)
}

/// Writes what is left until the deadline back, if the program gave a time at all. A bad address
/// does not change the outcome, as on Linux.
fn write_rest<T: IntoBytes + zerocopy::Immutable>(
    address: usize,
    deadline: Option<Instant>,
    convert: impl Fn(Timespec) -> T,
) {
    if let Some(deadline) = deadline {
        let rest = deadline.since(monotonic_now()).to_timespec();
        // The time may be in read-only memory; Linux gives up on it silently too.
        let _unwritable = user::write(address, &convert(rest));
    }
}

/// One entry of poll(2): what happened of what was asked for.
fn poll_one(files: &FileTable, entry: &PollFd, registrar: Option<&mut PollRegistrar>) -> i16 {
    if entry.fd < 0 {
        return 0;
    }
    let always = PollEvents::ERR | PollEvents::HUP | PollEvents::NVAL;
    let asked = PollEvents::from_bits_truncate(u32::from(entry.events as u16)) | always;
    match files.get(entry.fd) {
        Ok(file) => (file.poll(registrar) & asked).bits() as i16,
        Err(_) => PollEvents::NVAL.bits() as i16,
    }
}

fn poll(
    thread: &Arc<Thread>,
    address: usize,
    count: usize,
    deadline: Option<Instant>,
) -> Result<usize> {
    let count = count as u32 as usize;
    if count as u64 > thread.process.limit(Resource::Files) {
        return Err(Errno::EINVAL);
    }
    let (mut few, mut many) = ([PollFd::new_zeroed(); FEW], Vec::new());
    let entries = if count <= FEW {
        &mut few[..count]
    } else {
        many.try_reserve_exact(count).map_err(|_| Errno::ENOMEM)?;
        many.resize(count, PollFd::new_zeroed());
        &mut many[..]
    };
    user::read_bytes(address, entries.as_mut_bytes())?;
    let files = thread.files()?;
    let ready = wait_for_any(thread, deadline, |mut registrar| {
        let mut ready = 0;
        for entry in &mut *entries {
            entry.revents = poll_one(&files, entry, registrar.as_deref_mut());
            ready += usize::from(entry.revents != 0);
        }
        ready
    })?;
    user::write_bytes(address, entries.as_bytes())?;
    Ok(ready)
}

/// poll(2). The time is in milliseconds; a negative one never comes.
pub fn sys_poll(
    thread: &Arc<Thread>,
    entries: usize,
    count: usize,
    timeout: usize,
) -> Result<usize> {
    let deadline = match u64::try_from(timeout as i32) {
        Ok(milliseconds) => deadline_after(Nanoseconds(milliseconds * 1_000_000)),
        Err(_) => None,
    };
    poll(thread, entries, count, deadline)
}

fn timespec_deadline(address: usize) -> Result<Option<Instant>> {
    if address == 0 {
        return Ok(None);
    }
    Ok(deadline_after(Nanoseconds::from_timespec(user::read(
        address,
    )?)?))
}

/// Runs `wait` with the signal mask at `mask` in place of the thread's own, if there is one: what
/// ppoll(2), pselect6(2) and epoll_pwait(2) have in common. `EINVAL`: a set of another size.
pub(super) fn with_mask(
    thread: &Arc<Thread>,
    mask: usize,
    size: usize,
    wait: impl FnOnce() -> Result<usize>,
) -> Result<usize> {
    if mask == 0 {
        return wait();
    }
    if size != SIGNAL_SET_BYTES {
        return Err(Errno::EINVAL);
    }
    let mask: u64 = user::read(mask)?;
    signal::with_temporary_mask(thread, mask, wait)
}

/// ppoll(2).
pub fn sys_ppoll(
    thread: &Arc<Thread>,
    entries: usize,
    count: usize,
    timeout: usize,
    mask: usize,
    mask_size: usize,
) -> Result<usize> {
    let deadline = timespec_deadline(timeout)?;
    let outcome = with_mask(thread, mask, mask_size, || {
        poll(thread, entries, count, deadline)
    });
    write_rest(timeout, deadline, |rest| rest);
    outcome
}

/// The three sets of select(2), as 64-bit words; a set that is absent is empty.
struct Sets {
    addresses: [usize; 3],
    words: [Vec<u64>; 3],
}

/// What each set asks for.
const ASKED: [PollEvents; 3] = [
    PollEvents::IN
        .union(PollEvents::RDNORM)
        .union(PollEvents::RDBAND)
        .union(PollEvents::HUP)
        .union(PollEvents::ERR),
    PollEvents::OUT
        .union(PollEvents::WRNORM)
        .union(PollEvents::WRBAND)
        .union(PollEvents::ERR),
    PollEvents::PRI,
];

fn zeroed_words(length: usize) -> Result<Vec<u64>> {
    let mut words = Vec::new();
    words.try_reserve_exact(length).map_err(|_| Errno::ENOMEM)?;
    words.resize(length, 0);
    Ok(words)
}

impl Sets {
    fn read(addresses: [usize; 3], count: usize) -> Result<Sets> {
        let length = count.div_ceil(WORD_BITS);
        let mut words = [const { Vec::new() }; 3];
        for (set, address) in words.iter_mut().zip(addresses) {
            *set = zeroed_words(length)?;
            if address != 0 {
                user::read_bytes(address, set.as_mut_slice().as_mut_bytes())?;
            }
            // Bits past the count are not asked about.
            if let Some(last) = set.last_mut().filter(|_| !count.is_multiple_of(WORD_BITS)) {
                *last &= (1 << (count % WORD_BITS)) - 1;
            }
        }
        Ok(Sets { addresses, words })
    }

    /// The files asked about, with the sets they are in.
    fn files(&self, table: &FileTable) -> Result<Vec<(usize, Arc<OpenFile>)>> {
        let mut found = Vec::new();
        for index in 0..self.words[0].len() {
            let mut any = self.words.iter().fold(0, |any, set| any | set[index]);
            while any != 0 {
                let number = index * WORD_BITS + any.trailing_zeros() as usize;
                found.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
                found.push((number, table.get(number as i32)?));
                any &= any - 1;
            }
        }
        Ok(found)
    }

    fn asks(&self, set: usize, number: usize) -> bool {
        self.words[set][number / WORD_BITS] >> (number % WORD_BITS) & 1 != 0
    }

    fn write(&self, ready: &[Vec<u64>; 3]) -> Result<()> {
        for (set, address) in ready.iter().zip(self.addresses) {
            if address != 0 {
                user::write_bytes(address, set.as_slice().as_bytes())?;
            }
        }
        Ok(())
    }
}

fn select(
    thread: &Arc<Thread>,
    count: usize,
    addresses: [usize; 3],
    deadline: Option<Instant>,
) -> Result<usize> {
    let count = usize::try_from(count as i32).map_err(|_| Errno::EINVAL)?;
    let limit = thread.process.limit(Resource::Files);
    let count = count.min(usize::try_from(limit).unwrap_or(usize::MAX));
    // Sets of nothing are not looked at, wherever they are.
    let addresses = if count == 0 { [0; 3] } else { addresses };
    let sets = Sets::read(addresses, count)?;
    let files = sets.files(&*thread.files()?)?;
    let mut ready = [const { Vec::new() }; 3];
    for set in &mut ready {
        *set = zeroed_words(sets.words[0].len())?;
    }
    let total = wait_for_any(thread, deadline, |mut registrar| {
        ready.iter_mut().for_each(|set| set.fill(0));
        let mut total = 0;
        for (number, file) in &files {
            let events = file.poll(registrar.as_deref_mut());
            for set in 0..3 {
                if sets.asks(set, *number) && events.intersects(ASKED[set]) {
                    ready[set][number / WORD_BITS] |= 1 << (number % WORD_BITS);
                    total += 1;
                }
            }
        }
        total
    })?;
    sets.write(&ready)?;
    Ok(total)
}

/// select(2).
pub fn sys_select(
    thread: &Arc<Thread>,
    count: usize,
    reads: usize,
    writes: usize,
    exceptions: usize,
    timeout: usize,
) -> Result<usize> {
    let deadline = match timeout {
        0 => None,
        address => {
            let time: Timeval = user::read(address)?;
            // Unlike elsewhere, more than a second of microseconds is carried over.
            let seconds = time.tv_sec.checked_add(time.tv_usec / 1_000_000);
            let time = Timespec {
                tv_sec: seconds.ok_or(Errno::EINVAL)?,
                tv_nsec: time.tv_usec % 1_000_000 * 1000,
            };
            deadline_after(Nanoseconds::from_timespec(time)?)
        }
    };
    let outcome = select(thread, count, [reads, writes, exceptions], deadline);
    write_rest(timeout, deadline, |rest| Timeval {
        tv_sec: rest.tv_sec,
        tv_usec: rest.tv_nsec / 1000,
    });
    outcome
}

/// pselect6(2). The last argument points to the address and size of a signal mask.
pub fn sys_pselect6(
    thread: &Arc<Thread>,
    count: usize,
    reads: usize,
    writes: usize,
    exceptions: usize,
    timeout: usize,
    mask_argument: usize,
) -> Result<usize> {
    let deadline = timespec_deadline(timeout)?;
    let [mask, mask_size]: [usize; 2] = match mask_argument {
        0 => [0, 0],
        address => user::read(address)?,
    };
    let outcome = with_mask(thread, mask, mask_size, || {
        select(thread, count, [reads, writes, exceptions], deadline)
    });
    write_rest(timeout, deadline, |rest| rest);
    outcome
}
