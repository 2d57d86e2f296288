//! Signals when I/O becomes possible (O_ASYNC): who wants them, and the one place that sends them.
//!
//! A file that can become ready keeps a [`SignalList`] beside its wait queues and calls
//! [`SignalList::notify`] where it wakes them, with nothing locked that ranks below a file's short
//! locks. It names the list in [`super::File::signal_source`]; who is on the list, whom each open
//! file's signal goes to, and whether it may, is kept here. As long as nobody asked, notifying
//! costs one look at a flag.
//!
//! Source: fcntl(2), "Managing signals"; sigaction(2) on SIGIO/SIGPOLL (si_band, si_fd);
//! open(2) on O_ASYNC.

use crate::{
    error::Result,
    process::{
        self, Process, ProcessId, Thread,
        signal::{self, Origin, SignalInfo},
        table,
    },
    sync::{SpinLock, poll::PollEvents},
};
use abi::{Errno, file::FileOwnerEx, raw::general};
use alloc::{
    sync::{Arc, Weak},
    vec::Vec,
};
use core::sync::atomic::{AtomicBool, Ordering};

/// What has become possible: it decides si_code and si_band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// There is something to read (POLL_IN).
    Input,
    /// There is room to write (POLL_OUT).
    Output,
}

impl Readiness {
    fn code(self) -> i32 {
        match self {
            Readiness::Input => general::POLL_IN as i32,
            Readiness::Output => general::POLL_OUT as i32,
        }
    }

    fn band(self) -> PollEvents {
        match self {
            Readiness::Input => PollEvents::IN | PollEvents::RDNORM,
            Readiness::Output => PollEvents::OUT | PollEvents::WRNORM | PollEvents::WRBAND,
        }
    }
}

/// Who receives the signal.
#[derive(Clone)]
enum Receiver {
    Nobody,
    Thread(Weak<Thread>),
    Process(Weak<Process>),
    Group(ProcessId),
}

/// What fcntl(2) set about the signal of one open file.
struct Wanted {
    receiver: Receiver,
    /// `F_OWNER_TID`, `F_OWNER_PID` or `F_OWNER_PGRP`: kept where there is no receiver too.
    kind: u32,
    /// 0 for the default: SIGIO without details.
    signal: u8,
    /// Who named the receiver: the signal goes where this user could send one.
    uid: u32,
    euid: u32,
}

/// Whom the signal of one open file goes to, and which signal it is.
pub struct SignalOwner(SpinLock<Wanted>);

impl SignalOwner {
    /// Nobody, and SIGIO.
    pub fn new() -> SignalOwner {
        SignalOwner(SpinLock::new(Wanted {
            receiver: Receiver::Nobody,
            kind: general::F_OWNER_TID,
            signal: 0,
            uid: 0,
            euid: 0,
        }))
    }

    /// The receiver as fcntl(F_GETOWN_EX) shows it; number 0 once it is gone.
    pub fn receiver(&self) -> FileOwnerEx {
        let wanted = self.0.lock();
        let (receiver, kind) = (wanted.receiver.clone(), wanted.kind);
        drop(wanted);
        let number = match receiver {
            Receiver::Nobody => None,
            Receiver::Thread(thread) => thread
                .upgrade()
                .map(|thread| thread.tid())
                .filter(|&tid| process::find_thread(tid).is_some()),
            Receiver::Process(process) => process
                .upgrade()
                .map(|process| process.pid)
                .filter(|&pid| process::find(pid).is_some()),
            Receiver::Group(group) => table::with(|table| table.has_group(group)).then_some(group),
        };
        FileOwnerEx {
            owner_type: kind as i32,
            pid: process::current().sees(number.unwrap_or(0)) as i32,
        }
    }

    /// Names the receiver, on behalf of the running thread; number 0 for nobody. `EINVAL`: no such
    /// kind; `ESRCH`: nobody has this number.
    pub fn set_receiver(&self, owner: FileOwnerEx) -> Result<()> {
        let kind = owner.owner_type as u32;
        if kind > general::F_OWNER_PGRP {
            return Err(Errno::EINVAL);
        }
        let receiver = receiver_of(kind, owner.pid)?;
        self.put(receiver, kind);
        Ok(())
    }

