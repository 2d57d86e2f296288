//! Personas, as a person at the serial line meets them: the ABI of /proc/dev_ns typed by hand, the
//! command `persona`, and what happens when one ends.

use qemu::Kind;
use scenarios::{COMMAND_LIMIT, Console, Image};

fn boot() -> Console {
    Console::boot(&Image::built(), Kind::Q35)
}

/// Runs `line`, which must succeed, and returns what came after its echo.
#[track_caller]
fn good(console: &mut Console, line: &str) -> String {
    let answer = console.run(line);
    assert_eq!(answer.status, 0, "{line}: {}", answer.text);
    answer.text
}

/// Runs `line`, which must fail with `status` and say `words`.
#[track_caller]
fn bad(console: &mut Console, line: &str, status: i32, words: &str) {
    let answer = console.run(line);
    assert_eq!(answer.status, status, "{line}: {}", answer.text);
    assert!(answer.text.contains(words), "{line}: {}", answer.text);
}

/// Says whether the table has a line with these words in this order.
fn has_row(table: &str, words: &[&str]) -> bool {
    table.lines().any(|line| {
        let mut found = line.split_whitespace();
        words.iter().all(|word| found.any(|other| other == *word))
    })
}

#[track_caller]
fn expect_row(console: &mut Console, words: &[&str]) {
    let table = good(console, "persona list");
    assert!(has_row(&table, words), "no {words:?} in: {table}");
}

/// A program that runs until it is told to end, and its persona.
const PROG: &str = "printf '#!/bin/sh\\ntrap \"exit 0\" TERM\\nwhile :; do sleep 0.1; done\\n' > /tmp/prog; \
                    chmod +x /tmp/prog; persona create demo /tmp/prog";

#[test]
fn the_examples_of_the_documentation_work_as_typed() {
    let mut console = boot();
    good(&mut console, "echo 1:init > /proc/dev_ns/ns_tag");
    let text = good(&mut console, "cat /proc/dev_ns/ns_tag");
    assert!(text.contains("active: 1 timestamp: 0 tag: init"), "{text}");
    good(&mut console, PROG);
    let text = good(&mut console, "pidof prog");
    let number = |line: &&str| line.trim().parse::<u32>().is_ok();
    let pid = text
        .lines()
        .find(number)
        .expect("it runs")
        .trim()
        .to_owned();
    good(
        &mut console,
        "echo `pidof prog` > /proc/dev_ns/active_ns_pid",
    );
    let text = good(&mut console, "cat /proc/dev_ns/active_ns_pid");
    assert!(text.lines().any(|line| line.trim() == pid), "{pid}: {text}");
    good(&mut console, "echo `pidof prog`:demo > /proc/dev_ns/ns_tag");
    let text = good(&mut console, "cat /proc/dev_ns/ns_tag");
    assert!(
        text.contains(&format!("active: {pid} timestamp: ")),
        "{text}"
    );
    assert!(text.contains(" tag: demo\r\n"), "{text:?}");
    good(&mut console, "echo 1 > /proc/dev_ns/active_ns_pid");
    let text = good(&mut console, "cat /proc/dev_ns/active_ns_pid");
    assert!(text.lines().any(|line| line.trim() == "1"), "{text}");
    bad(
        &mut console,
        "echo 99999 > /proc/dev_ns/active_ns_pid",
        1,
        "Invalid argument",
    );
}

