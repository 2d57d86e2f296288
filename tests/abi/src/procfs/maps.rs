//! The mappings of a process as /proc shows them. Source: proc_pid_maps(5).

use abi_tests::check::Outcome;
use abi_tests::{cases, holds, same, works};
use libc::*;
use std::fs::read_to_string;

cases![maps_form, maps_special_names, maps_permissions];

/// Every line: range, permissions, offset, device, inode, and a name at column 73 if there is one.
fn maps_form() -> Outcome {
    let text = read_to_string("/proc/self/maps")?;
    let mut last = 0;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        holds!(words.len() >= 5, "{line}");
        let (start, end) = words[0].split_once('-').unwrap_or(("", ""));
        let start = usize::from_str_radix(start, 16).unwrap_or(0);
        let end = usize::from_str_radix(end, 16).unwrap_or(0);
        holds!(last <= start && start < end && start % 4096 == 0, "{line}");
        last = end;
        same!((words[1].len(), words[2].len()), (4, 8));
        holds!(
            words.len() == 5 || line[73..].starts_with(words[5]),
            "{line}"
        );
    }
    Ok(())
}

fn maps_special_names() -> Outcome {
    let start = works!(SYS_brk, 0);
    works!(SYS_brk, start + 8192);
    let text = read_to_string("/proc/self/maps")?;
    for name in ["[stack]", "[heap]"] {
        holds!(
            text.lines().any(|line| line.ends_with(name)),
            "{name} is missing"
        );
    }
    let program = std::env::current_exe()?.display().to_string();
    holds!(
        text.lines()
            .any(|line| line.contains(" r-xp ") && line.ends_with(&program))
    );
    holds!(
        text.lines()
            .any(|line| line.contains(" rw-p ") && line.ends_with("[stack]"))
    );
    Ok(())
}

fn maps_permissions() -> Outcome {
    let flags = MAP_SHARED | MAP_ANONYMOUS;
    for (protection, expected) in [
        (PROT_NONE, "---s"),
        (PROT_READ, "r--s"),
        (PROT_READ | PROT_WRITE, "rw-s"),
        (PROT_READ | PROT_EXEC, "r-xs"),
    ] {
        let at = works!(SYS_mmap, 0, 4096, protection, flags, -1, 0);
        let text = read_to_string("/proc/self/maps")?;
        let start = format!("{at:x}-");
        let line = text
            .lines()
            .find(|line| line.starts_with(&start))
            .unwrap_or_default();
        same!(line.split_whitespace().nth(1).unwrap_or_default(), expected);
        holds!(line.ends_with("/dev/zero (deleted)"), "saw {line}");
    }
    Ok(())
}
