//! What is left to do of a call that a signal interrupted and that must not start afresh,
//! because its time would start afresh too. restart_syscall(2) goes on with it.

use super::futex;
use super::sleep::Sleep;

/// A call to go on with.
#[derive(Clone, Copy, Debug)]
pub enum Restart {
    /// futex(2), waiting with a time limit.
    Futex(futex::Wait),
    /// nanosleep(2) and clock_nanosleep(2), relative.
    Sleep(Sleep),
}
