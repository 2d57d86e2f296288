//! Regular expressions of POSIX, basic and extended, on top of the regex-lite crate.
//!
//! Contract: an expression means what regex(7) says, apart from the choice among several
//! matches at one place: alternatives are tried in order and the first that fits wins, where
//! POSIX takes the longest. Back references are refused with a message. Text that is not
//! UTF-8 is matched with its odd bytes replaced.
//!
//! Source: regex(7); POSIX.1-2024, Base Definitions, chapter 9; GNU's `\+ \? \| \w \W \b \< \>`.

use regex_lite::{Regex, RegexBuilder};

/// How an expression is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// `grep`: groups, intervals and alternatives take a backslash.
    Basic,
    /// `grep -E`: they take none.
    Extended,
    /// `grep -F`: every character stands for itself.
    Fixed,
}

/// Compiles `text`, ignoring case if asked to.
///
/// # Errors
/// A sentence when `text` is no expression of that syntax.
pub fn compile(text: &str, syntax: Syntax, ignore_case: bool) -> Result<Regex, String> {
    let translated = match syntax {
        Syntax::Fixed => regex_lite::escape(text),
        Syntax::Basic | Syntax::Extended => Translator::new(text, syntax).translate()?,
    };
    RegexBuilder::new(&translated)
        .case_insensitive(ignore_case)
        .build()
        .map_err(|error| format!("'{text}': {error}"))
}

struct Translator {
    input: Vec<char>,
    at: usize,
    extended: bool,
    output: String,
    open_groups: usize,
    /// An expression, a group or an alternative begins here, so `*` stands for itself.
    at_start: bool,
    /// The output ends with `*`, `+` or `?` as an operator.
    repeated: bool,
}

impl Translator {
    fn new(text: &str, syntax: Syntax) -> Translator {
        Translator {
            input: text.chars().collect(),
            at: 0,
            extended: syntax == Syntax::Extended,
            output: String::new(),
            open_groups: 0,
            at_start: true,
            repeated: false,
        }
    }

    fn next(&mut self) -> Option<char> {
        let character = self.input.get(self.at).copied();
        self.at += usize::from(character.is_some());
        character
    }

    fn rest_starts_with(&self, text: &str) -> bool {
        self.input[self.at..]
            .iter()
            .zip(text.chars())
            .filter(|(a, b)| **a == *b)
            .count()
            == text.chars().count()
    }

    fn translate(mut self) -> Result<String, String> {
        while let Some(character) = self.next() {
            match character {
                '\\' => {
                    let escaped = self.next().ok_or("trailing backslash")?;
                    self.escaped(escaped)?;
                }
                '[' => self.bracket()?,
                '.' => self.push("."),
                '*' if self.at_start => self.push("\\*"),
                '*' => self.repeat('*'),
                '^' if self.extended || self.at_start => self.output.push('^'),
                '$' if self.extended || self.ends_here() => self.push("$"),
                '(' | ')' | '{' | '}' | '|' | '+' | '?' if self.extended => {
                    self.operator(character)?;
                }
                other => self.literal(other),
            }
        }
        if self.open_groups > 0 {
            return Err("unmatched ( or \\(".into());
        }
        Ok(self.output)
    }

    /// In a basic expression `$` is an anchor only at the end of the whole or of a group.
    fn ends_here(&self) -> bool {
        self.at == self.input.len() || self.rest_starts_with("\\)") || self.rest_starts_with("\\|")
    }

    fn push(&mut self, text: &str) {
        self.output.push_str(text);
        self.at_start = false;
        self.repeated = false;
    }

    /// A repetition of a repetition: of two that differ (`a+?`) either may be none and either
    /// may be many, which is what `*` says. Two in a row would mean something else to the crate.
    fn repeat(&mut self, operator: char) {
        if !self.repeated {
            self.output.push(operator);
        } else if self.output.pop() != Some(operator) {
            self.output.push('*');
        } else {
            self.output.push(operator);
        }
        self.repeated = true;
        self.at_start = false;
    }

