//! `bombs [--list] [PART OF A NAME]`: programs that take all they can get.
//!
//! Each case lets a child do its worst and then asks for what the next program would need: a
//! process, memory, a file, an answer in time. What the child itself gets (an errno, or its
//! death) is the kernel's business and not printed. The bombs have bounds that a small guest
//! cannot meet and that leave a host alive.

use abi_tests::runner::{self, Family};

mod memory;
mod processes;
mod starved;
mod tables;

const FAMILIES: &[Family] = &[Family {
    name: "bombs",
    tables: &[
        processes::CASES,
        memory::CASES,
        tables::CASES,
        starved::CASES,
    ],
}];

fn main() {
    std::process::exit(runner::main(FAMILIES));
}

/// What the next program needs: a child that maps memory, makes a file and exits.
fn still_answers() -> abi_tests::check::Outcome {
    use abi_tests::process::status_of;
    use abi_tests::{raw, sys};
    use libc::*;
    // The dead are taken away a little after they were killed.
    let works = || {
        let status = status_of(|| {
            let protection = PROT_READ | PROT_WRITE;
            let at = sys!(
                SYS_mmap,
                0,
                1 << 20,
                protection,
                MAP_PRIVATE | MAP_ANONYMOUS,
                -1,
                0
            );
            if at < 0 || std::fs::write("after", "still here").is_err() {
                return 1;
            }
            for page in (at as usize..at as usize + (1 << 20)).step_by(4096) {
                raw::poke(page, 1);
            }
            i32::from(std::fs::remove_file("after").is_err())
        });
        status.is_ok_and(|status| status == 0)
    };
    match abi_tests::process::until(works) {
        true => Ok(()),
        false => Err(abi_tests::check::Failure::Wrong(
            "afterwards a process could not map memory and write a file".into(),
        )),
    }
}

/// Lets a child run `body` for a second at most, ends it and all it started, and sees whether the
/// kernel still answers.
fn explode(body: impl FnOnce() -> i32) -> abi_tests::check::Outcome {
    use abi_tests::process::{now, pause, spawn};
    use abi_tests::sys;
    use libc::*;
    let child = spawn(|| {
        sys!(SYS_setpgid, 0, 0);
        body()
    })?;
    sys!(SYS_setpgid, child, child);
    let limit = now() + 1_000_000_000;
    let mut ended = false;
    while !ended && now() < limit {
        ended = sys!(SYS_wait4, child, 0, WNOHANG, 0) == child as isize;
        pause(5);
    }
    sys!(SYS_kill, -child, SIGKILL);
    if !ended {
        sys!(SYS_wait4, child, 0, 0, 0);
    }
    still_answers()
}
