//! expr: evaluates an expression given as arguments.
//!
//! Contract: status 0 if the result is neither empty nor 0, 1 if it is, 2 for an expression that
//! is none, 3 for anything else. Numbers are 64 bits wide; what does not fit is an error.
//!
//! Source: expr(1) of POSIX, with `match`, `substr`, `index`, `length` and `+` of the GNU one.

use std::cmp::Ordering;

use super::pattern::{self, Syntax};
use super::{Context, Failure};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: expr EXPRESSION
Print the value of EXPRESSION. From weakest to strongest binding:
  A | B                   A if it is neither empty nor 0, else B
  A & B                   A if both are neither empty nor 0, else 0
  A < B  <=  =  !=  >=  > 1 or 0; as numbers if both are, else as text
  A + B  A - B
  A * B  A / B  A % B
  TEXT : EXPR             what the group of EXPR matched at the start of TEXT,
                          or how many characters did
  match TEXT EXPR, substr TEXT POS LENGTH, index TEXT CHARS, length TEXT
  + WORD, ( A )           WORD as it stands; grouping
";

/// Evaluates the arguments.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let words = context.words(bad)?;
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => return Err(Failure::Usage("missing operand".into())),
        ["--help"] => return Err(Failure::Help),
        _ => {}
    }
    let mut parser = Parser {
        words: &words,
        at: usize::from(words[0] == "--"),
    };
    let value = parser.either()?;
    if let Some(word) = parser.peek() {
        return Err(bad(format!("syntax error: unexpected argument '{word}'")));
    }
    println!("{value}");
    Ok(i32::from(is_false(&value)))
}

/// An expression that is none. Its status is 2, as that of the others who are called wrongly.
fn bad(message: String) -> Failure {
    Failure::Trouble(2, message)
}

fn is_false(value: &str) -> bool {
    value.is_empty() || value.parse::<i64>() == Ok(0)
}

fn number(value: &str) -> Result<i64, Failure> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad("non-integer argument".into()));
    }
    value
        .parse()
        .map_err(|_| bad(format!("{value}: number out of range")))
}

fn calculate(left: &str, operator: &str, right: &str) -> Result<String, Failure> {
    let (left, right) = (number(left)?, number(right)?);
    if right == 0 && matches!(operator, "/" | "%") {
        return Err(bad("division by zero".into()));
    }
    let result = match operator {
        "+" => left.checked_add(right),
        "-" => left.checked_sub(right),
        "*" => left.checked_mul(right),
        "/" => left.checked_div(right),
        _ => Some(left.checked_rem(right).unwrap_or(0)),
    };
    result
        .map(|value| value.to_string())
        .ok_or_else(|| bad("the result is out of range".into()))
}

fn compare(left: &str, operator: &str, right: &str) -> String {
    let order = match (left.parse::<i64>(), right.parse::<i64>()) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        _ => left.cmp(right),
    };
    let holds = match operator {
        "<" => order == Ordering::Less,
        "<=" => order != Ordering::Greater,
        "=" | "==" => order == Ordering::Equal,
        "!=" => order != Ordering::Equal,
        ">=" => order != Ordering::Less,
        _ => order == Ordering::Greater,
    };
    i64::from(holds).to_string()
}

/// The match is tied to the start of the text.
fn match_start(text: &str, expression: &str) -> Result<String, Failure> {
    let anchored = format!("^{}", expression.strip_prefix('^').unwrap_or(expression));
    let regex = pattern::compile(&anchored, Syntax::Basic, false).map_err(bad)?;
    let has_group = regex.captures_len() > 1;
    Ok(match regex.captures(text) {
        Some(found) if has_group => found.get(1).map_or("", |group| group.as_str()).into(),
        Some(found) => found[0].chars().count().to_string(),
        None if has_group => String::new(),
        None => "0".into(),
    })
}

