//! `kill` (POSIX.1-2017 XCU). It is built in so that it knows jobs and works when no process can
//! be started any more.

use crate::ast::Bytes;
use crate::error::Outcome;
use crate::shell::{Shell, error_text};
use crate::signal;
use crate::text::{number, shown};
use crate::trap::die_by;
use rustix::process::{
    Pid, Signal, kill_current_process_group, kill_process, kill_process_group,
    test_kill_current_process_group, test_kill_process, test_kill_process_group,
};

/// `kill [-s signal | -signal] pid|%job…` and `kill -l [status…]`.
pub fn kill(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let words = arguments.get(1..).unwrap_or_default();
    let (signal, targets) = match words {
        [list, statuses @ ..] if list == b"-l" => return Ok(list_signals(shell, statuses)),
        [dash_s, name, rest @ ..] if dash_s == b"-s" => (signal::parse(name).ok_or(name), rest),
        [ended, rest @ ..] if ended == b"--" => (Ok(signal::TERM), rest),
        [word, rest @ ..] if word.len() > 1 && word[0] == b'-' => {
            (signal::parse(&word[1..]).ok_or(word), rest)
        }
        rest => (Ok(signal::TERM), rest),
    };
    let signal = match signal {
        Ok(signal) => signal,
        Err(name) => {
            return Ok(shell.misuse(
                "kill",
                format!("{}: unknown signal; `kill -l` lists them", shown(name)),
            ));
        }
    };
    let targets = if targets.first().is_some_and(|word| word == b"--") {
        &targets[1..]
    } else {
        targets
    };
    if targets.is_empty() {
        return Ok(shell.misuse("kill", "expected a process number or a job such as %1"));
    }
    let mut status = 0;
    for target in targets {
        if let Err(message) = send(shell, signal, target) {
            status = shell.refuse("kill", format!("{}: {message}", shown(target)));
        }
    }
    Ok(status)
}

fn send(shell: &Shell, signal: i32, target: &[u8]) -> Result<(), String> {
    if target.first() == Some(&b'%') {
        let number = shell.jobs.find(target)?;
        let job = shell.jobs.get(number).ok_or("no such job")?;
        // Without job control the processes share our group, so each is told by itself.
        let Some(group) = job.group else {
            return job
                .processes
                .iter()
                .try_for_each(|process| deliver(signal, i64::from(process.pid)));
        };
        deliver(signal, -i64::from(group))?;
        // A stopped job sees most signals only when it goes on.
        if matches!(job.state(), crate::job::State::Stopped(_))
            && [signal::TERM, 1].contains(&signal)
        {
            return deliver(signal::CONT, -i64::from(group));
        }
        return Ok(());
    }
    let own = rustix::process::getpid().as_raw_nonzero().get();
    if number(target) == Some(own) && is_withheld(signal) && shell.traps.get(signal).is_none() {
        die_by(signal);
    }
    let pid = number::<i64>(target).ok_or("expected a process number or a job such as %1")?;
    deliver(signal, pid)
}

/// Signals that would not end this process as they end others: the runtime we are built with has
/// handlers for faults and ignores broken pipes.
fn is_withheld(number: i32) -> bool {
    [signal::SEGV, signal::BUS, signal::PIPE].contains(&number)
}

/// Sends to a process, to a group if negative, to our own group if 0.
fn deliver(number: i32, target: i64) -> Result<(), String> {
    let signal = if number == 0 {
        None
    } else {
        Some(Signal::from_named_raw(number).ok_or("unknown signal")?)
    };
    let raw = i32::try_from(target.abs()).map_err(|_| "no such process")?;
    let result = match (Pid::from_raw(raw), signal) {
        (None, None) => test_kill_current_process_group(),
        (None, Some(signal)) => kill_current_process_group(signal),
        (Some(pid), None) if target > 0 => test_kill_process(pid),
        (Some(pid), Some(signal)) if target > 0 => kill_process(pid, signal),
        (Some(pid), None) => test_kill_process_group(pid),
        (Some(pid), Some(signal)) => kill_process_group(pid, signal),
    };
    result.map_err(error_text)
}

fn list_signals(shell: &mut Shell, statuses: &[Bytes]) -> i32 {
    let mut out = String::new();
    if statuses.is_empty() {
        for (number, name) in signal::all() {
            out.push_str(&format!(
                "{number:2}) {name:<7}{}",
                if number % 6 == 0 { "\n" } else { " " }
            ));
        }
        out = format!("{}\n", out.trim_end());
    }
    for status in statuses {
        let parsed = number::<i32>(status);
        let name = match parsed {
            Some(number) => {
                signal::name(if number > 128 { number - 128 } else { number }).map(str::to_owned)
            }
            None => signal::parse(status).map(|number| number.to_string()),
        };
        let Some(name) = name else {
            return shell.misuse("kill", format!("{}: unknown signal", shown(status)));
        };
        out.push_str(&name);
        out.push('\n');
    }
    shell.write_out(out.as_bytes())
}
