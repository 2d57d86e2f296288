//! `test` and `[`: questions about files, texts and numbers.
//!
//! Contract: 0 for yes, 1 for no, 2 for a question that makes no sense. With up to four arguments
//! their number decides, as POSIX.1-2017 XCU `test` says, so that `[ "$x" = "(" ]` is safe; more
//! are read as an expression with `-a`, `-o`, `!` and parentheses.

mod file;

use crate::ast::Bytes;
use crate::error::Outcome;
use crate::shell::Shell;
use crate::text::{number, shown};

type Answer = Result<bool, String>;

/// `test expression`.
pub fn test(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    Ok(answer(
        shell,
        "test",
        arguments.get(1..).unwrap_or_default(),
    ))
}

/// `[ expression ]`.
pub fn bracket(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    match arguments.split_last() {
        Some((last, before)) if last == b"]" && !before.is_empty() => {
            Ok(answer(shell, "[", &before[1..]))
        }
        _ => Ok(shell.misuse("[", "expected ] at the end")),
    }
}

fn answer(shell: &Shell, name: &str, words: &[Bytes]) -> i32 {
    let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    match decide(&words) {
        Ok(yes) => i32::from(!yes),
        Err(message) => shell.misuse(name, message),
    }
}

/// The answer by the number of words.
fn decide(words: &[&[u8]]) -> Answer {
    match words {
        [] => Ok(false),
        [word] => Ok(!word.is_empty()),
        [b"!", word] => Ok(word.is_empty()),
        [operator, operand] => unary(operator, operand),
        [left, operator, right] if is_binary(operator) => binary(left, operator, right),
        [b"!", rest @ ..] if words.len() <= 4 => decide(rest).map(|yes| !yes),
        [b"(", inner @ .., b")"] if words.len() <= 4 => decide(inner),
        [left, operator @ (b"-a" | b"-o"), right] => Ok(if *operator == b"-a" {
            !left.is_empty() && !right.is_empty()
        } else {
            !left.is_empty() || !right.is_empty()
        }),
        [_, operator, _] => Err(format!("{}: unknown operator", shown(operator))),
        _ => {
            let mut expression = Expression { rest: words };
            let yes = expression.either()?;
            match expression.rest.first() {
                None => Ok(yes),
                Some(word) => Err(format!("{}: expected -a, -o or the end", shown(word))),
            }
        }
    }
}

/// An expression of any length.
struct Expression<'words> {
    rest: &'words [&'words [u8]],
}

impl<'words> Expression<'words> {
    fn take(&mut self) -> Option<&'words [u8]> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn accept(&mut self, word: &[u8]) -> bool {
        let found = self.rest.first() == Some(&word);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn either(&mut self) -> Answer {
        let mut yes = self.both()?;
        while self.accept(b"-o") {
            yes |= self.both()?;
        }
        Ok(yes)
    }

    fn both(&mut self) -> Answer {
        let mut yes = self.negated()?;
        while self.accept(b"-a") {
            yes &= self.negated()?;
        }
        Ok(yes)
    }

    fn negated(&mut self) -> Answer {
        let mut negated = false;
        while self.rest.len() > 1 && self.accept(b"!") {
            negated = !negated;
        }
        self.primary().map(|yes| yes != negated)
    }

    fn primary(&mut self) -> Answer {
        if let [left, operator, right, ..] = self.rest
            && is_binary(operator)
        {
            self.rest = &self.rest[3..];
            return binary(left, operator, right);
        }
        if self.accept(b"(") {
            let yes = self.either()?;
            return if self.accept(b")") {
                Ok(yes)
            } else {
                Err("expected ) for the ( before".to_owned())
            };
        }
        let Some(first) = self.take() else {
            return Err("expected an expression, found the end".to_owned());
        };
        if is_unary(first)
            && let Some(operand) = self.take()
        {
            return unary(first, operand);
        }
        Ok(!first.is_empty())
    }
}

fn is_unary(word: &[u8]) -> bool {
    matches!(word, [b'-', letter] if b"bcdefghkLnOGprsStuwxz".contains(letter))
}

fn is_binary(word: &[u8]) -> bool {
    const OPERATORS: [&[u8]; 14] = [
        b"=", b"==", b"!=", b"<", b">", b"-eq", b"-ne", b"-lt", b"-le", b"-gt", b"-ge", b"-nt",
        b"-ot", b"-ef",
    ];
    OPERATORS.contains(&word)
}

fn unary(operator: &[u8], operand: &[u8]) -> Answer {
    match operator {
        b"-n" => Ok(!operand.is_empty()),
        b"-z" => Ok(operand.is_empty()),
        [b'-', letter] if is_unary(operator) => file::question(*letter, operand),
        _ => Err(format!("{}: unknown operator", shown(operator))),
    }
}

fn binary(left: &[u8], operator: &[u8], right: &[u8]) -> Answer {
    let integer = |word: &[u8]| {
        let text = word.trim_ascii();
        number::<i64>(text).ok_or_else(|| format!("{}: expected a whole number", shown(word)))
    };
    Ok(match operator {
        b"=" | b"==" => left == right,
        b"!=" => left != right,
        b"<" => left < right,
        b">" => left > right,
        b"-eq" => integer(left)? == integer(right)?,
        b"-ne" => integer(left)? != integer(right)?,
        b"-lt" => integer(left)? < integer(right)?,
        b"-le" => integer(left)? <= integer(right)?,
        b"-gt" => integer(left)? > integer(right)?,
        b"-ge" => integer(left)? >= integer(right)?,
        _ => file::compare(left, operator, right),
    })
}
