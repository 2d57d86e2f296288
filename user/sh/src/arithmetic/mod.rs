//! Arithmetic: the value of `$((…))`.
//!
//! Contract: signed 64-bit integers that wrap around, the operators of C without `sizeof` and with
//! all assignments; a variable's value is itself evaluated. Nothing is assigned in the part of
//! `?:`, `&&` and `||` that is not chosen. Source: POSIX.1-2017 XCU 2.6.4, C99 6.5.

mod operator;
#[cfg(test)]
mod tests;
mod token;

use crate::error::Outcome;
use crate::shell::Shell;
use operator::{Assignment, binary_operator, compute};
pub use token::radix;
use token::{Token, Tokens};

/// How deeply parentheses, unary operators and variables that name variables may be nested.
const DEEPEST_NESTING: u32 = 100;

type Value = Result<i64, String>;

impl Shell {
    /// The value of an expression; an error ends the command.
    pub fn evaluate(&mut self, text: &[u8]) -> Outcome<i64> {
        match evaluate(self, text, 0) {
            Ok(value) => Ok(value),
            Err(message) => {
                let text = String::from_utf8_lossy(text).trim().to_owned();
                self.fail(2, format!("$(({text})): {message}"))
            }
        }
    }
}

fn evaluate(shell: &mut Shell, text: &[u8], depth: u32) -> Value {
    let mut evaluator = Evaluator {
        shell,
        tokens: Tokens::new(text),
        unused: 0,
        depth,
    };
    if evaluator.tokens.peek()? == Token::End {
        return Ok(0);
    }
    let value = evaluator.comma()?;
    match evaluator.tokens.next()? {
        Token::End => Ok(value),
        other => Err(format!("found {other}, expected an operator or the end")),
    }
}

struct Evaluator<'shell, 'text> {
    shell: &'shell mut Shell,
    tokens: Tokens<'text>,
    /// How many enclosing choices were decided against the part being read.
    unused: u32,
    depth: u32,
}

impl Evaluator<'_, '_> {
    fn comma(&mut self) -> Value {
        let mut value = self.assignment()?;
        while self.tokens.accept(",")? {
            value = self.assignment()?;
        }
        Ok(value)
    }

    fn assignment(&mut self) -> Value {
        self.depth += 1;
        if self.depth > DEEPEST_NESTING {
            return Err(format!("nested more than {DEEPEST_NESTING} levels deep"));
        }
        let start = self.tokens;
        if let Token::Name(name) = self.tokens.next()?
            && let Token::Operator(operator) = self.tokens.peek()?
            && let Some(assignment) = Assignment::from_operator(operator)
        {
            self.tokens.next()?;
            let right = self.assignment()?;
            let value = match assignment {
                Assignment::Plain => right,
                Assignment::Computed(operator) => {
                    let left = self.variable(name)?;
                    self.compute(operator, left, right)?
                }
            };
            self.assign(name, value)?;
            self.depth -= 1;
            return Ok(value);
        }
        self.tokens = start;
        let value = self.choice();
        self.depth -= 1;
        value
    }

    /// `condition ? this : that`
    fn choice(&mut self) -> Value {
        let condition = self.binary(1)?;
        if !self.tokens.accept("?")? {
            return Ok(condition);
        }
        let chosen = self.part(condition != 0, Self::comma)?;
        if !self.tokens.accept(":")? {
            let found = self.tokens.peek()?;
            return Err(format!("found {found}, expected : for the ? before"));
        }
        let other = self.part(condition == 0, Self::assignment)?;
        Ok(if condition != 0 { chosen } else { other })
    }

    /// Evaluates a part that counts only if `used`.
    fn part(&mut self, used: bool, body: fn(&mut Self) -> Value) -> Value {
        self.unused += u32::from(!used);
        let value = body(self);
        self.unused -= u32::from(!used);
        value
    }

