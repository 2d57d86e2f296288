//! The nearest name to a misspelt one: a subcommand, a persona, or any command of the shell.
//!
//! Contract: only a name at most two edits away is offered, and one that differs in fewer places
//! than it has letters. The distance is that of Damerau and Levenshtein with adjacent swaps.

/// The furthest a suggestion may be from what was typed.
const FURTHEST: usize = 2;

/// The name that was probably meant.
pub fn nearest<'names>(
    typed: &[u8],
    names: impl Iterator<Item = &'names [u8]>,
) -> Option<&'names [u8]> {
    let allowed = FURTHEST.min(typed.len().saturating_sub(1));
    names
        .map(|name| (distance(typed, name), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The same as the end of a sentence: `; did you mean NAME?`, or nothing.
pub fn hint<'names>(typed: &str, names: impl Iterator<Item = &'names str>) -> String {
    let near = nearest(typed.as_bytes(), names.map(str::as_bytes));
    near.map(|name| format!("; did you mean {}?", String::from_utf8_lossy(name)))
        .unwrap_or_default()
}

/// How many insertions, deletions, changes and swaps of neighbours lead from one to the other.
fn distance(from: &[u8], to: &[u8]) -> usize {
    if from.len().abs_diff(to.len()) > FURTHEST {
        return FURTHEST + 1;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (row, &left) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, &right) in to.iter().enumerate() {
            let changed = above[column] + usize::from(left != right);
            let mut best = changed.min(above[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && left == to[column - 1] && from[row - 1] == right {
                best = best.min(before[column - 1] + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut above, current);
    }
    above[to.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, hint};

    #[test]
    fn counts_edits() {
        assert_eq!(distance(b"grep", b"grep"), 0);
        assert_eq!(distance(b"gerp", b"grep"), 1);
        assert_eq!(distance(b"gre", b"grep"), 1);
        assert!(distance(b"a", b"abcdef") > 2);
    }

    #[test]
    fn offers_only_what_is_near() {
        let names = || ["cat", "mount"].into_iter();
        assert_eq!(hint("mout", names()), "; did you mean mount?");
        assert_eq!(hint("xyz", names()), "");
        assert_eq!(hint("x", names()), "");
    }
}
