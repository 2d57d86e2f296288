//! The tests inside the kernel: boots a kernel that has them in it on each kind of machine, reads
//! the serial line, boots again behind a test that ended the machine or hung (`ktest_boots`), and
//! gives each test that must panic a boot of its own.

use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use qemu::{Ending, Error, Guest, Kind, Machine};

use super::ktest_boots::{self, Boot};
use super::ktest_output::{Results, ShouldPanic};
use crate::build::{self, Flavour};
use crate::house::House;
use crate::kernel_words;
use crate::report::Report;

/// A machine that says nothing for so long hangs. Generous, for busy hosts.
const SILENCE_LIMIT: Duration = Duration::from_secs(120);

/// What the kernel says of a test that must panic and came back.
const DID_NOT_PANIC: &str = " did not panic";

/// Runs them all.
///
/// # Errors
/// When the kernel does not build or QEMU cannot be started.
pub fn run(house: &House, filter: Option<&str>, report: &mut Report) -> Result<()> {
    let image = build::image(house, Flavour::Tests)?;
    let kernel = image.kernel;
    let ramdisk = house.images()?.join("ramdisk.cpio");
    image.ramdisk.write(&ramdisk)?;
    for kind in Kind::ALL {
        println!("on {kind}:");
        let mut machine = Machine::new(kind, &kernel);
        machine.ramdisk = Some(ramdisk.clone());
        boot(machine, filter, report)?;
    }
    Ok(())
}

/// The ordinary tests, then one boot for each that must panic.
fn boot(machine: Machine, filter: Option<&str>, report: &mut Report) -> Result<()> {
    let word = filter.map_or_else(|| "ktest".to_owned(), |filter| format!("ktest={filter}"));
    let listed = ktest_boots::all(
        |after| {
            let mut machine = machine.clone();
            let after = after.map(|name| format!("ktest-after={name}"));
            let words = [Some(word.as_str()), after.as_deref()];
            machine.command_line = kernel_words::join(words.into_iter().flatten());
            watch(&machine)
        },
        &machine.kind.to_string(),
        SILENCE_LIMIT,
        report,
    )?;
    for test in &listed {
        must_panic(&machine, test, report)?;
    }
    Ok(())
}

/// Boots, echoes what is said, and returns the results; no ending means that the machine fell
/// silent and was stopped.
fn watch(machine: &Machine) -> Result<Boot> {
    let mut guest = Guest::start(machine)?;
    let mut results = Results::default();
    let mut partial = Vec::new();
    loop {
        match guest.read(SILENCE_LIMIT) {
            Ok(Some(bytes)) => partial.extend(bytes),
            Ok(None) => break,
            Err(Error::Timeout { .. }) => {
                println!("{}", String::from_utf8_lossy(&partial));
                return Ok(Boot {
                    results,
                    ending: None,
                });
            }
            Err(error) => return Err(error.into()),
        }
        while let Some(end) = partial.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = partial.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            println!("{}", line.trim_end());
            results.take(&line);
        }
        results.peek(&String::from_utf8_lossy(&partial));
    }
    print!("{}", guest.complaints());
    let ending = Some(guest.wait(SILENCE_LIMIT)?);
    Ok(Boot { results, ending })
}

/// Boots for one test that must panic, and looks whether it does, and says what it should.
fn must_panic(machine: &Machine, test: &ShouldPanic, report: &mut Report) -> Result<()> {
    let mut machine = machine.clone();
    machine.command_line = format!("ktest-only={}", test.name);
    print!(
        "test {} - should panic (on {}) ... ",
        test.name, machine.kind
    );
    // The name must be seen even if the machine then hangs; a closed terminal is no reason to stop.
    let _ = std::io::stdout().flush();
    let mut guest = Guest::start(&machine)?;
    let ending = guest.wait(SILENCE_LIMIT);
    let said = guest.said();
    let reason = match ending {
        Ok(Ending::Failure) if said.contains(DID_NOT_PANIC) => Some("it ran to its end".into()),
        Ok(Ending::Failure) if said.contains(&test.expected) => None,
        Ok(Ending::Failure) => Some(format!("it panicked without saying `{}`", test.expected)),
        Ok(other) => Some(format!("it should have panicked, but {other}")),
        Err(error) => Some(error.to_string()),
    };
    match reason {
        None => {
            println!("ok");
            report.pass(1);
        }
        Some(reason) => {
            println!("FAILED\n{said}\n{reason}");
            report.fail(format!("{} (on {}): {reason}", test.name, machine.kind));
        }
    }
    Ok(())
}
