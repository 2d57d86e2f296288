//! Floating-point conversions of `printf`: `%f`, `%e` and `%g` (C99 7.19.6.1).

/// A value that is not negative, in the style of a conversion letter.
pub fn format(value: f64, letter: u8, precision: usize) -> String {
    let text = if !value.is_finite() {
        if value.is_nan() {
            "nan".to_owned()
        } else {
            "inf".to_owned()
        }
    } else {
        match letter {
            b'f' | b'F' => format!("{value:.precision$}"),
            b'e' | b'E' => exponential(value, precision),
            _ => general(value, precision.max(1)),
        }
    };
    if letter.is_ascii_uppercase() {
        text.to_uppercase()
    } else {
        text
    }
}

/// `1.500000e+00`: Rust writes the exponent without sign and padding.
fn exponential(value: f64, precision: usize) -> String {
    let text = format!("{value:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// The shorter of the two styles, without zeros at the end.
fn general(value: f64, precision: usize) -> String {
    let exponent: i32 = if value == 0.0 {
        0
    } else {
        let text = format!("{value:.*e}", precision - 1);
        text.split_once('e')
            .and_then(|(_, exponent)| exponent.parse().ok())
            .unwrap_or(0)
    };
    let limit = i32::try_from(precision).unwrap_or(i32::MAX);
    if exponent < -4 || exponent >= limit {
        let text = exponential(value, precision - 1);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "+00"));
        return format!("{}e{exponent}", without_zeros(mantissa));
    }
    let decimals = usize::try_from(limit - 1 - exponent).unwrap_or(0);
    without_zeros(&format!("{value:.decimals$}")).to_owned()
}

fn without_zeros(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::format;

    #[test]
    fn formats_as_c_does() {
        assert_eq!(format(1.5, b'f', 2), "1.50");
        assert_eq!(format(12345.678, b'e', 3), "1.235e+04");
        assert_eq!(format(0.0001, b'g', 6), "0.0001");
        assert_eq!(format(0.00001, b'g', 6), "1e-05");
        assert_eq!(format(1_000_000.0, b'g', 6), "1e+06");
        assert_eq!(format(100.0, b'G', 6), "100");
    }
}
