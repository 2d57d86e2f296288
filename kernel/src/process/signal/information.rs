//! What a signal carries: who or what sent it. Source: sigaction(2), the section on
//! `siginfo_t`.

use abi::raw::general;
use abi::signal::SigInfo;

use super::set;
use crate::process::Times;
use crate::time::NANOSECONDS_PER_SECOND;

/// `si_code` of a timer's signal.
const SI_TIMER: i32 = -2;
/// In what a child's processor time is told.
const TICK: u64 = NANOSECONDS_PER_SECOND / 100;

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
        /// Processor time it used in its program, in hundredths of a second.
        user_ticks: u32,
        /// The same in the kernel.
        system_ticks: u32,
    },
    /// A timer that the program created expired.
    Timer {
        /// Its number.
        number: i32,
        /// How many expiries there were besides.
        overruns: u32,
        /// The value that it was created with.
        value: u64,
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
    pub(super) const fn without_details(signal: u8) -> Self {
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

    /// Tells of the processor time that a child has used.
    pub fn set_times(&mut self, times: Times) {
        if let Origin::Child {
            user_ticks,
            system_ticks,
            ..
        } = &mut self.origin
        {
            *user_ticks = (times.user.0 / TICK) as u32;
            *system_ticks = (times.system.0 / TICK) as u32;
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
            Origin::Timer { .. } => SI_TIMER,
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
            Origin::Timer {
                number,
                overruns,
                value,
            } => (numbers(number as u32, overruns), value),
        };
        let (third, fourth) = match self.origin {
            Origin::Child {
                user_ticks,
                system_ticks,
                ..
            } => (user_ticks.into(), system_ticks.into()),
            _ => (0, 0),
        };
        SigInfo {
            signal: i32::from(self.signal),
            errno: 0,
            code: self.code(),
            padding: 0,
            fields: [first, second, third, fourth, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
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
