//! Runs `cargo test` and reads what it prints: the sum of its `test result:` lines and the names
//! of the tests that failed.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::house::House;
use crate::report::{Report, heading};

/// The packages that have a part of the run to themselves.
const APART: [&str; 1] = ["scenarios"];

/// Runs the tests of the host crates.
///
/// # Errors
/// When cargo cannot be run.
pub fn run(house: &House, filter: Option<&str>, report: &mut Report) -> Result<()> {
    let mut command = house.cargo();
    command.args(["test", "--no-fail-fast"]);
    for package in house.default_packages()? {
        if !APART.contains(&package.as_str()) {
            command.args(["--package", &package]);
        }
    }
    command.arg("--").args(filter);
    cargo_test(command, "host tests", report)?;
    lock_protocol(house, filter, report)
}

/// Tries the lock protocol of the device namespaces in every order of its threads' steps. For
/// this the crate is built with loom's locks, which is why nothing of it is shared.
fn lock_protocol(house: &House, filter: Option<&str>, report: &mut Report) -> Result<()> {
    let what = "devns lock protocol, loom";
    heading(what);
    let mut command = house.cargo();
    command
        .env("RUSTFLAGS", "--cfg loom -Dwarnings")
        .env("CARGO_TARGET_DIR", house.target_apart("loom"))
        .args(["test", "--no-fail-fast", "--release"])
        .args(["--package", "devns", "--test", "loom", "--"])
        .args(filter);
    cargo_test(command, what, report)
}

/// Runs a `cargo test`, shows what it prints, and puts the results into `report`.
///
/// # Errors
/// When it cannot be run.
pub fn cargo_test(mut command: Command, what: &str, report: &mut Report) -> Result<()> {
    command.stdout(Stdio::piped());
    let mut child = command.spawn().context("could not run cargo test")?;
    let mut sum = Sum::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line.context("could not read what cargo test prints")?;
            let line = String::from_utf8_lossy(&line);
            if sum.take(&line) {
                println!("{line}");
            }
        }
    }
    let status = child.wait().context("could not wait for cargo test")?;
    report.pass(sum.passed);
    for name in &sum.failures {
        report.fail(format!("{what}: {name}"));
    }
    if sum.failed > sum.failures.len() || (!status.success() && sum.failed == 0) {
        report.fail(format!("{what}: cargo test failed; its reasons are above"));
    }
    Ok(())
}

/// What cargo test's lines add up to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    passed: usize,
    failed: usize,
    failures: Vec<String>,
}

impl Sum {
    /// Takes a line; says whether a person wants to see it.
    fn take(&mut self, line: &str) -> bool {
        if let Some(counts) = line.strip_prefix("test result:") {
            let (passed, failed) = (count(counts, "passed"), count(counts, "failed"));
            self.passed += passed;
            self.failed += failed;
            return passed + failed > 0;
        }
        if let Some(name) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            self.failures.push(name.to_owned());
        }
        let empty = line.trim().is_empty() || line == "running 0 tests";
        !empty
    }
}

/// The number before `word` in `ok. 3 passed; 1 failed; …`.
fn count(text: &str, word: &str) -> usize {
    let words: Vec<&str> = text
        .split([' ', ';', '.'])
        .filter(|word| !word.is_empty())
        .collect();
    let pair = words.windows(2).find(|pair| pair[1] == word);
    pair.and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_summed() {
        let mut sum = Sum::default();
        let lines = [
            ("running 2 tests", true),
            ("test a::b ... ok", true),
            ("test a::c ... FAILED", true),
            (
                "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out",
                true,
            ),
            ("running 0 tests", false),
            (
                "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out",
                false,
            ),
            (
                "test result: ok. 40 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out",
                true,
            ),
            ("", false),
        ];
        for (line, shown) in lines {
            assert_eq!(sum.take(line), shown, "{line}");
        }
        assert_eq!(
            sum,
            Sum {
                passed: 41,
                failed: 1,
                failures: vec!["a::c".into()]
            }
        );
    }
}