    fn literal(&mut self, character: char) {
        self.push(&regex_lite::escape(character.encode_utf8(&mut [0; 4])));
    }

    fn escaped(&mut self, character: char) -> Result<(), String> {
        match character {
            '(' | ')' | '{' | '}' | '|' | '+' | '?' if !self.extended => {
                self.operator(character)?
            }
            '1'..='9' => return Err("back references are not supported".into()),
            'w' | 'W' | 's' | 'S' | 'b' | 'B' => self.push(&format!("\\{character}")),
            '<' => self.push("\\b{start}"),
            '>' => self.push("\\b{end}"),
            '`' => self.push("\\A"),
            '\'' => self.push("\\z"),
            other => self.literal(other),
        }
        Ok(())
    }

    fn operator(&mut self, character: char) -> Result<(), String> {
        match character {
            '(' => {
                self.open_groups += 1;
                self.output.push('(');
                self.at_start = true;
                self.repeated = false;
            }
            ')' if self.open_groups == 0 && self.extended => self.literal(')'),
            ')' => {
                self.open_groups = self
                    .open_groups
                    .checked_sub(1)
                    .ok_or("unmatched ) or \\)")?;
                self.push(")");
            }
            '|' => {
                self.output.push('|');
                self.at_start = true;
                self.repeated = false;
            }
            '{' if self.at_start => self.literal('{'),
            '{' => self.interval()?,
            '}' => self.literal('}'),
            // `+` and `?`
            _ if self.at_start => self.literal(character),
            _ => self.repeat(character),
        }
        Ok(())
    }

    /// `{m}`, `{m,}`, `{,n}`, `{m,n}`; a brace that begins nothing of the kind stands for itself
    /// in an extended expression.
    fn interval(&mut self) -> Result<(), String> {
        let close = if self.extended { "}" } else { "\\}" };
        let start = self.at;
        let mut bounds = String::new();
        while !self.rest_starts_with(close) {
            match self.next() {
                Some(character) if character.is_ascii_digit() || character == ',' => {
                    bounds.push(character);
                }
                _ if self.extended => {
                    self.at = start;
                    self.literal('{');
                    return Ok(());
                }
                _ => return Err("invalid or unmatched \\{".into()),
            }
        }
        self.at += close.len();
        if bounds.starts_with(',') {
            bounds.insert(0, '0');
        }
        self.push(&format!("{{{bounds}}}"));
        Ok(())
    }

    /// `[…]`: a backslash stands for itself in it, `]` does in the first place.
    fn bracket(&mut self) -> Result<(), String> {
        const UNMATCHED: &str = "unmatched [";
        let mut set = String::from("[");
        if self.rest_starts_with("^") {
            self.at += 1;
            set.push('^');
        }
        let mut first = true;
        loop {
            let character = self.next().ok_or(UNMATCHED)?;
            match character {
                ']' if !first => break,
                '[' if self.rest_starts_with(":") => set.push_str(self.class()?),
                '[' if self.rest_starts_with(".") || self.rest_starts_with("=") => {
                    return Err("collating symbols are not supported".into());
                }
                '-' if !first && !self.rest_starts_with("]") => set.push('-'),
                other if other.is_ascii_alphanumeric() || !other.is_ascii() => set.push(other),
                other => {
                    set.push('\\');
                    set.push(other);
                }
            }
            first = false;
        }
        set.push(']');
        // Blanks may not be escaped, and need not be.
        self.push(
            &set.replace("\\ ", " ")
                .replace("\\\t", "\t")
                .replace("\\_", "_"),
        );
        Ok(())
    }

