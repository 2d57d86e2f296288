//! The few things to be known of a process, from /proc.
//!
//! Source: proc(5): stat, cmdline.

use std::fs;

/// When a process started, in clock ticks after boot (100 a second); none if it is not there or
/// a zombie. Pid and start together name one process for ever.
pub fn start_ticks(pid: i32) -> Option<u64> {
    parse_start(&String::from_utf8_lossy(
        &fs::read(format!("/proc/{pid}/stat")).ok()?,
    ))
}

/// The name in parentheses may hold any character; after it comes field 3, the state.
fn parse_start(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(22 - 4)?.parse().ok()
}

/// The command line of a process as one text; empty if there is none.
pub fn command_line(pid: i32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words: Vec<_> = bytes
        .split(|byte| *byte == 0)
        .map(String::from_utf8_lossy)
        .collect();
    // Control characters must not reach the terminal.
    words
        .join(" ")
        .trim_end()
        .chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_the_twenty_second_field() {
        let stat = "12 (a) (b) S 1 12 11 34816 12 4194304 1 2 3 4 5 6 7 8 20 -5 3 0 99 8192 2";
        assert_eq!(parse_start(stat), Some(99));
        assert_eq!(parse_start(&stat.replace(" S ", " Z ")), None);
        assert_eq!(parse_start("1 (x) S 1"), None);
    }

    #[test]
    fn this_process_has_started() {
        let own = i32::try_from(std::process::id()).expect("small");
        assert!(start_ticks(own).is_some());
        assert!(!command_line(own).is_empty());
        assert_eq!(start_ticks(i32::MAX), None);
    }
}
