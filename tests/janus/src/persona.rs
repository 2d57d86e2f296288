//! A persona to try things on, and the files of /proc/dev_ns.

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{inside_child_of, spawn_by, wait};
use abi_tests::{sys, works};
use libc::*;
use std::ffi::CStr;

/// The file that switches.
pub const ACTIVE: &CStr = c"/proc/dev_ns/active_ns_pid";
/// The file of the tags.
pub const TAG: &CStr = c"/proc/dev_ns/ns_tag";
/// The list of all.
pub const LIST: &CStr = c"/proc/dev_ns/list";

/// fork(2) into a new pid namespace, and so into a new device namespace.
pub fn fork_persona() -> isize {
    sys!(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0)
}

/// Runs `body` as the first process of a new persona and passes on what it says.
pub fn inside(body: impl FnOnce() -> Outcome) -> Outcome {
    inside_child_of(fork_persona, body)
}

/// Waits to be killed.
pub fn sleep_for_good() -> i32 {
    loop {
        sys!(SYS_pause);
    }
}

/// A persona whose first process sleeps.
pub struct Persona {
    /// That process, as the root sees it.
    pub pid: i32,
}

impl Persona {
    /// Starts one.
    pub fn start() -> Result<Self, Failure> {
        Self::running(sleep_for_good)
    }

    /// Starts one whose first process runs `body`.
    pub fn running(body: impl FnOnce() -> i32) -> Result<Self, Failure> {
        let pid = spawn_by(fork_persona, body)?;
        Ok(Self { pid })
    }

    /// Kills it.
    pub fn end(self) -> Outcome {
        works!(SYS_kill, self.pid, SIGKILL);
        wait(self.pid)?;
        Ok(())
    }
}

/// Opens a file of the folder.
pub fn open(name: &CStr, flags: i32) -> Result<isize, Failure> {
    Ok(works!(SYS_open, name, flags | O_CLOEXEC))
}

/// Writes `text` to a file at once; gives what the call answered.
pub fn write(name: &CStr, text: &[u8]) -> isize {
    let file = sys!(SYS_open, name, O_WRONLY);
    if file < 0 {
        return file;
    }
    let answer = sys!(SYS_write, file, text, text.len());
    sys!(SYS_close, file);
    answer
}

/// Writes `text`, which must be taken whole.
pub fn put(name: &CStr, text: &str) -> Outcome {
    let seen = write(name, text.as_bytes());
    if seen == text.len() as isize {
        return Ok(());
    }
    Err(Failure::Wrong(format!(
        "{text:?} written to {}: saw {}",
        name.to_string_lossy(),
        abi_tests::check::result_text(seen)
    )))
}

/// All that a file says.
pub fn text(name: &CStr) -> Result<String, Failure> {
    Ok(std::fs::read_to_string(name.to_string_lossy().as_ref())?)
}

/// Who is in front, by the file's first line.
pub fn in_front() -> Result<i32, Failure> {
    let text = text(ACTIVE)?;
    let number = text
        .strip_suffix('\n')
        .and_then(|number| number.parse().ok());
    number.ok_or_else(|| Failure::Wrong(format!("active_ns_pid says {text:?}")))
}

/// The timestamp and the tag that `ns_tag` says.
pub fn stamp_and_tag() -> Result<(u64, String), Failure> {
    let all = text(TAG)?;
    let parts = all.strip_suffix('\n').and_then(|line| {
        let rest = line.strip_prefix(&format!("active: {} timestamp: ", in_front().ok()?))?;
        let (stamp, tag) = rest.split_once(" tag: ")?;
        Some((stamp.parse().ok()?, tag.to_owned()))
    });
    parts.ok_or_else(|| Failure::Wrong(format!("ns_tag says {all:?}")))
}

/// The line of the list about the namespace with this init pid.
pub fn line_of(pid: i32) -> Result<String, Failure> {
    let all = text(LIST)?;
    let start = format!("init_pid: {pid} ");
    let line = all.lines().find(|line| line.starts_with(&start));
    line.map(str::to_owned)
        .ok_or_else(|| Failure::Wrong(format!("the list has no line {start}: {all}")))
}

/// The value of a key in a line of the list.
pub fn value(line: &str, key: &str) -> String {
    let mut words = line.split(' ');
    words.find(|word| word.strip_suffix(':') == Some(key));
    words.next().unwrap_or_default().to_owned()
}
