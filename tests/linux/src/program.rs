//! The one program that is run, and the processes it leaves.

use std::process::{Command, Stdio};

use rustix::process::{Pid, WaitOptions, WaitStatus};

/// Runs `command_line` and waits for it, burying on the way whoever else ends: the orphans of all
/// processes are process 1's. Returns the status as a shell has it in `$?`.
pub fn run(command_line: &str) -> Result<i32, String> {
    let words = shlex::split(command_line)
        .ok_or_else(|| format!("a quote in `{}` has no end", command_line.trim_end()))?;
    let (path, words) = words
        .split_first()
        .ok_or("there is no command line to run")?;
    let child = Command::new(path)
        .args(words)
        .env_clear()
        .env("PATH", "/bin:/usr/bin")
        .current_dir("/tmp")
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot run {path}: {error}"))?;
    let child = Pid::from_child(&child);
    loop {
        let ended = rustix::process::wait(WaitOptions::empty())
            .map_err(|error| format!("cannot wait for {path}: {error}"))?;
        if let Some((pid, status)) = ended
            && pid == child
        {
            return Ok(shell_status(status));
        }
    }
}

fn shell_status(status: WaitStatus) -> i32 {
    status
        .exit_status()
        .or_else(|| status.terminating_signal().map(|signal| 128 + signal))
        .unwrap_or(255)
}
