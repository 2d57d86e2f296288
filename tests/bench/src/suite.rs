//! The list of figures while it grows: which operations are asked for, what each of them cost, what
//! failed, and what this kernel or this machine has no means for.

use crate::table::{Row, Unit};

/// What was asked for and what came of it.
pub struct Suite<'a> {
    /// Parts of the names of operations; none of them: all operations.
    parts: &'a [String],
    /// The figures.
    pub rows: Vec<Row>,
    /// What could not be measured though everything for it is there, and why.
    pub problems: Vec<String>,
    /// What was asked for by name and left out, and why.
    pub left_out: Vec<String>,
}

/// Operations that all need the same thing.
pub struct Group<'s, 'a> {
    suite: &'s mut Suite<'a>,
    lack: Option<&'static str>,
}

impl<'a> Suite<'a> {
    /// Nothing measured yet.
    pub fn new(parts: &'a [String]) -> Self {
        Self {
            parts,
            rows: Vec::new(),
            problems: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// The operations that follow are left out where something is lacking. Nobody is told unless
    /// they were asked for: a kernel without personas is none that fails.
    pub fn group(&mut self, lack: Option<&'static str>) -> Group<'_, 'a> {
        Group { suite: self, lack }
    }

    /// Measures what an operation costs that every kernel has.
    pub fn add(&mut self, operation: &'static str, measure: &dyn Fn() -> Result<i64, String>) {
        self.group(None).add(operation, measure);
    }

    /// Measures how much memory something takes that every kernel has.
    pub fn add_bytes(
        &mut self,
        operation: &'static str,
        measure: &dyn Fn() -> Result<i64, String>,
    ) {
        self.group(None).add_bytes(operation, measure);
    }

    fn is_asked_for(&self, operation: &str) -> bool {
        let mut parts = self.parts.iter();
        self.parts.is_empty() || parts.any(|part| operation.contains(part.as_str()))
    }
}

impl Group<'_, '_> {
    /// Measures what an operation costs, if it is asked for and nothing is lacking.
    pub fn add(&mut self, operation: &'static str, measure: &dyn Fn() -> Result<i64, String>) {
        self.measure(operation, Unit::Instructions, measure);
    }

    /// The same of how much memory something takes.
    pub fn add_bytes(
        &mut self,
        operation: &'static str,
        measure: &dyn Fn() -> Result<i64, String>,
    ) {
        self.measure(operation, Unit::Bytes, measure);
    }

    fn measure(
        &mut self,
        operation: &'static str,
        unit: Unit,
        measure: &dyn Fn() -> Result<i64, String>,
    ) {
        let suite = &mut *self.suite;
        if !suite.is_asked_for(operation) {
            return;
        }
        if let Some(why) = self.lack {
            if !suite.parts.is_empty() {
                suite.left_out.push(format!("{operation}: left out: {why}"));
            }
            return;
        }
        match measure() {
            Ok(value) => suite.rows.push(Row {
                operation,
                unit,
                value,
            }),
            Err(why) => suite
                .problems
                .push(format!("{operation}: not measured: {why}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_asked_for_is_measured() {
        let parts = ["stat".to_owned()];
        let mut suite = Suite::new(&parts);
        suite.add("stat", &|| Ok(1));
        suite.add("read", &|| panic!("nobody asked"));
        assert_eq!(suite.rows.len(), 1);
    }

    #[test]
    fn what_is_lacking_is_told_to_who_asked_and_is_no_problem() {
        let (none, some) = ([], ["fb".to_owned()]);
        for (parts, told) in [(&none[..], 0), (&some[..], 1)] {
            let mut suite = Suite::new(parts);
            let mut group = suite.group(Some("there is no display"));
            group.add("fb fill", &|| panic!("it lacks something"));
            assert_eq!(suite.left_out.len(), told);
            assert!(suite.rows.is_empty() && suite.problems.is_empty());
        }
    }
}
