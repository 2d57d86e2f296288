//! What the tests inside the kernel print on the serial line, understood.
//!
//! They speak as `cargo test` does: `running N tests`; for each `test NAME ... `, then `ok`,
//! `FAILED` or `ignored` (log lines and a failure's message may come in between); at the end
//! `test result: …`. A test that must panic is only listed, as
//! `test NAME - should panic ... listed, expected: "TEXT"`, and gets a boot of its own.

/// What a result word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It was not run, as its author asked.
    Ignored,
}

/// A test that must panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShouldPanic {
    /// The test.
    pub name: String,
    /// What the panic must say; empty when anything will do.
    pub expected: String,
}

/// The results gathered from the lines seen so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Results {
    /// Each test that came to a result, in order.
    pub verdicts: Vec<(String, Verdict)>,
    /// The test that is running: if the machine ends or falls silent, it is the culprit.
    pub running: Option<String>,
    /// What was said since it began.
    said: Vec<String>,
    /// The tests that need a boot of their own.
    pub should_panic: Vec<ShouldPanic>,
    /// Whether the closing line was seen: without it the run did not end as it should.
    pub complete: bool,
}

/// How a panic begins, and what comes behind its message and place.
const PANIC: &str = "kernel panic: ";
const BACKTRACE: &str = "backtrace";
/// What follows the name of a test that must panic.
const SHOULD_PANIC: &str = " - should panic";

impl Results {
    /// Takes a whole line.
    pub fn take(&mut self, line: &str) {
        let line = line.trim_end();
        if line.starts_with("test result:") {
            self.give_up();
            self.complete = true;
        } else if let Some((name, rest)) = start_of_test(line) {
            // A line that was peeked at before it ended is the same test, not another one.
            if self.running.as_deref() != Some(name) {
                self.give_up();
            }
            self.start(name, rest);
        } else if self.running.is_some() {
            self.said.push(line.to_owned());
            self.settle(line);
        }
    }

    /// Takes the beginning of a line that has not ended yet, so that a test that hangs is known.
    pub fn peek(&mut self, partial: &str) {
        if self.running.is_none()
            && let Some((name, "")) = start_of_test(partial)
            // Listed tests do not run here: the rest of their line is on its way.
            && !name.ends_with(SHOULD_PANIC)
        {
            self.running = Some(name.to_owned());
            self.said.clear();
        }
    }

    fn start(&mut self, name: &str, rest: &str) {
        if let Some(name) = name.strip_suffix(SHOULD_PANIC) {
            if rest.starts_with("listed") {
                self.should_panic.push(ShouldPanic {
                    name: name.to_owned(),
                    expected: quoted(rest),
                });
            }
            return;
        }
        self.running = Some(name.to_owned());
        self.said.clear();
        self.settle(rest);
    }

    /// Looks for the result of the running test at the end of `text`.
    fn settle(&mut self, text: &str) {
        let verdict = match text.split_whitespace().next_back() {
            Some("ok") if text.trim() == "ok" => Verdict::Passed,
            Some("ignored") if text.trim() == "ignored" => Verdict::Ignored,
            Some("FAILED") => Verdict::Failed,
            _ => return,
        };
        if let Some(name) = self.running.take() {
            self.verdicts.push((name, verdict));
        }
    }

    /// A test without a result when the next line of the protocol comes has failed.
    fn give_up(&mut self) {
        if let Some(name) = self.running.take() {
            self.verdicts.push((name, Verdict::Failed));
        }
    }

    /// What the running test said of a panic: the message and the place.
    pub fn panic(&self) -> Option<String> {
        let at = self.said.iter().position(|line| line.starts_with(PANIC))?;
        let told = self.said[at..]
            .iter()
            .take_while(|line| !line.starts_with(BACKTRACE));
        let told: Vec<&str> = told.map(|line| line.trim()).collect();
        Some(told.join("\n"))
    }

    /// How many have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.verdicts
            .iter()
            .filter(|(_, found)| *found == verdict)
            .count()
    }
}

/// The name, and what follows it, of a line `test NAME ... REST`.
fn start_of_test(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix("test ")?;
    let (name, rest) = rest.split_once(" ...")?;
    Some((name, rest.trim()))
}

/// What stands between the first and the last double quote.
fn quoted(text: &str) -> String {
    let from = text.find('"').map_or(text.len(), |at| at + 1);
    let to = text.rfind('"').filter(|&to| to >= from).unwrap_or(from);
    text[from..to].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_test_whose_line_comes_in_two_pieces_does_not_run() {
        let mut results = Results::default();
        results.peek("test a::b - should panic ... ");
        results.take("test a::b - should panic ... listed, expected: \"c\"\n");
        results.take("test d ... ok\n");
        assert_eq!(results.count(Verdict::Failed), 0);
        assert_eq!(results.should_panic.len(), 1);
    }

    fn results(text: &str) -> Results {
        let mut results = Results::default();
        text.lines().for_each(|line| results.take(line));
        results
    }

    #[test]
    fn a_good_run_is_counted() {
        let found = results(
            "booting\r\nrunning 3 tests\r\ntest a::b ... ok\r\ntest a::c ... \r\n[ 0.1] a log line\r\nok\r\n\
             test a::d ... ignored\r\ntest result: ok. 2 passed; 0 failed; 1 ignored\r\n",
        );
        assert!(found.complete && found.running.is_none());
        assert_eq!(
            (found.count(Verdict::Passed), found.count(Verdict::Ignored)),
            (2, 1)
        );
    }

    #[test]
    fn a_failure_comes_after_its_message() {
        let found = results(
            "test a ... \npanicked at x.rs:3: no ok\nx.rs:3: left 1 FAILED\ntest b ... ok\n",
        );
        assert_eq!(
            found.verdicts,
            [
                ("a".to_owned(), Verdict::Failed),
                ("b".to_owned(), Verdict::Passed)
            ]
        );
        assert!(!found.complete);
    }

    #[test]
    fn a_panic_is_told_with_its_place() {
        let found = results(
            "test a ... ok\ntest b ... \n\nkernel panic: left 1\n right 2\n  at x.rs:3:4\n\
             backtrace, the nearest caller first:\n  0 main\n",
        );
        assert_eq!(found.running.as_deref(), Some("b"));
        let told = "kernel panic: left 1\nright 2\nat x.rs:3:4";
        assert_eq!(found.panic().as_deref(), Some(told));
        assert_eq!(results("test a ... \nhm\n").panic(), None);
    }

    #[test]
    fn a_hang_is_named() {
        let mut found = results("test a ... ok\n");
        found.peek("test b ... ");
        assert_eq!(found.running.as_deref(), Some("b"));
        found.take("test b ... ok");
        assert_eq!(found.count(Verdict::Passed), 2);
        assert_eq!(
            results("test a ... hm\ntest b ... ok\n").count(Verdict::Failed),
            1
        );
    }

    #[test]
    fn tests_that_must_panic_are_listed() {
        let found =
            results("test x::y - should panic ... listed, expected: \"stack \"guard\" hit\"\n");
        let expected = ShouldPanic {
            name: "x::y".into(),
            expected: "stack \"guard\" hit".into(),
        };
        assert_eq!(found.should_panic, [expected]);
        assert!(found.verdicts.is_empty());
        assert_eq!(
            results("test x - should panic ... listed\n").should_panic[0].expected,
            ""
        );
    }
}
