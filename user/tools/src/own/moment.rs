//! Moments as people type them, for `date -d` and `touch -d`.
//!
//! Understood are `now`, `today`, `yesterday`, `tomorrow`, `@SECONDS`, a date `YYYY-MM-DD`, a time
//! `HH:MM[:SS[.FRACTION]]`, both with a blank or `T` between, each with `Z`, `UTC` or `+HH:MM`
//! after it, and `[+-]N second|minute|hour|day|week [ago]` relative to now; and the digits
//! `[[CC]YY]MMDDhhmm[.ss]` of touch -t.

use super::calendar::{Date, Zone, unix_seconds};

/// Seconds and nanoseconds since 1970.
pub type Moment = (i64, u32);

/// The present.
pub fn now() -> Moment {
    match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => (
            i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            since.subsec_nanos(),
        ),
        Err(before) => (
            -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
            0,
        ),
    }
}

/// Reads `text`; nothing if it is none of the forms above.
pub fn parse(text: &str, now: Moment, zone: &Zone) -> Option<Moment> {
    let text = text.trim();
    let day = 86_400;
    match text {
        "now" | "today" | "" => return Some(now),
        "yesterday" => return Some((now.0 - day, now.1)),
        "tomorrow" => return Some((now.0 + day, now.1)),
        _ => {}
    }
    if let Some(seconds) = text.strip_prefix('@') {
        let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
        return Some((whole.parse().ok()?, nanoseconds(fraction)?));
    }
    relative(text, now).or_else(|| absolute(text, now, zone))
}

fn relative(text: &str, now: Moment) -> Option<Moment> {
    let mut words = text.split_whitespace();
    let count: i64 = words.next()?.trim_start_matches('+').parse().ok()?;
    let unit = match words.next()?.trim_end_matches('s') {
        "sec" | "second" => 1,
        "min" | "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        "week" => 604_800,
        _ => return None,
    };
    let sign = match (words.next(), words.next()) {
        (None, _) => 1,
        (Some("ago"), None) => -1,
        _ => return None,
    };
    Some((
        now.0
            .checked_add(count.checked_mul(unit)?.checked_mul(sign)?)?,
        now.1,
    ))
}

fn absolute(text: &str, now: Moment, zone: &Zone) -> Option<Moment> {
    let (text, zone) = split_zone(text, zone)?;
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (Some(date), Some(time.trim())),
        None if text.contains(':') => (None, Some(text)),
        None => (Some(text), None),
    };
    let date = match date {
        Some(date) => numbers::<3>(date, '-')?,
        None => numbers::<3>(&Date::new(now.0, 0, &zone).format("%Y-%m-%d"), '-')?,
    };
    let (time, fraction) = match time {
        Some(time) => {
            let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
            let full = if time.matches(':').count() == 1 {
                format!("{time}:0")
            } else {
                time.into()
            };
            (numbers::<3>(&full, ':')?, nanoseconds(fraction)?)
        }
        None => ([0; 3], 0),
    };
    Some((unix_seconds(date, time, &zone)?, fraction))
}

/// Takes the zone off the end, if there is one.
fn split_zone<'a>(text: &'a str, zone: &Zone) -> Option<(&'a str, Zone)> {
    for utc in ["Z", "UTC", "GMT"] {
        if let Some(rest) = text.strip_suffix(utc) {
            return Some((rest.trim_end(), Zone::utc()));
        }
    }
    let Some(at) = text
        .rfind(['+', '-'])
        .filter(|at| text[..*at].contains(':'))
    else {
        return Some((text, zone.clone()));
    };
    let digits: String = text[at + 1..].chars().filter(|c| *c != ':').collect();
    let value: i64 = digits.parse().ok()?;
    let minutes = if digits.len() <= 2 {
        value * 60
    } else {
        value / 100 * 60 + value % 100
    };
    let east_seconds = if text.as_bytes()[at] == b'-' {
        -60 * minutes
    } else {
        60 * minutes
    };
    Some((
        text[..at].trim_end(),
        Zone {
            name: text[at..].into(),
            east_seconds,
        },
    ))
}

fn numbers<const N: usize>(text: &str, separator: char) -> Option<[i64; N]> {
    let numbers: Option<Vec<i64>> = text
        .split(separator)
        .map(|part| part.parse::<u32>().ok().map(i64::from))
        .collect();
    numbers?.try_into().ok()
}

fn nanoseconds(fraction: &str) -> Option<u32> {
    let digits: String = fraction
        .chars()
        .chain("000000000".chars())
        .take(9)
        .collect();
    digits.parse().ok()
}

/// Reads the digits of `touch -t`.
pub fn parse_stamp(text: &str, now: Moment, zone: &Zone) -> Option<Moment> {
    let (digits, second) = match text.split_once('.') {
        Some((digits, second)) if second.len() == 2 => (digits, second.parse::<u8>().ok()?),
        Some(_) => return None,
        None => (text, 0),
    };
    let sound = matches!(digits.len(), 8 | 10 | 12) && digits.bytes().all(|b| b.is_ascii_digit());
    let split = sound.then(|| digits.len() - 8)?;
    let (year, rest) = digits.split_at(split);
    let year: i64 = match year.len() {
        4 => year.parse().ok()?,
        2 => year
            .parse::<i64>()
            .ok()
            .map(|year| if year < 69 { 2000 + year } else { 1900 + year })?,
        _ => Date::new(now.0, 0, zone).format("%Y").parse().ok()?,
    };
    let pair = |at: usize| rest[at..at + 2].parse::<i64>().ok();
    let date = [year, pair(0)?, pair(2)?];
    let time = [pair(4)?, pair(6)?, i64::from(second)];
    Some((unix_seconds(date, time, zone)?, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = (1_700_000_000, 7); // 2023-11-14 22:13:20

    fn at(text: &str) -> Option<Moment> {
        parse(text, NOW, &Zone::utc())
    }

    #[test]
    fn the_forms_of_the_heading() {
        assert_eq!(at("now"), Some(NOW));
        assert_eq!(at("@12.5"), Some((12, 500_000_000)));
        assert_eq!(at("1970-01-02"), Some((86_400, 0)));
        assert_eq!(at("1970-01-01T01:00:01Z"), Some((3601, 0)));
        assert_eq!(at("1970-01-01 01:00 +01:00"), Some((0, 0)));
        assert_eq!(at("1970-01-01 00:00:00 -0130"), Some((5400, 0)));
        assert_eq!(at("22:13"), Some((1_699_999_980, 0)));
        assert_eq!(at("2 days ago"), Some((NOW.0 - 172_800, 7)));
        assert_eq!(at("+1 hour"), Some((NOW.0 + 3600, 7)));
    }

    #[test]
    fn nonsense_is_nothing() {
        for text in [
            "x",
            "2023-02-30",
            "12:61",
            "@",
            "1 2 3",
            "ago",
            "2023-11-14T",
            "é:+",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn stamps_of_touch() {
        let stamp = |text| parse_stamp(text, NOW, &Zone::utc());
        assert_eq!(stamp("197001020000.01"), Some((86_401, 0)));
        assert_eq!(stamp("7001020000"), Some((86_400, 0)));
        assert_eq!(stamp("11142213.20"), Some((NOW.0, 0)));
        assert_eq!(stamp("1114221"), None);
        assert_eq!(stamp("11142213.2"), None);
    }
}
