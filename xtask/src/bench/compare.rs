//! A run held against the record of an earlier one: what became cheaper or dearer, what is new,
//! and what is gone.
//!
//! Instructions are compared to the last one. By the wall clock every figure differs, so there a
//! change is told from the host's noise: as long as the middle halves of the runs overlap, it is
//! `within the spread`.

use super::kernels::Side;
use super::record::{Clock, Record, Row};
use super::rounds::is_among;
use super::spread;
use super::table::{Table, grouped, or_nothing, percent};

/// What changed from one record to the next.
pub struct Comparison {
    /// A row for each figure that changed; none where nothing did.
    pub table: Table,
    /// What is to be said of the whole.
    pub notes: Vec<String>,
}

impl Comparison {
    /// Holds `now` against `before`. Of `before` only the operations count that `now` was asked for,
    /// and only the kernels that both measured.
    pub fn of(before: &Record, now: &Record) -> Self {
        let heads = ["operation", "kernel", "before", "now", "change"];
        let mut table = Table::new(heads.map(String::from).to_vec());
        let (mut same, mut left_out) = (0, Vec::new());
        for side in Side::ALL {
            let measured =
                |record: &Record| record.rows.iter().any(|row| row.figure(side).is_some());
            match (measured(before), measured(now)) {
                (true, true) => {}
                (false, false) => continue,
                (_, is_now) => {
                    let where_not = if is_now { "the record" } else { "this run" };
                    left_out.push(format!("{where_not} has nothing of {}", side.name()));
                    continue;
                }
            }
            for (operation, old, new) in pairs(before, now, side) {
                match change(old, new, side, now.clock) {
                    None => same += 1,
                    Some(how) => {
                        let figure = |row: Option<&Row>| {
                            or_nothing(row.and_then(|row| row.figure(side)), grouped)
                        };
                        let (old, new, side) = (figure(old), figure(new), side.name());
                        table.row(vec![operation.into(), side.into(), old, new, how]);
                    }
                }
            }
        }
        let mut notes = vec![format!("{same} figures are what they were.")];
        if let (Some(from), Some(to)) = (&before.linux_release, &now.linux_release)
            && from != to
        {
            notes.push(format!("Linux was {from} then and is {to} now."));
        }
        if before.emulator != now.emulator {
            notes.push(format!(
                "It was {} then and is {} now: that alone may make a difference.",
                before.emulator, now.emulator
            ));
        }
        if !left_out.is_empty() {
            notes.push(format!("Not compared: {}.", left_out.join("; ")));
        }
        Self { table, notes }
    }
}

/// Each operation that was measured on this kernel, with its row then and its row now: first those
/// of now, then those that are gone.
fn pairs<'a>(
    before: &'a Record,
    now: &'a Record,
    side: Side,
) -> Vec<(&'a str, Option<&'a Row>, Option<&'a Row>)> {
    let find = |record: &'a Record, operation: &str| {
        let measured = |row: &&Row| row.operation == operation && row.figure(side).is_some();
        record.rows.iter().find(measured)
    };
    // An operation that was not asked for now is not gone.
    let asked = |row: &&Row| is_among(&row.operation, &now.words);
    let old = |row: &&Row| find(now, &row.operation).is_none();
    let here = now.rows.iter();
    let gone = before.rows.iter().filter(asked).filter(old);
    let all = here.chain(gone).map(|row| row.operation.as_str());
    let all = all.map(|operation| (operation, find(before, operation), find(now, operation)));
    all.filter(|(_, old, new)| old.is_some() || new.is_some())
        .collect()
}

/// What became of an operation; none where nothing did.
fn change(old: Option<&Row>, new: Option<&Row>, side: Side, clock: Clock) -> Option<String> {
    let (old, new) = match (old, new) {
        (None, _) => return Some("new".into()),
        (_, None) => return Some("gone".into()),
        (Some(old), Some(new)) => (old, new),
    };
    let (before, now) = (old.figure(side)?, new.figure(side)?);
    if before == now {
        return None;
    }
    let ratio = spread::ratio(now, before);
    let change = or_nothing(ratio, |ratio| percent((ratio - 1.0) * 100.0));
    let noise = clock == Clock::Nanoseconds && overlap(old.runs(side), new.runs(side));
    Some(if noise {
        format!("{change}, within the spread")
    } else {
        change
    })
}

/// Whether the middle halves of these runs overlap.
fn overlap(one: &[i64], other: &[i64]) -> bool {
    match (spread::quartiles(one), spread::quartiles(other)) {
        (Some((low, high)), Some((other_low, other_high))) => {
            low <= other_high && other_low <= high
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::{record, row};
    use super::*;

    /// The table's rows without the heads, a cell a word.
    fn rows(before: &Record, now: &Record) -> Vec<String> {
        let text = Comparison::of(before, now).table.text();
        let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        text.lines().skip(1).map(squeezed).collect()
    }

    #[test]
    fn what_changed_is_told_from_what_is_new_gone_and_the_same() {
        let before = record(vec![
            row("stat", &[7400], &[2000], &[]),
            row("fork", &[], &[5], &[]),
            row("old", &[], &[9], &[]),
        ]);
        let now = record(vec![
            row("stat", &[7400], &[1500], &[]),
            row("fork", &[], &[5], &[]),
            row("fresh", &[], &[1], &[]),
        ]);
        assert_eq!(
            rows(&before, &now),
            [
                "stat Janus 2,000 1,500 -25.0 %",
                "fresh Janus - 1 new",
                "old Janus 9 - gone"
            ]
        );
        let notes = Comparison::of(&before, &now).notes;
        assert_eq!(notes, ["2 figures are what they were."]);
        assert!(Comparison::of(&now, &now).table.is_empty());
    }

    #[test]
    fn what_was_not_asked_for_is_not_gone() {
        let before = record(vec![
            row("stat", &[1], &[2], &[]),
            row("fork", &[], &[5], &[]),
        ]);
        let mut now = record(vec![row("stat", &[], &[3], &[])]);
        now.words = vec!["st".into()];
        assert_eq!(rows(&before, &now), ["stat Janus 2 3 +50.0 %"]);
        let notes = Comparison::of(&before, &now).notes;
        assert_eq!(notes[1], "Not compared: this run has nothing of Linux.");
    }

    #[test]
    fn another_linux_or_emulator_is_said() {
        let before = record(vec![row("stat", &[1], &[], &[])]);
        let mut now = before.clone();
        now.linux_release = Some("6.1.0-99-amd64".into());
        now.emulator = "QEMU emulator version 10".into();
        let notes = Comparison::of(&before, &now).notes.join("\n");
        assert!(notes.contains("Linux was 6.1.0-57-amd64 then and is 6.1.0-99-amd64 now"));
        assert!(notes.contains("QEMU emulator version 10 now"));
    }

    #[test]
    fn the_hosts_noise_is_no_change() {
        let mut before = record(vec![row("stat", &[], &[100, 110, 120], &[])]);
        before.clock = Clock::Nanoseconds;
        let mut now = before.clone();
        now.rows = vec![row("stat", &[], &[118, 119, 125], &[])];
        assert_eq!(
            rows(&before, &now),
            ["stat Janus 110 119 +8.2 %, within the spread"]
        );
        now.rows = vec![row("stat", &[], &[218, 219, 225], &[])];
        assert_eq!(rows(&before, &now), ["stat Janus 110 219 +99.1 %"]);
    }
}
