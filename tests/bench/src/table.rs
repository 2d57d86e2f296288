//! The figures as an aligned table or as JSON.

use std::fmt::Write;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Instructions under icount, else nanoseconds.
    Instructions,
    /// Bytes of memory.
    Bytes,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::Bytes => "bytes",
        }
    }
}

/// One figure.
pub struct Row {
    /// What was measured.
    pub operation: &'static str,
    /// In what.
    pub unit: Unit,
    /// How much.
    pub value: i64,
}

/// 1234567 as `1,234,567`.
fn grouped(value: i64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The table for people.
pub fn text(rows: &[Row]) -> String {
    let mut text = format!("{:42} {:>15}\n", "operation", "instructions");
    for row in rows {
        let value = grouped(row.value);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:42} {value:>15}", row.operation);
    }
    text + "Instructions if run under icount (one nanosecond each), else nanoseconds; memory in bytes.\n"
}

/// The table for programs: a list of objects.
pub fn json(rows: &[Row]) -> String {
    let objects: Vec<String> = rows
        .iter()
        .map(|row| {
            let (operation, unit) = (row.operation, row.unit.name());
            format!(
                "  {{\"operation\": \"{operation}\", \"unit\": \"{unit}\", \"value\": {}}}",
                row.value
            )
        })
        .collect();
    format!("[\n{}\n]\n", objects.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(6_200_000_000), "6,200,000,000");
    }

    #[test]
    fn json_is_a_list_of_objects() {
        let rows = [Row {
            operation: "stat",
            unit: Unit::Instructions,
            value: 1850,
        }];
        assert_eq!(
            json(&rows),
            "[\n  {\"operation\": \"stat\", \"unit\": \"instructions\", \"value\": 1850}\n]\n"
        );
    }
}
