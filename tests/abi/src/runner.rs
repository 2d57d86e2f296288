//! Runs cases: each in a process and an empty folder of its own, under a time limit.
//!
//! A case that crashes, hangs or leaves children takes nothing else down: the runner kills its
//! process group and goes on. One line a case, then the sum; what the case noted stands after its
//! name.

use crate::check::{Case, Failure};
use crate::process::{decode, encode, leave, now, pause};
use crate::{raw, sys};
use libc::*;
use std::ffi::CString;
use std::io::Write;

/// A family of cases: one name, a table for each file of it.
pub struct Family {
    /// The name before `::`.
    pub name: &'static str,
    /// The tables of its files.
    pub tables: &'static [&'static [Case]],
}

/// How long a case may take. The slowest take about a second of sleeping.
const LIMIT_NANOSECONDS: i64 = 20_000_000_000;

/// Runs what the command line asks for: all cases, or those whose name contains the argument;
/// `--list` prints the names instead. Returns the exit status.
pub fn main(families: &[Family]) -> i32 {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let listing = arguments.iter().any(|a| a == "--list");
    if let Some(option) = arguments
        .iter()
        .find(|a| a.starts_with('-') && *a != "--list")
    {
        eprintln!("{option}: no such option; type `abi-tests [--list] [PART OF A NAME]`");
        return 2;
    }
    let filter = arguments
        .iter()
        .find(|a| *a != "--list")
        .cloned()
        .unwrap_or_default();
    // Orphans of a case become ours, so that none outlives it.
    sys!(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    let scratch = match listing {
        true => None,
        false => match Scratch::new("abi-tests") {
            Ok(scratch) => Some(scratch),
            Err(error) => {
                eprintln!("a folder of its own below /tmp could not be made: {error}");
                return 1;
            }
        },
    };
    let (mut passed, mut failed) = (0, 0);
    let all = families.iter().flat_map(|f| {
        f.tables
            .iter()
            .flat_map(move |t| t.iter().map(move |c| (f, c)))
    });
    for (family, case) in all {
        let name = format!("{}::{}", family.name, case.name);
        if !name.contains(&filter) {
            continue;
        }
        let Some(scratch) = &scratch else {
            println!("{name}");
            continue;
        };
        match scratch.run(&name, case) {
            Ok(notes) => {
                passed += 1;
                match notes.as_str() {
                    "" => println!("ok {name}"),
                    notes => println!("ok {name}: {notes}"),
                }
            }
            Err(Failure::Skipped) => {}
            Err(Failure::Wrong(said)) => {
                failed += 1;
                println!("FAILED {name}: {said}");
            }
        }
    }
    if listing {
        return 0;
    }
    println!("{passed} passed, {failed} failed");
    i32::from(failed > 0)
}

/// The folder a program works in: a tmpfs where we may mount one, so that both sides test the
/// same kind of file system. It is gone when this is dropped.
pub struct Scratch {
    path: String,
    mounted: bool,
}

impl Scratch {
    /// Makes a folder below /tmp whose name begins with `name`.
    ///
    /// # Errors
    /// When there is no /tmp to write to.
    pub fn new(name: &str) -> std::io::Result<Self> {
        let path = format!("/tmp/{name}.{}", std::process::id());
        std::fs::create_dir(&path)?;
        let at = CString::new(path.as_str())?;
        // In a mount namespace of our own, where there is such a thing, the host never sees what
        // the cases mount. A kernel without them says ENOSYS or EPERM, and that is fine too.
        if sys!(SYS_unshare, CLONE_NEWNS) == 0 {
            sys!(SYS_mount, c"none", c"/", 0, MS_REC | MS_PRIVATE, 0);
        }
        let mounted = sys!(SYS_mount, c"tmpfs", at.as_c_str(), c"tmpfs", 0, 0) == 0;
        sys!(SYS_chmod, at.as_c_str(), 0o755);
        Ok(Scratch { path, mounted })
    }

    /// Where it is.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Runs a case and returns what it noted.
    fn run(&self, name: &str, case: &Case) -> Result<String, Failure> {
        let folder = format!("{}/{}", self.path, case.name);
        std::fs::create_dir(&folder)?;
        std::io::stdout().flush()?;
        let mut ends = [0i32; 2];
        if sys!(SYS_pipe2, &mut ends, O_CLOEXEC) != 0 {
            return Err(Failure::Wrong("the runner could not make a pipe".into()));
        }
        let pid = raw::fork();
        if pid == 0 {
            sys!(SYS_close, ends[0]);
            in_child(&folder, case, ends[1]);
        }
        sys!(SYS_close, ends[1]);
        let status = wait_limited(pid as i32);
        let mut text = [0u8; 4096];
        // Non-blocking: a grandchild may still hold the other end.
        sys!(SYS_fcntl, ends[0], F_SETFL, O_NONBLOCK);
        let length = sys!(SYS_read, ends[0], &mut text, text.len()).max(0) as usize;
        sys!(SYS_close, ends[0]);
        let cleaned = std::fs::remove_dir_all(&folder);
        match status {
            None => Err(Failure::Wrong("the case did not end in time".into())),
            Some(status) => decode(&text[..length], status).and_then(|notes| {
                cleaned
                    .map_err(|e| Failure::Wrong(format!("{name} left its folder unremovable: {e}")))
                    .map(|()| notes)
            }),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Whoever works in it keeps it busy.
        sys!(SYS_chdir, c"/");
        if let Ok(name) = CString::new(self.path.as_str()) {
            if self.mounted {
                sys!(SYS_umount2, name.as_c_str(), MNT_DETACH);
            }
            // Without a file system of its own it may still hold what a failed case left.
            if sys!(SYS_rmdir, name.as_c_str()) != 0 {
                let _ = std::fs::remove_dir_all(&self.path);
            }
        }
    }
}

/// The child's side: a session, a folder, an environment of signals as a fresh program has it,
/// then the case.
fn in_child(folder: &str, case: &Case, report: i32) -> ! {
    sys!(SYS_setsid);
    sys!(SYS_umask, 0o022);
    for signal in [SIGPIPE, SIGSEGV, SIGBUS] {
        crate::signal::dispose(signal, SIG_DFL);
    }
    // Rust's runtime set one up to report its own stack overflows.
    sys!(SYS_sigaltstack, &[0, SS_DISABLE as usize, 0], 0);
    let outcome = std::env::set_current_dir(folder)
        .map_err(Failure::from)
        .and_then(|()| (case.run)());
    let text = encode(outcome);
    sys!(SYS_write, report, text.as_bytes(), text.len());
    leave(0)
}

/// Waits for the case; after the limit kills it and gives `None`. Nothing it started is left
/// behind: its group is killed, and what went into a session of its own has become our child.
fn wait_limited(pid: i32) -> Option<i32> {
    let limit = now() + LIMIT_NANOSECONDS;
    let mut status = 0i32;
    let mut ended = false;
    while !ended && now() < limit {
        ended = sys!(SYS_wait4, pid, &mut status, WNOHANG, 0) == pid as isize;
        if !ended {
            pause(1);
        }
    }
    sys!(SYS_kill, -pid, SIGKILL);
    if !ended {
        sys!(SYS_kill, pid, SIGKILL);
        sys!(SYS_wait4, pid, &mut status, 0, 0);
    }
    loop {
        // All who are dead before looking for who is not: a bomb leaves thousands, and a look
        // through /proc for each of them would take minutes.
        let mut reaped = 1;
        while reaped > 0 {
            reaped = sys!(SYS_wait4, -1, 0, WNOHANG, 0);
        }
        if reaped < 0 {
            break;
        }
        for child in children() {
            sys!(SYS_kill, child, SIGKILL);
        }
        pause(1);
    }
    ended.then_some(status)
}

/// Our children, as /proc lists them.
fn children() -> Vec<i32> {
    let me = std::process::id().to_string();
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let numbers = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_ours = |pid: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after_name = stat.rsplit(") ").next().unwrap_or_default();
        after_name.split(' ').nth(1) == Some(&me)
    };
    numbers.filter(is_ours).collect()
}
