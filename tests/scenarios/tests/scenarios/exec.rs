//! One command line, its output byte for byte, its exit status.

use qemu::{Ending, Kind};
use scenarios::Image;

#[test]
fn the_status_is_the_commands() {
    let image = Image::built();
    for (line, status) in [("true", 0), ("exit 3", 3), ("no-such-program", 127)] {
        let ran = image.run(line);
        assert_eq!(
            (ran.status, ran.ending),
            (Some(status), Ending::PowerOff),
            "{line}: {ran:#?}"
        );
    }
}

#[test]
fn a_signal_shows_in_the_status() {
    assert_eq!(
        Image::built().run("sh -c 'kill -9 $$'").status,
        Some(128 + 9)
    );
}

#[test]
fn the_output_is_exact() {
    let ran = Image::built().run("printf 'a\\tb\\nno newline at the end'");
    assert_eq!(ran.output, "a\tb\nno newline at the end");
}

#[test]
fn long_output_arrives_whole_on_microvm() {
    let output = Image::built()
        .run_on(Kind::Microvm, "seq 1 5000")
        .succeeded();
    let expected: String = (1..=5000).map(|number| format!("{number}\n")).collect();
    assert!(
        output == expected,
        "{} bytes came of {}",
        output.len(),
        expected.len()
    );
}

#[test]
fn errors_come_too_and_nothing_else_does() {
    let ran = Image::built().run("echo out; echo err >&2; cat < /dev/null");
    assert_eq!(ran.output, "out\nerr\n");
    assert_eq!(ran.aside.trim(), "");
}

#[test]
fn the_command_itself_passes_output_and_status_on() {
    let output = std::process::Command::new(scenarios::xtask())
        .args([
            "run",
            "--machine",
            "microvm",
            "--exec",
            "echo on''ly this; exit 3",
        ])
        .output()
        .expect("it can be run");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "only this\n",
        "it said: {complaints}"
    );
    assert_eq!(output.status.code(), Some(3), "it said: {complaints}");
}
