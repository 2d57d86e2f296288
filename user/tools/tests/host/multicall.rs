//! How the one program is called by many names.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::{Folder, TOOLS, run};

#[test]
fn the_list_is_sorted_and_holds_what_people_type() {
    let list = run(&["--list"]).good();
    let names: Vec<&str> = list.lines().collect();
    assert!(names.is_sorted(), "{list}");
    for name in
        "[ basename cat chgrp chmod chown chroot clear comm cp cut date dd df dirname dmesg \
                 du echo env expr false find fold free grep groups halt head hexdump hostname id \
                 kill link ln logcat logwrite ls mkdir mkfifo mknod mktemp more mount mv nice nl nohup nproc od \
                 paste pidof poweroff printenv printf ps pwd readlink realpath reboot reset rm sed \
                 rmdir seq sleep sort split stat stty sync tail tee test timeout touch tr true \
                 truncate tty umount uname uniq unlink uptime wc which whoami xargs yes"
            .split_whitespace()
    {
        assert!(names.contains(&name), "{name} is missing");
    }
}

#[test]
fn every_tool_explains_itself() {
    // These take --help as text, as POSIX says they must.
    const LITERAL: [&str; 2] = ["[", "test"];
    for name in run(&["--list"]).good().lines() {
        let ran = run(&[name, "--help"]);
        if !LITERAL.contains(&name) {
            assert_eq!(
                ran.status,
                i32::from(name == "false"),
                "{name}: {}",
                ran.errors
            );
            assert!(
                ran.output.contains("Usage") || name == "echo",
                "{name}: {}",
                ran.output
            );
        }
    }
}

#[test]
fn a_link_is_called_by_its_own_name() {
    let folder = Folder::new("links");
    for name in ["echo", "hostname", "["] {
        std::os::unix::fs::symlink(TOOLS, folder.0.join(name)).expect("can be made");
    }
    let run = |name: &str, word: &str| {
        let output = Command::new(folder.0.join(name))
            .arg(word)
            .output()
            .expect("it starts");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    };
    assert_eq!(run("echo", "hello"), (Some(0), "hello\n".into()));
    assert_eq!(run("[", "]").0, Some(1));
    let host_name = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("on Linux");
    assert_eq!(run("hostname", "-f"), (Some(0), host_name));
}

#[test]
fn a_dash_before_the_name_is_a_login_shell_s_habit() {
    let output = Command::new(TOOLS)
        .arg0("-true")
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn an_unknown_name_says_where_the_names_are() {
    let message = run(&["frobnicate"]).bad(127);
    assert!(
        message.contains("'frobnicate'") && message.contains("--list"),
        "{message}"
    );
}

#[test]
fn a_reader_that_goes_away_ends_the_writer_quietly() {
    for command in [
        "yes",
        "grep '' /proc/self/maps /proc/self/maps",
        "ls -lR /proc/sys",
        "find /proc/sys",
    ] {
        let line = format!("{TOOLS} {command} | head -n 1 >/dev/null");
        let output = Command::new("sh")
            .args(["-c", &line])
            .output()
            .expect("it starts");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command}");
    }
}

#[test]
fn a_full_device_is_reported() {
    for tool in [
        "uptime -s",
        "ls /",
        "grep root /etc/passwd",
        "find /proc/self/limits",
        "expr 1",
        "echo x",
    ] {
        let line = format!("{TOOLS} {tool} >/dev/full");
        let output = Command::new("sh")
            .args(["-c", &line])
            .output()
            .expect("it starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            errors.contains("No space left on device"),
            "{tool}: {errors}"
        );
        assert_ne!(output.status.code(), Some(0), "{tool}");
    }
}