#[test]
fn a_persona_is_made_listed_switched_to_tagged_and_ended() {
    let mut console = boot();
    let text = good(&mut console, "persona create demo");
    assert!(text.contains("output in /run/persona/demo.log"), "{text}");
    good(&mut console, "persona create work sleep 1000");
    expect_row(&mut console, &["*", "root", "foreground"]);
    expect_row(
        &mut console,
        &["demo", "demo", "background", "1", "/bin/init", "--persona"],
    );
    let text = good(&mut console, "persona switch demo");
    assert!(text.contains("demo is in the foreground now"), "{text}");
    expect_row(&mut console, &["*", "demo", "demo", "foreground"]);
    good(&mut console, "persona switch work");
    for expected in ["demo", "work", "demo"] {
        let text = good(&mut console, "persona switch -");
        let words = format!("{expected} is in the foreground now");
        assert!(text.contains(&words), "{text}");
    }
    good(&mut console, "persona switch $(pidof sleep)");
    expect_row(&mut console, &["*", "work", "foreground"]);
    good(&mut console, "persona tag work wo:k");
    expect_row(&mut console, &["work", "wo:k"]);
    good(&mut console, "persona tag root here; persona switch root");
    expect_row(&mut console, &["*", "root", "here", "1", "foreground"]);
    let text = good(&mut console, "persona stop demo");
    assert!(text.contains("demo has ended"), "{text}");
    // Process 1 of this one listens to nothing.
    let text = good(&mut console, "/bin/persona stop -t 0.2 work");
    assert!(text.contains("so it was killed"), "{text}");
    let text = good(&mut console, "persona list; ls /run/persona");
    let gone = |name: &str| {
        !text
            .lines()
            .any(|line| line.split_whitespace().any(|w| w == name))
    };
    assert!(gone("demo") && gone("work"), "{text}");
}

#[test]
fn a_command_runs_inside_with_the_callers_terminal() {
    let mut console = boot();
    good(&mut console, "persona create demo");
    let text = good(
        &mut console,
        "persona run demo hostname; persona run demo ps -e -o pid=,comm=",
    );
    assert!(
        has_row(&text, &["demo"]) && has_row(&text, &["1", "init"]),
        "{text}"
    );
    assert!(
        has_row(&text, &["ps"]) && !has_row(&text, &["sh"]),
        "{text}"
    );
    assert_eq!(console.run("persona run demo sh -c 'exit 7'").status, 7);
    assert_eq!(
        console.run("persona run demo sh -c 'kill -9 $$'").status,
        128 + 9
    );
    bad(
        &mut console,
        "persona run demo no-such-program",
        127,
        "no-such-program: No such file",
    );
    let text = good(
        &mut console,
        "echo through | persona run demo cat | tr a-z A-Z",
    );
    assert!(text.contains("THROUGH"), "{text}");
    console.send("persona run demo sleep 1000\n");
    console.expect("sleep 1000", COMMAND_LIMIT);
    std::thread::sleep(std::time::Duration::from_secs(1));
    console.send("\x03");
    console.wait_prompt();
    bad(&mut console, "pidof sleep", 1, "");
    // A shell inside has the terminal and its jobs.
    console.send("persona run demo sh\n");
    console.expect("# ", COMMAND_LIMIT);
    let text = good(&mut console, "set -o; hostname");
    assert!(
        has_row(&text, &["monitor", "on"]) && has_row(&text, &["demo"]),
        "{text}"
    );
    console.send("exit\n");
    console.wait_prompt();
    let text = good(&mut console, "hostname");
    assert!(has_row(&text, &["janus"]), "{text}");
}

#[test]
fn what_is_misspelt_or_not_allowed_is_explained() {
    let mut console = boot();
    good(&mut console, "persona create demo");
    bad(
        &mut console,
        "persona swich demo",
        2,
        "did you mean switch?",
    );
    bad(&mut console, "persona switch dmeo", 1, "did you mean demo?");
    bad(
        &mut console,
        "persona stop nobody",
        1,
        "there is no persona 'nobody'",
    );
    bad(
        &mut console,
        "persona switch 99999",
        1,
        "no process with the pid 99999 lives",
    );
    bad(
        &mut console,
        "persona create demo",
        1,
        "there is a persona demo already",
    );
    bad(&mut console, "persona create a/b", 2, "letters, digits");
    bad(&mut console, "persona create root", 2, "the machine itself");
    bad(&mut console, "persona stop root", 2, "the machine itself");
    bad(&mut console, "persona tag demo hello", 2, "at most 4 bytes");
    bad(
        &mut console,
        "persona create x no-such-program",
        127,
        "no-such-program: No such file",
    );
    let text = good(&mut console, "persona");
    assert!(text.contains("persona create NAME [COMMAND...]"), "{text}");
    // From inside another one nothing of this is to be had.
    for words in [
        "list",
        "switch root",
        "tag demo x",
        "create y",
        "stop demo",
        "run demo true",
    ] {
        let line = format!("persona run demo persona {words}");
        bad(&mut console, &line, 1, "from the root persona only");
    }
    let line = "persona run demo sh -c 'echo 1 > /proc/dev_ns/active_ns_pid'";
    bad(&mut console, line, 1, "Operation not permitted");
    // Neither through a descriptor that came from the root.
    let line = "persona run demo sh -c 'echo 1 >&3' 3> /proc/dev_ns/active_ns_pid";
    bad(&mut console, line, 1, "Operation not permitted");
}

