//! What a person does at the terminal beside typing commands: interrupts, stops, edits, recalls.

use std::time::Duration;

use qemu::Kind;
use scenarios::{COMMAND_LIMIT, Console, Image};

/// Types a command that takes forever and waits until it has the terminal.
fn start_sleeping(console: &mut Console) {
    console.send("sleep 1000\n");
    console.expect("sleep 1000", COMMAND_LIMIT);
    // Between the echo and the start of the program nothing is said that one could wait for.
    std::thread::sleep(Duration::from_secs(1));
}

#[test]
fn control_c_interrupts() {
    let mut console = Console::boot(&Image::built(), Kind::Q35);
    start_sleeping(&mut console);
    console.send("\x03");
    console.wait_prompt();
    let answer = console.run("pidof sleep");
    assert_eq!(answer.status, 1, "it still runs: {}", answer.text);
}

#[test]
fn control_z_stops_and_the_job_goes_on() {
    let mut console = Console::boot(&Image::built(), Kind::Q35);
    start_sleeping(&mut console);
    console.send("\x1a");
    console.wait_prompt();
    let answer = console.run("jobs");
    assert!(answer.text.contains("topped"), "{}", answer.text);
    assert_eq!(console.run("bg").status, 0);
    let answer = console.run("jobs");
    assert!(answer.text.contains("unning"), "{}", answer.text);
    assert_eq!(console.run("kill %1; wait %1").status, 128 + 15);
}

#[test]
fn control_d_ends_the_shell_and_init_starts_it_again() {
    let mut console = Console::boot(&Image::built(), Kind::Q35);
    console.run("here=yes");
    console.send("\x04");
    console.wait_prompt();
    let answer = console.run("echo \"<$here>\"");
    assert!(
        answer.text.contains("<>"),
        "it is the same shell: {}",
        answer.text
    );
}

#[test]
fn lines_are_edited_recalled_and_completed() {
    let mut console = Console::boot(&Image::built(), Kind::Q35);
    // Backspace, and the cursor to the left.
    console.send("echo ab''dx\x7f\x1b[Dc\n");
    console.expect("abcd", COMMAND_LIMIT);
    console.wait_prompt();
    // The arrow up brings the line back.
    console.send("\x1b[A\n");
    console.expect("abcd", COMMAND_LIMIT);
    console.wait_prompt();
    console.run("echo found > /tmp/a-long-name-indeed");
    console.send("tr a-z A-Z < /tmp/a-long\t\n");
    console.expect("FOUND", COMMAND_LIMIT);
    console.wait_prompt();
}

#[test]
fn a_background_job_does_not_take_the_terminal() {
    let mut console = Console::boot(&Image::built(), Kind::Q35);
    console.run("(sleep 1; echo do''ne) & true");
    console.still_answers();
    console.expect("done", COMMAND_LIMIT);
}
