//! A limit for messages that a program can provoke as often as it likes.
//!
//! Contract: of each five seconds the first ten messages are said; the others are counted, and
//! who asks first in a later span is told how many there were.
//!
//! Source: what Linux does by default, `Documentation/admin-guide/sysctl/kernel.rst`
//! (`printk_ratelimit`, `printk_ratelimit_burst`, `printk_devkmsg`).

/// How long a span lasts.
pub const INTERVAL_MICROSECONDS: u64 = 5_000_000;
/// How many messages are said in one.
pub const BURST: u32 = 10;

/// What has been said lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimit {
    /// When the span began. None: nothing was ever said.
    began: Option<u64>,
    said: u32,
    suppressed: u32,
}

/// Whether a message may be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may; before it, so many others could not.
    Say {
        /// How many were suppressed and not told of yet.
        suppressed: u32,
    },
    /// It may not.
    Suppress,
}

impl RateLimit {
    /// Nothing was said yet.
    pub const fn new() -> Self {
        Self {
            began: None,
            said: 0,
            suppressed: 0,
        }
    }

    /// Somebody has something to say at `now`, in microseconds of a clock that does not go back.
    pub fn ask(&mut self, now: u64) -> Verdict {
        let is_over = |began| now.saturating_sub(began) > INTERVAL_MICROSECONDS;
        let mut suppressed = 0;
        if self.began.is_none_or(is_over) {
            suppressed = self.take_suppressed();
            (self.began, self.said) = (Some(now), 0);
        }
        if self.said == BURST {
            self.suppressed = self.suppressed.saturating_add(1);
            return Verdict::Suppress;
        }
        self.said += 1;
        Verdict::Say { suppressed }
    }

    /// How many were suppressed and not told of yet; they are told of now.
    pub fn take_suppressed(&mut self) -> u32 {
        core::mem::take(&mut self.suppressed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_are_said_in_five_seconds_and_the_others_counted() {
        let mut limit = RateLimit::new();
        for message in 0..10 {
            assert_eq!(limit.ask(message), Verdict::Say { suppressed: 0 });
        }
        assert_eq!(limit.ask(11), Verdict::Suppress);
        assert_eq!(limit.ask(INTERVAL_MICROSECONDS), Verdict::Suppress);
        let later = INTERVAL_MICROSECONDS + 1;
        assert_eq!(limit.ask(later), Verdict::Say { suppressed: 2 });
        assert_eq!(limit.ask(later), Verdict::Say { suppressed: 0 });
        assert_eq!(limit.take_suppressed(), 0);
    }

    #[test]
    fn who_stops_may_tell_how_many_there_were() {
        let mut limit = RateLimit::new();
        let asked = (0..25).filter(|_| limit.ask(7) == Verdict::Suppress);
        assert_eq!(asked.count(), 15);
        assert_eq!(limit.take_suppressed(), 15);
        assert_eq!(limit.take_suppressed(), 0);
    }
}
