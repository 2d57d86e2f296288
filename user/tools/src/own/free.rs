//! free: how much memory is used.
//!
//! Source: free(1) of procps; /proc/meminfo of proc(5).

use lexopt::prelude::*;

use super::sizes::human;
use super::{Context, Failure};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: free [-b | -k | -m | -g | -h]
Show total, used and free memory, in units of 1024 bytes.
  -b, -k, -m, -g  in bytes, KiB, MiB, GiB
  -h              with K, M, G
";

/// How amounts are shown.
#[derive(Clone, Copy)]
enum Unit {
    Bytes(u64),
    Human,
}

impl Unit {
    fn show(self, kibibytes: u64) -> String {
        let bytes = kibibytes.saturating_mul(1024);
        match self {
            Unit::Bytes(unit) => (bytes / unit).to_string(),
            Unit::Human => human(bytes),
        }
    }
}

/// Shows it.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let mut unit = Unit::Bytes(1024);
    while let Some(argument) = context.arguments.next()? {
        unit = match argument {
            Short('b') | Long("bytes") => Unit::Bytes(1),
            Short('k') | Long("kibi") => Unit::Bytes(1 << 10),
            Short('m') | Long("mebi") => Unit::Bytes(1 << 20),
            Short('g') | Long("gibi") => Unit::Bytes(1 << 30),
            Short('h') | Long("human") => Unit::Human,
            Long("help") => return Err(Failure::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    let text = std::fs::read_to_string("/proc/meminfo")?;
    let amount = |name: &str| amount(&text, name);
    let needed = |name: &str| {
        amount(name).ok_or_else(|| Failure::Message(format!("/proc/meminfo does not say {name}")))
    };
    let (total, free) = (needed("MemTotal")?, needed("MemFree")?);
    let cache = ["Buffers", "Cached", "SReclaimable"]
        .iter()
        .filter_map(|name| amount(name))
        .sum();
    let available = amount("MemAvailable").unwrap_or(free);
    let used = total.saturating_sub(available);
    println!(
        "{:7} {:>11} {:>11} {:>11} {:>11} {:>11} {:>11}",
        "", "total", "used", "free", "shared", "buff/cache", "available"
    );
    let shared = amount("Shmem").unwrap_or(0);
    print_row("Mem:", &[total, used, free, shared, cache, available], unit);
    let (swap, swap_free) = (
        amount("SwapTotal").unwrap_or(0),
        amount("SwapFree").unwrap_or(0),
    );
    print_row(
        "Swap:",
        &[swap, swap.saturating_sub(swap_free), swap_free],
        unit,
    );
    Ok(0)
}

fn print_row(name: &str, amounts: &[u64], unit: Unit) {
    let cells: Vec<String> = amounts
        .iter()
        .map(|amount| format!("{:>11}", unit.show(*amount)))
        .collect();
    println!("{name:7} {}", cells.join(" "));
}

/// Kibibytes, as /proc/meminfo counts.
fn amount(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(known, _)| *known == name)?;
    value.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_found_by_their_whole_name() {
        let text = "MemTotal:  100 kB\nCached: 7 kB\nSwapCached: 1 kB\n";
        assert_eq!(amount(text, "Cached"), Some(7));
        assert_eq!(amount(text, "Mem"), None);
    }
}
