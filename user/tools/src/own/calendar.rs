//! Seconds since 1970 as a date and back, written and read.
//!
//! Contract: the proleptic Gregorian calendar without leap seconds, as POSIX counts time. The
//! zone is UTC, or the fixed offset that `TZ` names in POSIX form (`CET-1`, `<+0330>-3:30`); rules
//! for summer time and the files of the zone database are not read.
//!
//! Source: strftime(3), tzset(3), date(1); the conversion is Howard Hinnant's "chrono-Compatible
//! Low-Level Date Algorithms".

/// An offset from UTC with the name it goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// What `%Z` prints.
    pub name: String,
    /// Seconds east of Greenwich.
    pub east_seconds: i64,
}

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Zone {
        Zone {
            name: "UTC".into(),
            east_seconds: 0,
        }
    }

    /// What `TZ` asks for; UTC if it is not set or names no fixed offset.
    pub fn local() -> Zone {
        std::env::var("TZ")
            .ok()
            .and_then(|text| Zone::parse(&text))
            .unwrap_or_else(Zone::utc)
    }

    /// POSIX counts the offset westward: `CET-1` is one hour ahead of UTC.
    fn parse(text: &str) -> Option<Zone> {
        let (name, rest) = match text.strip_prefix('<') {
            Some(quoted) => quoted.split_once('>')?,
            None => text.split_at(text.find(|c: char| !c.is_ascii_alphabetic())?),
        };
        let (west, digits) = match rest.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, rest.strip_prefix('+').unwrap_or(rest)),
        };
        let mut seconds = 0;
        for (index, part) in digits.split(':').enumerate() {
            let unit = *[3600, 60, 1].get(index)?;
            seconds += part.parse::<u16>().ok().map(i64::from)? * unit;
        }
        let usable = !name.is_empty() && seconds <= 24 * 3600;
        usable.then(|| Zone {
            name: name.into(),
            east_seconds: -west * seconds,
        })
    }
}

/// A moment, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Date {
    /// Seconds since 1970-01-01 00:00:00 UTC.
    pub unix_seconds: i64,
    /// Nanoseconds within the second.
    pub nanoseconds: u32,
    year: i64,
    /// 1 to 12.
    month: i64,
    /// 1 to 31.
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    zone: Zone,
}

const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Days from 1970-01-01 to a date.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date that many days after 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

/// The seconds since 1970 of a date and time of day in `zone`; nothing if there is no such date.
pub fn unix_seconds(date: [i64; 3], time: [i64; 3], zone: &Zone) -> Option<i64> {
    let [year, month, day] = date;
    let [hour, minute, second] = time;
    let sound = (1..=12).contains(&month)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second)
        && (-100_000..=100_000).contains(&year);
    let days = sound.then(|| days_from_civil(year, month, day))?;
    // A 31st of April comes back as the first of May.
    (civil_from_days(days) == (year, month, day))
        .then(|| days * 86_400 + hour * 3600 + minute * 60 + second - zone.east_seconds)
}

impl Date {
    /// The moment `unix_seconds` as it is called in `zone`.
    pub fn new(unix_seconds: i64, nanoseconds: u32, zone: &Zone) -> Date {
        // A file may bear any time stamp; what is beyond all calendars stays at their edge.
        const EDGE: i64 = 1 << 55;
        let local = unix_seconds.clamp(-EDGE, EDGE) + zone.east_seconds;
        let (year, month, day) = civil_from_days(local.div_euclid(86_400));
        let of_day = local.rem_euclid(86_400);
        Date {
            unix_seconds,
            nanoseconds,
            year,
            month,
            day,
            hour: of_day / 3600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
            zone: zone.clone(),
        }
    }

    /// Hours, minutes and seconds.
    pub fn time_of_day(&self) -> [u8; 3] {
        // Each is below 60, since `new` takes it from the seconds of a day.
        [self.hour, self.minute, self.second].map(|part| part as u8)
    }

    fn days(&self) -> i64 {
        days_from_civil(self.year, self.month, self.day)
    }

    /// 0 is Sunday.
    fn weekday(&self) -> i64 {
        (self.days() + 4).rem_euclid(7)
    }

    /// 0 is the first of January.
    fn day_of_year(&self) -> i64 {
        self.days() - days_from_civil(self.year, 1, 1)
    }

    /// The year and week of ISO 8601: weeks begin on Monday and belong to the year of their
    /// Thursday.
    fn iso_week(&self) -> (i64, i64) {
        let thursday = self.days() - (self.weekday() + 6) % 7 + 3;
        let year = civil_from_days(thursday).0;
        (year, (thursday - days_from_civil(year, 1, 1)) / 7 + 1)
    }

    fn offset(&self, colon: &str) -> String {
        let east = self.zone.east_seconds;
        let sign = if east < 0 { '-' } else { '+' };
        let minutes = east.abs() / 60;
        format!("{sign}{:02}{colon}{:02}", minutes / 60, minutes % 60)
    }