    /// Operators that bind at least as tightly as `lowest`.
    fn binary(&mut self, lowest: u8) -> Value {
        let mut left = self.unary()?;
        loop {
            let Token::Operator(operator) = self.tokens.peek()? else {
                return Ok(left);
            };
            let Some(level) = binary_operator(operator).filter(|level| *level >= lowest) else {
                return Ok(left);
            };
            self.tokens.next()?;
            let decided = (operator == "&&" && left == 0) || (operator == "||" && left != 0);
            self.unused += u32::from(decided);
            let right = self.binary(level + 1);
            self.unused -= u32::from(decided);
            left = self.compute(operator, left, right?)?;
        }
    }

    fn compute(&self, operator: &str, left: i64, right: i64) -> Value {
        // A division by zero in a part that is not used does no harm.
        match compute(operator, left, right) {
            Err(_) if self.unused > 0 => Ok(0),
            result => result,
        }
    }

    fn unary(&mut self) -> Value {
        self.depth += 1;
        if self.depth > DEEPEST_NESTING {
            return Err(format!("nested more than {DEEPEST_NESTING} levels deep"));
        }
        let value = match self.tokens.next()? {
            Token::Operator("+") => self.unary(),
            Token::Operator("-") => self.unary().map(i64::wrapping_neg),
            Token::Operator("!") => self.unary().map(|value| i64::from(value == 0)),
            Token::Operator("~") => self.unary().map(|value| !value),
            Token::Operator(operator @ ("++" | "--")) => self.step_before(operator),
            Token::Operator("(") => {
                let value = self.comma()?;
                match self.tokens.next()? {
                    Token::Operator(")") => Ok(value),
                    other => Err(format!("found {other}, expected )")),
                }
            }
            Token::Number(number) => Ok(number),
            Token::Name(name) => self.step_after(name),
            other => Err(format!("found {other}, expected a number, a variable or (")),
        };
        self.depth -= 1;
        value
    }

    /// `++x` and `--x`; before anything but a name these are two signs.
    fn step_before(&mut self, operator: &str) -> Value {
        let Token::Name(name) = self.tokens.peek()? else {
            return self.unary();
        };
        self.tokens.next()?;
        let value = self
            .variable(name)?
            .wrapping_add(if operator == "++" { 1 } else { -1 });
        self.assign(name, value)?;
        Ok(value)
    }

    /// A variable, perhaps with `++` or `--` after it.
    fn step_after(&mut self, name: &str) -> Value {
        let value = self.variable(name)?;
        let step = if self.tokens.accept("++")? {
            1
        } else if self.tokens.accept("--")? {
            -1
        } else {
            return Ok(value);
        };
        self.assign(name, value.wrapping_add(step))?;
        Ok(value)
    }

    fn variable(&mut self, name: &str) -> Value {
        if name == "LINENO" {
            return Ok(i64::from(self.shell.line));
        }
        let Some(value) = self.shell.variables.get(name) else {
            if self.shell.has(crate::options::Flag::NoUnset) && self.unused == 0 {
                return Err(format!("{name} is not set (set -u)"));
            }
            return Ok(0);
        };
        // Nearly always a plain number; only another text is an expression of its own.
        if let Some(value) = plain_number(value) {
            return Ok(value);
        }
        let value = value.to_vec();
        evaluate(self.shell, &value, self.depth + 1)
            .map_err(|error| format!("the value of {name}: {error}"))
    }

    fn assign(&mut self, name: &str, value: i64) -> Result<(), String> {
        if self.unused > 0 {
            return Ok(());
        }
        let export = self.shell.has(crate::options::Flag::AllExport);
        self.shell
            .variables
            .set(name, value.to_string().into_bytes(), export)
            .map_err(|_| format!("{name} is read-only"))
    }
}

/// The value of a text that is just a decimal number; others, octal ones too, are evaluated.
fn plain_number(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let decimal = match digits {
        [first] => first.is_ascii_digit(),
        [first, ..] => first.is_ascii_digit() && *first != b'0',
        [] => false,
    };
    if decimal {
        crate::text::number(text)
    } else {
        None
    }
}
