//! How `persona list` looks.

/// The longest command line that is shown whole.
const COMMAND_WIDTH: usize = 32;

/// A line of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: Option<String>,
    /// Its tag, `-` for none.
    pub tag: String,
    /// The pid of its first process; 0 for none.
    pub init_pid: i32,
    /// Whether it is in the foreground.
    pub is_active: bool,
    /// For how long it has been in that state, in seconds.
    pub seconds: Option<u64>,
    /// How many processes it has.
    pub processes: u64,
    /// The classes of devices it uses, `-` for none.
    pub devices: String,
    /// What its first process runs.
    pub command: String,
}

const HEADINGS: [&str; 8] = [
    "NAME",
    "TAG",
    "INIT",
    "STATE",
    "FOR",
    "PROCESSES",
    "DEVICES",
    "COMMAND",
];
/// Numbers stand to the right.
const TO_THE_RIGHT: [bool; 8] = [false, false, true, false, true, true, false, false];

/// The whole table, with headings; a star marks the foreground.
pub fn print(rows: &[Row]) -> String {
    let mut lines = vec![(' ', HEADINGS.map(str::to_owned))];
    lines.extend(rows.iter().map(|row| (mark(row), cells(row))));
    let width = |column: usize| {
        let cells = lines.iter().map(|(_, cells)| cells[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: [usize; 8] = std::array::from_fn(width);
    let mut text = String::new();
    for (mark, cells) in &lines {
        let mut line = String::from(*mark);
        for (column, cell) in cells.iter().enumerate() {
            let gap = if column == 0 { " " } else { "  " };
            let width = widths[column];
            line += &if TO_THE_RIGHT[column] {
                format!("{gap}{cell:>width$}")
            } else {
                format!("{gap}{cell:<width$}")
            };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn mark(row: &Row) -> char {
    if row.is_active { '*' } else { ' ' }
}

fn cells(row: &Row) -> [String; 8] {
    let state = match (row.is_active, row.processes) {
        (true, _) => "foreground",
        (false, 0) => "ended",
        (false, _) => "background",
    };
    [
        row.name.clone().unwrap_or_else(|| "?".into()),
        row.tag.clone(),
        row.init_pid.to_string(),
        state.into(),
        row.seconds.map_or_else(|| "-".into(), duration),
        row.processes.to_string(),
        row.devices.clone(),
        shortened(&row.command),
    ]
}

fn shortened(command: &str) -> String {
    if command.chars().count() <= COMMAND_WIDTH {
        return command.into();
    }
    let start: String = command.chars().take(COMMAND_WIDTH - 3).collect();
    format!("{start}...")
}

/// The two largest units of a time.
fn duration(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, _) => format!("{minutes} min {rest:02} s"),
        (0, _, _) => format!("{hours} h {minutes:02} min"),
        _ => format!("{days} d {hours:02} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_two_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (65, "1 min 05 s"),
            (3600, "1 h 00 min"),
            (90_061, "1 d 01 h"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn columns_stand_under_their_headings() {
        let row = |name: Option<&str>, init_pid, seconds, processes, command: &str| Row {
            name: name.map(str::to_owned),
            tag: "-".into(),
            init_pid,
            is_active: false,
            seconds,
            processes,
            devices: "-".into(),
            command: command.into(),
        };
        let demo = Row {
            is_active: true,
            tag: "demo".into(),
            devices: "input,screen".into(),
            ..row(Some("demonstration"), 41, Some(65), 3, "init --persona")
        };
        let rows = [
            demo,
            row(Some("root"), 1, Some(3700), 12, "/bin/init"),
            row(
                None,
                1234,
                Some(9),
                1,
                "sleep 1000000000000000000000000000000000",
            ),
            row(None, 60, None, 0, ""),
        ];
        let expected = "  \
  NAME           TAG   INIT  STATE              FOR  PROCESSES  DEVICES       COMMAND
* demonstration  demo    41  foreground  1 min 05 s          3  input,screen  init --persona
  root           -        1  background  1 h 01 min         12  -             /bin/init
  ?              -     1234  background         9 s          1  -             sleep 10000000000000000000000...
  ?              -       60  ended                -          0  -
";
        assert_eq!(print(&rows), expected);
    }
}
