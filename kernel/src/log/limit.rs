//! Messages that a program can provoke: said through [`limited!`], they cannot fill the log.
//!
//! Source: as `drivers::kernel_log::rate`.
use drivers::kernel_log::rate::{RateLimit, Verdict};
use metal::interrupt;

/// What has been said lately at one place of the kernel.
pub struct SiteLimit(interrupt::Lock<RateLimit>);

impl SiteLimit {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self(interrupt::Lock::new(RateLimit::new()))
    }

    /// Whether the place, in the file `file`, may say something now.
    pub fn allows(&self, file: &str) -> bool {
        let verdict = self.0.lock().ask(super::microseconds());
        match verdict {
            Verdict::Suppress => false,
            Verdict::Say { suppressed } => {
                tell_suppressed(file, suppressed);
                true
            }
        }
    }
}

/// Says how many messages could not be said by `whom`, if there were any.
pub fn tell_suppressed(whom: &str, count: u32) {
    if count != 0 {
        log::warn!("{whom}: messages suppressed because they came too fast: {count}");
    }
}

/// As a macro of the `log` crate, whose name comes first, for what a program can provoke as often
/// as it likes.
macro_rules! limited {
    ($level:ident, $($argument:tt)*) => {{
        static LIMIT: $crate::log::SiteLimit = $crate::log::SiteLimit::new();
        if LIMIT.allows(file!()) {
            ::log::$level!($($argument)*);
        }
    }};
}
pub(crate) use limited;