    /// Names the receiver unless there is one.
    fn set_default(&self, default: DefaultOwner) {
        if !matches!(self.0.lock().receiver, Receiver::Nobody) {
            return;
        }
        match default {
            DefaultOwner::Nobody => {}
            DefaultOwner::Group(group) => self.put(Receiver::Group(group), general::F_OWNER_PGRP),
            DefaultOwner::Caller => {
                let process = Arc::downgrade(&process::current().process);
                self.put(Receiver::Process(process), general::F_OWNER_PID);
            }
        }
    }

    fn put(&self, receiver: Receiver, kind: u32) {
        let credentials = process::current().credentials();
        let mut wanted = self.0.lock();
        wanted.receiver = receiver;
        wanted.kind = kind;
        (wanted.uid, wanted.euid) = (credentials.uid, credentials.euid);
    }

    /// The signal to be sent; 0 for SIGIO without details.
    pub fn signal(&self) -> u8 {
        self.0.lock().signal
    }

    /// Sets it. `EINVAL`: no signal has this number.
    pub fn set_signal(&self, number: i32) -> Result<()> {
        self.0.lock().signal = signal::check_number(number)?;
        Ok(())
    }

    fn send(&self, descriptor: i32, readiness: Readiness) {
        let wanted = self.0.lock();
        let message = Message {
            signal: wanted.signal,
            uid: wanted.uid,
            euid: wanted.euid,
            descriptor,
            readiness,
        };
        let receiver = wanted.receiver.clone();
        drop(wanted);
        match receiver {
            Receiver::Nobody => {}
            Receiver::Thread(thread) => {
                if let Some(thread) = thread.upgrade() {
                    message.send(&thread.process, Some(&thread));
                }
            }
            Receiver::Process(process) => {
                if let Some(process) = process.upgrade() {
                    message.send(&process, None);
                }
            }
            Receiver::Group(group) => {
                for process in table::group_members(group) {
                    message.send(&process, None);
                }
            }
        }
    }
}

fn receiver_of(kind: u32, number: i32) -> Result<Receiver> {
    if number == 0 {
        return Ok(Receiver::Nobody);
    }
    let number = ProcessId::try_from(number).map_err(|_| Errno::ESRCH)?;
    let number = process::current()
        .process
        .means(number)
        .ok_or(Errno::ESRCH)?;
    let receiver = match kind {
        general::F_OWNER_TID => {
            process::find_thread(number).map(|thread| Receiver::Thread(Arc::downgrade(&thread)))
        }
        general::F_OWNER_PID => process::find(number)
            .or_else(|| Some(process::find_thread(number)?.process.clone()))
            .map(|process| Receiver::Process(Arc::downgrade(&process))),
        _ => {
            let exists = table::with(|table| table.has_group(number));
            exists.then_some(Receiver::Group(number))
        }
    };
    receiver.ok_or(Errno::ESRCH)
}

/// One signal before it is known who gets it.
struct Message {
    signal: u8,
    uid: u32,
    euid: u32,
    descriptor: i32,
    readiness: Readiness,
}

impl Message {
    /// Sends it, if whoever named the receiver may. One with details that finds no room becomes a
    /// plain SIGIO: the program then knows that it must look at all its files.
    fn send(&self, process: &Arc<Process>, thread: Option<&Arc<Thread>>) {
        let Some(leader) = process.leader() else {
            return;
        };
        let target = leader.credentials();
        let users = [target.uid, target.suid];
        if self.euid != 0 && !users.contains(&self.euid) && !users.contains(&self.uid) {
            return;
        }
        if self.signal != 0 && signal::try_send(process, thread, &self.detailed()) {
            return;
        }
        let plain = SignalInfo::from_kernel(general::SIGIO);
        match thread {
            Some(thread) => signal::send_to_thread(thread, plain),
            None => signal::send_to_process(process, plain),
        }
    }

