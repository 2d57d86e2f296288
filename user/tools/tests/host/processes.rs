//! The tools that look at the machine and its processes.

use std::process::{Child, Command};

use crate::run;

/// A process to look at, ended with the test.
struct Sleeper(Child);

impl Sleeper {
    fn new() -> Sleeper {
        Sleeper(
            Command::new("sleep")
                .arg("1000")
                .spawn()
                .expect("sleep starts"),
        )
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        // It may have been killed by the test already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn ps_shows_the_columns_asked_for() {
    let sleeper = Sleeper::new();
    let own = std::process::id().to_string();
    let line = run(&["ps", "-o", "ppid=,comm=,args=", "-p", &sleeper.pid()]).good();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words, [own.as_str(), "sleep", "sleep", "1000"]);
    let all = run(&["ps", "-e"]).good();
    assert!(
        all.lines()
            .next()
            .is_some_and(|line| line.contains("PID") && line.contains("CMD"))
    );
    assert!(
        all.lines()
            .any(|line| line.split_whitespace().next() == Some(&sleeper.pid()))
    );
    assert!(run(&["ps", "aux"]).good().contains("sleep 1000"));
    assert!(
        run(&["ps", "-o", "nonsense"])
            .bad(2)
            .contains("unknown column 'nonsense'")
    );
    assert_eq!(run(&["ps", "-p", "999999999"]).status, 1);
}

#[test]
fn kill_sends_signals() {
    let mut sleeper = Sleeper::new();
    assert_eq!(run(&["kill", "-0", &sleeper.pid()]).good(), "");
    assert_eq!(run(&["kill", "-s", "TERM", &sleeper.pid()]).good(), "");
    let status = sleeper.0.wait().expect("it is a child");
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&status),
        Some(15)
    );
    assert_eq!(
        run(&["kill", "999999999"]).bad(1),
        "kill: (999999999) - No such process\n"
    );
    assert_eq!(run(&["kill", "-l", "9"]).good(), "KILL\n");
    assert_eq!(run(&["kill", "-l", "143"]).good(), "TERM\n");
    assert_eq!(run(&["kill", "-l", "SIGHUP"]).good(), "1\n");
    assert!(
        run(&["kill", "-NOPE", "1"])
            .bad(2)
            .contains("unknown signal: NOPE")
    );
}

#[test]
fn pidof_finds_by_name() {
    let sleeper = Sleeper::new();
    let found = run(&["pidof", "sleep"]).good();
    assert!(
        found.split_whitespace().any(|pid| pid == sleeper.pid()),
        "{found}"
    );
    assert_eq!(run(&["pidof", "no-such-program-here"]).bad(1), "");
}

#[test]
fn mount_shows_and_explains() {
    assert!(
        run(&["mount", "-t", "proc"])
            .good()
            .contains(" on /proc type proc (")
    );
    assert_eq!(
        run(&["mount", "-t", "tmpfs", "x", "/no/such"]).bad(32),
        "mount: /no/such: mount point does not exist.\n"
    );
    let message = run(&["umount", "/etc"]).bad(32);
    assert!(message.starts_with("umount: /etc: "), "{message}");
}

#[test]
fn the_machine_is_described() {
    let lines = run(&["free"]).good();
    assert!(lines.contains("Mem:") && lines.contains("Swap:"), "{lines}");
    assert!(run(&["uptime"]).good().contains("load average: "));
    assert!(run(&["uptime", "-p"]).good().starts_with("up "));
    assert!(run(&["uname", "-s"]).good().starts_with("Linux"));
}

#[test]
fn what_is_not_process_1_cannot_be_asked_twice() {
    assert!(
        run(&["poweroff", "--nope"])
            .bad(2)
            .contains("invalid option '--nope'")
    );
}
