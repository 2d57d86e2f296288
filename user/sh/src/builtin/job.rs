//! `jobs`, `fg`, `bg` and `wait` (POSIX.1-2017 XCU).

use super::letters;
use crate::ast::Bytes;
use crate::error::Outcome;
use crate::job::State;
use crate::options::Flag;
use crate::shell::Shell;
use crate::text::{number, shown};
use crate::{signal, trap};
use rustix::process::{WaitOptions, wait as wait_child};

/// `jobs [-l|-p] [%job…]`.
pub fn jobs(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let (options, names) = match letters(arguments, "lp") {
        Ok(parsed) => parsed,
        Err(message) => return Ok(shell.misuse("jobs", message)),
    };
    shell.poll_children();
    let chosen = match chosen(shell, names) {
        Ok(chosen) => chosen,
        Err(message) => return Ok(shell.refuse("jobs", message)),
    };
    let only_pids = options.last() == Some(&b'p');
    let mut out = Bytes::new();
    let interactive = shell.has(Flag::Interactive);
    for number in chosen {
        let mark = shell.jobs.mark(number);
        let Some(job) = shell.jobs.get_mut(number) else {
            continue;
        };
        if only_pids {
            let pid = job.processes.first().map_or(0, |process| process.pid);
            out.extend_from_slice(format!("{pid}\n").as_bytes());
            continue;
        }
        out.extend(job.line(mark, options.contains(&b'l')));
        job.announced = true;
        // What has been listed as ended is not told again, but `wait` may still ask a script's job.
        if interactive && matches!(job.state(), State::Done(_)) {
            shell.jobs.remove(number);
        }
    }
    Ok(shell.write_out(&out))
}

/// The jobs named, or all.
fn chosen(shell: &Shell, names: &[Bytes]) -> Result<Vec<usize>, String> {
    if names.is_empty() {
        return Ok(shell.jobs.iter().map(|job| job.number).collect());
    }
    names.iter().map(|name| shell.jobs.find(name)).collect()
}

/// `fg [%job]`.
pub fn fg(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let number = match continue_job(shell, arguments.get(1), true) {
        Ok(number) => number,
        Err(message) => return Ok(shell.refuse("fg", message)),
    };
    let settings = rustix::termios::tcgetattr(rustix::stdio::stdin()).ok();
    shell.wait_foreground(number, settings.as_ref())
}

/// `bg [%job…]`.
pub fn bg(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let names = arguments.get(1..).unwrap_or_default();
    let names: Vec<Option<&Bytes>> = if names.is_empty() {
        vec![None]
    } else {
        names.iter().map(Some).collect()
    };
    for name in names {
        if let Err(message) = continue_job(shell, name, false) {
            return Ok(shell.refuse("bg", message));
        }
    }
    Ok(0)
}

fn continue_job(
    shell: &mut Shell,
    name: Option<&Bytes>,
    foreground: bool,
) -> Result<usize, String> {
    if !shell.has(Flag::Monitor) {
        return Err("job control is off; `set -m` turns it on".to_owned());
    }
    shell.poll_children();
    let number = shell
        .jobs
        .find(name.map_or(b"%+".as_slice(), Vec::as_slice))?;
    shell.jobs.touch(number);
    let text = shell
        .jobs
        .get(number)
        .map(|job| job.text.clone())
        .unwrap_or_default();
    let line = if foreground {
        text
    } else {
        [format!("[{number}] ").as_bytes(), &text, b" &"].concat()
    };
    shell.write_out(&[line.as_slice(), b"\n"].concat());
    shell.resume(number, foreground)?;
    Ok(number)
}

