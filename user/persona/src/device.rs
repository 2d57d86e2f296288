//! The kernel's side: `/proc/dev_ns`, read and written.
//!
//! Source: the head of `devns/src/proc/list.rs` for the form of `list`; the ABI of the device
//! namespaces for the other two. Pids are those of the root pid namespace, times are jiffies.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};

use crate::failure::{Failure, cannot, reason};

const LIST: &str = "/proc/dev_ns/list";
const ACTIVE: &str = "/proc/dev_ns/active_ns_pid";
const TAG: &str = "/proc/dev_ns/ns_tag";
/// Jiffies in a second.
pub const JIFFIES_PER_SECOND: u64 = 100;

/// What the kernel says of one device namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespace {
    /// Its first process; 0 while there has been none.
    pub init_pid: i32,
    /// Its tag as the kernel prints it: `-` for none, odd bytes in octal.
    pub tag: String,
    /// Whether it is in the foreground.
    pub is_active: bool,
    /// When it last came to the foreground or left it, in jiffies; 0 for never.
    pub timestamp: u64,
    /// How many processes it has.
    pub processes: u64,
    /// The device classes that keep a state for it, with commas; `-` for none.
    pub classes: String,
}

/// All namespaces, the one in the foreground first.
pub fn namespaces() -> Result<Vec<Namespace>, Failure> {
    let text = fs::read_to_string(LIST).map_err(|error| explain(&error))?;
    let lines = text.lines().map(|line| {
        parse(line).ok_or_else(|| Failure::new(format!("{LIST}: cannot make sense of '{line}'")))
    });
    lines.collect()
}

fn parse(line: &str) -> Option<Namespace> {
    let mut namespace = Namespace::default();
    let mut words = line.split(' ');
    while let Some(key) = words.next() {
        let value = words.next()?;
        match key {
            "init_pid:" => namespace.init_pid = value.parse().ok()?,
            "tag:" => namespace.tag = value.into(),
            "state:" => namespace.is_active = value == "active",
            "timestamp:" => namespace.timestamp = value.parse().ok()?,
            "processes:" => namespace.processes = value.parse().ok()?,
            "classes:" => namespace.classes = value.into(),
            // What a later kernel adds is none of our business.
            _ => {}
        }
    }
    (!namespace.tag.is_empty() && !namespace.classes.is_empty()).then_some(namespace)
}

/// Whether an error of [`namespaces`] is that of a process outside the root persona is said in
/// its text, for whoever typed the command there.
fn explain(error: &std::io::Error) -> Failure {
    Failure::new(match error.kind() {
        ErrorKind::PermissionDenied => {
            "personas are looked after from the root persona only, and this process is in \
             another one; go back to the root's shell"
                .into()
        }
        ErrorKind::NotFound => format!(
            "{LIST} is not there: either /proc is not mounted or this kernel has no device \
             namespaces"
        ),
        _ => format!("{LIST}: {}", reason(error)),
    })
}

/// Brings the namespace of the process `pid` to the foreground.
pub fn switch_to(pid: i32) -> Result<(), Failure> {
    write(ACTIVE, &pid.to_string(), pid)
}

/// Sets the tag of the namespace of the process `pid`.
pub fn set_tag(pid: i32, tag: &str) -> Result<(), Failure> {
    write(TAG, &format!("{pid}:{tag}"), pid)
}

fn write(path: &str, text: &str, pid: i32) -> Result<(), Failure> {
    let opened = OpenOptions::new().write(true).open(path);
    // The file wants the whole text in one write.
    match opened.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            Err(Failure::new(format!("no process with the pid {pid} lives")))
        }
        Err(error) => Err(cannot(path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_kernel_is_understood() {
        let line = "init_pid: 41 tag: de\\040o state: active timestamp: 1200 processes: 3 \
                    classes: input,screen";
        let expected = Namespace {
            init_pid: 41,
            tag: "de\\040o".into(),
            is_active: true,
            timestamp: 1200,
            processes: 3,
            classes: "input,screen".into(),
        };
        assert_eq!(parse(line), Some(expected.clone()));
        assert_eq!(parse(&format!("{line} display: 2")), Some(expected));
    }

    #[test]
    fn another_text_is_refused() {
        for line in [
            "",
            "init_pid:",
            "init_pid: x tag: -",
            "active: 1 timestamp: 0 tag: ",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
