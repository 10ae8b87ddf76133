//! Collects the settings of every layer, each with where it came from.

use std::{collections::BTreeMap, path::Path};

use toml_edit::{Document, Item, TableLike, Value};

use super::{
    Feed, VenueDefaults,
    error::{ConfigError, ConfigErrors, Origin},
    feed::{DEFAULT_TIER, DEFAULT_TRUST},
    keys::{self, ENVIRONMENT_PREFIX, Key, Kind},
    redis_url::RedisUrl,
};

/// A value as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Raw {
    Text(String),
    List(Vec<String>),
    Feeds(Vec<Feed>),
}

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Setting {
    pub raw: Raw,
    pub origin: Origin,
}

/// All settings of all layers. Starts with the defaults; each layer that is added wins over those before it.
#[derive(Debug, Clone)]
pub struct Layers {
    pub(super) keys: Vec<Key>,
    pub(super) venues: Vec<VenueDefaults>,
    settings: BTreeMap<String, Setting>,
    errors: Vec<ConfigError>,
}

impl Layers {
    /// The defaults.
    pub fn new(venues: Vec<VenueDefaults>) -> Self {
        let keys = keys::all(&venues);
        let settings = keys
            .iter()
            .map(|key| (key.name.clone(), Setting { raw: read_text(key.kind, &key.default), origin: Origin::Default }))
            .collect();
        Self { keys, venues, settings, errors: Vec::new() }
    }

    /// Adds a file.
    #[must_use]
    pub fn file(self, path: &Path) -> Self {
        match std::fs::read_to_string(path) {
            Ok(text) => self.toml(&text),
            Err(error) => {
                self.error(ConfigError::Unreadable { path: path.display().to_string(), reason: unreadable(&error) })
            }
        }
    }

    /// Adds the text of a file.
    #[must_use]
    pub fn toml(mut self, text: &str) -> Self {
        match Document::parse(text) {
            Ok(document) => {
                let lines = Lines(text);
                self.table("", document.as_table(), &lines);
                self
            }
            Err(error) => {
                let line = error.span().map_or(1, |span| Lines(text).of(span.start));
                let reason = error.message().replace('\n', ", ");
                self.error(ConfigError::Syntax { line, reason })
            }
        }
    }

    /// Adds the variables whose names start with `MARKET_PULSE__`.
    #[must_use]
    pub fn environment(mut self, variables: impl Iterator<Item = (String, String)>) -> Self {
        for (name, value) in variables.filter(|(name, _)| name.starts_with(ENVIRONMENT_PREFIX)) {
            let origin = Origin::Environment { name: name.clone() };
            if let Some(key) = self.keys.iter().find(|key| key.environment_name() == name) {
                let setting = Setting { raw: read_text(key.kind, &value), origin };
                self.settings.insert(key.name.clone(), setting);
            } else {
                let nearest = nearest(&name, self.keys.iter().map(Key::environment_name));
                self.errors.push(ConfigError::UnknownKey { key: name, origin, nearest });
            }
        }
        self
    }

    /// Adds a flag; does nothing where it was not given.
    #[must_use]
    pub fn flag(mut self, flag: &'static str, key: &str, value: Option<String>) -> Self {
        if let Some(value) = value {
            let setting = Setting { raw: Raw::Text(value), origin: Origin::Flag { name: flag } };
            self.settings.insert(key.to_owned(), setting);
        }
        self
    }

    /// Replaces a venue's addresses, for the built-in exchanges.
    #[must_use]
    pub fn venue_urls(mut self, flag: &'static str, venue: &str, ws_url: &str, rest_url: &str) -> Self {
        for (name, url) in [("ws_urls", ws_url), ("rest_urls", rest_url)] {
            let setting = Setting { raw: Raw::List(vec![url.to_owned()]), origin: Origin::Flag { name: flag } };
            self.settings.insert(format!("venues.{venue}.{name}"), setting);
        }
        self
    }

    /// Feeds that take the place of the built-in ones where the settings name none, for the built-in exchanges.
    #[must_use]
    pub fn default_feeds(self, flag: &'static str, feeds: Vec<Feed>) -> Self {
        self.unless_set(flag, "news.feeds", Raw::Feeds(feeds))
    }

    /// Another default, which settings win over.
    #[must_use]
    pub fn default(self, flag: &'static str, key: &str, value: &str) -> Self {
        self.unless_set(flag, key, Raw::Text(value.to_owned()))
    }

    fn unless_set(mut self, flag: &'static str, key: &str, raw: Raw) -> Self {
        if self.get(key).is_none_or(|setting| setting.origin == Origin::Default) {
            self.settings.insert(key.to_owned(), Setting { raw, origin: Origin::Flag { name: flag } });
        }
        self
    }

    pub(super) fn get(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    pub(super) fn errors(&self) -> &[ConfigError] {
        &self.errors
    }

    /// The effective settings as a file, each line with where it came from.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn effective(&self) -> Result<String, ConfigErrors> {
        super::load(self)?;
        let mut lines = Vec::new();
        let mut section = "";
        for key in &self.keys {
            let (table, name) = key.name.rsplit_once('.').unwrap_or(("", &key.name));
            if table != section {
                if !section.is_empty() {
                    lines.push(String::new());
                }
                lines.push(format!("[{table}]"));
                section = table;
            }
            if let Some(setting) = self.get(&key.name) {
                lines.push(format!("{name} = {} # {}", write_raw(key.kind, &setting.raw), setting.origin));
            }
        }
        Ok(lines.join("\n") + "\n")
    }