/// `wait [pid|%job…]`.
pub fn wait(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let operands = arguments.get(1..).unwrap_or_default();
    if operands.is_empty() {
        if shell.jobs.are_foreign() {
            return Ok(0);
        }
        while shell.jobs.iter().any(|job| job.state() == State::Running) {
            match wait_once(shell) {
                Waited::Child => {}
                Waited::Signal(number) => return Ok(128 + number),
                Waited::Nobody => break,
            }
        }
        let done: Vec<usize> = shell
            .jobs
            .iter()
            .filter(|job| is_done(job.state()))
            .map(|job| job.number)
            .collect();
        done.into_iter()
            .for_each(|number| shell.jobs.remove(number));
        return Ok(0);
    }
    let mut status = 0;
    for operand in operands {
        let ended = number::<i32>(operand).and_then(|pid| shell.jobs.take_stray(pid));
        status = match (ended, find(shell, operand)) {
            (Some(end), Err(_)) => end.status(),
            (_, Ok(number)) => wait_for_job(shell, number),
            (None, Err(message)) => {
                shell.complain(format!("wait: {message}"));
                127
            }
        };
    }
    Ok(status)
}

fn is_done(state: State) -> bool {
    matches!(state, State::Done(_))
}

fn find(shell: &Shell, operand: &[u8]) -> Result<usize, String> {
    if operand.first() == Some(&b'%') {
        return shell.jobs.find(operand);
    }
    let Some(pid) = number::<i32>(operand) else {
        return Err(format!(
            "{}: expected a process number or a job such as %1",
            shown(operand)
        ));
    };
    let own = !shell.jobs.are_foreign();
    shell
        .jobs
        .of_process(pid)
        .filter(|_| own)
        .ok_or_else(|| format!("{pid}: not a child of this shell"))
}

fn wait_for_job(shell: &mut Shell, number: usize) -> i32 {
    loop {
        let Some(job) = shell.jobs.get(number) else {
            return 127;
        };
        match job.state() {
            State::Running => match wait_once(shell) {
                Waited::Child => {}
                Waited::Signal(signal) => return 128 + signal,
                Waited::Nobody => return 127,
            },
            State::Stopped(signal) => return 128 + signal,
            State::Done(_) => {
                let status = job.status(shell.has(Flag::PipeFail));
                shell.jobs.remove(number);
                return status;
            }
        }
    }
}

enum Waited {
    Child,
    Signal(i32),
    Nobody,
}

/// Waits for a child or for a signal that is caught. The signals are blocked while we look, and
/// let through only while we sleep, so that none is missed in between.
fn wait_once(shell: &mut Shell) -> Waited {
    if shell.traps.catch_children().is_err() {
        return if shell.wait_any() {
            Waited::Child
        } else {
            Waited::Nobody
        };
    }
    let Some(before) = trap::hold_all() else {
        return Waited::Nobody;
    };
    let waited = loop {
        match wait_child(WaitOptions::NOHANG | WaitOptions::UNTRACED) {
            Ok(Some((pid, status))) => {
                shell.jobs.note(
                    pid.as_raw_nonzero().get(),
                    crate::job::wait::state_of(status),
                );
                break Waited::Child;
            }
            Ok(None) => {}
            Err(_) => break Waited::Nobody,
        }
        if let Some(number) = interrupting(shell) {
            break Waited::Signal(number);
        }
        // It ends with EINTR by its nature.
        let _ = before.suspend();
    };
    trap::release(before);
    waited
}

/// A signal that came and ends a `wait`: one with a trap, or an interrupt from the keyboard.
fn interrupting(shell: &Shell) -> Option<i32> {
    (1..=signal::HIGHEST)
        .filter(|number| shell.traps.is_pending(*number))
        .find(|number| {
            let trapped = matches!(shell.traps.get(*number), Some(trap::Action::Run(_)));
            trapped && *number != signal::CHLD || (*number == signal::INT && shell.is_interactive())
        })
}

impl Shell {
    /// Warns, once in a row, that leaving would leave stopped jobs behind.
    pub(crate) fn warn_of_stopped_jobs(&mut self) -> bool {
        let stopped = self
            .jobs
            .iter()
            .any(|job| matches!(job.state(), State::Stopped(_)));
        if !stopped || self.warned_of_jobs {
            return false;
        }
        self.warned_of_jobs = true;
        self.complain("there are stopped jobs; exit again to leave them");
        true
    }
}
