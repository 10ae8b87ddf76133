//! What an outlet publishes.

use jiff::{Timestamp, tz::TimeZone};

use crate::model::time::UnixMs;

/// An item of a feed. Texts are as a reader gets them once the feed's own escapes are undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub guid: String,
    pub link: String,
    pub title: String,
    pub description: String,
    pub author: Option<String>,
    pub image: Option<String>,
    pub date: Date,
    /// Stands in the feed instead of all the rest, as it is.
    pub raw: Option<String>,
}

/// An item's date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Date {
    /// ms since the epoch
    At(i64),
    /// Whatever this may mean.
    Text(String),
    None,
}

impl Date {
    /// As RSS writes it: `Sat, 21 Nov 2026 12:00:00 +0000`.
    pub fn rfc2822(&self) -> Option<String> {
        match self {
            Self::At(ms) => Some(rfc2822(*ms)),
            Self::Text(text) => Some(text.clone()),
            Self::None => None,
        }
    }

    /// As Atom and JSON Feed write it.
    pub fn rfc3339(&self) -> Option<String> {
        match self {
            Self::At(ms) => Some(UnixMs(*ms).to_rfc3339()),
            Self::Text(text) => Some(text.clone()),
            Self::None => None,
        }
    }
}

/// `Sat, 21 Nov 2026 12:00:00 +0000`; empty beyond the calendar.
pub fn rfc2822(ms: i64) -> String {
    written(ms, "%a, %d %b %Y %H:%M:%S +0000")
}

/// As HTTP headers have it: `Sat, 21 Nov 2026 12:00:00 GMT`; empty beyond the calendar.
pub fn http_date(ms: i64) -> String {
    written(ms, "%a, %d %b %Y %H:%M:%S GMT")
}

fn written(ms: i64, format: &str) -> String {
    Timestamp::from_millisecond(ms)
        .map(|at| at.to_zoned(TimeZone::UTC).strftime(format).to_string())
        .unwrap_or_default()
}

/// Reads what [`http_date`] writes, in ms since the epoch.
pub fn parse_http_date(text: &str) -> Option<i64> {
    let at = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()?;
    Some(at.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_their_formats_want_them() {
        let date = Date::At(1_795_176_000_123);
        assert_eq!(date.rfc2822().as_deref(), Some("Fri, 20 Nov 2026 12:00:00 +0000"));
        assert_eq!(date.rfc3339().as_deref(), Some("2026-11-20T12:00:00.123Z"));
        assert_eq!(http_date(1_795_176_000_123), "Fri, 20 Nov 2026 12:00:00 GMT");
        assert_eq!(parse_http_date("Fri, 20 Nov 2026 12:00:00 GMT"), Some(1_795_176_000_000));
        assert_eq!(parse_http_date("yesterday"), None);
        assert_eq!((Date::None.rfc2822(), Date::Text("soon".into()).rfc3339()), (None, Some("soon".into())));
        assert_eq!(rfc2822(i64::MAX), "");
    }
}
