//! A running QEMU: started, waited for with a limit, ended; never left behind.
//!
//! Three things together keep the host clean. Dropping a [`Process`] kills it and waits for it.
//! QEMU is started through `setpriv --pdeathsig KILL` (util-linux, in every Debian), so it also
//! dies when the program that drives it is killed without a chance to clean up. And whoever waits
//! gives a limit. The parent-death signal is bound to the *thread* that starts QEMU: start it from
//! a thread that lives as long as the machine is wanted.
//!
//! Where virtual time counts instructions, QEMU's threads do not take the processor from each other
//! as soon as they wake: `chrt --batch` (util-linux). Otherwise the thread that answers for a device
//! may stop the one that runs the guest at the very instruction that asked for the answer, on a host
//! that has something else to do, and what the guest measures depends on the host.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::{Error, Machine, Result};

/// The emulator's program.
pub const PROGRAM: &str = "qemu-system-x86_64";

/// The status with which QEMU ends when the kernel reports success through isa-debug-exit
/// (the kernel writes 0x10; QEMU ends with `2c + 1`).
pub const STATUS_SUCCESS: i32 = 33;
/// The same for a failure or a panic (the kernel writes 0x11).
pub const STATUS_FAILURE: i32 = 35;

/// How long a QEMU that was asked to end may take before it is killed.
const GRACE: Duration = Duration::from_secs(2);
/// How often an unfinished QEMU is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How a machine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The guest powered off (or reset, where a reset ends QEMU).
    PowerOff,
    /// The kernel reported success through isa-debug-exit.
    Success,
    /// The kernel reported a failure or a panic through isa-debug-exit.
    Failure,
    /// QEMU itself could not go on, with this status.
    Status(i32),
    /// QEMU was killed by this signal.
    Killed(i32),
}

impl From<ExitStatus> for Ending {
    fn from(status: ExitStatus) -> Self {
        match status.code() {
            Some(0) => Self::PowerOff,
            Some(STATUS_SUCCESS) => Self::Success,
            Some(STATUS_FAILURE) => Self::Failure,
            Some(code) => Self::Status(code),
            None => Self::Killed(status.signal().unwrap_or_default()),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PowerOff => out.write_str("it powered off"),
            Self::Success => out.write_str("the kernel reported success"),
            Self::Failure => out.write_str("the kernel reported a failure or a panic"),
            Self::Status(code) => write!(out, "QEMU ended with status {code}"),
            Self::Killed(signal) => write!(out, "QEMU was killed by signal {signal}"),
        }
    }
}

/// A QEMU under way.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

/// Where QEMU's standard streams lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// To those of this program.
    Inherited,
    /// To pipes, for [`crate::Guest`].
    Piped,
}

impl Process {
    /// Starts `machine`.
    ///
    /// # Errors
    /// When QEMU or the kernel's file is missing, or the host cannot start another process.
    pub fn start(machine: &Machine, streams: Streams) -> Result<Self> {
        let Some(program) = find_program(PROGRAM) else {
            return Err(Error::Missing {
                program: PROGRAM,
                package: "qemu-system-x86",
            });
        };
        for (what, path) in [
            ("the kernel", Some(&machine.kernel)),
            ("the ramdisk", machine.ramdisk.as_ref()),
        ] {
            if let Some(path) = path.filter(|path| !path.exists()) {
                return Err(Error::NotBuilt {
                    what,
                    path: path.clone(),
                });
            }
        }
        let mut words: Vec<OsString> = Vec::new();
        if let Some(setpriv) = find_program("setpriv") {
            words.push(setpriv.into());
            words.extend(["--pdeathsig", "KILL", "--"].map(OsString::from));
        }
        if machine.icount
            && let Some(chrt) = usable_chrt()
        {
            words.push(chrt.into());
            words.extend(["--batch", "0"].map(OsString::from));
        }
        words.push(program.into());
        let mut words = words.into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).args(machine.arguments());
        if streams == Streams::Piped {
            command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
        }
        let child = command
            .spawn()
            .map_err(Error::io(format!("start {PROGRAM}")))?;
        Ok(Self { child })
    }

    /// The child, for its pipes.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// When the host refuses to say.
    pub fn ended(&mut self) -> Result<Option<Ending>> {
        let status = self
            .child
            .try_wait()
            .map_err(Error::io(format!("wait for {PROGRAM}")))?;
        Ok(status.map(Ending::from))
    }

    /// Waits until it ends, at most `limit` long; `Ok(None)` means that it still runs.
    ///
    /// # Errors
    /// When the host refuses to say.
    pub fn wait(&mut self, limit: Option<Duration>) -> Result<Option<Ending>> {
        let Some(limit) = limit else {
            let status = self
                .child
                .wait()
                .map_err(Error::io(format!("wait for {PROGRAM}")))?;
            return Ok(Some(status.into()));
        };
        let start = Instant::now();
        loop {
            if let Some(ending) = self.ended()? {
                return Ok(Some(ending));
            }
            if start.elapsed() >= limit {
                return Ok(None);
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Ends it: a polite signal first, so that QEMU puts the terminal back as it was; then the
    /// one it cannot refuse. Does nothing to one that has ended.
    ///
    /// # Errors
    /// When the host refuses to signal or to wait.
    pub fn stop(&mut self) -> Result<Ending> {
        if let Some(ending) = self.ended()? {
            return Ok(ending);
        }
        let id = Pid::from_child(&self.child);
        kill_process(id, Signal::TERM)
            .map_err(|errno| Error::io(format!("end {PROGRAM}"))(errno.into()))?;
        if let Some(ending) = self.wait(Some(GRACE))? {
            return Ok(ending);
        }
        self.child
            .kill()
            .map_err(Error::io(format!("kill {PROGRAM}")))?;
        let status = self
            .child
            .wait()
            .map_err(Error::io(format!("wait for {PROGRAM}")))?;
        Ok(status.into())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it is gone already, which is what is wanted here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where `chrt` is, if it may do here what it is for.
fn usable_chrt() -> Option<std::path::PathBuf> {
    let chrt = find_program("chrt")?;
    let mut trial = Command::new(&chrt);
    trial.args(["--batch", "0", "true"]).stdin(Stdio::null());
    let done = trial.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_allowed = done.is_ok_and(|status| status.success());
    is_allowed.then_some(chrt)
}

/// Where `name` is found on the PATH.
pub fn find_program(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file)
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_follow_the_exit_device() {
        assert_eq!(Ending::from(ExitStatus::from_raw(0)), Ending::PowerOff);
        assert_eq!(Ending::from(ExitStatus::from_raw(33 << 8)), Ending::Success);
        assert_eq!(Ending::from(ExitStatus::from_raw(35 << 8)), Ending::Failure);
        assert_eq!(
            Ending::from(ExitStatus::from_raw(1 << 8)),
            Ending::Status(1)
        );
        assert_eq!(Ending::from(ExitStatus::from_raw(9)), Ending::Killed(9));
    }

    #[test]
    fn a_missing_kernel_is_named() {
        let machine = Machine::new(crate::Kind::Q35, "/nowhere/kernel");
        let error = Process::start(&machine, Streams::Piped).expect_err("no such file");
        let text = error.to_string();
        assert!(
            text.contains("/nowhere/kernel") || text.contains("not installed"),
            "{text}"
        );
    }

    #[test]
    fn programs_are_found_on_the_path() {
        assert!(find_program("sh").is_some());
        assert!(find_program("no-such-program-here").is_none());
    }
}
