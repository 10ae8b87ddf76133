//! Numbers and times to text. Pure. What is not known is a dash, never a zero.

use crate::model::time::UnixMs;

/// Stands for what is not known.
pub const UNKNOWN: &str = "—";
/// U+2212: as wide as a plus sign, unlike a hyphen.
const MINUS: char = '−';

/// How many decimals an asset's prices are shown with: enough for five significant digits, and at least two.
///
/// `reference` is a price that stays the same while a page is open, so that digits don't come and go.
pub fn decimals(reference: f64) -> usize {
    const SIGNIFICANT: i32 = 5;
    // The exponent is read from text: a logarithm may round differently in the browser and on the server.
    let text = format!("{reference:e}");
    let exponent: i32 = text.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    usize::try_from(SIGNIFICANT - 1 - exponent).unwrap_or(0).clamp(2, 12)
}

/// `67,412.35`: rounded, with groups of three.
pub fn grouped(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return UNKNOWN.to_owned();
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let mut out = String::with_capacity(text.len() + 6);
    if value < 0.0 && text.bytes().any(|b| matches!(b, b'1'..=b'9')) {
        out.push(MINUS);
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A price with its asset's decimals.
pub fn price(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |v| grouped(v, decimals))
}

/// `+1,032.10` or `−0.35`: a difference of two prices.
pub fn signed(value: Option<f64>, decimals: usize) -> String {
    let Some(value) = value else { return UNKNOWN.to_owned() };
    let text = grouped(value, decimals);
    if value > 0.0 && text.bytes().any(|b| matches!(b, b'1'..=b'9')) { format!("+{text}") } else { text }
}

/// `31.2B`, `512M`, `41.3K`: three significant digits.
pub fn compact(value: Option<f64>) -> String {
    const STEPS: [(f64, &str); 5] = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"), (1.0, "")];
    let Some(value) = value.filter(|v| v.is_finite()) else { return UNKNOWN.to_owned() };
    let scaled = |unit: f64| {
        let v = value / unit;
        let decimals = if v >= 99.95 {
            0
        } else if v >= 9.995 {
            1
        } else {
            2
        };
        format!("{v:.decimals$}")
    };
    // 999.6 thousand rounds to 1,000 thousand, so it is a million: compare after rounding to three digits.
    let (unit, suffix) = STEPS.into_iter().find(|(unit, _)| value.abs() >= unit * 0.9995).unwrap_or((1.0, ""));
    format!("{}{suffix}", scaled(unit))
}

/// Where a figure went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Up,
    Down,
    /// No change that two decimals can show, or not known.
    Flat,
}

impl Direction {
    /// Direction of a change in percent.
    pub fn of(percent: Option<f64>) -> Self {
        match percent {
            Some(p) if p >= 0.005 => Self::Up,
            Some(p) if p <= -0.005 => Self::Down,
            _ => Self::Flat,
        }
    }

    /// `▲`, `▼`, or nothing.
    pub const fn arrow(self) -> &'static str {
        match self {
            Self::Up => "▲",
            Self::Down => "▼",
            Self::Flat => "",
        }
    }

    /// The class that colors it.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Flat => "flat",
        }
    }
}

/// `+2.45%`, `−0.15%`, `0.00%`.
pub fn percent(value: Option<f64>) -> String {
    match Direction::of(value) {
        Direction::Up => format!("+{}%", grouped(value.unwrap_or_default(), 2)),
        Direction::Down => format!("{}%", grouped(value.unwrap_or_default(), 2)),
        Direction::Flat => if value.is_some_and(f64::is_finite) { "0.00%" } else { UNKNOWN }.to_owned(),
    }
}

/// A fraction as a percentage without a sign: `0.0004` is `0.040%`.
pub fn share(fraction: Option<f64>, decimals: usize) -> String {
    fraction.map_or_else(|| UNKNOWN.to_owned(), |f| format!("{}%", grouped(f * 100.0, decimals)))
}

/// `0.4 s`, `12 s`, `3 min`, `5 h`, `2 d`. A time that lies ahead, by a difference of clocks, is `0.0 s`.
pub fn age(ms: i64) -> String {
    let ms = ms.max(0);
    match ms {
        0..10_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        10_000..60_000 => format!("{} s", ms / 1000),
        60_000..3_600_000 => format!("{} min", ms / 60_000),
        3_600_000..86_400_000 => format!("{} h", ms / 3_600_000),
        _ => format!("{} d", ms / 86_400_000),
    }
}

/// `38 ms`, `−12 ms`, `1.2 s`: a latency or a difference of clocks.
pub fn span(ms: i64) -> String {
    let sign = if ms < 0 { "−" } else { "" };
    let size = ms.unsigned_abs();
    if size < 1000 { format!("{sign}{size} ms") } else { format!("{sign}{}.{} s", size / 1000, size % 1000 / 100) }
}

/// `42 s`, `3 min 5 s`, `2 h 15 min`, `3 d 4 h`: the two largest units.
pub fn uptime(seconds: u64) -> String {
    let (s, min, h, d) = (seconds % 60, seconds / 60 % 60, seconds / 3600 % 24, seconds / 86_400);
    match (d, h, min) {
        (0, 0, 0) => format!("{s} s"),
        (0, 0, _) => format!("{min} min {s} s"),
        (0, ..) => format!("{h} h {min} min"),
        _ => format!("{d} d {h} h"),
    }
}

/// `12:04:31 UTC`.
pub fn clock(at: UnixMs) -> String {
    let second = at.0.div_euclid(1000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02} UTC", second / 3600, second / 60 % 60, second % 60)
}

/// `2025-11-20 12:04 UTC`.
pub fn date_time(at: UnixMs) -> String {
    let text = at.to_rfc3339();
    let mut shown = text.get(..10).unwrap_or_default().to_owned();
    shown.push(' ');
    shown.push_str(text.get(11..16).unwrap_or_default());
    shown.push_str(" UTC");
    shown
}

/// `1 source`, `4 sources`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    let mut text = count.to_string();
    text.push(' ');
    text.push_str(if count == 1 { one } else { many });
    text
}

/// A threshold without needless decimals: `2`, `0.5`.
pub fn plain(value: f64) -> String {
    format!("{value}")
}

#[cfg(test)]
mod tests;
