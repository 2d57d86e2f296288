//! Programs that mean harm: the shell still answers afterwards.

use qemu::Kind;
use scenarios::{Console, Image};

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
    survives("fork-bomb", "/test/fork-bomb 5");
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