    fn error(mut self, error: ConfigError) -> Self {
        self.errors.push(error);
        self
    }

    fn table(&mut self, prefix: &str, table: &dyn TableLike, lines: &Lines<'_>) {
        for (name, item) in table.iter() {
            let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
            let span = table.key(name).and_then(toml_edit::Key::span).or_else(|| item.span());
            let line = span.map_or(1, |span| lines.of(span.start));
            let origin = Origin::File { line };
            if let Some(key) = self.keys.iter().find(|key| key.name == path) {
                match read_item(key.kind, item) {
                    Ok(raw) => {
                        self.settings.insert(path, Setting { raw, origin });
                    }
                    Err(reason) => self.errors.push(ConfigError::BadValue { key: path, origin, reason }),
                }
            } else if let Some(inner) = item.as_table_like().filter(|_| self.is_section(&path)) {
                self.table(&path, inner, lines);
            } else {
                let nearest = nearest(&path, self.names());
                self.errors.push(ConfigError::UnknownKey { key: path, origin, nearest });
            }
        }
    }

    fn is_section(&self, path: &str) -> bool {
        self.keys.iter().any(|key| key.name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
    }

    /// Names of keys and of sections: a typo may be in either.
    fn names(&self) -> impl Iterator<Item = String> {
        self.keys.iter().flat_map(|key| {
            let sections = key.name.match_indices('.').map(|(at, _)| key.name.get(..at).unwrap_or_default().to_owned());
            sections.chain([key.name.clone()])
        })
    }
}

/// The system's own words for a file that is not there would be "entity not found".
fn unreadable(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        kind => kind.to_string(),
    }
}

/// The name most like `typo`, if any is like it at all.
fn nearest(typo: &str, names: impl Iterator<Item = String>) -> Option<String> {
    names
        .map(|name| (strsim::jaro_winkler(typo, &name), name))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

fn read_text(kind: Kind, text: &str) -> Raw {
    match kind {
        Kind::Text | Kind::Secret | Kind::Bare => Raw::Text(text.trim().to_owned()),
        Kind::List | Kind::Feeds => {
            Raw::List(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
        }
    }
}

fn read_item(kind: Kind, item: &Item) -> Result<Raw, String> {
    match (kind, item) {
        (Kind::Feeds, Item::ArrayOfTables(tables)) => {
            tables.iter().map(read_feed).collect::<Result<_, _>>().map(Raw::Feeds)
        }
        (Kind::List | Kind::Feeds, Item::Value(Value::Array(items))) => items
            .iter()
            .map(|item| scalar(item).ok_or_else(|| "must be a list of strings".to_owned()))
            .collect::<Result<_, _>>()
            .map(Raw::List),
        (_, Item::Value(value)) => {
            scalar(value).map(|text| read_text(kind, &text)).ok_or_else(|| "has the wrong type".to_owned())
        }
        _ => Err("has the wrong type".to_owned()),
    }
}

fn read_feed(table: &toml_edit::Table) -> Result<Feed, String> {
    const FIELDS: [&str; 6] = ["key", "name", "category", "url", "tier", "trust"];
    if let Some((name, _)) = table.iter().find(|(name, _)| !FIELDS.contains(name)) {
        return Err(format!("has a feed with an unknown field `{name}`"));
    }
    let field = |name: &str| match table.get(name).and_then(Item::as_value).and_then(scalar) {
        Some(text) => Ok(text),
        None => Err(format!("has a feed without `{name}`")),
    };
    let or = |name: &str, default: &str| {
        if table.contains_key(name) { field(name) } else { Ok(default.to_owned()) }
    };
    Feed::read([
        &field("key")?,
        &field("name")?,
        &field("category")?,
        &field("url")?,
        &or("tier", DEFAULT_TIER)?,
        &or("trust", DEFAULT_TRUST)?,
    ])
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.value().clone()),
        Value::Integer(number) => Some(number.value().to_string()),
        Value::Float(number) => Some(number.value().to_string()),
        Value::Boolean(flag) => Some(flag.value().to_string()),
        Value::Datetime(_) | Value::Array(_) | Value::InlineTable(_) => None,
    }
}

pub(super) fn write_raw(kind: Kind, raw: &Raw) -> String {
    let quoted = |text: &str| Value::from(text).to_string().trim().to_owned();
    match raw {
        Raw::Text(text) if kind == Kind::Bare => text.clone(),
        Raw::Text(text) if kind == Kind::Secret && !text.is_empty() => {
            quoted(&RedisUrl::parse(text).map_or_else(|_| "…".to_owned(), |url| url.to_string()))
        }
        Raw::Text(text) => quoted(text),
        Raw::List(items) => format!("[{}]", items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", ")),
        Raw::Feeds(feeds) => {
            let lines = feeds
                .iter()
                .map(|f| quoted(&format!("{}|{}|{}|{}|{}|{}", f.key, f.name, f.category, f.url, f.tier, f.trust)));
            format!("[{}]", lines.collect::<Vec<_>>().join(", "))
        }
    }
}

struct Lines<'a>(&'a str);

impl Lines<'_> {
    /// The line, from 1, that a byte is on.
    fn of(&self, byte: usize) -> usize {
        self.0.bytes().take(byte).filter(|b| *b == b'\n').count() + 1
    }
}