    fn detailed(&self) -> SignalInfo {
        /// The signals whose codes from 1 on have meanings of their own.
        const WITH_CODES: [u32; 7] = [
            general::SIGILL,
            general::SIGFPE,
            general::SIGSEGV,
            general::SIGBUS,
            general::SIGTRAP,
            general::SIGCHLD,
            general::SIGSYS,
        ];
        let code = if WITH_CODES.contains(&u32::from(self.signal)) {
            general::SI_SIGIO
        } else {
            self.readiness.code()
        };
        SignalInfo {
            signal: self.signal,
            origin: Origin::Readiness {
                code,
                band: u64::from(self.readiness.band().bits()),
                descriptor: self.descriptor,
            },
        }
    }
}

/// Who gets the signal of a file whose owner nobody has named when O_ASYNC is set.
#[derive(Debug, Clone, Copy)]
pub enum DefaultOwner {
    /// No signal is sent until fcntl(F_SETOWN) names somebody.
    Nobody,
    /// This process group (a terminal's foreground).
    Group(ProcessId),
    /// The process that sets the flag.
    Caller,
}

/// What a file that can send signals says of one opening of it.
pub struct SignalSource<'a> {
    /// Where the file notifies.
    pub list: &'a SignalList,
    /// What this opening wants to hear of: IN, OUT or both.
    pub interest: PollEvents,
    /// Who gets the signal if nobody was named.
    pub default_owner: DefaultOwner,
}

struct Entry {
    owner: Arc<SignalOwner>,
    descriptor: i32,
    interest: PollEvents,
}

/// The open files of one file that want signals.
#[derive(Default)]
pub struct SignalList {
    /// Whether there are any, to be asked without the lock.
    wanted: AtomicBool,
    entries: SpinLock<Vec<Entry>>,
}

impl SignalList {
    /// With nobody on it.
    pub const fn new() -> SignalList {
        SignalList {
            wanted: AtomicBool::new(false),
            entries: SpinLock::new(Vec::new()),
        }
    }

    /// Sends its signal to whoever asked. The state must have changed before.
    #[inline]
    pub fn notify(&self, readiness: Readiness) {
        if self.wanted.load(Ordering::Acquire) {
            self.notify_all(readiness);
        }
    }

    #[cold]
    fn notify_all(&self, readiness: Readiness) {
        for entry in &*self.entries.lock() {
            if readiness.band().intersects(entry.interest) {
                entry.owner.send(entry.descriptor, readiness);
            }
        }
    }

    /// Forgets all: the terminal was hung up.
    pub fn clear(&self) {
        self.wanted.store(false, Ordering::Release);
        self.entries.lock().clear();
    }

    fn remove(&self, owner: &Arc<SignalOwner>) {
        let mut entries = self.entries.lock();
        entries.retain(|entry| !Arc::ptr_eq(&entry.owner, owner));
        self.wanted.store(!entries.is_empty(), Ordering::Release);
    }
}

impl SignalSource<'_> {
    /// Asks for signals; `descriptor` is the number that si_fd will tell. `ENOMEM`.
    pub fn subscribe(&self, owner: &Arc<SignalOwner>, descriptor: i32) -> Result<()> {
        owner.set_default(self.default_owner);
        let mut entries = self.list.entries.lock();
        if let Some(entry) = entries
            .iter_mut()
            .find(|entry| Arc::ptr_eq(&entry.owner, owner))
        {
            entry.descriptor = descriptor;
            return Ok(());
        }
        entries.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        entries.push(Entry {
            owner: owner.clone(),
            descriptor,
            interest: self.interest,
        });
        self.list.wanted.store(true, Ordering::Release);
        Ok(())
    }

    /// Asks for no more.
    pub fn unsubscribe(&self, owner: &Arc<SignalOwner>) {
        self.list.remove(owner);
    }
}
