//! `bench [--json] [PART OF A NAME…]`: what system calls cost; all of them, or those named.
//!
//! Every figure is in nanoseconds of CLOCK_MONOTONIC for one operation. Under QEMU's
//! `-icount shift=0` virtual time advances one nanosecond an instruction, so there the figures
//! are instructions and two runs agree. Beside them stand the figures of Linux 6.1 on the same
//! emulator, for orientation.

mod binder;
mod input;
mod logs;
mod measure;
mod operations;
mod personas;
mod smallest;
mod table;

fn main() {
    // Taken first, so that it is the time from power-on to (nearly) the first user instruction of
    // a program started from the shell; it includes what init and the shell did before.
    let since_boot = measure::clock(libc::CLOCK_BOOTTIME);
    let (options, parts): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|argument| argument.starts_with('-'));
    if let Some(option) = options.iter().find(|option| *option != "--json") {
        eprintln!("{option}: no such option; type `bench [--json] [PART OF A NAME]`");
        std::process::exit(2);
    }
    let json = !options.is_empty();
    let (rows, problems) = operations::all(since_boot, &parts);
    print!(
        "{}",
        if json {
            table::json(&rows)
        } else {
            table::text(&rows)
        }
    );
    for problem in &problems {
        eprintln!("{problem}");
    }
    std::process::exit(i32::from(!problems.is_empty()));
}
