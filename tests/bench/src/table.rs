//! The figures as an aligned table or as JSON.

use std::fmt::Write;

/// One figure.
pub struct Row {
    /// What was measured.
    pub operation: &'static str,
    /// Nanoseconds (instructions under icount), or bytes for memory.
    pub value: i64,
    /// The same of Linux 6.1 on the same emulator; none for what Linux does not have or nobody has
    /// measured there.
    pub linux: Option<i64>,
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        self.linux.map(|linux| self.value as f64 / linux as f64)
    }
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
    let mut text = format!(
        "{:28} {:>15} {:>15} {:>7}\n",
        "operation", "instructions", "Linux 6.1", "ratio"
    );
    for row in rows {
        let value = grouped(row.value);
        let linux = row.linux.map_or("-".into(), grouped);
        let ratio = row
            .ratio()
            .map_or("-".into(), |ratio| format!("{ratio:.2}"));
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:28} {value:>15} {linux:>15} {ratio:>7}",
            row.operation
        );
    }
    text + "Instructions if run under icount (one nanosecond each), else nanoseconds; memory in bytes.\n"
}

/// The table for programs: a list of objects.
pub fn json(rows: &[Row]) -> String {
    let objects: Vec<String> = rows
        .iter()
        .map(|row| {
            let linux = row.linux.map_or("null".into(), |linux| linux.to_string());
            let ratio = row.ratio().map_or("null".into(), |ratio| format!("{ratio:.3}"));
            format!(
                "  {{\"operation\": \"{}\", \"value\": {}, \"linux\": {linux}, \"ratio\": {ratio}}}",
                row.operation, row.value
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
            value: 1850,
            linux: Some(7400),
        }];
        assert_eq!(
            json(&rows),
            "[\n  {\"operation\": \"stat\", \"value\": 1850, \"linux\": 7400, \"ratio\": 0.250}\n]\n"
        );
    }
}
