//! Shell patterns, as fnmatch(3) has them: `*`, `?`, `[…]` and backslash. A slash is a character
//! like any other here, and so is a leading dot.

/// Whether `text` as a whole matches `pattern`.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // Where to go on when what follows the last star does not fit: one character later.
    let mut retry: Option<(usize, usize)> = None;
    let (mut p, mut t) = (0, 0);
    while t < text.len() {
        if pattern.get(p) == Some(&'*') {
            retry = Some((p + 1, t));
            p += 1;
            continue;
        }
        if let Some(next) = one(&pattern, p, text[t]) {
            (p, t) = (next, t + 1);
            continue;
        }
        match retry {
            Some((after_star, taken)) => {
                (p, t) = (after_star, taken + 1);
                retry = Some((after_star, taken + 1));
            }
            None => return false,
        }
    }
    pattern[p..].iter().all(|character| *character == '*')
}

/// Matches one character against the pattern at `at`. Returns where the pattern goes on.
fn one(pattern: &[char], at: usize, character: char) -> Option<usize> {
    match pattern.get(at)? {
        '?' => Some(at + 1),
        '[' => match set(pattern, at + 1, character) {
            Some((true, end)) => Some(end),
            Some((false, _)) => None,
            // An open bracket that is never closed stands for itself.
            None => (character == '[').then_some(at + 1),
        },
        '\\' if at + 1 < pattern.len() => (pattern[at + 1] == character).then_some(at + 2),
        other => (*other == character).then_some(at + 1),
    }
}

/// Whether the set that begins at `at` holds `character`, and where it ends.
fn set(pattern: &[char], mut at: usize, character: char) -> Option<(bool, usize)> {
    let negated = matches!(pattern.get(at)?, '!' | '^');
    at += usize::from(negated);
    let start = at;
    let mut found = false;
    loop {
        match pattern.get(at)? {
            ']' if at > start => return Some((found != negated, at + 1)),
            first => {
                let range = pattern.get(at + 1) == Some(&'-')
                    && pattern.get(at + 2).is_some_and(|last| *last != ']');
                let last = if range { pattern[at + 2] } else { *first };
                found |= (*first..=last).contains(&character);
                at += if range { 3 } else { 1 };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_sets_and_escapes() {
        for (pattern, text) in [
            ("*", ""),
            ("*.rs", "a.b.rs"),
            ("a*b*c", "axxbyybzc"),
            ("?[a-c]x", "9bx"),
            ("[!a]b", "cb"),
            ("[]x]", "]"),
            ("\\*", "*"),
            ("[", "["),
            ("*/x", "a/b/x"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("a", ""),
            ("?", ""),
            ("*.rs", "rs"),
            ("[!a]", "a"),
            ("\\*", "a"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        assert!(!matches(
            &"*a".repeat(30),
            &"a".repeat(29).repeat(40).replace('a', "b")
        ));
    }
}
