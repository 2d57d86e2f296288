//! A date and time of the Gregorian calendar, and the seconds since 1970 that it stands for.

use core::fmt;

/// A moment in UTC, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// The year, all digits.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute, 0 to 59.
    pub minute: u8,
    /// The second, 0 to 59.
    pub second: u8,
}

impl Date {
    /// Whether the calendar has this day and the day this time.
    pub fn is_valid(&self) -> bool {
        (1..=12).contains(&self.month)
            && (1..=self.days_in_month()).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second < 60
    }

    const fn days_in_month(&self) -> u8 {
        let leap = self.year.is_multiple_of(4)
            && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// The date that so many seconds since 1970 stand for. None: its year has too many digits, or
    /// none.
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        // Again in years that begin in March, and in eras of 400 of them, which are all alike.
        let days = days.checked_add(719_468)?;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let early = i64::from(month >= 10);
        Some(Self {
            year: u16::try_from(era * 400 + year_of_era + early).ok()?,
            month: (month + 3 - 12 * early) as u8,
            day: (day_of_year - (153 * month + 2) / 5 + 1) as u8,
            hour: (rest / 3600) as u8,
            minute: (rest / 60 % 60) as u8,
            second: (rest % 60) as u8,
        })
    }

    /// Days since Sunday.
    pub fn day_of_week(&self) -> u8 {
        // The first day of 1970 was a Thursday.
        (self.unix_seconds().div_euclid(86_400) + 4).rem_euclid(7) as u8
    }

    /// Days since the first of January.
    pub fn day_of_year(&self) -> u16 {
        let first = Self {
            month: 1,
            day: 1,
            ..*self
        };
        ((self.unix_seconds() - first.unix_seconds()) / 86_400) as u16
    }

    /// Seconds since 1970-01-01 00:00:00 UTC; negative before.
    pub fn unix_seconds(&self) -> i64 {
        // Counted in years that begin in March, so that a leap day is the last day of its year.
        let early = i64::from(self.month <= 2);
        let year = i64::from(self.year) - early;
        let month = i64::from(self.month) + 12 * early - 3;
        let days_before_month = (153 * month + 2) / 5;
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        // 719468 days lie between 0000-03-01 and 1970-01-01.
        let days = 365 * year + leap_days + days_before_month + i64::from(self.day) - 1 - 719_468;
        ((days * 24 + i64::from(self.hour)) * 60 + i64::from(self.minute)) * 60
            + i64::from(self.second)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = self;
        write!(
            formatter,
            "{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn midnight(year: u16, month: u8, day: u8) -> Date {
        Date {
            year,
            month,
            day,
            hour: 0,
            minute: 0,
            second: 0,
        }
    }

    #[test]
    fn known_moments() {
        assert_eq!(midnight(1970, 1, 1).unix_seconds(), 0);
        assert_eq!(midnight(2000, 3, 1).unix_seconds(), 951_868_800);
        assert_eq!(midnight(2024, 2, 29).unix_seconds(), 1_709_164_800);
        let late = Date {
            hour: 23,
            minute: 59,
            second: 59,
            ..midnight(2038, 1, 18)
        };
        assert_eq!(late.unix_seconds(), 2_147_471_999);
        assert_eq!(midnight(1969, 12, 31).unix_seconds(), -86_400);
    }

    #[test]
    fn every_day_is_one_day_after_the_last() {
        let mut expected = midnight(1970, 1, 1).unix_seconds();
        for year in 1970..2110 {
            for month in 1..=12 {
                for day in 1..=midnight(year, month, 1).days_in_month() {
                    let date = midnight(year, month, day);
                    assert_eq!(date.unix_seconds(), expected);
                    assert_eq!(Date::from_unix_seconds(expected), Some(date));
                    expected += 86_400;
                }
            }
        }
    }

    #[test]
    fn days_of_week_and_year() {
        let date = midnight(2024, 12, 31);
        assert_eq!((date.day_of_week(), date.day_of_year()), (2, 365));
        assert_eq!(midnight(1969, 12, 28).day_of_week(), 0);
        assert_eq!(midnight(1970, 1, 1).day_of_week(), 4);
    }

    #[test]
    fn dates_far_away() {
        assert_eq!(Date::from_unix_seconds(i64::MAX), None);
        assert_eq!(Date::from_unix_seconds(i64::MIN), None);
        let before = Date::from_unix_seconds(-1).unwrap();
        assert_eq!((before.year, before.month, before.second), (1969, 12, 59));
    }

    #[test]
    fn impossible_dates_are_not_valid() {
        assert!(midnight(2024, 2, 29).is_valid());
        for date in [
            midnight(2023, 2, 29),
            midnight(2100, 2, 29),
            midnight(2024, 13, 1),
            midnight(2024, 0, 1),
            midnight(2024, 4, 31),
            Date {
                hour: 24,
                ..midnight(2024, 1, 1)
            },
        ] {
            assert!(!date.is_valid(), "{date:?}");
        }
    }
}
