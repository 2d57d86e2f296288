//! What a series of tests came to: how many passed, which failed and why, and the closing line
//! that a person (and whatever runs the tests for one) reads first.

use std::process::ExitCode;

/// How many failures the closing text spells out: more would hide what they have in common.
const SHOWN: usize = 60;

/// The count so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    passed: usize,
    failed: usize,
    /// The names of those that failed, with a reason where there is one to give.
    failures: Vec<String>,
}

impl Report {
    /// So many passed.
    pub fn pass(&mut self, count: usize) {
        self.passed += count;
    }

    /// One failed.
    pub fn fail(&mut self, name: impl Into<String>) {
        self.failed += 1;
        self.failures.push(name.into());
    }

    /// Takes the result of a step that passes or fails as a whole.
    pub fn step(&mut self, name: &str, result: anyhow::Result<()>) {
        match result {
            Ok(()) => self.pass(1),
            Err(error) => self.fail(format!("{name}: {error:#}")),
        }
    }

    /// The text that closes the run: what failed, then the counts alone on the last line.
    pub fn closing(&self) -> String {
        let mut text = String::new();
        if !self.failures.is_empty() {
            text.push_str("\nfailures:\n");
            for failure in self.failures.iter().take(SHOWN) {
                text.push_str(&format!(
                    "    {}\n",
                    failure.trim_end().replace('\n', "\n    ")
                ));
            }
        }
        text.push_str(&format!(
            "\n{} passed, {} failed\n",
            self.passed, self.failed
        ));
        text
    }

    /// The status to end with: a run in which nothing was tested is no success either.
    pub fn code(&self) -> ExitCode {
        if self.failed == 0 && self.passed > 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// Prints the heading of a part of the run.
pub fn heading(text: &str) {
    println!("\n== {text} ==");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_has_the_counts_alone() {
        let mut report = Report::default();
        report.pass(3);
        assert_eq!(report.closing(), "\n3 passed, 0 failed\n");
        report.step("docs", Err(anyhow::anyhow!("line one\nline two")));
        report.step("fmt", Ok(()));
        assert_eq!(
            report.closing(),
            "\nfailures:\n    docs: line one\n    line two\n\n4 passed, 1 failed\n"
        );
    }
}
