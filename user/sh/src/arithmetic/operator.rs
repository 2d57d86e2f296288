//! The operators of arithmetic: how tightly they bind and what they give.

/// An assignment operator.
pub(super) enum Assignment {
    /// `=`
    Plain,
    /// `+=` and the like; holds the operator without `=`.
    Computed(&'static str),
}

impl Assignment {
    /// The assignment an operator stands for, if it is one.
    pub(super) fn from_operator(operator: &'static str) -> Option<Assignment> {
        match operator {
            "=" => Some(Assignment::Plain),
            "==" | "!=" | "<=" | ">=" => None,
            _ => operator.strip_suffix('=').map(Assignment::Computed),
        }
    }
}

/// How tightly a binary operator binds, from 1; nothing for other operators.
pub(super) fn binary_operator(operator: &str) -> Option<u8> {
    Some(match operator {
        "||" => 1,
        "&&" => 2,
        "|" => 3,
        "^" => 4,
        "&" => 5,
        "==" | "!=" => 6,
        "<" | ">" | "<=" | ">=" => 7,
        "<<" | ">>" => 8,
        "+" | "-" => 9,
        "*" | "/" | "%" => 10,
        _ => return None,
    })
}

/// The result of a binary operator.
pub(super) fn compute(operator: &str, left: i64, right: i64) -> Result<i64, String> {
    let truth = |value: bool| Ok(i64::from(value));
    match operator {
        "||" => truth(left != 0 || right != 0),
        "&&" => truth(left != 0 && right != 0),
        "|" => Ok(left | right),
        "^" => Ok(left ^ right),
        "&" => Ok(left & right),
        "==" => truth(left == right),
        "!=" => truth(left != right),
        "<" => truth(left < right),
        ">" => truth(left > right),
        "<=" => truth(left <= right),
        ">=" => truth(left >= right),
        // As on the machine: only the low six bits of the count matter.
        "<<" => Ok(left.wrapping_shl(right as u32)),
        ">>" => Ok(left.wrapping_shr(right as u32)),
        "+" => Ok(left.wrapping_add(right)),
        "-" => Ok(left.wrapping_sub(right)),
        "*" => Ok(left.wrapping_mul(right)),
        "/" | "%" if right == 0 => Err("division by zero".to_owned()),
        "/" => Ok(left.wrapping_div(right)),
        _ => Ok(left.wrapping_rem(right)),
    }
}
