//! What a signal carries: who or what sent it. Source: sigaction(2), the section on
//! `siginfo_t`.

use abi::raw::general;
use abi::signal::SigInfo;

use super::set;

/// Who or what sent a signal, as `siginfo_t` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// kill(2), tgkill(2), sigqueue(3): the sender, and the value it passed.
    Process {
        /// SI_USER, SI_TKILL, SI_QUEUE …
        code: i32,
        /// The sender's number.
        pid: u32,
        /// The sender's real user.
        uid: u32,
        /// The value of sigqueue(3).
        value: u64,
    },
    /// The kernel itself (SI_KERNEL).
    Kernel,
    /// A fault: its code and the address.
    Fault {
        /// SEGV_MAPERR …
        code: i32,
        /// The address that was touched, or of the instruction.
        address: u64,
    },
    /// I/O became possible on a file (fcntl(F_SETSIG)).
    Readiness {
        /// POLL_IN, POLL_OUT …, or SI_SIGIO.
        code: i32,
        /// What poll(2) would say.
        band: u64,
        /// The descriptor through which the signal was asked for.
        descriptor: i32,
    },
    /// A child changed its state.
    Child {
        /// CLD_EXITED …
        code: i32,
        /// The child's number.
        pid: u32,
        /// The child's real user.
        uid: u32,
        /// Its exit status or the signal.
        status: i32,
    },
}

impl Origin {
    /// What a program says with rt_sigqueueinfo(2). All that a negative code may carry fits
    /// into the sender's two numbers and the value.
    pub fn from_program(given: &SigInfo) -> Self {
        Self::Process {
            code: given.code,
            pid: given.fields[0] as u32,
            uid: (given.fields[0] >> 32) as u32,
            value: given.fields[1],
        }
    }

    /// What a receiver is told whose pid namespace does not show the sender: no number.
    pub(super) fn hiding_the_sender(self) -> Self {
        match self {
            Self::Process {
                code, uid, value, ..
            } => Self::Process {
                code,
                pid: 0,
                uid,
                value,
            },
            other => other,
        }
    }
}

/// One signal on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalInfo {
    /// Its number, 1 to 64.
    pub signal: u8,
    /// Where it comes from.
    pub origin: Origin,
}

impl SignalInfo {
    /// A signal from the kernel.
    pub fn from_kernel(signal: u32) -> Self {
        Self {
            signal: signal as u8,
            origin: Origin::Kernel,
        }
    }

    /// A signal of which nothing is known but that it came: there was no room for more.
    pub(super) fn without_details(signal: u8) -> Self {
        Self {
            signal,
            origin: Origin::Process {
                code: general::SI_USER as i32,
                pid: 0,
                uid: 0,
                value: 0,
            },
        }
    }

    /// `si_code`.
    pub fn code(&self) -> i32 {
        match self.origin {
            Origin::Process { code, .. }
            | Origin::Fault { code, .. }
            | Origin::Readiness { code, .. }
            | Origin::Child { code, .. } => code,
            Origin::Kernel => general::SI_KERNEL as i32,
        }
    }

    /// Whether each of its kind is kept with its details.
    pub(super) fn is_real_time(&self) -> bool {
        set::is_real_time(self.signal)
    }

    /// As the program sees it.
    #[inline]
    pub fn to_user(self) -> SigInfo {
        let numbers = |pid: u32, uid: u32| u64::from(uid) << 32 | u64::from(pid);
        let (first, second) = match self.origin {
            Origin::Process {
                pid, uid, value, ..
            } => (numbers(pid, uid), value),
            Origin::Kernel => (0, 0),
            Origin::Fault { address, .. } => (address, 0),
            Origin::Readiness {
                band, descriptor, ..
            } => (band, u64::from(descriptor as u32)),
            Origin::Child {
                pid, uid, status, ..
            } => (numbers(pid, uid), u64::from(status as u32)),
        };
        SigInfo {
            signal: i32::from(self.signal),
            errno: 0,
            code: self.code(),
            padding: 0,
            fields: [first, second, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        }
    }
}

#[cfg(feature = "ktest")]
mod tests {
    use super::{Origin, SignalInfo};
    use abi::raw::general;

    metal::ktest! {
        fn a_program_gets_back_what_a_program_said() {
            let origin = Origin::Process { code: -1, pid: 7, uid: 1000, value: 0x1234_5678_9abc };
            let info = SignalInfo { signal: 40, origin };
            assert_eq!(Origin::from_program(&info.to_user()), origin);
        }

        fn a_fault_carries_its_address() {
            let origin = Origin::Fault { code: general::SEGV_MAPERR as i32, address: 8 };
            let told = SignalInfo { signal: 11, origin }.to_user();
            assert_eq!((told.signal, told.code, told.fields[0]), (11, 1, 8));
        }
    }
}
