//! Points in time as the contract writes them.

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(value_type = i64, example = 1_763_640_000_123_i64))]
pub struct UnixMs(pub i64);

impl UnixMs {
    /// Milliseconds from `earlier` to `self`; negative if `earlier` is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// RFC 3339 in UTC with milliseconds and a `Z`: `2025-11-20T09:06:40.123Z`.
    pub fn to_rfc3339(self) -> String {
        let days = self.0.div_euclid(86_400_000);
        let ms = self.0.rem_euclid(86_400_000);
        let (year, month, day) = civil_from_days(days);
        let (h, m, s, milli) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
        format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{milli:03}Z")
    }

    /// Reads what [`to_rfc3339`](Self::to_rfc3339) writes, with or without a fraction of a second. Digits beyond
    /// milliseconds are dropped. `None` for anything else.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let [year, month, day] = numbers(date, '-', [9_999, 12, 31])?;
        let [h, m, s] = numbers(time, ':', [23, 59, 59])?;
        let days = days_from_civil(year, month, day);
        if civil_from_days(days) != (year, month, day) || fraction.is_empty() {
            return None;
        }
        if !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let milli = number(&fraction.chars().chain("00".chars()).take(3).collect::<String>(), 999)?;
        let seconds = (h * 60 + m) * 60 + s;
        Some(Self(days * 86_400_000 + seconds * 1000 + milli))
    }
}

/// A time as RFC 3339 text, for fields: `#[serde(with = "rfc3339")]`.
pub mod rfc3339 {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::UnixMs;

    pub fn serialize<S: Serializer>(at: &UnixMs, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&at.to_rfc3339())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UnixMs, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        UnixMs::parse_rfc3339(&text).ok_or_else(|| D::Error::custom("no time as RFC 3339 has it"))
    }

    /// The same where there may be none.
    pub mod option {
        use std::borrow::Cow;

        use serde::{Deserialize, Deserializer, Serializer, de::Error};

        use super::super::UnixMs;

        pub fn serialize<S: Serializer>(at: &Option<UnixMs>, serializer: S) -> Result<S::Ok, S::Error> {
            match at {
                Some(at) => super::serialize(at, serializer),
                None => serializer.serialize_none(),
            }
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UnixMs>, D::Error> {
            let text = Option::<Cow<'_, str>>::deserialize(deserializer)?;
            let read = |text: Cow<'_, str>| UnixMs::parse_rfc3339(&text);
            text.map(|text| read(text).ok_or_else(|| D::Error::custom("no time as RFC 3339 has it"))).transpose()
        }
    }
}

/// Year, month and day of a day number since 1970-01-01, in the proleptic Gregorian calendar.
///
/// Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`. Written out here because the
/// date libraries are too heavy for the browser's build.
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    (year_of_era + era * 400 + if month <= 2 { 1 } else { 0 }, month, day)
}

/// Three numbers with a separator between them, none above its limit.
fn numbers(text: &str, separator: char, limits: [i64; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let [a, b, c] = limits.map(|limit| number(parts.next().unwrap_or_default(), limit));
    parts.next().is_none().then_some([a?, b?, c?])
}

/// A number of ASCII digits only, not above `limit`.
fn number(text: &str, limit: i64) -> Option<i64> {
    text.parse().ok().filter(|n| text.bytes().all(|b| b.is_ascii_digit()) && *n <= limit)
}

/// Day number since 1970-01-01 of a date in the proleptic Gregorian calendar: the inverse of [`civil_from_days`].
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_rfc_3339() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_763_640_000_123, "2025-11-20T12:00:00.123Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(UnixMs(ms).to_rfc3339(), text);
            assert_eq!(UnixMs::parse_rfc3339(text), Some(UnixMs(ms)));
        }
    }

    #[test]
    fn fractions_are_optional_and_anything_else_is_refused() {
        for (text, ms) in [
            ("1970-01-01T00:00:01Z", 1_000),
            ("1970-01-01T00:00:01.5Z", 1_500),
            ("1970-01-01T00:00:01.123456789Z", 1_123),
            ("2024-02-29T23:59:59Z", 1_709_251_199_000),
        ] {
            assert_eq!(UnixMs::parse_rfc3339(text), Some(UnixMs(ms)), "{text}");
        }
        for text in [
            "",
            "Z",
            "1970-01-01",
            "1970-01-01T00:00:00",
            "1970-01-01T00:00:00+01:00",
            "1970-01-01T24:00:00Z",
            "1970-01-01T00:00Z",
            "1970-01-01T00:00:+1Z",
            "1970-01-01T00:00:00.1xZ",
            "2023-02-29T00:00:00Z",
            "1970-13-01T00:00:00Z",
            "1970-00-01T00:00:00Z",
            "1970-01-00T00:00:00Z",
        ] {
            assert_eq!(UnixMs::parse_rfc3339(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn times_read_what_they_write(ms in -62_135_596_800_000_i64..253_402_300_799_999) {
            proptest::prop_assert_eq!(UnixMs::parse_rfc3339(&UnixMs(ms).to_rfc3339()), Some(UnixMs(ms)));
        }
    }
}
