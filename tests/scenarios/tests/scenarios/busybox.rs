//! A program from elsewhere: Debian's static busybox, put in as `--add` does, unmodified.

use qemu::Kind;
use scenarios::{BOOT_LIMIT, Console, Image};

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
    let output = Image::with_busybox().run("busybox ls -lR /proc /sys /dev; echo status $?");
    assert!(
        output.output.ends_with("status 0\n"),
        "{}",
        tail(&output.output)
    );
    for name in ["meminfo", "cmdline", "null", "console"] {
        assert!(output.output.contains(name), "no {name} in the listing");
    }
    assert!(
        !output.output.contains("busybox ls") && !output.output.contains("ls: "),
        "{}",
        complaints(&output.output)
    );
}

fn tail(text: &str) -> &str {
    let from = text.char_indices().rev().nth(2000).map_or(0, |(at, _)| at);
    &text[from..]
}

fn complaints(text: &str) -> String {
    text.lines()
        .filter(|line| line.starts_with("ls: "))
        .collect::<Vec<_>>()
        .join("\n")
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
    console.send("busybox vi /tmp/letter\n");
    console.expect("~", BOOT_LIMIT);
    console.send("idear Janus\x1b");
    console.send(":wq\r");
    console.expect("# ", BOOT_LIMIT);
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