/// One function a level of binding, the weakest first.
struct Parser<'a> {
    words: &'a [String],
    at: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).map(String::as_str)
    }

    fn next(&mut self) -> Result<&'a str, Failure> {
        let word = self.peek().ok_or_else(|| {
            let last = self.words.last().map_or("", String::as_str);
            bad(format!("syntax error: missing argument after '{last}'"))
        })?;
        self.at += 1;
        Ok(word)
    }

    /// The next word, if it is one of `operators`.
    fn operator(&mut self, operators: &[&str]) -> Option<&'a str> {
        let word = self.peek().filter(|word| operators.contains(word))?;
        self.at += 1;
        Some(word)
    }

    fn either(&mut self) -> Result<String, Failure> {
        let mut left = self.both()?;
        while self.operator(&["|"]).is_some() {
            let right = self.both()?;
            if is_false(&left) {
                left = if is_false(&right) { "0".into() } else { right };
            }
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<String, Failure> {
        let mut left = self.comparison()?;
        while self.operator(&["&"]).is_some() {
            let right = self.comparison()?;
            if is_false(&left) || is_false(&right) {
                left = "0".into();
            }
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Result<String, Failure> {
        let mut left = self.sum()?;
        while let Some(operator) = self.operator(&["<", "<=", "=", "==", "!=", ">=", ">"]) {
            left = compare(&left, operator, &self.sum()?);
        }
        Ok(left)
    }

    fn sum(&mut self) -> Result<String, Failure> {
        let mut left = self.product()?;
        while let Some(operator) = self.operator(&["+", "-"]) {
            left = calculate(&left, operator, &self.product()?)?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<String, Failure> {
        let mut left = self.matching()?;
        while let Some(operator) = self.operator(&["*", "/", "%"]) {
            left = calculate(&left, operator, &self.matching()?)?;
        }
        Ok(left)
    }

    fn matching(&mut self) -> Result<String, Failure> {
        let mut left = self.term()?;
        while self.operator(&[":"]).is_some() {
            left = match_start(&left, &self.term()?)?;
        }
        Ok(left)
    }

    fn term(&mut self) -> Result<String, Failure> {
        match self.next()? {
            "(" => {
                let value = self.either()?;
                match self.next()? {
                    ")" => Ok(value),
                    word => Err(bad(format!("syntax error: expecting ')', not '{word}'"))),
                }
            }
            "+" => Ok(self.next()?.into()),
            "match" if self.peek().is_some() => {
                let text = self.term()?;
                match_start(&text, &self.term()?)
            }
            "length" if self.peek().is_some() => Ok(self.term()?.chars().count().to_string()),
            "index" if self.peek().is_some() => {
                let (text, wanted) = (self.term()?, self.term()?);
                let place = text
                    .chars()
                    .position(|character| wanted.contains(character));
                Ok(place.map_or(0, |place| place + 1).to_string())
            }
            "substr" if self.peek().is_some() => {
                let (text, start, length) = (self.term()?, self.term()?, self.term()?);
                Ok(part_of(&text, &start, &length))
            }
            word => Ok(word.into()),
        }
    }
}

/// Places count from 1; anything that is no place gives nothing.
fn part_of(text: &str, start: &str, length: &str) -> String {
    match (start.parse::<usize>(), length.parse::<usize>()) {
        (Ok(start), Ok(length)) if start > 0 => text.chars().skip(start - 1).take(length).collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<String> {
        let words: Vec<String> = text.split(' ').map(String::from).collect();
        let mut parser = Parser {
            words: &words,
            at: 0,
        };
        let value = parser.either().ok()?;
        parser.peek().is_none().then_some(value)
    }

    #[test]
    fn arithmetic_binds_as_usual() {
        assert_eq!(value("1 + 2 * 3").as_deref(), Some("7"));
        assert_eq!(value("( 1 + 2 ) * 3 % 5").as_deref(), Some("4"));
        assert_eq!(value("7 - 2 - 1").as_deref(), Some("4"));
        assert_eq!(value("10 < 9").as_deref(), Some("0"));
        assert_eq!(value("a < b").as_deref(), Some("1"));
    }

    #[test]
    fn text_operators() {
        assert_eq!(value("abc.txt : \\(.*\\)\\.txt").as_deref(), Some("abc"));
        assert_eq!(value("abc : a.").as_deref(), Some("2"));
        assert_eq!(value("abc : b").as_deref(), Some("0"));
        assert_eq!(value("substr hello 2 3").as_deref(), Some("ell"));
        assert_eq!(value("index hello lo").as_deref(), Some("3"));
        assert_eq!(value("length hello").as_deref(), Some("5"));
        assert_eq!(value("0 | x").as_deref(), Some("x"));
        assert_eq!(value("x & 0").as_deref(), Some("0"));
        assert_eq!(value("+ length").as_deref(), Some("length"));
    }

    #[test]
    fn what_is_no_expression() {
        let cases = [
            "1 +",
            "( 1",
            "1 2",
            "1 / 0",
            "a + 1",
            "9223372036854775807 + 1",
        ];
        for text in cases {
            assert_eq!(value(text), None, "{text}");
        }
        assert_eq!(value("-9223372036854775808 % -1").as_deref(), Some("0"));
    }
}
