//! The whole of init as process 1 of a process namespace of its own, where reboot(2) ends the
//! namespace. Needs the right to make one; without it these tests say so and pass.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::{Folder, INIT};

const PATIENCE: Duration = Duration::from_secs(30);

/// A command that makes the namespaces, if this process may.
fn as_process_one(arguments: &[&str]) -> Option<Command> {
    let namespaces = ["--pid", "--mount", "--uts", "--fork"];
    let permitted = Command::new("unshare")
        .args(namespaces)
        .arg("true")
        .output();
    if !permitted.is_ok_and(|output| output.status.success()) {
        println!("skipped: this user may not make a process namespace with unshare(1)");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(namespaces).arg(INIT).args(arguments);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Some(command)
}

/// The process in the namespace, as it is called outside: the child of `unshare`.
fn inner(unshare: &Child) -> Pid {
    let path = format!("/proc/{0}/task/{0}/children", unshare.id());
    let text = std::fs::read_to_string(path).expect("unshare runs");
    let pid = text
        .split_whitespace()
        .next()
        .and_then(|word| word.parse().ok());
    pid.and_then(Pid::from_raw).expect("unshare has a child")
}

/// Waits for the end, and kills what does not come to one.
fn end_of(mut child: Child) -> (i32, String) {
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().expect("a child").is_none() {
        if Instant::now() > deadline {
            child.kill().expect("a child");
            panic!("init did not end in {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().expect("a child");
    // Some versions of unshare(1) die of the signal themselves, some tell it as a status.
    let told = output.status.code().map(|code| code - 128);
    let signal = output.status.signal().or(told);
    (
        signal.unwrap_or(-1),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// The signals that reboot(2) ends process 1 of a namespace with (SIGHUP and SIGINT).
const RESTARTED: i32 = 1;
const POWERED_OFF: i32 = 2;

/// All that it prints until it ends.
fn output_of(child: &mut Child) -> String {
    let mut output = String::new();
    let stdout = child.stdout.as_mut().expect("asked for");
    stdout.read_to_string(&mut output).expect("a pipe");
    output
}

#[test]
fn the_table_is_run_in_its_order_and_shutdown_comes_last() {
    let folder = Folder::new("order");
    let table = folder.file(
        "table",
        "-::shutdown:echo shutdown\n\
         -::once:echo once; (sleep 0.01 &) ; echo ready; exec sleep 1000\n\
         -::wait:echo wait\n\
         nonsense\n\
         -::sysinit:echo sysinit $$\n",
    );
    let Some(mut command) = as_process_one(&["--table", &table]) else {
        return;
    };
    let mut child = command.spawn().expect("unshare starts");
    let mut output = BufReader::new(child.stdout.take().expect("asked for"));
    let mut lines = Vec::new();
    while lines.last().is_none_or(|line| line != "ready") {
        let mut line = String::new();
        assert!(
            output.read_line(&mut line).expect("a pipe") > 0,
            "{lines:?}"
        );
        lines.push(line.trim_end().to_string());
    }
    assert_eq!(lines, ["sysinit 2", "wait", "once", "ready"]);
    kill_process(inner(&child), Signal::USR2).expect("it is ours");
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("a pipe");
    let (status, errors) = end_of(child);
    assert_eq!(
        (status, rest.as_str()),
        (POWERED_OFF, "shutdown\n"),
        "{errors}"
    );
    assert!(
        errors.contains("line 4: a line is id:runlevels:action:process"),
        "{errors}"
    );
    assert!(errors.contains("init: powering off"), "{errors}");
}

#[test]
fn what_ends_at_once_is_started_five_times_and_then_rests() {
    let folder = Folder::new("respawn");
    let table = folder.file("table", "-::respawn:/bin/echo again\n");
    let Some(mut command) = as_process_one(&["--table", &table]) else {
        return;
    };
    let mut child = command.spawn().expect("unshare starts");
    let mut errors = BufReader::new(child.stderr.take().expect("asked for"));
    let mut line = String::new();
    while !line.contains("next try in") {
        line.clear();
        assert!(errors.read_line(&mut line).expect("a pipe") > 0);
    }
    kill_process(inner(&child), Signal::TERM).expect("it is ours");
    let output = output_of(&mut child);
    assert_eq!(output, "again\n".repeat(5));
    assert_eq!(end_of(child).0, RESTARTED);
}

#[test]
fn exec_frames_the_output_and_tells_the_status() {
    let folder = Folder::new("exec");
    let cases = [
        ("echo hello; exit 3", "\x01BEGIN n1\nhello\n\x01END n1 3\n"),
        (
            "printf 'no newline'",
            "\x01BEGIN n1\nno newline\x01END n1 0\n",
        ),
        ("kill -9 $$", "\x01BEGIN n1\n\x01END n1 137\n"),
        ("cat; sleep 1000 & true", "\x01BEGIN n1\n\x01END n1 0\n"),
        ("kill -USR2 1; sleep 1000", "\x01BEGIN n1\n"),
    ];
    for (line, expected) in cases {
        let file = folder.file("exec", &format!("n1\n{line}\n"));
        let Some(mut command) = as_process_one(&["--exec", &file]) else {
            return;
        };
        let mut child = command.spawn().expect("unshare starts");
        let output = output_of(&mut child);
        assert_eq!(output, expected, "{line}");
        assert_eq!(end_of(child).0, POWERED_OFF, "{line}");
    }
}

#[test]
fn exec_without_its_file_says_so_and_powers_off() {
    let Some(mut command) = as_process_one(&["--exec", "/no/such"]) else {
        return;
    };
    let (status, errors) = end_of(command.spawn().expect("unshare starts"));
    assert_eq!(status, POWERED_OFF);
    assert!(errors.contains("/no/such: No such file"), "{errors}");
}

#[test]
fn the_init_of_a_persona_tells_its_children_and_ends_well() {
    let folder = Folder::new("persona");
    let table = folder.file(
        "table",
        "-::shutdown:echo shutdown\n\
         -::once:trap 'echo told; exit' TERM; echo ready; while :; do sleep 0.1; done\n",
    );
    let Some(mut command) = as_process_one(&["--persona", &table]) else {
        return;
    };
    let mut child = command.spawn().expect("unshare starts");
    let mut output = BufReader::new(child.stdout.take().expect("asked for"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a pipe");
    assert_eq!(line, "ready\n");
    kill_process(inner(&child), Signal::TERM).expect("it is ours");
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("a pipe");
    assert_eq!(rest, "shutdown\ntold\n");
    let ended = child.wait_with_output().expect("a child");
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}
