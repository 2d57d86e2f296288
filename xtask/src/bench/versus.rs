//! Debian's Linux among the kernels that are measured; and, as a part of `cargo xtask test`, that
//! this works: the program gives figures of the devices on both kernels, and two runs of each
//! agree to the last instruction.

use anyhow::Result;
use qemu::Kind;

use super::kernels::{Kernel, Side};
use super::record::Clock;
use super::rounds::{Gathered, Plan};
use crate::build::Flavour;
use crate::house::House;
use crate::linux::{self, Availability};
use crate::report::Report;

/// What [`test()`] measures: a call that needs nothing, and one of a device that a module brings.
const OPERATIONS: [&str; 2] = ["null call (getppid)", "binder call, 0 B"];

/// Debian's kernel and its release; none, after a line that says why, where it cannot be had.
///
/// # Errors
/// When the folder for it cannot be used, or its init does not build.
pub fn debian(house: &House) -> Result<Option<(String, Kernel)>> {
    match linux::fetch(house)? {
        Availability::Here(linux) => {
            let kernel = Kernel::debian(house, &linux)?;
            Ok(Some((linux.release().to_owned(), kernel)))
        }
        Availability::Not(reason) => {
            eprintln!("going on without Linux: Debian's 6.1 cannot be had: {reason}");
            Ok(None)
        }
    }
}

/// Measures [`OPERATIONS`] twice on each kernel, one result each. Without Debian's kernel only ours
/// is tested.
///
/// # Errors
/// When something does not build, or a machine does not come to its end.
pub fn test(house: &House, filter: Option<&str>, report: &mut Report) -> Result<()> {
    let wanted = |operation: &&str| filter.is_none_or(|filter| name_of(operation).contains(filter));
    let words: Vec<String> = OPERATIONS
        .iter()
        .filter(|operation| wanted(operation))
        .map(|operation| (*operation).to_owned())
        .collect();
    if words.is_empty() {
        return Ok(());
    }
    let debian = debian(house)?.map(|(_, kernel)| (Side::Linux, kernel));
    let janus = (
        Side::Janus,
        Kernel::janus(house, Kind::Q35, Flavour::Plain)?,
    );
    let kernels: Vec<_> = debian.into_iter().chain([janus]).collect();
    let plan = Plan {
        kernels: &kernels,
        kind: Kind::Q35,
        clock: Clock::Instructions,
        rounds: 2,
        words: &words,
    };
    let gathered = plan.run()?;
    let sides: Vec<Side> = kernels.iter().map(|(side, _)| *side).collect();
    for operation in &words {
        let name = name_of(operation);
        match fault(&gathered, operation, &sides) {
            None => {
                println!("{name} ... ok");
                report.pass(1);
            }
            Some(fault) => {
                println!("{name} ... {fault}");
                report.fail(format!("{name}: {fault}"));
            }
        }
    }
    Ok(())
}

/// What a test of an operation is called.
fn name_of(operation: &str) -> String {
    format!("bench --vs-linux, {operation}")
}

/// What is wrong with the figures of an operation, if something is.
fn fault(gathered: &Gathered, operation: &str, sides: &[Side]) -> Option<String> {
    let Some(row) = gathered.rows.iter().find(|row| row.operation == operation) else {
        return Some(format!("no figure; {:?}", gathered.problems));
    };
    let faults = sides.iter().filter_map(|side| match row.runs(*side) {
        [one, other] if one == other => None,
        runs => Some(format!("on {} two runs gave {runs:?}", side.name())),
    });
    let faults: Vec<String> = faults.collect();
    (!faults.is_empty()).then(|| faults.join("; "))
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::row;
    use super::*;

    #[test]
    fn a_missing_and_a_differing_figure_are_faults() {
        let gathered = Gathered {
            rows: vec![
                row("stat", &[8, 9], &[2, 2], &[]),
                row("fork", &[5, 5], &[3, 3], &[]),
            ],
            problems: Vec::new(),
        };
        let both = [Side::Linux, Side::Janus];
        assert_eq!(fault(&gathered, "fork", &both), None);
        let said = fault(&gathered, "stat", &both).expect("they differ");
        assert_eq!(said, "on Linux two runs gave [8, 9]");
        assert_eq!(fault(&gathered, "stat", &[Side::Janus]), None);
        assert!(fault(&gathered, "pipe", &both).is_some());
    }
}
