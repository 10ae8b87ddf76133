//! What the events of the named channels look like.
//!
//! One table for each kind of event says which fields there are; what checks an event and what describes it to people
//! both read the table. Fields that are not in it are let through as they are: they are for other versions.

use std::borrow::Cow;

use thiserror::Error;

use crate::{server::event::EventKind, wire::json::Json};

/// Figures in one map, at most.
pub const MAX_FIGURES: usize = 64;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// Text of so many characters.
    Text { least: usize, most: usize },
    /// A number from `least` to `most`.
    Number { least: f64, most: f64 },
    /// Any number.
    Figure,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// An object of at most [`MAX_FIGURES`] numbers by name, `null` where one is not known.
    Figures,
    /// Any object.
    Object,
}

/// One field of an event's `data`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field {
    pub name: &'static str,
    /// Must be there. The others may be missing, or `null`.
    pub required: bool,
    pub shape: Shape,
}

const fn must(name: &'static str, shape: Shape) -> Field {
    Field { name, required: true, shape }
}

const fn may(name: &'static str, shape: Shape) -> Field {
    Field { name, required: false, shape }
}

const ID: Shape = Shape::Text { least: 1, most: 128 };
const NAME: Shape = Shape::Text { least: 0, most: 128 };
const MESSAGE: Shape = Shape::Text { least: 0, most: 4096 };
const PERCENT: Shape = Shape::Number { least: 0.0, most: 100.0 };
const STATUS: Shape = Shape::OneOf(&["started", "running", "completed", "failed"]);

const TRAINING: &[Field] = &[
    must("task_id", ID),
    must("progress", PERCENT),
    must("status", STATUS),
    may("message", MESSAGE),
    may("metrics", Shape::Figures),
];

const BACKTEST: &[Field] = &[
    must("backtest_id", ID),
    must("progress", PERCENT),
    must("status", STATUS),
    may("message", MESSAGE),
    may("current_date", Shape::Text { least: 0, most: 64 }),
    may("results", Shape::Figures),
];

const ALERT: &[Field] = &[
    must("alert_type", ID),
    must("severity", Shape::OneOf(&["low", "medium", "high", "critical"])),
    must("message", MESSAGE),
    may("metric_name", NAME),
    may("metric_value", Shape::Figure),
    may("threshold", Shape::Figure),
    may("entity_type", NAME),
    may("entity_id", NAME),
];

const DASHBOARD: &[Field] =
    &[must("update_type", Shape::OneOf(&["metrics", "positions", "orders", "market"])), must("data", Shape::Object)];

/// The fields of an event's `data`. None for events that are of no named channel.
pub const fn fields(kind: EventKind) -> &'static [Field] {
    match kind {
        EventKind::TrainingProgress => TRAINING,
        EventKind::BacktestProgress => BACKTEST,
        EventKind::RiskAlert | EventKind::PriceAlert | EventKind::NewsAlert | EventKind::FeedAlert => ALERT,
        EventKind::DashboardUpdate => DASHBOARD,
        EventKind::News
        | EventKind::Breaking
        | EventKind::BreakingUpdate
        | EventKind::StoryUpdate
        | EventKind::Story
        | EventKind::Message => &[],
    }
}

/// A field that is not as the table says.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{path}: {expected}")]
pub struct Misfit {
    /// `data.progress`
    pub path: Cow<'static, str>,
    /// What must be there.
    pub expected: Cow<'static, str>,
}

impl Misfit {
    pub(super) fn new(path: impl Into<Cow<'static, str>>, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { path: path.into(), expected: expected.into() }
    }
}

/// Whether an event's `data` is as the table says.
///
/// # Errors
/// The first field that is not.
pub fn check(kind: EventKind, data: &Json) -> Result<(), Misfit> {
    let Json::Object(members) = data else { return Err(Misfit::new("data", "must be an object")) };
    for field in fields(kind) {
        let misfit = |expected| Misfit::new(format!("data.{}", field.name), expected);
        let mut values = members.iter().filter(|(name, _)| name == field.name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (Some(_), Some(_)) => return Err(misfit(Cow::Borrowed("is there twice"))),
            (None, _) if field.required => return Err(misfit(Cow::Borrowed("is missing"))),
            (None, _) => {}
            (Some(Json::Null), _) if !field.required => {}
            (Some(value), _) => fits(field, value)?,
        }
    }
    Ok(())
}

fn fits(field: &Field, value: &Json) -> Result<(), Misfit> {
    let fits = match (field.shape, value) {
        (Shape::Text { least, most }, Json::Text(text)) => (least..=most).contains(&text.chars().count()),
        (Shape::Number { least, most }, Json::Number(number)) => (least..=most).contains(number),
        (Shape::OneOf(known), Json::Text(text)) => known.contains(&text.as_str()),
        (Shape::Figures, Json::Object(figures)) => return all_numbers(field.name, figures),
        (Shape::Figure, Json::Number(_)) | (Shape::Object, Json::Object(_)) => true,
        _ => false,
    };
    if fits { Ok(()) } else { Err(Misfit::new(format!("data.{}", field.name), field.shape.expected())) }
}

fn all_numbers(field: &str, figures: &[(String, Json)]) -> Result<(), Misfit> {
    let misfit = |expected| Misfit::new(format!("data.{field}"), expected);
    if figures.len() > MAX_FIGURES {
        return Err(misfit(Shape::Figures.expected()));
    }
    for (index, (name, value)) in figures.iter().enumerate() {
        if figures.iter().take(index).any(|(other, _)| other == name) {
            return Err(misfit(Cow::Borrowed("has a name twice")));
        }
        if !matches!(value, Json::Number(_) | Json::Null) {
            // Whoever wrote a plain name reads it again; anything else is not repeated.
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
            let plain = (1..=64).contains(&name.len()) && name.chars().all(is_plain);
            let path = if plain { format!("data.{field}.{name}") } else { format!("data.{field}") };
            return Err(Misfit::new(path, Shape::Figure.expected()));
        }
    }
    Ok(())
}

impl Shape {
    /// In words: `must be a number from 0 to 100`.
    pub fn expected(self) -> Cow<'static, str> {
        match self {
            Self::Text { least: 0, most } => format!("must be text of at most {most} characters").into(),
            Self::Text { least, most } => format!("must be text of {least} to {most} characters").into(),
            Self::Number { least, most } => format!("must be a number from {least} to {most}").into(),
            Self::Figure => "must be a number".into(),
            Self::OneOf(known) => format!("must be one of {}", known.join(", ")).into(),
            Self::Figures => format!("must be an object of at most {MAX_FIGURES} numbers").into(),
            Self::Object => "must be an object".into(),
        }
    }
}
