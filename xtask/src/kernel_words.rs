//! The kernel's command line, put together: words for the kernel, then ` -- `, then words for init.

/// What divides the kernel's words from init's.
const DIVIDER: &str = "--";

/// Joins `parts`, each of which may have words for the kernel and, after a `--`, words for init.
pub fn join<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut kernel = Vec::new();
    let mut init = Vec::new();
    for part in parts {
        let mut words = part.split_whitespace();
        kernel.extend(words.by_ref().take_while(|word| *word != DIVIDER));
        init.extend(words);
    }
    if !init.is_empty() {
        kernel.push(DIVIDER);
        kernel.append(&mut init);
    }
    kernel.join(" ")
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn words_for_init_come_last() {
        assert_eq!(
            join(["loglevel=4 -- a", " init=/x  -- b"]),
            "loglevel=4 init=/x -- a b"
        );
        assert_eq!(join(["", "quiet"]), "quiet");
        assert_eq!(join(["", "-- single"]), "-- single");
        assert_eq!(join([]), "");
    }
}
