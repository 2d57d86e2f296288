//! What a run measured, as one table: an operation a row, a kernel a column, and what is to be
//! said of it below.

use super::kernels::Side;
use super::record::{Clock, Record, Row};
use super::spread;
use super::table::{Table, grouped, or_nothing, percent};

/// The table of a record, with these kernels as columns.
pub fn table(record: &Record, sides: &[Side]) -> Table {
    let has = |side| sides.contains(&side);
    let wall = record.clock == Clock::Nanoseconds;
    let mut columns: Vec<(&str, Cell)> = vec![("operation", Box::new(|row| row.operation.clone()))];
    let mut add = |name, cell: Cell| columns.push((name, cell));
    for side in Side::ALL.into_iter().filter(|side| has(*side)) {
        add(
            side.name(),
            Box::new(move |row| or_nothing(row.figure(side), grouped)),
        );
        if wall {
            add("spread", Box::new(move |row| spread(row.runs(side))));
        }
        match side {
            Side::Janus if has(Side::Linux) => add("ratio", Box::new(ratio)),
            Side::WithoutDevns if has(Side::Janus) => add("devns", Box::new(cost)),
            _ => {}
        }
    }
    let mut table = Table::new(columns.iter().map(|(name, _)| (*name).to_owned()).collect());
    for row in &record.rows {
        table.row(columns.iter().map(|(_, cell)| cell(row)).collect());
    }
    table
}

/// What a column says of a row.
type Cell = Box<dyn Fn(&Row) -> String>;

fn ratio(row: &Row) -> String {
    or_nothing(row.ratio, |ratio| match ratio {
        // Two digits of it in any case.
        ..0.1 => format!("{ratio:.4}"),
        _ => format!("{ratio:.2}"),
    })
}

fn cost(row: &Row) -> String {
    or_nothing(row.devns_percent, percent)
}

fn spread(runs: &[i64]) -> String {
    or_nothing(spread::spread_percent(runs), |spread| {
        format!("{spread:.0} %")
    })
}

/// What must be known to read the table, a sentence or two a line.
pub fn notes(record: &Record, sides: &[Side]) -> Vec<String> {
    let has = |side| sides.contains(&side);
    let mut notes = vec![match record.clock {
        Clock::Instructions => {
            String::from("Instructions for one operation, the same on any host; of memory, bytes.")
        }
        Clock::Nanoseconds => String::from(
            "Nanoseconds for one operation on this host, where they depend on what else it does; of \
             memory, bytes. The figure in the middle of the runs, and how far apart the middle half \
             of them lies.",
        ),
    }];
    if has(Side::Linux) && has(Side::Janus) {
        notes.push("ratio: Janus in parts of Linux.".into());
    }
    if has(Side::WithoutDevns) && has(Side::Janus) {
        notes.push("devns: what device namespaces add to a kernel without them.".into());
    }
    notes.push(made_by(record));
    if record.clock == Clock::Instructions {
        notes.extend(agreement(record, sides));
    }
    notes
}

/// Of what, when and how the figures were made.
fn made_by(record: &Record) -> String {
    let linux = record.linux_release.as_ref();
    let linux = linux.map_or_else(String::new, |release| format!("Debian's Linux {release}, "));
    format!(
        "{linux}Janus {} on a {} of {}, {}, `{}`",
        record.commit, record.machine, record.emulator, record.date, record.command
    )
}

/// Whether the runs gave the same figures, and which did not.
fn agreement(record: &Record, sides: &[Side]) -> Vec<String> {
    let runs = |row: &Row| sides.iter().map(|side| row.runs(*side).len()).max();
    let count = record.rows.iter().filter_map(runs).max().unwrap_or(0);
    if count < 2 {
        return vec!["Each kernel ran once only: whether a second run agrees is not known.".into()];
    }
    let pairs = record
        .rows
        .iter()
        .flat_map(|row| sides.iter().map(move |side| (row, *side)));
    let differing: Vec<String> = pairs
        .filter_map(|(row, side)| difference(row, side))
        .collect();
    if differing.is_empty() {
        return vec![format!(
            "{count} runs of each kernel agree in every figure."
        )];
    }
    let mut lines = vec![format!(
        "{count} runs of each kernel do not agree in every figure:"
    )];
    lines.extend(differing);
    lines
}

