//! Tests of patterns.

use super::{Marked, Pattern, first_character};

fn live(text: &str) -> Vec<Marked> {
    text.bytes().map(|byte| (byte, true)).collect()
}

fn matches(pattern: &str, text: &str) -> bool {
    Pattern::new(&live(pattern)).matches(text.as_bytes())
}

#[test]
fn stars_and_question_marks() {
    assert!(
        matches("*", "") && matches("*", "abc") && matches("a*c", "abbc") && matches("a*", "a")
    );
    assert!(!matches("a*c", "abcd") && !matches("?", "") && !matches("?", "ab"));
    assert!(matches("?b?", "abc") && matches("*a*b*", "xxaxxbxx") && matches("**", "x"));
    assert!(matches("?", "\u{e4}"), "one character, not one byte");
}

#[test]
fn brackets() {
    assert!(matches("[abc]", "b") && !matches("[abc]", "d"));
    assert!(matches("[a-c]x", "bx") && !matches("[!a-c]", "b") && matches("[^a-c]", "d"));
    assert!(matches("[]a]", "]") && matches("[a-]", "-") && matches("[!]]", "x"));
    assert!(matches("[[:digit:][:upper:]]", "7") && matches("[[:digit:][:upper:]]", "Q"));
    assert!(!matches("[[:space:]]", "x") && matches("[[:space:]]", "\t"));
    assert!(matches("[a", "[a"), "an unclosed bracket is text");
    assert!(matches("[\u{e4}-\u{fc}]", "\u{f6}"));
}

#[test]
fn quoted_characters_are_themselves() {
    let pattern = Pattern::new(&[(b'*', false), (b'*', true)]);
    assert!(pattern.matches(b"*x") && !pattern.matches(b"xx"));
    assert_eq!(
        Pattern::new(&[(b'?', false)]).as_text(),
        Some(b"?".to_vec())
    );
    assert_eq!(Pattern::new(&live("a?")).as_text(), None);
    assert!(matches("\\*", "*") && !matches("\\*", "x"));
}

#[test]
fn prefixes_and_suffixes() {
    let pattern = Pattern::new(&live("a*"));
    assert_eq!(pattern.match_prefix(b"abab", false), Some(1));
    assert_eq!(pattern.match_prefix(b"abab", true), Some(4));
    let pattern = Pattern::new(&live("*b"));
    assert_eq!(pattern.match_suffix(b"abab", false), Some(3));
    assert_eq!(pattern.match_suffix(b"abab", true), Some(0));
    assert_eq!(pattern.match_suffix(b"aba", true), None);
}

#[test]
fn hard_patterns_take_no_time() {
    let pattern = "*a".repeat(30) + "b";
    assert!(!matches(&pattern, &"a".repeat(2000)));
}

#[test]
fn bytes_that_are_no_text_count_singly() {
    assert_eq!(first_character(b"\xff\xfe"), Some(('\u{ff}', 1)));
    assert_eq!(
        first_character("\u{20ac}".as_bytes()),
        Some(('\u{20ac}', 3))
    );
    assert_eq!(first_character(b""), None);
    assert!(Pattern::new(&live("?")).matches(b"\xff"));
}
