//! Timing: how long one operation takes, by the smallest mean of several rounds.

use abi_tests::sys;

/// The clock `kind` (`CLOCK_*`) in nanoseconds.
pub fn clock(kind: i32) -> i64 {
    let mut time = [0i64; 2];
    sys!(libc::SYS_clock_gettime, kind, &mut time);
    time[0] * 1_000_000_000 + time[1]
}

/// Runs `operation` once to warm up, then in five rounds of `repeats`, and gives the mean of the
/// best round in nanoseconds. An error of the operation ends the measurement.
pub fn mean(
    repeats: i64,
    mut operation: impl FnMut() -> Result<(), String>,
) -> Result<i64, String> {
    operation()?;
    let mut best = i64::MAX;
    for _ in 0..5 {
        let start = clock(libc::CLOCK_MONOTONIC);
        for _ in 0..repeats {
            operation()?;
        }
        best = best.min((clock(libc::CLOCK_MONOTONIC) - start) / repeats);
    }
    Ok(best)
}

/// Works for a while, and leaves everything alone. An emulator whose threads have just been awake
/// takes a device's answer in at once, in the middle of what is measured; after this they sleep.
pub fn settle() {
    const WHILE: i64 = 1_000_000;
    let start = clock(libc::CLOCK_MONOTONIC);
    while clock(libc::CLOCK_MONOTONIC) - start < WHILE {}
}

/// Turns the raw result of a call into an error that names the call.
pub fn good(what: &str, result: isize) -> Result<isize, String> {
    match result {
        -4095..=-1 => Err(format!(
            "{what}: {}",
            abi_tests::check::error_name(-result as i32)
        )),
        value => Ok(value),
    }
}
