//! A table for a person: aligned columns in a terminal, or Markdown for a page.

/// A table. Every row has as many cells as there are heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Stands where there is nothing to say.
pub const NOTHING: &str = "-";

/// Between two columns.
const GAP: &str = "  ";

impl Table {
    /// A table with these columns. The first holds names, the others figures.
    pub fn new(heads: Vec<String>) -> Self {
        Self {
            heads,
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// With names to the left and figures to the right.
    pub fn text(&self) -> String {
        let widths: Vec<usize> = (0..self.heads.len())
            .map(|column| self.width(column))
            .collect();
        let lines = std::iter::once(&self.heads).chain(&self.rows).map(|cells| {
            let cells = cells.iter().zip(&widths).enumerate();
            let cells: Vec<String> = cells
                .map(|(column, (cell, width))| match column {
                    0 => format!("{cell:width$}"),
                    _ => format!("{cell:>width$}"),
                })
                .collect();
            cells.join(GAP).trim_end().to_owned() + "\n"
        });
        lines.collect()
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let rule: String = (0..self.heads.len())
            .map(|column| if column == 0 { "| --- " } else { "| ---: " })
            .collect();
        let rows: String = self.rows.iter().map(|cells| line(cells)).collect();
        format!("{}{rule}|\n{rows}", line(&self.heads))
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        let cells = cells.chain(self.heads.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    }
}

/// 1234567 as `1,234,567`.
pub fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::from(if value < 0 { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A change in percent, with its sign; with two digits more where it would seem to be none.
pub fn percent(value: f64) -> String {
    match value.abs() {
        0.0 => "0.0 %".into(),
        ..0.05 => format!("{value:+.3} %"),
        _ => format!("{value:+.1} %"),
    }
}

/// What `shown` makes of a value, if there is one.
pub fn or_nothing<Value>(value: Option<Value>, shown: impl FnOnce(Value) -> String) -> String {
    value.map_or_else(|| NOTHING.into(), shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        let texts = [0, 999, 1_000, 6_200_000_000, -1_234].map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "6,200,000,000", "-1,234"]);
    }

    #[test]
    fn percents_have_their_signs() {
        let texts = [12.34, -0.04, 0.0, -50.0].map(percent);
        assert_eq!(texts, ["+12.3 %", "-0.040 %", "0.0 %", "-50.0 %"]);
    }

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(vec!["operation".into(), "Janus".into()]);
        table.row(vec!["stat".into(), "1,850".into()]);
        table.row(vec!["a longer name".into(), NOTHING.into()]);
        assert_eq!(
            table.text(),
            "operation      Janus\nstat           1,850\na longer name      -\n"
        );
        assert_eq!(
            table.markdown(),
            "| operation | Janus |\n| --- | ---: |\n| stat | 1,850 |\n| a longer name | - |\n"
        );
    }
}
