//! The tokens of arithmetic: constants, names, operators, as in C but for what a shell lacks.
//! Source: POSIX.1-2017 XCU 2.6.4.

use std::fmt;

/// Operators, longest first.
const OPERATORS: [&str; 38] = [
    "<<=", ">>=", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "==", "!=", "<=",
    ">=", "&&", "||", "<<", ">>", "+", "-", "*", "/", "%", "&", "|", "^", "=", "<", ">", "!", "~",
    "?", ":", ",", "(", ")",
];

/// A token; cheap to copy, since expressions are read with many looks ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'text> {
    /// A constant.
    Number(i64),
    /// A variable.
    Name(&'text str),
    /// An operator or a parenthesis.
    Operator(&'static str),
    /// The end of the text.
    End,
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Number(number) => write!(out, "{number}"),
            Token::Name(text) | Token::Operator(text) => write!(out, "{text}"),
            Token::End => write!(out, "the end"),
        }
    }
}

/// What is left of an expression's text.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'text> {
    rest: &'text [u8],
    /// The next token, once it has been looked at, and what follows it.
    ahead: Option<(Token<'text>, &'text [u8])>,
}

impl<'text> Tokens<'text> {
    pub(super) fn new(text: &'text [u8]) -> Self {
        Tokens {
            rest: text,
            ahead: None,
        }
    }

    /// The next token, left where it is.
    pub(super) fn peek(&mut self) -> Result<Token<'text>, String> {
        let (token, after) = match self.ahead {
            Some(ahead) => ahead,
            None => token(self.rest.trim_ascii_start())?,
        };
        self.ahead = Some((token, after));
        Ok(token)
    }

    /// Takes the next token.
    pub(super) fn next(&mut self) -> Result<Token<'text>, String> {
        let token = self.peek()?;
        if let Some((_, after)) = self.ahead.take() {
            self.rest = after;
        }
        Ok(token)
    }

    /// Takes an operator if it is next.
    pub(super) fn accept(&mut self, operator: &str) -> Result<bool, String> {
        let found = matches!(self.peek()?, Token::Operator(next) if next == operator);
        if found {
            self.next()?;
        }
        Ok(found)
    }
}

/// The token a text begins with, and what follows it.
fn token(text: &[u8]) -> Result<(Token<'_>, &[u8]), String> {
    let Some(&first) = text.first() else {
        return Ok((Token::End, text));
    };
    if first.is_ascii_alphanumeric() || first == b'_' {
        let in_word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
        let (word, after) = text.split_at(text.iter().take_while(in_word).count());
        let word = std::str::from_utf8(word).unwrap_or_default();
        let token = if first.is_ascii_digit() {
            Token::Number(number(word)?)
        } else {
            Token::Name(word)
        };
        return Ok((token, after));
    }
    let fits =
        |operator: &&&str| operator.as_bytes()[0] == first && text.starts_with(operator.as_bytes());
    match OPERATORS.iter().find(fits) {
        Some(operator) => Ok((Token::Operator(operator), &text[operator.len()..])),
        None => Err(format!(
            "found {:?}, which is no part of an expression",
            char::from(first)
        )),
    }
}

/// The base that a constant is written in, as in C, and its digits without what says so.
pub fn radix(digits: &str) -> (u32, &str) {
    if let Some(hex) = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"))
    {
        (16, hex)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, &digits[1..])
    } else {
        (10, digits)
    }
}

/// A constant in decimal, octal (`0…`) or hexadecimal (`0x…`).
fn number(digits: &str) -> Result<i64, String> {
    let (radix, body) = radix(digits);
    // Constants beyond the range wrap, as sums do; only foreign digits are an error.
    let wrap = |value: i64, digit: u32| {
        value
            .wrapping_mul(i64::from(radix))
            .wrapping_add(i64::from(digit))
    };
    let mut value = Some(0_i64).filter(|_| !body.is_empty());
    for character in body.chars() {
        value = value.and_then(|value| Some(wrap(value, character.to_digit(radix)?)));
    }
    value.ok_or_else(|| format!("{digits} is not a number"))
}
