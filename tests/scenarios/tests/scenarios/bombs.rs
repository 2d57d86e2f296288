//! Programs that mean harm: the shell still answers afterwards.

use std::time::Duration;

use qemu::Kind;
use scenarios::{COMMAND_LIMIT, Console, Image};

/// Runs `line` at the shell of a machine with the program `name`, and expects it to survive.
fn survives(name: &str, line: &str) -> i32 {
    let mut console = Console::boot(&Image::built().with_program(name), Kind::Q35);
    let status = console.run(line).status;
    for _ in 0..3 {
        console.still_answers();
    }
    status
}

#[test]
fn a_fork_bomb() {
    let mut console = Console::boot(&Image::built().with_program("fork-bomb"), Kind::Q35);
    // It is over after five seconds. That the shell was killed for want of memory, and started
    // again by init, is in order; that nobody answers is not.
    console.send("/test/fork-bomb 5\n");
    std::thread::sleep(Duration::from_secs(6));
    for number in 1..=3 {
        console.send(&format!("echo $((6 * {number}))-alive\n"));
        console.expect(&format!("{}-alive", 6 * number), COMMAND_LIMIT);
    }
}

#[test]
fn an_allocation_bomb() {
    let status = survives("allocation-bomb", "/test/allocation-bomb");
    assert!(
        status > 128,
        "it must have been killed, or have aborted: status {status}"
    );
}

#[test]
fn a_process_that_closes_everything_and_faults_in_its_handler() {
    let status = survives("faulting-handler", "/test/faulting-handler");
    assert_eq!(status, 128 + 11, "it must have died of the fault");
}

#[test]
fn a_file_that_grows_until_memory_is_full() {
    let mut console = Console::boot(&Image::built(), Kind::Q35);
    assert_ne!(console.run("cat /dev/zero > /tmp/large").status, 0);
    assert_eq!(console.run("rm /tmp/large").status, 0);
    console.still_answers();
}
