//! What several runs of one operation come to: the figure in the middle, and how far apart the
//! others lie. Of an even number it is the lower of the two in the middle, so that it is a figure
//! that was measured.

/// The figure in the middle.
pub fn median(figures: &[i64]) -> Option<i64> {
    let sorted = sorted(figures);
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

/// The figures between which the middle half lies: the first quartile and the third.
pub fn quartiles(figures: &[i64]) -> Option<(i64, i64)> {
    let sorted = sorted(figures);
    let last = sorted.len().checked_sub(1)?;
    Some((sorted[last / 4], sorted[last - last / 4]))
}

/// How far the quartiles are apart, in percent of the figure in the middle.
pub fn spread_percent(figures: &[i64]) -> Option<f64> {
    let (low, high) = quartiles(figures)?;
    ratio(high - low, median(figures)?).map(|ratio| ratio * 100.0)
}

/// The smallest and the largest.
pub fn range(figures: &[i64]) -> Option<(i64, i64)> {
    Some((*figures.iter().min()?, *figures.iter().max()?))
}

/// `ours` in parts of `theirs`: of the pairs, which were measured one after the other, the ratio in
/// the middle; where there are no pairs, the ratio of the figures in the middle.
pub fn ratio_of(ours: &[i64], theirs: &[i64]) -> Option<f64> {
    if ours.len() != theirs.len() {
        return ratio(median(ours)?, median(theirs)?);
    }
    let pairs = ours.iter().zip(theirs);
    let ratios: Option<Vec<f64>> = pairs.map(|(ours, theirs)| ratio(*ours, *theirs)).collect();
    let mut ratios = ratios?;
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len().checked_sub(1)? / 2).copied()
}

/// None where it says nothing: of something that takes nothing.
pub fn ratio(value: i64, of: i64) -> Option<f64> {
    (of > 0).then(|| value as f64 / of as f64)
}

fn sorted(figures: &[i64]) -> Vec<i64> {
    let mut sorted = figures.to_vec();
    sorted.sort_unstable();
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_a_figure_that_was_measured() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[7]), Some(7));
        assert_eq!(median(&[9, 7]), Some(7));
        assert_eq!(median(&[9, 1, 7]), Some(7));
    }

    #[test]
    fn quartiles_hold_the_middle_half() {
        assert_eq!(quartiles(&[]), None);
        assert_eq!(quartiles(&[4]), Some((4, 4)));
        assert_eq!(quartiles(&[5, 1, 4, 2, 3]), Some((2, 4)));
        assert_eq!(spread_percent(&[50, 10, 40, 20, 45]), Some(62.5));
        assert_eq!(spread_percent(&[0, 0]), None);
        assert_eq!(range(&[5, 1, 4]), Some((1, 5)));
    }

    #[test]
    fn pairs_are_compared_before_the_middle_is_taken() {
        // The host was slow in the second round, for both.
        assert_eq!(ratio_of(&[10, 90, 10], &[20, 180, 25]), Some(0.5));
        assert_eq!(ratio_of(&[10], &[20, 30, 40]), Some(1.0 / 3.0));
        assert_eq!(ratio_of(&[10], &[0]), None);
        assert_eq!(ratio_of(&[], &[]), None);
    }
}