    /// `[:alpha:]` and its kind, in ASCII.
    fn class(&mut self) -> Result<&'static str, String> {
        const CLASSES: [(&str, &str); 12] = [
            (":alpha:]", "a-zA-Z"),
            (":digit:]", "0-9"),
            (":alnum:]", "0-9a-zA-Z"),
            (":upper:]", "A-Z"),
            (":lower:]", "a-z"),
            (":space:]", "\\t\\n\\x0b\\x0c\\r "),
            (":blank:]", "\\t "),
            (":punct:]", "!-/:-@\\[-`{-~"),
            (":print:]", " -~"),
            (":graph:]", "!-~"),
            (":cntrl:]", "\\x00-\\x1f\\x7f"),
            (":xdigit:]", "0-9a-fA-F"),
        ];
        let found = CLASSES.iter().find(|(name, _)| self.rest_starts_with(name));
        let (name, set) = found.ok_or("invalid character class")?;
        self.at += name.len();
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(syntax: Syntax, pattern: &str, text: &str, expected: Option<&str>) {
        let regex = compile(pattern, syntax, false).expect(pattern);
        assert_eq!(
            regex.find(text).map(|found| found.as_str()),
            expected,
            "{pattern} on {text}"
        );
    }

    #[test]
    fn basic_expressions() {
        check(Syntax::Basic, "a+b?", "xa+b?", Some("a+b?"));
        check(Syntax::Basic, "\\(ab\\)\\{2\\}", "xababab", Some("abab"));
        check(Syntax::Basic, "*a", "b*a", Some("*a"));
        check(Syntax::Basic, "\\(*a\\)", "*a", Some("*a"));
        check(Syntax::Basic, "a^b$c", "a^b$c", Some("a^b$c"));
        check(Syntax::Basic, "^b$", "ab", None);
        check(Syntax::Basic, "a\\|b", "cb", Some("b"));
        check(Syntax::Basic, "a|b", "a|b", Some("a|b"));
        check(Syntax::Basic, "{1}", "{1}", Some("{1}"));
    }

    #[test]
    fn extended_expressions() {
        check(Syntax::Extended, "(a|b)+c{2}", "xabcc", Some("abcc"));
        check(Syntax::Extended, "a{x", "a{x", Some("a{x"));
        check(Syntax::Extended, "a{,2}b", "aab", Some("aab"));
        check(Syntax::Extended, "a)", "a)", Some("a)"));
        check(Syntax::Extended, "\\<is\\>", "this is", Some("is"));
        check(Syntax::Extended, "a**", "aa", Some("aa"));
        check(Syntax::Extended, "a+?b", "b", Some("b"));
        check(Syntax::Extended, "a\\++", "a++", Some("a++"));
    }

    #[test]
    fn brackets() {
        check(Syntax::Basic, "[]a]*", "a]b", Some("a]"));
        check(Syntax::Basic, "[^]a]", "]ab", Some("b"));
        check(Syntax::Basic, "[a\\]", "\\", Some("\\"));
        check(Syntax::Basic, "[[:digit:]x-]*", "a", Some(""));
        check(Syntax::Extended, "[[:digit:]x-]+", "a1-x", Some("1-x"));
        check(Syntax::Extended, "[[:punct:]]+", "a[&~]b", Some("[&~]"));
        check(Syntax::Extended, "[+--]+", "a-,+b", Some("-,+"));
        check(Syntax::Extended, "[ _&&~]+", "a& _~", Some("& _~"));
    }

    #[test]
    fn fixed_text_and_case() {
        check(Syntax::Fixed, "a.b*", "xa.b*", Some("a.b*"));
        assert!(
            compile("ABC", Syntax::Basic, true)
                .expect("plain")
                .is_match("xabc")
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        for pattern in ["\\(a", "a\\", "[a", "\\(a\\)\\1", "[[:nope:]]", "a\\{1"] {
            assert!(compile(pattern, Syntax::Basic, false).is_err(), "{pattern}");
        }
        assert!(compile("(a", Syntax::Extended, false).is_err());
    }
}
