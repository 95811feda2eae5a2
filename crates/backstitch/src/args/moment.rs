//! Times as people name them. It reads no clock: what a word means depends on a now that is given.

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp, Zoned};

/// What may be written, for messages.
const EXPECTED: &str = "expected such as `03:12`, `yesterday 14:00`, `2026-01-31 14:00`, `2h ago` or `2026-01-31T13:00:00Z`";

/// A time, as far as it is known before it is known what time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// A time anywhere.
    Exact(Timestamp),
    /// A time on the clocks of this place.
    Civil(DateTime),
    /// The last time that the clock showed it.
    Clock(Time),
    /// A time of a day so many days ago.
    Day(i64, Time),
    /// So long ago.
    Ago(SignedDuration),
}

impl Moment {
    /// Reads what a person wrote.
    ///
    /// # Errors
    /// With what is expected.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let day = |days: i64, rest: &str| {
            let time = clock(rest.trim()).ok_or(EXPECTED)?;
            Ok(Self::Day(days, time))
        };
        if let Some(rest) = text.strip_prefix("yesterday ") {
            return day(1, rest);
        }
        if let Some(rest) = text.strip_prefix("today ") {
            return day(0, rest);
        }
        if let Some(time) = clock(text) {
            return Ok(Self::Clock(time));
        }
        let length = text.strip_suffix("ago").unwrap_or(text);
        if let Some(length) = duration(length.trim()) {
            return Ok(Self::Ago(length));
        }
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok(Self::Exact(time));
        }
        let civil = text.parse::<DateTime>().ok();
        let date = || Some(text.parse::<Date>().ok()?.to_datetime(Time::midnight()));
        let civil = civil.or_else(date).ok_or(EXPECTED)?;
        Ok(Self::Civil(civil))
    }

    /// The time that is meant, now; to the second, which is as fine as history is.
    ///
    /// # Errors
    /// When it is outside of all calendars.
    pub(crate) fn on(self, now: &Zoned) -> Result<Timestamp, String> {
        let at = |date: Date, time: Time| {
            let zoned = date.to_datetime(time).to_zoned(now.time_zone().clone())?;
            Ok::<Timestamp, jiff::Error>(zoned.timestamp())
        };
        let days_ago = |days: i64| {
            let mut date = now.date();
            for _ in 0..days {
                date = date.yesterday()?;
            }
            Ok::<Date, jiff::Error>(date)
        };
        let found = match self {
            Self::Exact(time) => Ok(time),
            Self::Civil(civil) => at(civil.date(), civil.time()),
            Self::Day(days, time) => days_ago(days).and_then(|date| at(date, time)),
            Self::Clock(time) => at(now.date(), time).and_then(|today| {
                if today <= now.timestamp() {
                    Ok(today)
                } else {
                    at(days_ago(1)?, time)
                }
            }),
            Self::Ago(length) => now.timestamp().checked_sub(length),
        };
        found
            .and_then(|time| Timestamp::from_second(time.as_second()))
            .map_err(|error| error.to_string())
    }
}

/// `03:12` or `03:12:30`
fn clock(text: &str) -> Option<Time> {
    let is_clock = |c: char| c.is_ascii_digit() || c == ':';
    if !text.contains(':') || !text.chars().all(is_clock) {
        return None;
    }
    text.parse().ok()
}

/// `90m`, `2h`, `1d12h`
fn duration(text: &str) -> Option<SignedDuration> {
    let mut rest = text;
    let mut seconds: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let unit_seconds = match rest[..unit].trim() {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 604_800,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit_seconds)?)?;
        rest = &rest[unit..];
    }
    (!text.is_empty()).then(|| SignedDuration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use jiff::Zoned;
    use jiff::tz::TimeZone;

    use super::Moment;

    /// What is meant at noon of a day in Berlin, without a database of time zones.
    fn meant(text: &str, now: &str) -> String {
        let berlin =
            TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("the rule of central Europe");
        let now: Zoned = now
            .parse::<jiff::civil::DateTime>()
            .and_then(|now| now.to_zoned(berlin))
            .expect("a time");
        match Moment::parse(text).and_then(|moment| moment.on(&now)) {
            Ok(time) => time.to_string(),
            Err(_) => "-".to_owned(),
        }
    }

    #[test]
    fn times_as_people_name_them() {
        for (text, expected) in [
            ("03:12", "2026-01-31T02:12:00Z"),
            ("12:00", "2026-01-31T11:00:00Z"),
            // Still to come today, so it was yesterday.
            ("12:01", "2026-01-30T11:01:00Z"),
            ("03:12:30", "2026-01-31T02:12:30Z"),
            ("today 09:30", "2026-01-31T08:30:00Z"),
            ("yesterday 14:00", "2026-01-30T13:00:00Z"),
            ("2026-01-05", "2026-01-04T23:00:00Z"),
            ("2026-01-05 14:00", "2026-01-05T13:00:00Z"),
            ("2026-01-05T14:00", "2026-01-05T13:00:00Z"),
            ("2025-07-05 14:00", "2025-07-05T12:00:00Z"),
            ("2h ago", "2026-01-31T09:00:00Z"),
            ("24h", "2026-01-30T11:00:00Z"),
            ("1d12h ago", "2026-01-29T23:00:00Z"),
            ("90 m ago", "2026-01-31T09:30:00Z"),
            ("1w", "2026-01-24T11:00:00Z"),
            ("2026-01-31T03:12:00Z", "2026-01-31T03:12:00Z"),
            ("2026-01-31T03:12:00+02:00", "2026-01-31T01:12:00Z"),
            (" 03:12 ", "2026-01-31T02:12:00Z"),
        ] {
            assert_eq!(meant(text, "2026-01-31 12:00"), expected, "{text}");
        }
    }

    #[test]
    fn hours_that_a_clock_skips_or_shows_twice() {
        for (text, now, expected) in [
            // Skipped: as much later.
            ("02:30", "2026-03-29 12:00", "2026-03-29T01:30:00Z"),
            // Twice: the first of them.
            ("02:30", "2026-10-25 12:00", "2026-10-25T00:30:00Z"),
            ("24h", "2026-03-29 12:00", "2026-03-28T10:00:00Z"),
            (
                "yesterday 12:00",
                "2026-03-29 12:00",
                "2026-03-28T11:00:00Z",
            ),
        ] {
            assert_eq!(meant(text, now), expected, "{text} at {now}");
        }
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "now",
            "3",
            "25:00",
            "2026",
            "312",
            "yesterday",
            "2h later",
            "h",
            "-2h",
            "tomorrow 09:00",
            "2026-13-01",
            "99999999999999999d",
            "9999999999d",
            "::",
            "ago",
            "1h1",
        ] {
            assert_eq!(meant(text, "2026-01-31 12:00"), "-", "{text}");
        }
    }
}
