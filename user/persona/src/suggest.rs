//! The nearest name to a misspelt one: a subcommand, a persona, or any command of the shell.
//!
//! Contract: only a name at most two edits away is offered, and one that differs in fewer places
//! than it has letters. An edit is an insertion, a deletion, a change or a swap of neighbours (the
//! distance of Damerau and Levenshtein, where no letter is moved twice).

/// The furthest a suggestion may be from what was typed.
const FURTHEST: usize = 2;

/// The name that was probably meant, as the end of a sentence: `; did you mean NAME?`, or nothing.
pub fn hint<'names>(typed: &str, names: impl Iterator<Item = &'names str>) -> String {
    let allowed = FURTHEST.min(typed.len().saturating_sub(1));
    names
        .map(|name| (strsim::osa_distance(typed, name), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| format!("; did you mean {name}?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn offers_only_what_is_near() {
        let names = || ["cat", "mount", "grep"].into_iter();
        assert_eq!(hint("mout", names()), "; did you mean mount?");
        assert_eq!(hint("gerp", names()), "; did you mean grep?");
        assert_eq!(hint("grpee", names()), "; did you mean grep?");
        assert_eq!(hint("xyz", names()), "");
        assert_eq!(hint("x", names()), "");
    }
}
