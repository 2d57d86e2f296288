//! The words after `service call NAME CODE`: pairs of a type and a value.

use std::str::FromStr;

use rsbinder::{Parcel, SIBinder};

use crate::Failure;

/// One value of the parcel that is sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    /// A number of 32 bits.
    I32(i32),
    /// A number of 64 bits.
    I64(i64),
    /// A number with a fraction, single precision.
    F32(f32),
    /// The same in double precision.
    F64(f64),
    /// A text, in UTF-16.
    Text(String),
    /// No binder where one is expected.
    Null,
}

impl Word {
    /// Appends it.
    pub fn write(&self, parcel: &mut Parcel) -> rsbinder::Result<()> {
        match self {
            Self::I32(number) => parcel.write_i32(*number),
            Self::I64(number) => parcel.write_i64(*number),
            Self::F32(number) => parcel.write_f32(*number),
            Self::F64(number) => parcel.write_f64(*number),
            Self::Text(text) => parcel.write(text.as_str()),
            Self::Null => parcel.write(&None::<SIBinder>),
        }
    }
}

/// Reads the pairs.
///
/// # Errors
/// For a type that is none, a value that is none of it, or one that is missing.
pub fn parse(mut words: &[&str]) -> Result<Vec<Word>, Failure> {
    let mut parsed = Vec::new();
    while let [kind, rest @ ..] = words {
        if *kind == "null" {
            parsed.push(Word::Null);
            words = rest;
            continue;
        }
        let [value, rest @ ..] = rest else {
            return Err(Failure::Usage(format!("{kind}: a value is missing")));
        };
        parsed.push(match *kind {
            "i32" => Word::I32(number(kind, value)?),
            "i64" => Word::I64(number(kind, value)?),
            "f" => Word::F32(number(kind, value)?),
            "d" => Word::F64(number(kind, value)?),
            "s16" => Word::Text((*value).to_owned()),
            _ => return Err(Failure::Usage(format!("{kind}: there is no such type"))),
        });
        words = rest;
    }
    Ok(parsed)
}

/// Reads a number.
///
/// # Errors
/// When it is none; `what` says what it is for.
pub fn number<N: FromStr>(what: &str, word: &str) -> Result<N, Failure> {
    word.parse()
        .map_err(|_| Failure::Usage(format!("{what}: '{word}' is no such number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_become_values() {
        let words = ["i32", "-5", "s16", "i64", "null", "i64", "7", "d", "1.5"];
        let expected = [
            Word::I32(-5),
            Word::Text("i64".into()),
            Word::Null,
            Word::I64(7),
            Word::F64(1.5),
        ];
        assert_eq!(parse(&words).expect("they are pairs"), expected);
        assert_eq!(parse(&[]).expect("nothing is fine"), []);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let said = |words: &[&str]| match parse(words) {
            Err(Failure::Usage(text)) => text,
            other => panic!("{other:?}"),
        };
        assert!(said(&["i32"]).contains("i32: a value is missing"));
        assert!(said(&["i32", "x"]).contains("'x' is no such number"));
        assert!(said(&["i32", "3000000000"]).contains("no such number"));
        assert!(said(&["fd", "1"]).contains("fd: there is no such type"));
    }
}
