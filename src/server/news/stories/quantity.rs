//! Reads amounts out of tokens.

use super::{
    amount::{Amount, Unit},
    token::Token,
};

/// The amount that `tokens` begin with, and how many of them it takes. `None` where they begin with a word; no amount
/// for a number that says nothing, such as a year.
pub fn read(tokens: &[Token]) -> Option<(Option<Amount>, usize)> {
    let (first, rest) = tokens.split_first()?;
    if first.text == "in"
        && let Some(month) = rest.first().filter(|token| token.capital).and_then(|token| month(&token.text))
    {
        return Some((amount(f64::from(month) * 100.0, Unit::Date), 2));
    }
    if let Some(month) = month(&first.text).filter(|_| first.capital)
        && let Some(found) = month_of(month, first, rest)
    {
        return Some(found);
    }
    if let Some(quarter) =
        first.text.strip_prefix('q').and_then(|n| n.parse::<u8>().ok()).filter(|n| (1..=4).contains(n))
    {
        return Some((amount(f64::from(quarter), Unit::Serial), 1));
    }
    if let Some(found) = fraction(&first.text, rest) {
        return Some(found);
    }
    let value = first.number.or_else(|| number_word(&first.text))?;
    Some(number(value, first, rest))
}

fn amount(value: f64, unit: Unit) -> Option<Amount> {
    #[expect(clippy::cast_possible_truncation, reason = "seven digits are more than any two reports agree on")]
    let value = value as f32;
    value.is_finite().then_some(Amount { value, unit, rough: false })
}

fn is(token: Option<&Token>, words: &[&str]) -> bool {
    token.is_some_and(|token| words.contains(&token.text.as_str()))
}

fn month_of(month: u8, first: &Token, rest: &[Token]) -> Option<(Option<Amount>, usize)> {
    let day =
        rest.first().and_then(|token| token.number).filter(|day| day.fract() == 0.0 && (1.0..=31.0).contains(day));
    match day {
        Some(day) => Some((amount(f64::from(month) * 100.0 + day, Unit::Date), 2)),
        // `May` alone is more often a verb.
        None if first.text == "may" && !is(rest.first(), &["cpi", "payrolls", "jobs", "inflation"]) => None,
        None => Some((amount(f64::from(month) * 100.0, Unit::Date), 1)),
    }
}

