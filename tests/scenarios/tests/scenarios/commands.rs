//! The commands of `cargo xtask` and their options, as a person types them.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use qapi::qmp as command;
use qemu::{Qmp, TemporaryFile};
use scenarios::{BOOT_LIMIT, xtask};

/// The most that the ramdisk may have.
const RAMDISK_LIMIT_BYTES: u64 = 16 << 20;

/// `cargo xtask` with these words, nothing to read, and pipes for what it says.
fn prepare(words: &[&str]) -> Command {
    let mut command = Command::new(xtask());
    command
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs it to its end.
fn run(words: &[&str]) -> Output {
    prepare(words).output().expect("it can be run")
}

/// Runs a command that must succeed; returns what it printed.
fn succeeds(words: &[&str]) -> String {
    let output = run(words);
    let (said, complaints) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{words:?}: {said}{complaints}");
    said
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_bare_command_shows_the_menu_and_a_misspelt_one_what_was_meant() {
    let menu = succeeds(&[]);
    assert!(menu.contains("cargo xtask run") && menu.contains("cargo xtask test"));
    for (words, meant) in [
        (["rnu", "--exec"], "cargo xtask run"),
        (["run", "--exce"], "--exec"),
    ] {
        let output = run(&words);
        let complaints = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{complaints}");
        assert!(complaints.contains(meant), "{complaints}");
    }
    let output = run(&["run", "--machine", "pc"]);
    assert!(text(&output.stderr).contains("q35, microvm"));
}

#[test]
fn build_makes_a_small_ramdisk() {
    let said = succeeds(&["build"]);
    let file = |what: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(what));
        let path = line.and_then(|line| line.split_whitespace().next());
        path.unwrap_or_else(|| panic!("no {what}: {said}"))
    };
    let size = |path| std::fs::metadata(path).map_or(0, |data| data.len());
    assert!(size(file("kernel")) > 0);
    assert!((1..=RAMDISK_LIMIT_BYTES).contains(&size(file("ramdisk"))));
}

#[test]
fn size_tells_sections_crates_and_programs() {
    let said = succeeds(&["size"]);
    for name in ["code", "constants", "kernel", "metal", "/bin/tools"] {
        let is_row = |line: &str| {
            let mut words = line.split_whitespace();
            let size = words.next().and_then(|word| word.parse::<u64>().ok());
            size.is_some_and(|size| size > 0) && words.next() == Some(name)
        };
        assert!(said.lines().any(is_row), "no row of {name}: {said}");
    }
}

#[test]
fn what_cannot_be_added_is_named_once_before_anything_is_built() {
    let output = run(&["run", "--add", "/no/such/file", "--exec", "true"]);
    let said = text(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains("/no/such/file") && said.contains("HOST[:GUEST]"));
    assert_eq!(said.matches("No such file").count(), 1, "{said}");
    // Cargo says so at the end of every build, fresh or not.
    assert!(!said.contains("Finished"), "it was built first: {said}");
}

#[test]
fn files_and_folders_of_the_host_come_in_with_memory_and_words_as_asked() {
    let folder = TemporaryFile::new("added");
    std::fs::create_dir_all(folder.path().join("deep")).expect("the temporary folder takes it");
    std::fs::write(folder.path().join("deep/file"), "in the folder\n").expect("it is ours");
    let host = folder.path().display();
    let (tree, file) = (
        format!("{host}:/opt/tree"),
        format!("{host}/deep/file:/tmp/added"),
    );
    let said = succeeds(&[
        "run",
        "--add",
        &tree,
        "--add",
        &file,
        "--memory",
        "200",
        "--append",
        "loglevel=3 color=green",
        "--exec",
        "cat /opt/tree/deep/file /tmp/added /proc/cmdline; grep MemTotal /proc/meminfo",
    ]);
    std::fs::remove_dir_all(folder.path()).expect("it is ours");
    let mut lines = said.lines();
    assert_eq!(lines.next(), Some("in the folder"));
    assert_eq!(lines.next(), Some("in the folder"));
    let words = lines.next().unwrap_or_default();
    assert!(words.contains("loglevel=3 color=green"), "{said}");
    let memory = lines.next().unwrap_or_default();
    let kib = memory.split_whitespace().find_map(|word| word.parse().ok());
    let kib: u64 = kib.unwrap_or_else(|| panic!("no memory: {said}"));
    assert!((160 << 10..=200 << 10).contains(&kib), "{memory}");
}

#[test]
fn under_icount_two_runs_take_the_same_time() {
    // The stamps of the kernel's log are in microseconds.
    let line = "ls -lR /bin > /dev/null; echo here > /dev/kmsg; dmesg";
    let boot = || succeeds(&["run", "--machine", "microvm", "--icount", "--exec", line]);
    let (one, other) = (boot(), boot());
    assert!(one.trim_end().ends_with("here"), "{one}");
    assert_eq!(one, other);
}

#[test]
fn what_takes_too_long_is_ended() {
    let exec = [
        "run",
        "--machine",
        "microvm",
        "--timeout",
        "5",
        "--exec",
        "sleep 100",
    ];
    let output = run(&exec);
    assert_eq!(output.status.code(), Some(124));
    assert!(text(&output.stderr).contains("sleep 100"));
    let output = run(&[
        "run",
        "--machine",
        "microvm",
        "--headless",
        "--timeout",
        "2",
    ]);
    assert_eq!(output.status.code(), Some(124));
    assert!(text(&output.stderr).contains("--timeout"));
}

#[test]
fn the_machine_is_as_asked_and_answers_on_its_sockets() {
    let (socket, screen) = (TemporaryFile::new("qmp"), TemporaryFile::new("screen"));
    let path = socket.path().to_string_lossy().into_owned();
    let display = format!("vnc=unix:{}", screen.path().display());
    let mut child = prepare(&[
        "run",
        "--machine",
        "microvm",
        "--smp",
        "2",
        "--memory",
        "160",
        "--timeout",
        "120",
        "--display",
        &display,
        "--qmp",
        &path,
        "--",
        "-name",
        "called-so",
    ])
    .stdout(Stdio::null())
    .stderr(Stdio::null())
    .spawn()
    .expect("it can be run");
    let mut qmp = Qmp::connect(socket.path(), BOOT_LIMIT).expect("QEMU listens");
    let status = qmp.execute(&command::query_status {}).expect("its status");
    assert!(status.running);
    let processors = qmp.execute(&command::query_cpus_fast {});
    assert_eq!(processors.expect("its processors").len(), 2);
    let memory = qmp.execute(&command::query_memory_size_summary {});
    assert_eq!(memory.expect("its memory").base_memory, 160 << 20);
    let name = qmp.execute(&command::query_name {}).expect("its name");
    assert_eq!(name.name.as_deref(), Some("called-so"));
    assert_eq!(greeting(&screen), "RFB 003.008\n");
    qmp.quit().expect("QEMU obeys");
    assert!(child.wait().expect("it ends").success());
}

/// What the VNC server on this socket says first.
fn greeting(screen: &TemporaryFile) -> String {
    let end = Instant::now() + BOOT_LIMIT;
    let mut stream = loop {
        match UnixStream::connect(screen.path()) {
            Ok(stream) => break stream,
            Err(error) => assert!(Instant::now() < end, "no screen: {error}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    stream
        .set_read_timeout(Some(BOOT_LIMIT))
        .expect("a socket takes a limit");
    let mut greeting = [0; 12];
    stream.read_exact(&mut greeting).expect("it greets");
    text(&greeting)
}
