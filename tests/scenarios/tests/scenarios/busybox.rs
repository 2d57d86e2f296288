//! A program from elsewhere: Debian's static busybox, put in as `--add` does, unmodified.

use std::time::Duration;

use qemu::Kind;
use scenarios::{COMMAND_LIMIT, Console, Image};

#[test]
fn its_shell_runs_scripts() {
    let script = "busybox sh -c 'for i in 1 2 3; do echo n$i | busybox tr n N; done; x=$(busybox seq 3 | busybox wc -l); [ $x -eq 3 ] && echo three'";
    let output = Image::with_busybox().run(script).succeeded();
    assert_eq!(output, "N1\nN2\nN3\nthree\n");
}

#[test]
fn ps_shows_the_processes() {
    let output = Image::with_busybox().run("busybox ps").succeeded();
    assert!(
        output.contains("PID") && output.contains("busybox ps"),
        "{output}"
    );
    let first = output
        .lines()
        .find(|line| line.split_whitespace().next() == Some("1"));
    assert!(first.is_some_and(|line| line.contains("init")), "{output}");
}

#[test]
fn ls_walks_all_of_proc_sys_and_dev() {
    let ran = Image::with_busybox().run("busybox ls -lR /proc /sys /dev");
    let output = ran.succeeded();
    for name in ["meminfo", "cmdline", "null", "console"] {
        assert!(output.contains(name), "no {name} in the listing");
    }
    // The descriptor with which it reads a folder of descriptors is closed again when it looks
    // at what it found there; Linux shows the same.
    let complaints: Vec<&str> = output
        .lines()
        .filter(|line| line.starts_with("ls: ") && !line.contains("/fd/"))
        .collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn mount_lists_and_mounts() {
    let line = "busybox mount; busybox mkdir /mnt/t && busybox mount -t tmpfs none /mnt/t && echo x > /mnt/t/y && busybox mount | busybox grep -c /mnt/t && busybox umount /mnt/t && busybox ls /mnt/t";
    let output = Image::with_busybox().run(line).succeeded();
    assert!(output.contains(" on /proc type proc "), "{output}");
    assert!(output.ends_with("1\n"), "{output}");
}

#[test]
fn vi_edits_a_file_on_the_console() {
    let mut console = Console::boot(&Image::with_busybox(), Kind::Q35);
    // A serial line has no size of its own, and vi would ask a terminal that is not there.
    console.run("busybox stty rows 24 cols 80");
    console.send("busybox vi /tmp/letter\n");
    console.expect("~", COMMAND_LIMIT);
    console.send("idear Janus");
    // The last letter, which is nowhere else: vi draws as much at a time as has arrived.
    console.expect("s", COMMAND_LIMIT);
    // Escape is the first byte of the arrow keys too: vi waits a moment before it believes it.
    console.send("\x1b");
    std::thread::sleep(Duration::from_secs(1));
    console.send(":wq\r");
    console.wait_prompt();
    let answer = console.run("tr a-z A-Z < /tmp/letter");
    assert!(answer.text.contains("DEAR JANUS"), "{}", answer.text);
}

#[test]
fn vi_edits_a_file_under_a_pty() {
    let image = Image::with_busybox().with_program("under-pty");
    let line =
        "/test/under-pty 'idear pty|:wq|' busybox vi /tmp/letter > /tmp/screen; cat /tmp/letter";
    assert_eq!(image.run(line).succeeded(), "dear pty\n");
}
