//! A minute of random calls of binder by processes that die all the time: the kernel has nothing
//! left of it, and nothing to complain of.

use std::time::Duration;

use qemu::Kind;
use scenarios::{Console, Image};

/// How long it goes on, in seconds of the machine.
const SECONDS: u64 = 60;
/// What it must have done by then: a slow host does several times as much.
const COMMANDS_MIN: u64 = 50_000;
/// As with the commands.
const DEATHS_MIN: u64 = 100;
/// How long that may take here.
const LIMIT: Duration = Duration::from_secs(3 * SECONDS);
/// So much less memory may be free afterwards, in KiB: what the kernel keeps for the next time.
const KEPT_MAX_KIB: u64 = 1024;

/// The last number before `words` in what was said.
#[track_caller]
fn number_before(text: &str, words: &str) -> u64 {
    let before = text.split(words).next().unwrap_or_default();
    let number = before
        .rsplit(|letter: char| !letter.is_ascii_digit())
        .next();
    let number = number.and_then(|digits| digits.parse().ok());
    number.unwrap_or_else(|| panic!("no number before `{words}`: {text}"))
}

/// Memory that is free, in KiB.
fn free_kib(console: &mut Console) -> u64 {
    let answer = console.run("grep MemFree /proc/meminfo");
    number_before(&answer.text, " kB")
}

/// Runs the storm for so long; returns what it said.
fn storm(console: &mut Console, seconds: u64) -> String {
    // The echo shows `$?`, so only the answer matches.
    console.send(&format!(
        "/test/binder-storm {seconds}; echo \"storm<$?>\"\n"
    ));
    let text = console.expect("storm<0>", LIMIT);
    console.run("true");
    text
}

#[test]
fn a_minute_of_random_binder_calls_leaves_nothing_behind() {
    let image = Image::built()
        .with_shell_only()
        .with_program("binder-storm");
    let mut console = Console::boot(&image, Kind::Q35);
    // What the kernel keeps from the first time is no loss.
    storm(&mut console, 2);
    let before = free_kib(&mut console);

    let text = storm(&mut console, SECONDS);
    assert!(number_before(&text, " commands") > COMMANDS_MIN, "{text}");
    assert!(number_before(&text, " deaths") > DEATHS_MIN, "{text}");

    let answer =
        console.run("dmesg -l emerg,alert,crit,err > /tmp/bad; cat /tmp/bad; wc -l /tmp/bad");
    assert_eq!(
        number_before(&answer.text, " /tmp/bad\r"),
        0,
        "{}",
        answer.text
    );
    let after = free_kib(&mut console);
    assert!(
        after + KEPT_MAX_KIB > before,
        "{before} KiB were free, then {after}"
    );
    console.still_answers();
}
