//! Sizes as people read and write them: `-h` of ls, df and free, and the suffixes of dd, head and
//! others. Source: the GNU coreutils manual, "Block size" and "dd invocation".

/// A number of bytes in at most four characters with K, M, G … for powers of 1024, rounded up as
/// the GNU tools do.
pub fn human(bytes: u64) -> String {
    if bytes < 1024 {
        return bytes.to_string();
    }
    let mut unit: u128 = 1024;
    for letter in ["K", "M", "G", "T", "P", "E"] {
        let bytes = u128::from(bytes);
        let tenths = (bytes * 10).div_ceil(unit);
        if tenths < 100 {
            return format!("{}.{}{letter}", tenths / 10, tenths % 10);
        }
        let whole = bytes.div_ceil(unit);
        if whole < 1024 || letter == "E" {
            return format!("{whole}{letter}");
        }
        unit *= 1024;
    }
    bytes.to_string()
}

/// A number with an optional suffix: `b` for 512, `k`/`K`, `M`, `G` for powers of 1024, `kB`,
/// `MB`, `GB` for powers of 1000. Nothing if it is none, or too large.
pub fn parse(text: &str) -> Option<u64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, suffix) = text.split_at(end);
    let factor: u64 = match suffix {
        "" | "c" => 1,
        "b" => 512,
        "k" | "K" | "KiB" => 1 << 10,
        "M" | "m" | "MiB" => 1 << 20,
        "G" | "g" | "GiB" => 1 << 30,
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_up_to_four_characters() {
        assert_eq!(human(0), "0");
        assert_eq!(human(1023), "1023");
        assert_eq!(human(1024), "1.0K");
        assert_eq!(human(1025), "1.1K");
        assert_eq!(human(10 * 1024 - 1), "10K");
        assert_eq!(human(1024 * 1024 - 1), "1.0M");
        assert_eq!(human(u64::MAX), "16E");
    }

    #[test]
    fn suffixes() {
        assert_eq!(parse("2k"), Some(2048));
        assert_eq!(parse("1MB"), Some(1_000_000));
        assert_eq!(parse("3b"), Some(1536));
        assert_eq!(parse("x"), None);
        assert_eq!(parse("99999999999G"), None);
    }
}
