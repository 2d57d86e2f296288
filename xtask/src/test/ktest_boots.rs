//! As many boots as it takes until every test inside the kernel had its turn.
//!
//! A test that panics takes the machine down with it, and one that hangs lets it fall silent. Such
//! a test has failed, with what the panic said; then the machine is booted again for the tests
//! behind it, so that one broken test hides no other. Each boot settles one test at least, so this
//! ends.

use std::time::Duration;

use anyhow::Result;
use qemu::Ending;

use super::ktest_output::{Results, ShouldPanic, Verdict};
use crate::report::Report;

/// What one boot came to.
pub struct Boot {
    /// What was read.
    pub results: Results,
    /// How it ended; None when the machine fell silent and was stopped.
    pub ending: Option<Ending>,
}

/// Boots until all tests ran and puts the results into `report`; returns the tests that were
/// listed because they must panic. `boot` is given the test behind which to begin; `place` says
/// where this is, for messages; `silence` is after how long a silent machine counts as hanging.
///
/// # Errors
/// Those of `boot`.
pub fn all(
    mut boot: impl FnMut(Option<&str>) -> Result<Boot>,
    place: &str,
    silence: Duration,
    report: &mut Report,
) -> Result<Vec<ShouldPanic>> {
    let mut listed = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let Boot { results, ending } = boot(after.as_deref())?;
        report.pass(results.count(Verdict::Passed));
        let failed = |(_, verdict): &&(String, Verdict)| *verdict == Verdict::Failed;
        for (name, _) in results.verdicts.iter().filter(failed) {
            report.fail(format!("{name} (on {place})"));
        }
        let said = results.panic();
        listed.extend(results.should_panic.iter().cloned());
        if let Some(name) = results.running {
            let reason = said.unwrap_or_else(|| unfinished(ending, silence));
            report.fail(format!("{name} (on {place}): {reason}"));
            println!("FAILED\nbooting again for the tests behind {name}");
            after = Some(name);
            continue;
        }
        if !results.complete {
            report.fail(format!(
                "in-kernel tests on {place}: no `test result:` line; {}",
                unfinished(ending, silence)
            ));
        } else if ending == Some(Ending::Failure) && results.count(Verdict::Failed) == 0 {
            report.fail(format!(
                "in-kernel tests on {place}: every test passed, yet the kernel reported a failure"
            ));
        }
        return Ok(listed);
    }
}

fn unfinished(ending: Option<Ending>, silence: Duration) -> String {
    match ending {
        Some(ending) => format!("the machine ended while it ran ({ending})"),
        None => format!("it hangs: nothing was heard for {} s", silence.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs boots that say these texts, a line each, and end so; returns where each began, the
    /// closing text and the listed tests.
    fn boots(texts: &[(&str, Option<Ending>)]) -> (Vec<String>, String, usize) {
        let (mut begun, mut report) = (Vec::new(), Report::default());
        let listed = all(
            |after| {
                let (text, ending) = texts[begun.len()];
                begun.push(after.unwrap_or_default().to_owned());
                let mut results = Results::default();
                let (lines, partial) = text.rsplit_once('\n').unwrap_or(("", text));
                lines.lines().for_each(|line| results.take(line));
                results.peek(partial);
                Ok(Boot { results, ending })
            },
            "q35",
            Duration::from_secs(7),
            &mut report,
        );
        (
            begun,
            report.closing(),
            listed.map_or(0, |listed| listed.len()),
        )
    }

    #[test]
    fn a_panic_hides_no_other_test() {
        let (begun, closing, listed) = boots(&[
            (
                "test a ... ok\ntest p - should panic ... listed\ntest b ... \n\
                 kernel panic: no\n  at x.rs:3\nbacktrace\n",
                Some(Ending::Failure),
            ),
            (
                "test c ... ok\ntest q - should panic ... listed\ntest result: ok.\n",
                Some(Ending::Success),
            ),
        ]);
        assert_eq!(begun, ["", "b"]);
        assert_eq!(listed, 2);
        assert!(closing.contains("b (on q35): kernel panic: no\n    at x.rs:3"));
        assert!(closing.ends_with("\n2 passed, 1 failed\n"));
    }

    #[test]
    fn a_hang_is_named_and_gone_past() {
        let (begun, closing, _) = boots(&[
            ("test a ... ", None),
            ("test b ... ok\ntest c ... ", None),
            ("test result: ok.\n", Some(Ending::Success)),
        ]);
        assert_eq!(begun, ["", "a", "c"]);
        assert!(closing.contains("c (on q35): it hangs: nothing was heard for 7 s"));
        assert!(closing.ends_with("\n1 passed, 2 failed\n"));
    }

    #[test]
    fn an_end_between_tests_is_a_failure_and_the_end() {
        let (begun, closing, _) = boots(&[("test a ... ok\n", Some(Ending::Failure))]);
        assert_eq!(begun, [""]);
        assert!(closing.contains("no `test result:` line"));
    }
}
