//! `bench [--json] [--keys] [PART OF A NAME…]`: what system calls cost; all of them, or those named.
//!
//! Every figure is in nanoseconds of CLOCK_MONOTONIC for one operation. Under QEMU's
//! `-icount shift=0` virtual time advances one nanosecond an instruction, so there the figures
//! are instructions and two runs agree.
//!
//! The program runs on any Linux, and needs nothing but the kernel and a /tmp. What a kernel or a
//! machine does not have is left out, with a word of why where it was asked for by name. So is what
//! wants a hand at the keyboard, unless `--keys` says that there is one: for each byte ENQ in the
//! output it presses Alt+F2 and Alt+F1 in turn.

mod alarms;
mod binder;
mod framebuffer;
mod input;
mod logs;
mod measure;
mod memory;
mod operations;
mod personas;
mod smallest;
mod suite;
mod table;

use abi_tests::raw;

use self::operations::Start;

fn main() {
    // Taken first, so that they are the times up to (nearly) the first user instruction of a program
    // started from the shell; they include what init and the shell did before.
    let start = Start {
        since_power_on: raw::time_stamp().cast_signed(),
        since_boot: measure::clock(libc::CLOCK_BOOTTIME),
    };
    let (options, parts): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|argument| argument.starts_with('-'));
    let is_known = |option: &&String| ["--json", "--keys"].contains(&option.as_str());
    if let Some(option) = options.iter().find(|option| !is_known(option)) {
        eprintln!("{option}: no such option; type `bench [--json] [--keys] [PART OF A NAME]`");
        std::process::exit(2);
    }
    let has = |name: &str| options.iter().any(|option| option == name);
    let json = has("--json");
    let suite = operations::all(start, &parts, has("--keys"));
    print!(
        "{}",
        if json {
            table::json(&suite.rows)
        } else {
            table::text(&suite.rows)
        }
    );
    // Where the two streams are one line, a program that wants JSON wants nothing else.
    let left_out = suite.left_out.iter().filter(|_| !json);
    for line in left_out.chain(&suite.problems) {
        eprintln!("{line}");
    }
    std::process::exit(i32::from(!suite.problems.is_empty()));
}
