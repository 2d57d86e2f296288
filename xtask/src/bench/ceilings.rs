//! The most that each operation may cost: tests/bench/ceilings.txt, read and held against what
//! was measured.
//!
//! A ceiling is a number, or another operation: then the two must cost the same, give or take a
//! fiftieth.
//!
//! Contract: an operation above its ceiling fails, and so does one whose cost is another's and
//! differs from it, and one that was measured without having a ceiling or has one
//! without being measured, lest a renamed one slip through.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use super::kernels::Reading;

/// Where the ceilings are, below the top of the checkout.
const FILE: &str = "tests/bench/ceilings.txt";
/// What divides a line's columns: names have single spaces in them.
const DIVIDER: &str = "  ";

/// Stands before the name of another operation.
const AS: &str = "as ";
/// One part in so many may be between operations that must cost the same.
const MARGIN: i64 = 50;

/// The ceilings, by the name of the operation.
#[derive(Debug)]
pub struct Ceilings(BTreeMap<String, Ceiling>);

/// The most that an operation may cost.
#[derive(Debug)]
enum Ceiling {
    /// So much.
    Number(i64),
    /// What this one costs.
    As(String),
}

/// What is to be said of one operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The operation.
    pub operation: String,
    /// Whether it failed.
    pub has_failed: bool,
    /// The figure and the ceiling, or what is wrong.
    pub text: String,
}

impl Ceilings {
    /// Reads those of the checkout at `root`.
    ///
    /// # Errors
    /// When the file cannot be read or a line of it not understood.
    pub fn read(root: &Path) -> Result<Self> {
        let file = root.join(FILE);
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("could not read {}", file.display()))?;
        Self::parse(&text).with_context(|| format!("{FILE} is not understood"))
    }

    /// Lines of a name, at least two spaces, and a number with commas, or `as` and another name;
    /// `#` begins a comment.
    fn parse(text: &str) -> Result<Self> {
        let lines = text
            .lines()
            .map(|line| line.split('#').next().unwrap_or(""));
        let rows = lines.filter(|line| !line.trim().is_empty()).map(|line| {
            row(line).with_context(|| {
                format!("`{line}` is no name, two spaces and a number or `as NAME`")
            })
        });
        rows.collect::<Result<_>>().map(Self)
    }

    /// The operations that have one.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Holds `figures` against them: first what was measured, in its order, then what was not.
    pub fn judge(&self, figures: &[Reading]) -> Vec<Verdict> {
        let measured = figures.iter().map(|figure| self.judge_one(figure, figures));
        let missing = self
            .names()
            .filter(|name| figures.iter().all(|figure| figure.operation != *name));
        let missing = missing.map(|name| Verdict {
            operation: name.to_owned(),
            has_failed: true,
            text: format!("not measured, though {FILE} names it: correct its name there"),
        });
        measured.chain(missing).collect()
    }

    fn judge_one(&self, figure: &Reading, all: &[Reading]) -> Verdict {
        let value = figure.value;
        let cost_of = |name: &str| {
            let other = all.iter().find(|figure| figure.operation == name)?;
            Some(other.value)
        };
        let (has_failed, text) = match self.0.get(&figure.operation) {
            Some(Ceiling::Number(ceiling)) => at_most(value, *ceiling),
            Some(Ceiling::As(other)) => match cost_of(other) {
                Some(cost) => the_same(value, cost, other),
                None => (true, format!("{value}, and `{other}` was not measured")),
            },
            None => {
                let text = format!("{value}, and no ceiling: give it one in {FILE}");
                (true, text)
            }
        };
        Verdict {
            operation: figure.operation.clone(),
            has_failed,
            text,
        }
    }
}

/// Whether `value` is above `ceiling`, and what is said of it.
fn at_most(value: i64, ceiling: i64) -> (bool, String) {
    match value <= ceiling {
        true => (false, format!("{value} of at most {ceiling}")),
        false => {
            let text = "look for what made it dearer";
            (
                true,
                format!("{value}, more than the {ceiling} of {FILE}: {text}"),
            )
        }
    }
}

/// Whether `value` is not what `other` costs, and what is said of it.
fn the_same(value: i64, cost: i64, other: &str) -> (bool, String) {
    match (value - cost).abs() <= cost / MARGIN {
        true => (false, format!("{value}, as the {cost} of `{other}`")),
        false => {
            let text = "look for what one does and the other does not";
            (
                true,
                format!("{value}, not the {cost} of `{other}` as {FILE} has it: {text}"),
            )
        }
    }
}

/// The columns of a line, if they are a name and a ceiling.
fn row(line: &str) -> Option<(String, Ceiling)> {
    let (name, ceiling) = line.split_once(DIVIDER)?;
    let ceiling = ceiling.trim();
    let ceiling = match ceiling.strip_prefix(AS) {
        Some(other) => Ceiling::As(other.trim().to_owned()),
        None => Ceiling::Number(ceiling.replace(',', "").parse().ok()?),
    };
    Some((name.trim().to_owned(), ceiling))
}

#[cfg(test)]
mod tests {
    use super::super::kernels::Readings;
    use super::*;

    /// Names and texts of what fails.
    fn failing(ceilings: &str, json: &str) -> Vec<(String, String)> {
        let ceilings = Ceilings::parse(ceilings).expect("good lines");
        let readings = Readings::parse(json).expect("a list");
        let verdicts = ceilings.judge(&readings.figures).into_iter();
        verdicts
            .filter(|verdict| verdict.has_failed)
            .map(|verdict| (verdict.operation, verdict.text))
            .collect()
    }

    const FIGURES: &str = r#"[
        {"operation": "null call (getppid)", "value": 92, "linux": 368, "ratio": 0.25},
        {"operation": "memory in use", "value": 13725696, "linux": null, "ratio": null}]"#;

    #[test]
    fn what_is_at_its_ceiling_passes() {
        let ceilings =
            "# a comment\n\nnull call (getppid)  92   # aim 123\nmemory in use  14,000,000\n";
        assert_eq!(failing(ceilings, FIGURES), []);
    }

    #[test]
    fn what_is_above_or_without_its_counterpart_is_named() {
        let found = failing("null call (getppid)  91\nfork  1\n", FIGURES);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["null call (getppid)", "memory in use", "fork"]);
        assert!(found[0].1.starts_with("92, more than the 91 "));
        assert!(found[1].1.contains("no ceiling") && found[2].1.contains("not measured"));
    }

    #[test]
    fn one_operation_may_cost_what_another_does() {
        let ceilings = "null call (getppid)  92\nmemory in use  as null call (getppid)\n";
        let figures = |value: i64| FIGURES.replace("13725696", &value.to_string());
        assert_eq!(failing(ceilings, &figures(92)), []);
        for other in [90, 94] {
            let found = failing(ceilings, &figures(other));
            let begins = format!("{other}, not the 92 of `null call (getppid)`");
            assert!(found[0].1.starts_with(&begins), "{found:?}");
        }
        // What the other costs is not known.
        let found = failing("memory in use  as stat\n", FIGURES);
        assert!(
            found
                .iter()
                .any(|(_, text)| text.contains("`stat` was not measured"))
        );
    }

    #[test]
    fn what_is_no_list_of_numbers_is_refused() {
        assert!(Ceilings::parse("stat  much\n").is_err());
        assert!(Ceilings::parse("stat 5\n").is_err());
        assert!(Readings::parse("operation").is_err() && Readings::parse("[{}]").is_err());
    }

    #[test]
    fn the_files_own_lines_are_understood() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let ceilings = Ceilings::read(&root).expect("our own file");
        assert!(ceilings.names().any(|name| name == "stat"));
    }
}
