//! Numbers as programs write them into `/sys`.
//!
//! An optional plus sign, digits, and at most one line feed behind them.
//!
//! Source: Linux's `kstrtoul()` as its documentation describes it.

use abi::Errno;

/// A number in decimal notation.
///
/// # Errors
/// EINVAL: it is none. ERANGE: it does not fit.
pub fn decimal(text: &[u8]) -> Result<u64, Errno> {
    parse(strip(text), 10)
}

/// A number in the notation of C: decimal, `0x` and hexadecimal, or `0` and octal.
///
/// # Errors
/// As [`decimal`].
pub fn as_in_c(text: &[u8]) -> Result<u64, Errno> {
    match strip(text) {
        [b'0', b'x' | b'X', digits @ ..] if digits.first().is_some_and(u8::is_ascii_hexdigit) => {
            parse(digits, 16)
        }
        digits @ [b'0', ..] => parse(digits, 8),
        digits => parse(digits, 10),
    }
}

/// As [`as_in_c`], perhaps with a minus sign.
///
/// # Errors
/// As [`decimal`].
pub fn signed_as_in_c(text: &[u8]) -> Result<i64, Errno> {
    let Some(digits) = text.strip_prefix(b"-") else {
        return i64::try_from(as_in_c(text)?).map_err(|_| Errno::ERANGE);
    };
    if digits.starts_with(b"+") {
        return Err(Errno::EINVAL);
    }
    0_i64
        .checked_sub_unsigned(as_in_c(digits)?)
        .ok_or(Errno::ERANGE)
}

/// The digits: without the sign before and the line feed behind them.
fn strip(text: &[u8]) -> &[u8] {
    let text = text.strip_prefix(b"+").unwrap_or(text);
    text.strip_suffix(b"\n").unwrap_or(text)
}

fn parse(digits: &[u8], base: u32) -> Result<u64, Errno> {
    if digits.is_empty() {
        return Err(Errno::EINVAL);
    }
    let mut number = Some(0_u64);
    for byte in digits {
        let digit = char::from(*byte).to_digit(base).ok_or(Errno::EINVAL)?;
        let shifted = number.and_then(|number| number.checked_mul(u64::from(base)));
        number = shifted.and_then(|number| number.checked_add(u64::from(digit)));
    }
    number.ok_or(Errno::ERANGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_digits_and_a_line_feed() {
        assert_eq!(decimal(b"0"), Ok(0));
        assert_eq!(decimal(b"+255\n"), Ok(255));
        assert_eq!(decimal(b"007"), Ok(7));
        assert_eq!(decimal(b"18446744073709551615"), Ok(u64::MAX));
        assert_eq!(decimal(b"18446744073709551616"), Err(Errno::ERANGE));
        for wrong in [
            &b""[..],
            b"\n",
            b"+",
            b"-1",
            b"++1",
            b" 1",
            b"1 ",
            b"1\n\n",
            b"0x10",
            b"1a",
            b"1\0",
        ] {
            assert_eq!(decimal(wrong), Err(Errno::EINVAL), "{wrong:?}");
        }
        let wrong_and_long = b"99999999999999999999999x";
        assert_eq!(decimal(wrong_and_long), Err(Errno::EINVAL));
    }

    #[test]
    fn the_notation_of_c_has_three_bases() {
        assert_eq!(as_in_c(b"10\n"), Ok(10));
        assert_eq!(as_in_c(b"0x1F"), Ok(31));
        assert_eq!(as_in_c(b"+0X10"), Ok(16));
        assert_eq!(as_in_c(b"010"), Ok(8));
        assert_eq!(as_in_c(b"0"), Ok(0));
        for wrong in [&b"0x"[..], b"08", b"0xg", b"a", b"-1", b""] {
            assert_eq!(as_in_c(wrong), Err(Errno::EINVAL), "{wrong:?}");
        }
    }

    #[test]
    fn signed_numbers_have_one_sign() {
        assert_eq!(signed_as_in_c(b"-10\n"), Ok(-10));
        assert_eq!(signed_as_in_c(b"-0x10"), Ok(-16));
        assert_eq!(signed_as_in_c(b"+7"), Ok(7));
        assert_eq!(signed_as_in_c(b"-9223372036854775808"), Ok(i64::MIN));
        for long in [&b"-9223372036854775809"[..], b"9223372036854775808"] {
            assert_eq!(signed_as_in_c(long), Err(Errno::ERANGE), "{long:?}");
        }
        for wrong in [&b"-"[..], b"--1", b"-+1", b"+-1", b"- 1"] {
            assert_eq!(signed_as_in_c(wrong), Err(Errno::EINVAL), "{wrong:?}");
        }
    }
}
