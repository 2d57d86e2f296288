//! Signals to the shell itself: what `trap` set, and what an interactive shell needs.
//!
//! Contract: a handler only raises a flag; the shell looks at the flags between commands
//! ([`Traps::take_pending`]). Programs start with the default action because exec resets handlers.
//! An ignored signal (`trap '' X`) is blocked rather than set to `SIG_IGN`, for which safe Rust has
//! no call: programs inherit the block, so the signal does not reach them either. Source:
//! POSIX.1-2017 XCU 2.11 and `trap`.

use crate::ast::Bytes;
use crate::signal;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

const COUNT: usize = signal::HIGHEST as usize + 1;

static PENDING: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];
static DEFAULT: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];
static ANY_PENDING: AtomicBool = AtomicBool::new(false);

/// What the shell does on a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Nothing; programs do not get it either.
    Ignore,
    /// Run these commands.
    Run(Bytes),
}

/// The traps of a shell; what is not listed has its default action. Number 0 is the exit.
#[derive(Debug, Default)]
pub struct Traps {
    actions: BTreeMap<i32, Action>,
    /// In a subshell, the parent's traps: only to be listed, until the subshell sets its own.
    inherited: BTreeMap<i32, Action>,
    handled: [bool; COUNT],
}

/// Signals no handler can be set for: the kernel's own two, and faults of the shell itself.
const UNCATCHABLE: [i32; 5] = [9, 19, 4, 8, 11];

impl Traps {
    /// The trap of a signal, if any.
    pub fn get(&self, number: i32) -> Option<&Action> {
        self.actions.get(&number)
    }

    /// The traps to be listed: in a fresh subshell those of the parent, so that `$(trap)` can save
    /// them.
    pub fn listed(&self) -> impl Iterator<Item = (i32, &Action)> {
        let listed = if self.inherited.is_empty() {
            &self.actions
        } else {
            &self.inherited
        };
        listed.iter().map(|(number, action)| (*number, action))
    }

    /// Whether any trap is set, so that the shell must stay until the end.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// Sets the trap of a signal.
    pub fn set(&mut self, number: i32, action: Action) -> Result<(), &'static str> {
        self.inherited.clear();
        if number != 0 {
            match action {
                Action::Ignore => self.block(number)?,
                Action::Run(_) => {
                    self.catch(number)?;
                    self.unblock(number);
                }
            }
        }
        self.actions.insert(number, action);
        Ok(())
    }

    /// Gives a signal its default action back; an interactive shell keeps catching what it needs.
    pub fn reset(&mut self, number: i32, keep_caught: bool) -> Result<(), &'static str> {
        self.inherited.clear();
        match self.actions.remove(&number) {
            Some(Action::Ignore) if number != 0 => {
                // A signal that came while blocked was ignored: swallow it before the default
                // action is back.
                self.catch(number)?;
                self.unblock(number);
                PENDING[number as usize].store(false, Relaxed);
            }
            None => return Ok(()),
            _ => {}
        }
        if number != 0 && !keep_caught {
            DEFAULT[number as usize].store(true, Relaxed);
        }
        Ok(())
    }

    /// Catches a signal: from now on it only raises its flag.
    pub fn catch(&mut self, number: i32) -> Result<(), &'static str> {
        let index = catchable(number)?;
        DEFAULT[index].store(false, Relaxed);
        if !self.handled[index] {
            let failed = |_| "the kernel refused a handler for it";
            signal_hook::flag::register_conditional_default(number, &DEFAULT[index])
                .map_err(failed)?;
            signal_hook::flag::register(number, &PENDING[index]).map_err(failed)?;
            signal_hook::flag::register(number, &ANY_PENDING).map_err(failed)?;
            self.handled[index] = true;
        }
        Ok(())
    }

    /// Sees to it that the end of a child interrupts a sleep.
    pub fn catch_children(&mut self) -> Result<(), &'static str> {
        self.catch(signal::CHLD)
    }

    /// The signals that came since the last call, lowest first.
    pub fn take_pending(&self) -> Vec<i32> {
        if !ANY_PENDING.swap(false, Relaxed) {
            return Vec::new();
        }
        (1..=signal::HIGHEST)
            .filter(|number| PENDING[*number as usize].swap(false, Relaxed))
            .collect()
    }

    /// Whether a signal came that [`Traps::take_pending`] has not given yet.
    pub fn is_pending(&self, number: i32) -> bool {
        PENDING[number as usize].load(Relaxed)
    }

    /// Whether any signal is waiting to be taken.
    pub fn any_pending(&self) -> bool {
        ANY_PENDING.load(Relaxed)
    }

    /// Whether any signal has a handler, so that reads must be ready to be interrupted.
    pub fn catches_any(&self) -> bool {
        self.handled.contains(&true)
    }

    /// What a subshell starts with: caught signals have their default action again, ignored ones
    /// stay ignored.
    pub fn enter_subshell(&mut self) {
        self.inherited = self.actions.clone();
        self.actions.retain(|_, action| *action == Action::Ignore);
        for (index, handled) in self.handled.iter().enumerate() {
            PENDING[index].store(false, Relaxed);
            if *handled {
                DEFAULT[index].store(true, Relaxed);
            }
        }
        ANY_PENDING.store(false, Relaxed);
    }

    fn block(&mut self, number: i32) -> Result<(), &'static str> {
        catchable(number)?;
        mask_of(number)
            .thread_block()
            .map_err(|_| "the kernel refused to block it")
    }

    fn unblock(&mut self, number: i32) {
        // Unblocking a valid signal cannot fail.
        let _ = mask_of(number).thread_unblock();
    }
}

/// A set of one signal.
pub fn mask_of(number: i32) -> SigSet {
    let mut set = SigSet::empty();
    if let Ok(signal) = Signal::try_from(number) {
        set.add(signal);
    }
    set
}

/// Blocks all signals; gives what [`release`] wants back.
pub fn hold_all() -> Option<SigSet> {
    SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK).ok()
}

/// Lets through the signals that were not blocked before [`hold_all`].
pub fn release(before: SigSet) {
    // Putting back a mask we had cannot fail.
    let _ = before.thread_set_mask();
}

/// Runs `body` with a signal blocked.
pub fn with_blocked<T>(number: i32, body: impl FnOnce() -> T) -> T {
    let set = mask_of(number);
    let blocked_here = !SigSet::thread_get_mask()
        .is_ok_and(|mask| Signal::try_from(number).is_ok_and(|signal| mask.contains(signal)))
        && set.thread_block().is_ok();
    let result = body();
    if blocked_here {
        // Unblocking a valid signal cannot fail.
        let _ = set.thread_unblock();
    }
    result
}

/// Ends the shell by a signal's default action, so that the parent sees how it ended.
pub fn die_by(number: i32) -> ! {
    // For a signal that does not end a process this returns, and the status says it instead.
    let _ = signal_hook::low_level::emulate_default_handler(number);
    std::process::exit(128 + number)
}

fn catchable(number: i32) -> Result<usize, &'static str> {
    match usize::try_from(number) {
        Ok(index) if index < COUNT && !UNCATCHABLE.contains(&number) => Ok(index),
        _ => Err("this signal cannot be trapped"),
    }
}
