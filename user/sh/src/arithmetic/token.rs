//! The tokens of arithmetic.

use std::fmt;

/// Operators, longest first.
const OPERATORS: [&str; 36] = [
    "<<=", ">>=", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "==", "!=", "<=",
    ">=", "&&", "||", "<<", ">>", "+", "-", "*", "/", "%", "&", "|", "^", "=", "<", ">", "!", "~",
    "?", ":", ",",
];

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A constant.
    Number(i64),
    /// A variable.
    Name(String),
    /// An operator or a parenthesis.
    Operator(&'static str),
    /// The end of the text.
    End,
}

impl fmt::Display for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Number(number) => write!(out, "{number}"),
            Token::Name(name) => write!(out, "{name}"),
            Token::Operator(operator) => write!(out, "{operator}"),
            Token::End => write!(out, "the end"),
        }
    }
}

/// What is left of an expression's text.
#[derive(Clone)]
pub(super) struct Tokens<'text> {
    rest: &'text [u8],
}

impl<'text> Tokens<'text> {
    pub(super) fn new(text: &'text [u8]) -> Self {
        Tokens { rest: text }
    }

    /// The next token, left where it is.
    pub(super) fn peek(&self) -> Result<Token, String> {
        self.clone().next()
    }

    /// Takes an operator if it is next.
    pub(super) fn accept(&mut self, operator: &str) -> Result<bool, String> {
        let found = matches!(self.peek()?, Token::Operator(next) if next == operator);
        if found {
            self.next()?;
        }
        Ok(found)
    }

    /// Takes the next token.
    pub(super) fn next(&mut self) -> Result<Token, String> {
        self.rest = self.rest.trim_ascii_start();
        let Some(&first) = self.rest.first() else {
            return Ok(Token::End);
        };
        if first.is_ascii_digit() {
            let digits = self.take(|byte| byte.is_ascii_alphanumeric());
            return number(&digits).map(Token::Number);
        }
        if first.is_ascii_alphabetic() || first == b'_' {
            return Ok(Token::Name(
                self.take(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
            ));
        }
        let parentheses = ["(", ")"];
        let operator = OPERATORS
            .into_iter()
            .chain(parentheses)
            .find(|op| self.rest.starts_with(op.as_bytes()));
        match operator {
            Some(operator) => {
                self.rest = &self.rest[operator.len()..];
                Ok(Token::Operator(operator))
            }
            None => Err(format!(
                "found {:?}, which is no part of an expression",
                char::from(first)
            )),
        }
    }

    fn take(&mut self, wanted: impl Fn(u8) -> bool) -> String {
        let length = self.rest.iter().take_while(|&&byte| wanted(byte)).count();
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        String::from_utf8_lossy(taken).into_owned()
    }
}

/// A constant in decimal, octal (`0…`) or hexadecimal (`0x…`).
fn number(digits: &str) -> Result<i64, String> {
    let (radix, body) = if let Some(hex) = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"))
    {
        (16, hex)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, &digits[1..])
    } else {
        (10, digits)
    };
    // Constants beyond the range wrap, as sums do; only foreign digits are an error.
    let wrap = |value: i64, digit: u32| {
        value
            .wrapping_mul(i64::from(radix))
            .wrapping_add(i64::from(digit))
    };
    let mut value = Some(0_i64).filter(|_| !body.is_empty());
    for character in body.chars() {
        value = value.and_then(|value| Some(wrap(value, character.to_digit(radix as u32)?)));
    }
    value.ok_or_else(|| format!("{digits} is not a number"))
}
