//! Scheduling policies as programs pass them. Source: sched_setattr(2), sched(7).
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `struct sched_param`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct SchedParam {
    /// The priority of a real-time policy, 1 to 99; 0 for the others.
    pub sched_priority: i32,
}

/// `struct sched_attr`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct SchedAttr {
    /// How many bytes of this the program knows.
    pub size: u32,
    /// The policy.
    pub sched_policy: u32,
    /// SCHED_FLAG_….
    pub sched_flags: u64,
    /// The nice value, of the policies that have one.
    pub sched_nice: i32,
    /// The priority, of the real-time policies.
    pub sched_priority: u32,
    /// Of the deadline policy, in nanoseconds.
    pub sched_runtime: u64,
    /// Of the deadline policy, in nanoseconds.
    pub sched_deadline: u64,
    /// Of the deadline policy, in nanoseconds.
    pub sched_period: u64,
    /// Utilization clamp.
    pub sched_util_min: u32,
    /// Utilization clamp.
    pub sched_util_max: u32,
}

/// The size of the structure's first version.
pub const SCHED_ATTR_FIRST_BYTES: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_linux() {
        assert_eq!(size_of::<SchedParam>(), 4);
        assert_eq!(size_of::<SchedAttr>(), 56);
    }
}
