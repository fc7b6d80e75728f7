//! LiteLLM's duration words: how long a key lives, and when a budget starts again. Pure.
//!
//! Rules as measured on 1.109.1: `<n>` + `s m h d w mo`, and from 1.109 `hourly daily weekly monthly`. A budget of
//! `30d`, `1mo` (no other number of months) or `monthly` starts again on the first of the next month, `7d` and `1w` next Monday, any other
//! number of days at midnight that many days on; hours, minutes and seconds are aligned to the clock.

use chrono::{DateTime, Datelike, Days, Months, NaiveTime, TimeDelta, Utc, Weekday};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
}

fn parse(text: &str) -> Option<(u32, Unit)> {
    match text {
        "hourly" => return Some((1, Unit::Hour)),
        "daily" => return Some((1, Unit::Day)),
        "weekly" => return Some((1, Unit::Week)),
        "monthly" => return Some((1, Unit::Month)),
        _ => {}
    }
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let unit = match &text[digits..] {
        "s" => Unit::Second,
        "m" => Unit::Minute,
        "h" => Unit::Hour,
        "d" => Unit::Day,
        "w" => Unit::Week,
        "mo" => Unit::Month,
        _ => return None,
    };
    let n = text[..digits].parse().ok().filter(|n| *n > 0)?;
    Some((n, unit))
}

/// `now` plus the duration, as for a key's `duration`; `None` if LiteLLM does not know the unit.
pub(crate) fn after(now: DateTime<Utc>, text: &str) -> Option<DateTime<Utc>> {
    let (n, unit) = parse(text)?;
    let n64 = i64::from(n);
    match unit {
        Unit::Second => now.checked_add_signed(TimeDelta::seconds(n64)),
        Unit::Minute => now.checked_add_signed(TimeDelta::minutes(n64)),
        Unit::Hour => now.checked_add_signed(TimeDelta::hours(n64)),
        Unit::Day => now.checked_add_signed(TimeDelta::days(n64)),
        Unit::Week => now.checked_add_signed(TimeDelta::weeks(n64)),
        Unit::Month => now.checked_add_months(Months::new(n)),
    }
}

/// The instant at which a budget of this duration, set now, starts again; `None` if LiteLLM refuses the word.
pub(crate) fn next_reset(now: DateTime<Utc>, text: &str) -> Option<DateTime<Utc>> {
    let (n, unit) = parse(text)?;
    let midnight = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    match (n, unit) {
        (1, Unit::Month) | (30, Unit::Day) => midnight.with_day(1)?.checked_add_months(Months::new(1)),
        (_, Unit::Month) => None,
        (1, Unit::Week) | (7, Unit::Day) => {
            let to_monday = 7 - u64::from(now.weekday().days_since(Weekday::Mon));
            midnight.checked_add_days(Days::new(to_monday))
        }
        (n, Unit::Day) => midnight.checked_add_days(Days::new(u64::from(n))),
        (n, Unit::Week) => midnight.checked_add_days(Days::new(u64::from(n) * 7)),
        (n, Unit::Hour) => aligned(now, i64::from(n) * 3600),
        (n, Unit::Minute) => aligned(now, i64::from(n) * 60),
        (n, Unit::Second) => aligned(now, i64::from(n)),
    }
}

fn aligned(now: DateTime<Utc>, step: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp((now.timestamp() / step + 1) * step, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_start_again_when_litellm_says() {
        // Recorded on 1.109.1 at this instant.
        let now: DateTime<Utc> = "2026-11-20T18:05:08Z".parse().unwrap();
        for (word, expected) in [
            ("1d", "2026-11-21T00:00:00Z"),
            ("7d", "2026-11-23T00:00:00Z"),
            ("1w", "2026-11-23T00:00:00Z"),
            ("30d", "2026-12-01T00:00:00Z"),
            ("1mo", "2026-12-01T00:00:00Z"),
            ("monthly", "2026-12-01T00:00:00Z"),
            ("24h", "2026-11-21T00:00:00Z"),
            ("14d", "2026-12-04T00:00:00Z"),
            ("30m", "2026-11-20T18:30:00Z"),
            ("30s", "2026-11-20T18:05:30Z"),
        ] {
            assert_eq!(next_reset(now, word), Some(expected.parse().unwrap()), "{word}");
        }
        for word in ["1y", "monthlyx", "2mo", "0d", "d", ""] {
            assert_eq!(next_reset(now, word), None, "{word}");
        }
    }
}
