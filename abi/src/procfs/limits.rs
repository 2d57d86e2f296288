//! `/proc/PID/limits`: the resource limits as a table.
use super::text::Text;
use core::fmt::{Result, Write};

/// Name and unit of each limit, by its `RLIMIT_` number.
const ROWS: [(&str, &str); 16] = [
    ("Max cpu time", "seconds"),
    ("Max file size", "bytes"),
    ("Max data size", "bytes"),
    ("Max stack size", "bytes"),
    ("Max core file size", "bytes"),
    ("Max resident set", "bytes"),
    ("Max processes", "processes"),
    ("Max open files", "files"),
    ("Max locked memory", "bytes"),
    ("Max address space", "bytes"),
    ("Max file locks", "locks"),
    ("Max pending signals", "signals"),
    ("Max msgqueue size", "bytes"),
    ("Max nice priority", ""),
    ("Max realtime priority", ""),
    ("Max realtime timeout", "us"),
];

/// One resource limit; all ones means that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What holds.
    pub soft: u64,
    /// How far the soft one may be raised.
    pub hard: u64,
}

/// Writes the table; `limits` are in the order of their `RLIMIT_` numbers.
pub fn write_limits(text: &mut Text, limits: &[Limit; 16]) -> Result {
    let row = |text: &mut Text, name: &str, unit: &str, limit: &Limit| {
        write!(text, "{name:<25} ")?;
        write_value(text, limit.soft)?;
        write_value(text, limit.hard)?;
        writeln!(text, "{unit:<10}")
    };
    writeln!(
        text,
        "{:<25} {:<20} {:<20} {:<10}",
        "Limit", "Soft Limit", "Hard Limit", "Units"
    )?;
    ROWS.iter()
        .zip(limits)
        .try_for_each(|((name, unit), limit)| row(text, name, unit, limit))
}

fn write_value(text: &mut Text, value: u64) -> Result {
    match value {
        u64::MAX => write!(text, "{:<20} ", "unlimited"),
        value => write!(text, "{value:<20} "),
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::written;
    use super::*;

    #[test]
    fn rows_are_those_of_linux() {
        let mut limits = [Limit {
            soft: u64::MAX,
            hard: u64::MAX,
        }; 16];
        limits[7] = Limit {
            soft: 1024,
            hard: 4096,
        };
        let table = written(|text| write_limits(text, &limits));
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 17);
        assert_eq!(
            lines[0],
            "Limit                     Soft Limit           Hard Limit           Units     "
        );
        assert_eq!(
            lines[1],
            "Max cpu time              unlimited            unlimited            seconds   "
        );
        assert_eq!(
            lines[8],
            "Max open files            1024                 4096                 files     "
        );
    }
}