#[test]
fn tab_completes_subcommands_and_names() {
    let mut console = boot();
    good(&mut console, "persona create demonstration");
    console.send("persona swi\tdemon\t\n");
    console.expect("demonstration is in the foreground now", COMMAND_LIMIT);
    console.wait_prompt();
    console.send("persona ru\tdemon\thostn\t\n");
    console.expect("\ndemonstration", COMMAND_LIMIT);
    console.wait_prompt();
}

#[test]
fn when_the_persona_in_front_ends_the_root_comes_to_the_front() {
    let mut console = boot();
    good(&mut console, PROG);
    good(&mut console, "persona switch demo");
    good(&mut console, "kill -KILL $(pidof prog)");
    let text = good(&mut console, "sleep 1; persona list; dmesg");
    assert!(has_row(&text, &["*", "root", "foreground"]), "{text}");
    let told = "was in front and its last process has ended: the root is in front now";
    assert!(text.contains(told), "{text}");
    bad(
        &mut console,
        "persona switch demo",
        1,
        "there is no persona 'demo'",
    );
    good(&mut console, "persona create demo");
}

#[test]
fn a_persona_cannot_bring_the_machine_down() {
    let mut console = boot();
    for line in ["poweroff", "poweroff -f", "reboot -f", "halt -f"] {
        good(&mut console, "persona create demo");
        console.run(&format!("persona run demo {line}"));
        good(
            &mut console,
            "while persona list | grep -q demo; do sleep 0.1; done",
        );
        console.still_answers();
    }
    // How it ended tells its parent which of them it was.
    for (line, signal) in [("reboot -f", 1), ("poweroff -f", 2)] {
        let answer = console.run(&format!("unshare -pf sh -c '{line}; sleep 1000'"));
        assert_eq!(answer.status, 128 + signal, "{line}: {}", answer.text);
    }
}

#[test]
fn the_machine_starts_the_personas_it_is_told_to() {
    let mut image = Image::built();
    let list =
        "# comment\n\nwork\nplay sleep 1000\nbad/name\nlog echo to-log > /tmp/x; sleep 1000\n";
    let written = image.ramdisk.file("/etc/personas", list);
    written.unwrap_or_else(|error| panic!("{error}"));
    let table = "-::once:echo from the table; hostname\n";
    let written = image.ramdisk.file("/etc/persona.inittab", table);
    written.unwrap_or_else(|error| panic!("{error}"));
    let mut console = Console::boot(&image, Kind::Q35);
    assert!(console.said().contains("'bad/name'"), "{}", console.said());
    expect_row(&mut console, &["*", "root"]);
    expect_row(&mut console, &["work", "work", "background", "--persona"]);
    expect_row(
        &mut console,
        &["play", "play", "background", "sleep", "1000"],
    );
    let text = good(&mut console, "sleep 1; cat /run/persona/work.log /tmp/x");
    assert!(text.contains("from the table\r\nwork\r\n"), "{text}");
    assert!(text.contains("to-log"), "{text}");
    good(&mut console, "persona stop work");
}

#[test]
fn the_namespace_tools_make_and_enter_personas_too() {
    let script = "unshare -pfmu --mount-proc sh -c 'hostname other; exec sleep 1000' &
         until pidof sleep > /dev/null; do sleep 0.1; done; inside=$(pidof sleep)
         persona switch $inside > /dev/null; persona list | grep -c '^[*] ?'
         nsenter -t $inside -p -m -u -d sh -c 'hostname; ps -e -o pid=,comm=' | grep -E '^o| 1 '
         [ \"$(nsenter -t $inside -a readlink /proc/self/ns/dev)\" = \\
           \"$(readlink /proc/$inside/ns/dev)\" ] && echo same
         lsns -t dev | tail -n +2 | wc -l; hostname; kill -KILL $inside";
    let ran = Image::built().run(script);
    let expected = "1\nother\n    1 sleep\nsame\n2\njanus\n";
    assert_eq!(ran.output, expected, "{ran:#?}");
}
