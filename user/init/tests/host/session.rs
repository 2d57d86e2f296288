//! The helper that makes a command the leader of a session on a terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::INIT;

/// Opens a pseudo-terminal. Returns the near end and the path of the far one.
fn pseudo_terminal() -> (File, String) {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pty");
    grantpt(&controller)
        .and_then(|()| unlockpt(&controller))
        .expect("it is ours");
    let name = ptsname(&controller, Vec::new()).expect("it has a name");
    (
        File::from(controller),
        name.into_string().expect("a plain name"),
    )
}

/// Reads until `text` has come out.
fn read_until(controller: &mut File, text: &str) -> String {
    let mut seen = String::new();
    let mut buffer = [0; 256];
    while !seen.contains(text) {
        // EIO says that the last process has closed the far end.
        let length = controller.read(&mut buffer).unwrap_or(0);
        assert!(length > 0, "'{text}' did not come out, but {seen:?}");
        seen += &String::from_utf8_lossy(&buffer[..length]);
    }
    seen
}

fn helper(arguments: &[&str]) -> Command {
    let mut command = Command::new(INIT);
    command
        .arg("--session")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command.stderr(Stdio::piped());
    command
}

#[test]
fn the_command_leads_a_session_on_the_terminal() {
    let (mut controller, name) = pseudo_terminal();
    let script = "read pid comm state parent group session rest < /proc/$$/stat; \
                  echo $((pid - session)) $((pid - group)); tty; pwd; echo $PATH; sleep 100";
    let mut child = helper(&[&name, "/bin/sh", "-c", script])
        .env("HOME", "/var")
        .spawn()
        .expect("it starts");
    let seen = read_until(&mut controller, "/usr/");
    assert!(
        seen.contains(&format!("0 0\r\n{name}\r\n/var\r\n")),
        "{seen}"
    );
    // Only the controlling terminal turns this key into a signal.
    controller.write_all(b"\x03").expect("the pty takes keys");
    let status = child.wait().expect("a child");
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&status),
        Some(2),
        "{status}"
    );
}

#[test]
fn it_waits_for_enter_if_it_shall_ask() {
    let (mut controller, name) = pseudo_terminal();
    let mut child = helper(&[&name, "--ask", "/bin/echo", "started"])
        .spawn()
        .expect("it starts");
    read_until(&mut controller, "Press Enter to start /bin/echo.");
    controller.write_all(b"\n").expect("the pty takes keys");
    read_until(&mut controller, "started");
    assert!(child.wait().expect("a child").success());
}

#[test]
fn without_a_terminal_the_descriptors_stay() {
    let output = helper(&["-", "/bin/echo", "hello"])
        .output()
        .expect("it starts");
    assert_eq!(output.stdout, b"hello\n");
}

#[test]
fn what_cannot_be_started_is_named() {
    let failure = |arguments: &[&str]| {
        let output = helper(arguments).output().expect("it starts");
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(failure(&["-", "/no/such"]).starts_with("init: /no/such: No such file"));
    assert!(failure(&["/no/tty", "/bin/true"]).contains("/no/tty: cannot open the terminal"));
    assert!(failure(&["/dev/null", "/bin/true"]).contains("controlling terminal"));
    assert!(failure(&[]).contains("needs a terminal"));
    assert!(failure(&["-"]).contains("needs a command"));
}

#[test]
fn a_second_process_1_is_refused() {
    let output = Command::new(INIT).output().expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.contains("not process 1") && message.contains("poweroff"),
        "{message}"
    );
}
