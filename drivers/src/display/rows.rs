//! Which rows of a screen have changed: a few ranges, so that the top and the bottom line of a
//! screen do not send all that is between.

use core::ops::Range;

/// Ranges kept apart; one more, and the two nearest become one.
pub const RANGES_MAX: usize = 8;

/// A set of rows, as at most [`RANGES_MAX`] ranges. It holds at least the rows that were added;
/// where ranges had to be joined, those between them too.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Ascending, none empty, none touching the next; one place more than is kept, to join in.
    ranges: [Range<u32>; RANGES_MAX + 1],
    count: usize,
}

impl Rows {
    /// No rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// These rows.
    pub fn of(range: Range<u32>) -> Self {
        let mut rows = Self::new();
        rows.add(range);
        rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The ranges, ascending.
    pub fn ranges(&self) -> &[Range<u32>] {
        &self.ranges[..self.count]
    }

    /// Adds rows.
    pub fn add(&mut self, range: Range<u32>) {
        if range.is_empty() {
            return;
        }
        let mut merged = range;
        let mut kept = Self::new();
        let mut place = 0;
        for old in self.ranges() {
            if old.end < merged.start {
                kept.push(old.clone());
                place = kept.count;
            } else if merged.end < old.start {
                kept.push(old.clone());
            } else {
                merged = merged.start.min(old.start)..merged.end.max(old.end);
            }
        }
        kept.ranges[place..=kept.count].rotate_right(1);
        kept.ranges[place] = merged;
        kept.count += 1;
        if kept.count > RANGES_MAX {
            kept.join_nearest();
        }
        *self = kept;
    }

    /// Adds all rows of `other`.
    pub fn add_all(&mut self, other: &Rows) {
        other
            .ranges()
            .iter()
            .for_each(|range| self.add(range.clone()));
    }

    /// Takes the rows from the front, `most` at most, as one range. None: there are none.
    pub fn take_front(&mut self, most: u32) -> Option<Range<u32>> {
        self.take_touching(0..u32::MAX, most)
    }

    /// Takes rows from the front of the first range that has some of `wanted`, `most` at most.
    /// They may lie before the wanted ones: so ranges are never split. None: there are none.
    pub fn take_touching(&mut self, wanted: Range<u32>, most: u32) -> Option<Range<u32>> {
        let touches = |range: &Range<u32>| range.start < wanted.end && wanted.start < range.end;
        let place = self.ranges().iter().position(touches)?;
        let range = self.ranges[place].clone();
        let end = range.end.min(range.start.saturating_add(most.max(1)));
        if end == range.end {
            self.ranges[place..self.count].rotate_left(1);
            self.count -= 1;
        } else {
            self.ranges[place].start = end;
        }
        Some(range.start..end)
    }

    /// Those of the rows that lie in `range`.
    pub fn within(&self, range: Range<u32>) -> Rows {
        let mut rows = Rows::new();
        for own in self.ranges() {
            rows.add(own.start.max(range.start)..own.end.min(range.end));
        }
        rows
    }

    fn push(&mut self, range: Range<u32>) {
        self.ranges[self.count] = range;
        self.count += 1;
    }

    fn join_nearest(&mut self) {
        let gap = |index: &usize| self.ranges[index + 1].start - self.ranges[*index].end;
        let Some(nearest) = (0..self.count - 1).min_by_key(gap) else {
            return;
        };
        self.ranges[nearest].end = self.ranges[nearest + 1].end;
        self.ranges[nearest + 1..self.count].rotate_left(1);
        self.count -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn neighbours_become_one_and_strangers_stay_apart() {
        let mut rows = Rows::of(10..20);
        rows.add(30..40);
        rows.add(20..22);
        rows.add(5..5);
        assert_eq!(rows.ranges(), [10..22, 30..40]);
        rows.add(0..100);
        assert_eq!(rows.ranges(), [Range { start: 0, end: 100 }]);
    }

    #[test]
    fn rows_are_taken_from_the_front_in_bands() {
        let mut rows = Rows::of(0..5);
        rows.add(8..9);
        let bands: Vec<_> = core::iter::from_fn(|| rows.take_front(3)).collect();
        assert_eq!(bands, [0..3, 3..5, 8..9]);
        rows.add(0..5);
        rows.add(8..20);
        assert_eq!(rows.take_touching(10..11, 3), Some(8..11));
        assert_eq!(rows.take_touching(5..8, 3), None);
    }

    proptest! {
        #[test]
        fn no_row_is_lost(ranges in proptest::collection::vec((0_u32..200, 1_u32..9), 0..40)) {
            let mut rows = Rows::new();
            for (start, length) in &ranges {
                rows.add(*start..start + length);
            }
            prop_assert!(rows.ranges().len() <= RANGES_MAX);
            prop_assert!(rows.ranges().windows(2).all(|two| two[0].end < two[1].start));
            for (start, length) in ranges {
                let whole = |range: &Range<u32>| range.start <= start && start + length <= range.end;
                prop_assert!(rows.ranges().iter().any(whole));
            }
        }
    }
}
