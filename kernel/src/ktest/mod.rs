//! The in-kernel test harness: runs the tests that stand beside the code, and reports as
//! `cargo test` does.
//!
//! A test is declared with `metal::ktest!`. The name is printed before the test runs, so that
//! a hang is a hang with a name. A test that panics ends the machine, and the panic says why:
//! whoever reads the output boots again for the tests behind it (`ktest-after=NAME`). Tests that
//! must panic are listed only; each is then run by name (`ktest-only=NAME`) in a machine of its
//! own.
//!
//! Free frames are counted before and after each test. What a first run leaves in caches, or an
//! object that happens to open a page of the heap, is not a leak: a leak comes with each run. So
//! a test after which fewer are free is run again, and fails if that is so four times.

use metal::ktest::KernelTest;
use metal::memory::free_frames;
use metal::power::{self, Outcome};
use spin::Once;

use crate::log::print;
use crate::process::kernel_thread;

/// Which tests are asked for, by the kernel command line.
#[derive(Clone, Copy, Debug)]
pub enum Selection<'a> {
    /// Those whose names contain the text.
    Containing(&'a str),
    /// The one with this name, even if it must panic.
    Only(&'a str),
}

/// What is asked for, and the test behind which to begin.
static ASKED: Once<(Selection<'static>, Option<&'static str>)> = Once::new();

/// Starts a thread that runs tests, those behind the test `after` if one is named, and ends the
/// machine.
///
/// # Panics
/// When there is no memory for a thread at boot.
pub fn start(selection: Selection<'static>, after: Option<&'static str>) {
    ASKED.call_once(|| (selection, after));
    if let Err(error) = kernel_thread::start(b"ktest", run_selected) {
        panic!("the test thread cannot be started: {error}");
    }
}

fn run_selected() -> ! {
    let (selection, after) = ASKED
        .get()
        .copied()
        .unwrap_or((Selection::Containing(""), None));
    let all = metal::ktest::all();
    let begun = after.map(|after| all.iter().position(|test| test.name == after));
    match begun {
        None => run(selection, all),
        Some(Some(at)) => run(selection, &all[at + 1..]),
        Some(None) => {
            print!("ktest-after names no test of this kernel; see the names it prints\n");
            power::exit(Outcome::Failure)
        }
    }
}

fn run(selection: Selection<'_>, all: &[KernelTest]) -> ! {
    let chosen = |test: &&KernelTest| match selection {
        Selection::Containing(text) => test.name.contains(text),
        Selection::Only(name) => test.name == name,
    };
    print!("running {} tests\n", all.iter().filter(chosen).count());
    let (mut passed, mut failed, mut listed) = (0, 0, 0);
    for test in all.iter().filter(chosen) {
        match (test.should_panic, selection) {
            (Some(expected), Selection::Containing(_)) => {
                print!(
                    "test {} - should panic ... listed, expected: \"{expected}\"\n",
                    test.name
                );
                listed += 1;
            }
            (Some(_), Selection::Only(_)) => {
                (test.run)();
                print!("test {} did not panic\n", test.name);
                power::exit(Outcome::Failure);
            }
            (None, _) if run_one(test) => passed += 1,
            (None, _) => failed += 1,
        }
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    print!("\ntest result: {word}. {passed} passed; {failed} failed; {listed} ignored\n");
    power::exit(if failed == 0 {
        Outcome::Success
    } else {
        Outcome::Failure
    })
}

fn run_one(test: &KernelTest) -> bool {
    print!("test {} ... ", test.name);
    let leaked = leak_of(test);
    if leaked <= 0 || (0..3).any(|_| leak_of(test) <= 0) {
        print!("ok\n");
        return true;
    }
    print!(
        "{} at {}:{}: {leaked} frames fewer are free after the test than before\nFAILED\n",
        test.name, test.file, test.line
    );
    false
}

fn leak_of(test: &KernelTest) -> isize {
    let before = free_frames();
    (test.run)();
    before as isize - free_frames() as isize
}
