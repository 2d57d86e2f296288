//! What the kernel says that binder has: nothing, before the storm and after it.

use std::io;

use abi_tests::process::{now, pause};

/// Where it says so; the root sees the contexts of all personas.
const STATISTICS: &str = "/sys/kernel/debug/binder/stats";
/// What it counts.
const KINDS: [&str; 5] = ["proc", "thread", "node", "death", "transaction"];
/// How long the last of what has died may take to go, in nanoseconds.
const PATIENCE: i64 = 5_000_000_000;

/// Waits until nothing is left.
///
/// # Errors
/// What is left after some seconds, or what reading the file answers.
pub fn wait_until_clean() -> io::Result<()> {
    let end = now() + PATIENCE;
    loop {
        let text = std::fs::read_to_string(STATISTICS)?;
        let left = left(&text);
        if left.is_empty() {
            return Ok(());
        }
        if now() > end {
            let said = format!("binder has something left: {}\n{text}", left.join(", "));
            return Err(io::Error::other(said));
        }
        pause(10);
    }
}

/// The lines of what is left in any context. A persona that has never used binder has none.
fn left(text: &str) -> Vec<&str> {
    let active = |line: &&str| {
        let (kind, count) = line.split_once(": active ").unwrap_or_default();
        KINDS.contains(&kind) && !count.starts_with("0 ")
    };
    text.lines().filter(active).collect()
}