    /// Writes the date as strftime(3) would; an unknown conversion stays as it is.
    pub fn format(&self, pattern: &str) -> String {
        let mut text = String::new();
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            if character != '%' {
                text.push(character);
                continue;
            }
            match conversion(&mut characters) {
                Some(wanted) => match self.convert(&wanted) {
                    Some(piece) => text.push_str(&piece),
                    None => text.push_str(&format!("%{}{}", wanted.flags, wanted.letter)),
                },
                None => text.push('%'),
            }
        }
        text
    }

    fn convert(&self, wanted: &Conversion) -> Option<String> {
        let number = |value: i64, width: usize, fill: char| {
            let fill = match wanted.flags.chars().next_back() {
                Some('-') => return Some(value.to_string()),
                Some('_') => ' ',
                Some('0') => '0',
                _ => fill,
            };
            Some(if fill == '0' {
                format!("{value:0width$}")
            } else {
                format!("{value:width$}")
            })
        };
        let twelve = (self.hour + 11) % 12 + 1;
        match wanted.letter {
            '%' => Some("%".into()),
            'n' => Some("\n".into()),
            't' => Some("\t".into()),
            'Y' => number(self.year, 1, ' '),
            'C' => number(self.year.div_euclid(100), 2, '0'),
            'y' => number(self.year.rem_euclid(100), 2, '0'),
            'm' => number(self.month, 2, '0'),
            'd' => number(self.day, 2, '0'),
            'e' => number(self.day, 2, ' '),
            'H' => number(self.hour, 2, '0'),
            'k' => number(self.hour, 2, ' '),
            'I' => number(twelve, 2, '0'),
            'l' => number(twelve, 2, ' '),
            'M' => number(self.minute, 2, '0'),
            'S' => number(self.second, 2, '0'),
            'N' => Some(format!("{:09}", self.nanoseconds)),
            's' => Some(self.unix_seconds.to_string()),
            'j' => number(self.day_of_year() + 1, 3, '0'),
            'u' => number((self.weekday() + 6) % 7 + 1, 1, '0'),
            'w' => number(self.weekday(), 1, '0'),
            'U' => number((self.day_of_year() + 7 - self.weekday()) / 7, 2, '0'),
            'W' => number(
                (self.day_of_year() + 7 - (self.weekday() + 6) % 7) / 7,
                2,
                '0',
            ),
            'G' => number(self.iso_week().0, 1, '0'),
            'V' => number(self.iso_week().1, 2, '0'),
            _ => self.convert_words(wanted),
        }
    }

    fn convert_words(&self, wanted: &Conversion) -> Option<String> {
        let weekday = WEEKDAYS[usize::try_from(self.weekday()).ok()?];
        let month = MONTHS[usize::try_from(self.month - 1).ok()?];
        let text = match wanted.letter {
            'A' => weekday.to_string(),
            'a' => weekday[..3].to_string(),
            'B' => month.to_string(),
            'b' | 'h' => month[..3].to_string(),
            'p' => if self.hour < 12 { "AM" } else { "PM" }.to_string(),
            'P' => if self.hour < 12 { "am" } else { "pm" }.to_string(),
            'Z' => self.zone.name.clone(),
            'z' if wanted.flags == ":" => self.offset(":"),
            'z' => self.offset(""),
            'F' => self.format("%Y-%m-%d"),
            'T' | 'X' => self.format("%H:%M:%S"),
            'R' => self.format("%H:%M"),
            'D' | 'x' => self.format("%m/%d/%y"),
            'r' => self.format("%I:%M:%S %p"),
            'c' => self.format("%a %b %e %H:%M:%S %Y"),
            _ => return None,
        };
        Some(if wanted.flags == "^" {
            text.to_uppercase()
        } else {
            text
        })
    }
}

/// What follows a per cent sign.
struct Conversion {
    flags: String,
    letter: char,
}

fn conversion(characters: &mut std::str::Chars) -> Option<Conversion> {
    let mut flags = String::new();
    for character in characters.by_ref() {
        if !"-_0^:".contains(character) {
            return Some(Conversion {
                flags,
                letter: character,
            });
        }
        flags.push(character);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(unix_seconds: i64) -> Date {
        Date::new(unix_seconds, 5, &Zone::utc())
    }

    #[test]
    fn the_epoch_and_a_leap_day() {
        assert_eq!(utc(0).format("%a %F %T %j"), "Thu 1970-01-01 00:00:00 001");
        assert_eq!(utc(951_782_400).format("%F"), "2000-02-29");
        assert_eq!(utc(-1).format("%F %T"), "1969-12-31 23:59:59");
    }

    #[test]
    fn every_day_goes_there_and_back() {
        for days in (-1_000_000..1_000_000).step_by(97) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        let zone = Zone::utc();
        assert_eq!(unix_seconds([2023, 2, 29], [0, 0, 0], &zone), None);
        assert_eq!(
            unix_seconds([2024, 2, 29], [0, 0, 0], &zone),
            Some(1_709_164_800)
        );
        assert_eq!(unix_seconds([2024, 13, 1], [0, 0, 0], &zone), None);
    }

    #[test]
    fn weeks_and_flags() {
        let date = utc(1_609_459_200); // Friday, 2021-01-01
        assert_eq!(
            date.format("%G-W%V %U %W %-d %_m %^a"),
            "2020-W53 00 00 1  1 FRI"
        );
        assert_eq!(date.format("%N %q %"), "000000005 %q %");
    }

    #[test]
    fn a_fixed_offset_moves_the_clock() {
        let zone = Zone::parse("<+0330>-3:30").expect("POSIX form");
        assert_eq!(
            Date::new(0, 0, &zone).format("%T %z %:z %Z"),
            "03:30:00 +0330 +03:30 +0330"
        );
        assert_eq!(Zone::parse("Europe/Berlin"), None);
        assert_eq!(
            Zone::parse("CET-1").map(|zone| zone.east_seconds),
            Some(3600)
        );
    }

    #[test]
    fn absurd_time_stamps_do_not_overflow() {
        assert!(!utc(i64::MAX).format("%c").is_empty());
        assert!(!utc(i64::MIN).format("%c %G %V").is_empty());
    }
}
