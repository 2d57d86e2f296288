//! What a process does about each signal.
//!
//! The table is copied when it is changed while another holds it too, so that fork(2) and
//! execve(2) cost next to nothing; threads, and processes made with CLONE_SIGHAND, share the
//! one [`Handlers`] around it.
//!
//! Source: sigaction(2), execve(2), clone(2).

use alloc::sync::Arc;

use abi::raw::general as linux;
use abi::signal::SigAction;

use super::set::{IGNORED_BY_DEFAULT, SIGNAL_MAX, STOPPING, SignalSet, UNSTOPPABLE};
use crate::sync::SpinLock;

const DEFAULT: u64 = 0;
const IGNORE: u64 = 1;
/// The flags this kernel knows; others read back as 0, by which a program finds out.
const KNOWN_FLAGS: u32 = linux::SA_NOCLDSTOP
    | linux::SA_NOCLDWAIT
    | linux::SA_SIGINFO
    | linux::SA_ONSTACK
    | linux::SA_RESTART
    | linux::SA_NODEFER
    | linux::SA_RESETHAND
    | linux::SA_EXPOSE_TAGBITS
    | linux::SA_RESTORER;

/// What a program asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action(SigAction);

/// What becomes of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disposition {
    /// Nothing.
    Ignore,
    /// The process stops.
    Stop,
    /// The process ends.
    Terminate,
    /// The program's handler runs.
    Handle,
}

impl Action {
    const UNSET: Self = Self(SigAction {
        handler: DEFAULT,
        flags: 0,
        restorer: 0,
        mask: 0,
    });

    /// An action as a program passed it, with what it may not ask for taken out.
    pub fn from_program(given: SigAction) -> Self {
        Self(SigAction {
            flags: given.flags & u64::from(KNOWN_FLAGS),
            mask: given.mask & !UNSTOPPABLE.0,
            ..given
        })
    }

    /// As a program sees it.
    pub fn to_user(self) -> SigAction {
        self.0
    }

    /// Whether the flag (SA_…) is set.
    #[inline]
    pub fn has(&self, flag: u32) -> bool {
        self.0.flags & u64::from(flag) != 0
    }

    /// Whether it is the default one.
    pub fn is_default(&self) -> bool {
        self.0.handler == DEFAULT
    }

    /// Whether the signal is to be ignored by the program's own wish.
    pub fn is_ignore(&self) -> bool {
        self.0.handler == IGNORE
    }

    /// Whether `signal`, with this action, does nothing.
    pub(super) fn ignores(&self, signal: u8) -> bool {
        self.is_ignore() || (self.is_default() && IGNORED_BY_DEFAULT.contains(signal))
    }

    /// What `signal` does with this action.
    #[inline]
    pub(super) fn disposition(&self, signal: u8) -> Disposition {
        match self.0.handler {
            IGNORE => Disposition::Ignore,
            DEFAULT if IGNORED_BY_DEFAULT.contains(signal) => Disposition::Ignore,
            DEFAULT if STOPPING.contains(signal) => Disposition::Stop,
            DEFAULT => Disposition::Terminate,
            _ => Disposition::Handle,
        }
    }

    /// What is blocked while the handler for `signal` runs, besides what was blocked before.
    pub(super) fn blocked_in_handler(&self, signal: u8) -> SignalSet {
        let asked = SignalSet(self.0.mask);
        if self.has(linux::SA_NODEFER) {
            asked
        } else {
            asked.union(SignalSet::only(signal))
        }
    }
}

/// The actions of signals 1 to 64.
type Table = [Action; SIGNAL_MAX as usize];

/// The handlers of a process, and of those that share them.
pub(super) struct Handlers {
    table: SpinLock<Arc<Table>>,
}

impl Handlers {
    /// Everything at its default.
    pub fn new() -> Arc<Self> {
        Self::from_table(Arc::new([Action::UNSET; SIGNAL_MAX as usize]))
    }

    fn from_table(table: Arc<Table>) -> Arc<Self> {
        Arc::new(Self {
            table: SpinLock::new(table),
        })
    }

    /// The same actions, for another process.
    pub fn copy(&self) -> Arc<Self> {
        Self::from_table(Arc::clone(&self.table.lock()))
    }

    /// Handlers for another program, or for a child that wants none of its parent's: what was
    /// ignored stays ignored, all else is at its default.
    pub fn without_caught(&self) -> Arc<Self> {
        let old = Arc::clone(&self.table.lock());
        if old.iter().all(|action| *action == Action::UNSET) {
            return Self::from_table(old);
        }
        let kept = old.map(|action| match action.is_ignore() {
            true => Action(SigAction {
                handler: IGNORE,
                ..SigAction::default()
            }),
            false => Action::UNSET,
        });
        Self::from_table(Arc::new(kept))
    }

    /// The action for a signal.
    pub fn get(&self, signal: u8) -> Action {
        self.table.lock()[usize::from(signal - 1)]
    }

    /// Sets the action for a signal; returns the one before.
    pub fn set(&self, signal: u8, action: Action) -> Action {
        let mut table = self.table.lock();
        let slot = &mut Arc::make_mut(&mut table)[usize::from(signal - 1)];
        core::mem::replace(slot, action)
    }

    /// Puts a signal back to its default (SA_RESETHAND, and faults that cannot be handled).
    pub fn reset(&self, signal: u8) {
        self.set(signal, Action::UNSET);
    }

    /// The signals that are ignored by wish, and those that have a handler.
    pub fn ignored_and_caught(&self) -> (SignalSet, SignalSet) {
        let table = Arc::clone(&self.table.lock());
        let mut sets = (SignalSet::EMPTY, SignalSet::EMPTY);
        for (signal, action) in (1..).zip(table.iter()) {
            let only = SignalSet::only(signal);
            match action.0.handler {
                IGNORE => sets.0 = sets.0.union(only),
                DEFAULT => {}
                _ => sets.1 = sets.1.union(only),
            }
        }
        sets
    }
}

impl Action {
    /// Where the handler starts.
    pub(super) fn handler(&self) -> u64 {
        self.0.handler
    }

    /// Where the handler returns to.
    pub(super) fn restorer(&self) -> u64 {
        self.0.restorer
    }
}