/// `third quarter`, `a fifth of`, `quarter point`, `third`.
fn fraction(first: &str, rest: &[Token]) -> Option<(Option<Amount>, usize)> {
    let ordinals = ["second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    let next = rest.first();
    if first == "one" && is(next, &["in"]) {
        let of = rest.get(1).and_then(|token| token.number.or_else(|| number_word(&token.text)))?;
        return Some((amount(100.0 / of, Unit::Percent), 3));
    }
    if matches!(first, "quarter" | "half") && is(next, &["point", "percentage"]) {
        return Some((amount(if first == "half" { 0.5 } else { 0.25 }, Unit::Percent), 2));
    }
    if matches!(first, "half" | "quarter") && is(next, &["of"]) {
        return Some((amount(if first == "half" { 50.0 } else { 25.0 }, Unit::Percent), 2));
    }
    let nth = ordinals.iter().zip(2_u8..).find(|(word, _)| **word == first).map(|(_, n)| f64::from(n))?;
    if is(next, &["of"]) && nth > 2.0 {
        return Some((amount(100.0 / nth, Unit::Percent), 2));
    }
    Some(if is(next, &["quarter"]) { (amount(nth, Unit::Serial), 2) } else { (amount(nth, Unit::Ordinal), 1) })
}

fn number(value: f64, first: &Token, rest: &[Token]) -> (Option<Amount>, usize) {
    let suffix = first.suffix.as_str();
    let mut used = 1;
    let mut value = value;
    // `forty-one`
    if first.number.is_none()
        && (20.0..100.0).contains(&value)
        && let Some(unit) = rest.first().and_then(|token| number_word(&token.text)).filter(|unit| *unit < 10.0)
    {
        value += unit;
        used += 1;
    }
    if first.sign == Some('#') {
        return (amount(value, Unit::Serial), used);
    }
    if let Some(day) = suffix.strip_prefix('/') {
        let day = day.parse().ok().filter(|day: &f64| (1.0..=12.0).contains(&value) && (1.0..=31.0).contains(day));
        return (day.and_then(|day| amount(value * 100.0 + day, Unit::Date)), used);
    }
    if matches!(suffix, "st" | "nd" | "rd" | "th") {
        return (amount(value, Unit::Ordinal), used);
    }
    if suffix == "bps" || is(rest.first(), &["bps", "basis"]) {
        return (amount(value / 100.0, Unit::Percent), if suffix == "bps" { used } else { used + 1 });
    }
    let next = |used: usize| rest.get(used - 1);
    let scale = scale(suffix).or_else(|| {
        let scale = next(used).and_then(|token| scale(&token.text));
        used += usize::from(scale.is_some());
        scale
    });
    value *= scale.unwrap_or(1.0);
    let currency = matches!(first.sign, Some('$' | '€' | '£' | '¥' | '₩' | '₹'));
    if first.percent || is(next(used), &["percent", "pct"]) {
        return (amount(value, Unit::Percent), used);
    }
    if is(next(used), &["cents"]) {
        return (amount(value / 100.0, Unit::Money), used + 1);
    }
    // `$1inch`: letters that count nothing make it a name.
    if scale.is_none() && !suffix.is_empty() {
        return (None, used);
    }
    if currency || is(next(used), &["dollars", "dollar", "usd", "euros", "euro"]) {
        return (amount(value, Unit::Money), if currency { used } else { used + 1 });
    }
    if scale.is_some() {
        return (amount(value, Unit::Bare), used);
    }
    if let Some(hours) = next(used).and_then(|token| hours(&token.text)) {
        return (amount(value * hours, Unit::Duration), used + 1);
    }
    let year = (1990.0..=2040.0).contains(&value) && first.text.len() == 4;
    (amount(value, Unit::Count).filter(|_| !year), used)
}

fn scale(word: &str) -> Option<f64> {
    Some(match word {
        "k" | "thousand" => 1e3,
        "m" | "mn" | "mln" | "million" => 1e6,
        "b" | "bn" | "bln" | "billion" => 1e9,
        "t" | "tn" | "trillion" => 1e12,
        _ => return None,
    })
}

fn hours(word: &str) -> Option<f64> {
    Some(match word {
        "hour" | "hours" => 1.0,
        "day" | "days" => 24.0,
        "week" | "weeks" => 168.0,
        "month" | "months" => 730.0,
        "year" | "years" => 8766.0,
        "minute" | "minutes" => 1.0 / 60.0,
        _ => return None,
    })
}

fn number_word(word: &str) -> Option<f64> {
    Some(match word {
        "two" => 2.0,
        "three" => 3.0,
        "four" => 4.0,
        "five" => 5.0,
        "six" => 6.0,
        "seven" => 7.0,
        "eight" => 8.0,
        "nine" => 9.0,
        "ten" => 10.0,
        "eleven" => 11.0,
        "twelve" => 12.0,
        "thirteen" => 13.0,
        "fourteen" => 14.0,
        "fifteen" => 15.0,
        "sixteen" => 16.0,
        "seventeen" => 17.0,
        "eighteen" => 18.0,
        "nineteen" => 19.0,
        "twenty" => 20.0,
        "thirty" => 30.0,
        "forty" => 40.0,
        "fifty" => 50.0,
        "sixty" => 60.0,
        "seventy" => 70.0,
        "eighty" => 80.0,
        "ninety" => 90.0,
        _ => return None,
    })
}

fn month(word: &str) -> Option<u8> {
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let full = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let found = months.iter().zip(full).zip(1..).find(|((short, full), _)| **short == word || *full == word);
    found.map(|(_, month)| month).or_else(|| (word == "sept").then_some(9))
}
