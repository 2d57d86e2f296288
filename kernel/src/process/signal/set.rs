//! Signal numbers and sets of them. Source: signal(7), sigsetops(3).

use abi::raw::general;

/// The highest signal number.
pub const SIGNAL_MAX: u32 = 64;
/// The first real-time signal, as the kernel counts (the C library keeps two for itself).
const FIRST_REAL_TIME: u8 = 32;

/// A set of signals, as programs pass it: bit 0 is signal 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignalSet(pub u64);

/// What cannot be blocked, caught or ignored.
pub const UNSTOPPABLE: SignalSet = SignalSet::of(&[general::SIGKILL, general::SIGSTOP]);
/// What stops a process by default.
pub const STOPPING: SignalSet = SignalSet::of(&[
    general::SIGSTOP,
    general::SIGTSTP,
    general::SIGTTIN,
    general::SIGTTOU,
]);
/// What is ignored by default.
pub const IGNORED_BY_DEFAULT: SignalSet = SignalSet::of(&[
    general::SIGCONT,
    general::SIGCHLD,
    general::SIGWINCH,
    general::SIGURG,
]);
/// What an instruction of the program's own causes: taken before anything else, so that the
/// handler finds the program where it happened.
const SYNCHRONOUS: SignalSet = SignalSet::of(&[
    general::SIGSEGV,
    general::SIGBUS,
    general::SIGILL,
    general::SIGTRAP,
    general::SIGFPE,
    general::SIGSYS,
]);

impl SignalSet {
    /// No signal.
    pub const EMPTY: Self = Self(0);

    /// The set of these signals.
    pub const fn of(signals: &[u32]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < signals.len() {
            bits |= 1 << (signals[index] - 1);
            index += 1;
        }
        Self(bits)
    }

    /// The set of one signal, 1 to 64.
    pub const fn only(signal: u8) -> Self {
        Self(1 << (signal - 1))
    }

    /// Whether the signal is in the set.
    pub const fn contains(self, signal: u8) -> bool {
        self.0 & Self::only(signal).0 != 0
    }

    /// The signals of both.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The signals that are in both.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The signals that are not in `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The signal that is taken first: one that an instruction caused, else the lowest number.
    pub const fn first(self) -> Option<u8> {
        let synchronous = self.intersection(SYNCHRONOUS);
        let set = if synchronous.is_empty() {
            self
        } else {
            synchronous
        };
        if set.is_empty() {
            None
        } else {
            Some(set.0.trailing_zeros() as u8 + 1)
        }
    }
}

/// Whether several of this signal can be pending, in order, each with its details.
pub const fn is_real_time(signal: u8) -> bool {
    signal >= FIRST_REAL_TIME
}

#[cfg(feature = "ktest")]
mod tests {
    use super::{SignalSet, is_real_time};
    use abi::raw::general;

    metal::ktest! {
        fn the_lowest_number_comes_first() {
            let set = SignalSet::of(&[general::SIGUSR2, general::SIGHUP, 40]);
            assert_eq!(set.first(), Some(general::SIGHUP as u8));
            assert_eq!(SignalSet::EMPTY.first(), None);
            assert_eq!(SignalSet::only(64).first(), Some(64));
        }

        fn what_an_instruction_caused_comes_before_all() {
            let set = SignalSet::of(&[general::SIGHUP, general::SIGSEGV]);
            assert_eq!(set.first(), Some(general::SIGSEGV as u8));
        }

        fn real_time_signals_begin_at_32() {
            assert!(!is_real_time(31) && is_real_time(32));
        }
    }
}