/// How far the runs of an operation on one kernel are apart, if they are.
fn difference(row: &Row, side: Side) -> Option<String> {
    let (least, most) = spread::range(row.runs(side))?;
    let apart = spread::ratio(most - least, least);
    let apart = apart.map_or_else(String::new, |apart| format!(" ({:.2} %)", apart * 100.0));
    (least != most).then(|| {
        format!(
            "  {}, {}: {} to {}{apart}",
            row.operation,
            side.name(),
            grouped(least),
            grouped(most)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::{record, row};
    use super::*;

    #[test]
    fn each_kernel_is_a_column_and_each_comparison_behind_it() {
        let made = record(vec![
            row("stat", &[7400, 7400], &[1850, 1850], &[1800, 1800]),
            row("persona switch, of 2", &[], &[3_500, 3_500], &[]),
        ]);
        let text = table(&made, &Side::ALL).text();
        let lines: Vec<Vec<&str>> = text.lines().map(words).collect();
        assert_eq!(
            lines,
            [
                vec![
                    "operation",
                    "Linux",
                    "Janus",
                    "ratio",
                    "without devns",
                    "devns"
                ],
                vec!["stat", "7,400", "1,850", "0.25", "1,800", "+2.8 %"],
                vec!["persona switch, of 2", "-", "3,500", "-", "-", "-"],
            ]
        );
        assert_eq!(ratio(&row("boot", &[2_305_467], &[8_190], &[])), "0.0036");
        let alone = table(&made, &[Side::Janus]).text();
        assert!(
            alone.starts_with("operation             Janus\n"),
            "{alone}"
        );
    }

    fn words(line: &str) -> Vec<&str> {
        let cells = line.split("  ").map(str::trim);
        cells.filter(|cell| !cell.is_empty()).collect()
    }

    #[test]
    fn the_wall_clock_has_a_spread() {
        let mut made = record(vec![row("stat", &[100, 120, 110], &[50, 55, 60], &[])]);
        made.clock = Clock::Nanoseconds;
        let text = table(&made, &[Side::Linux, Side::Janus]).text();
        assert!(
            text.contains("Linux  spread  Janus  spread  ratio"),
            "{text}"
        );
        let notes = notes(&made, &[Side::Linux, Side::Janus]);
        assert!(notes[0].contains("on this host"), "{notes:?}");
    }

    #[test]
    fn runs_that_differ_are_named_with_how_much() {
        let agreeing = record(vec![row("stat", &[7, 7], &[2, 2], &[])]);
        let said = agreement(&agreeing, &[Side::Linux, Side::Janus]);
        assert_eq!(said, ["2 runs of each kernel agree in every figure."]);
        let differing = record(vec![row("stat", &[2000, 2001], &[2, 2], &[])]);
        let said = agreement(&differing, &[Side::Linux, Side::Janus]);
        assert_eq!(said[1], "  stat, Linux: 2,000 to 2,001 (0.05 %)");
        let once = record(vec![row("stat", &[7], &[2], &[])]);
        assert!(agreement(&once, &[Side::Linux])[0].contains("once only"));
    }

    #[test]
    fn the_notes_say_of_what_the_table_is() {
        let notes = notes(&record(Vec::new()), &Side::ALL).join("\n");
        for part in [
            "6.1.0-57-amd64",
            "7c9388dcafe1",
            "2026-11-30",
            "--vs-linux`",
            "7.2.22",
        ] {
            assert!(notes.contains(part), "{notes}");
        }
    }
}
