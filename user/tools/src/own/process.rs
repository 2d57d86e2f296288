//! What /proc tells of the processes that run.
//!
//! Contract: a process that ends while it is looked at is left out; that is no failure.
//!
//! Source: proc(5): stat, status, cmdline, exe.

use std::fs;
use std::io;

/// Clock ticks a second in which /proc counts time (`USER_HZ`, the same on every Linux).
pub const TICKS_PER_SECOND: u64 = 100;
/// Bytes in the pages in which /proc counts resident memory on x86-64.
const PAGE_BYTES: u64 = 4096;

/// One process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// The number of its parent.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// Its session.
    pub session: i32,
    /// The device number of its controlling terminal, 0 if it has none.
    pub terminal: u32,
    /// The foreground process group of that terminal.
    pub terminal_group: i32,
    /// R, S, D, T, Z …
    pub state: char,
    /// The effective user.
    pub user: u32,
    /// The effective group.
    pub user_group: u32,
    /// The name of the program, at most 15 bytes.
    pub name: String,
    /// The command line; empty for what has none.
    pub arguments: Vec<String>,
    /// Processor time in ticks.
    pub time_ticks: u64,
    /// When it started, in ticks after boot.
    pub start_ticks: u64,
    /// Address space in bytes.
    pub virtual_bytes: u64,
    /// Memory present in bytes.
    pub resident_bytes: u64,
    /// The nice value.
    pub nice: i32,
    /// How many threads it has.
    pub threads: u32,
}

impl Process {
    /// The one with the number `pid`, if it is there.
    pub fn read(pid: i32) -> Option<Process> {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        let mut process = parse_stat(&String::from_utf8_lossy(&stat))?;
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        process.user = effective_id(&status, "Uid:")?;
        process.user_group = effective_id(&status, "Gid:")?;
        let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        process.arguments = parse_arguments(&line);
        Some(process)
    }

    /// The command line as one text; the name in brackets where there is none.
    pub fn command(&self) -> String {
        if self.arguments.is_empty() {
            return format!("[{}]", self.name);
        }
        // Control characters must not reach the terminal.
        let line = self.arguments.join(" ");
        line.chars()
            .map(|c| if c.is_control() { '?' } else { c })
            .collect()
    }

    /// The name of its terminal below /dev, or `?`.
    pub fn terminal_name(&self) -> String {
        let device = self.terminal;
        let (major, minor) = (
            (device >> 8) & 0xfff,
            (device & 0xff) | ((device >> 12) & 0xf_ff00),
        );
        match (major, minor) {
            (0, _) => "?".into(),
            (4, 64..) => format!("ttyS{}", minor - 64),
            (4, _) => format!("tty{minor}"),
            (5, 1) => "console".into(),
            (136..=143, _) => format!("pts/{}", (major - 136) * 256 + minor),
            _ => format!("{major}:{minor}"),
        }
    }
}

/// All processes, by number.
pub fn all() -> io::Result<Vec<Process>> {
    let mut pids = Vec::new();
    for entry in fs::read_dir("/proc")? {
        if let Some(pid) = entry?
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        {
            pids.push(pid);
        }
    }
    pids.sort_unstable();
    Ok(pids.into_iter().filter_map(Process::read).collect())
}

/// Seconds since boot.
pub fn uptime_seconds() -> io::Result<f64> {
    let text = fs::read_to_string("/proc/uptime")?;
    let first = text
        .split_whitespace()
        .next()
        .and_then(|word| word.parse().ok());
    first.ok_or_else(|| io::Error::other("/proc/uptime holds no number"))
}

/// The name stands in parentheses and may hold any character, parentheses too.
fn parse_stat(text: &str) -> Option<Process> {
    let (pid, rest) = text.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    // Field 3 of proc(5), the state, is the first here.
    let field = |number: usize| fields.get(number - 3).copied();
    let unsigned = |number: usize| field(number)?.parse::<u64>().ok();
    let signed = |number: usize| field(number)?.parse::<i32>().ok();
    Some(Process {
        pid: pid.parse().ok()?,
        name: name.into(),
        state: field(3)?.chars().next()?,
        parent: signed(4)?,
        group: signed(5)?,
        session: signed(6)?,
        terminal: u32::try_from(signed(7)?).ok()?,
        terminal_group: signed(8)?,
        time_ticks: unsigned(14)?.saturating_add(unsigned(15)?),
        nice: signed(19)?,
        threads: u32::try_from(unsigned(20)?).ok()?,
        start_ticks: unsigned(22)?,
        virtual_bytes: unsigned(23)?,
        resident_bytes: unsigned(24)?.saturating_mul(PAGE_BYTES),
        ..Process::default()
    })
}

/// Real, effective, saved and file system id stand in this order.
fn effective_id(status: &str, name: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn parse_arguments(bytes: &[u8]) -> Vec<String> {
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    bytes
        .split(|byte| *byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "12 (a) (b) S 1 12 11 34816 12 4194304 1 2 3 4 5 6 7 8 20 -5 3 0 99 \
                        8192 2 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0";

    #[test]
    fn names_may_hold_parentheses() {
        let process = parse_stat(STAT).expect("well formed");
        assert_eq!(process.name, "a) (b");
        assert_eq!((process.pid, process.parent, process.session), (12, 1, 11));
        assert_eq!(process.time_ticks, 11);
        assert_eq!(process.nice, -5);
        assert_eq!(process.start_ticks, 99);
        assert_eq!(process.resident_bytes, 8192);
        assert_eq!(process.terminal_name(), "pts/0");
    }

    #[test]
    fn rubbish_is_no_process() {
        assert_eq!(parse_stat(""), None);
        assert_eq!(parse_stat("1 (x) S 1"), None);
    }

    #[test]
    fn this_process_is_there() {
        let own = i32::try_from(std::process::id()).expect("small");
        let process = Process::read(own).expect("it runs");
        assert!(!process.arguments.is_empty());
        assert!(all().expect("/proc").iter().any(|other| other.pid == own));
    }

    #[test]
    fn arguments_are_split_at_nul() {
        assert_eq!(parse_arguments(b"a\0b c\0\0"), ["a", "b c", ""]);
        assert!(parse_arguments(b"").is_empty());
    }
}
