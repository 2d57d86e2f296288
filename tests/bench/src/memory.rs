//! How much memory is taken: of the whole machine, and of each of many alike.
//!
//! Source: proc(5), `/proc/meminfo`.

use abi_tests::sys;
use libc::*;

use crate::measure::good;

/// What is not free, in bytes.
pub fn in_use() -> Result<i64, String> {
    Ok(meminfo("MemTotal:")? - meminfo("MemFree:")?)
}

/// A line of `/proc/meminfo`, in bytes.
fn meminfo(name: &str) -> Result<i64, String> {
    let text =
        std::fs::read_to_string("/proc/meminfo").map_err(|e| format!("/proc/meminfo: {e}"))?;
    let line = text.lines().find(|line| line.starts_with(name));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<i64>().ok());
    kib.map(|kib| kib * 1024)
        .ok_or_else(|| format!("/proc/meminfo: no line {name}"))
}

/// Processes that are started between two looks at the free memory, and looks at most.
const BATCH: i64 = 50;
const BATCHES: usize = 10;

/// What one of many processes takes that were started by `start` and sleep, in bytes: once two
/// batches of them in a row take the same to a hundredth, since the first live on what the kernel
/// has in stock.
pub fn of_each(start: impl Fn() -> Result<isize, String>) -> Result<i64, String> {
    let mut children = Vec::new();
    let cost = steady_cost(&mut children, start);
    for pid in children {
        good("kill", sys!(SYS_kill, pid, SIGKILL))?;
        good("wait4", sys!(SYS_wait4, pid, 0, 0, 0))?;
    }
    cost
}

fn steady_cost(
    children: &mut Vec<isize>,
    start: impl Fn() -> Result<isize, String>,
) -> Result<i64, String> {
    let mut last = 0;
    for _ in 0..BATCHES {
        let before = meminfo("MemFree:")?;
        for _ in 0..BATCH {
            children.push(start()?);
        }
        // They have not all come as far as to sleep yet.
        sys!(SYS_nanosleep, &[0_i64, 100_000_000], 0);
        let cost = (before - meminfo("MemFree:")?) / BATCH;
        if (cost - last).abs() <= cost / 100 {
            break;
        }
        last = cost;
    }
    Ok(last)
}

/// What a process takes, in bytes: a child of this program, which shares all that it can with it.
pub fn of_a_process() -> Result<i64, String> {
    of_each(|| {
        // Not fork(3), whose child writes to the C library's records, and so to pages.
        let pid = good("clone", sys!(SYS_clone, SIGCHLD, 0, 0, 0, 0))?;
        if pid == 0 {
            sleep_for_good();
        }
        Ok(pid)
    })
}

/// For a child that is only to be there.
pub fn sleep_for_good() -> ! {
    loop {
        sys!(SYS_pause);
    }
}
