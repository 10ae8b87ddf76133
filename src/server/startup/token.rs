//! `token create`, `token list`, `token revoke`: on the file of the data folder, whether a server runs or not.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    path::PathBuf,
};

use serde::Serialize;

use super::{StartError, data_dir::DataDir, layers, print};
use crate::{
    model::time::{UnixMs, rfc3339},
    server::{
        access::{AccessError, Label, Lifetime, NewToken, Record, Scope, TokenFile, TokenId},
        clock::Clock,
        config,
    },
};

/// Where the tokens are, as `serve` finds its data folder.
#[derive(Debug, Clone, Default)]
pub struct Place {
    pub config: Option<PathBuf>,
    pub data_dir: Option<PathBuf>,
}

impl Place {
    fn tokens(self) -> Result<TokenFile, StartError> {
        let named = self.data_dir.map(|folder| folder.to_string_lossy().into_owned());
        let layers = layers(self.config.as_deref()).flag("--data-dir", "server.data_dir", named);
        let config = config::load(&layers)?;
        Ok(TokenFile::at(DataDir::choose(config.server.data_dir.as_deref(), false)?.path()))
    }
}

/// Makes a token and prints it, alone on standard output; nobody can print it again.
///
/// # Errors
/// What the user can mend: settings, the label, the folder, too many tokens.
pub fn create(place: Place, scope: Scope, label: &str, lifetime: Option<Lifetime>) -> Result<(), StartError> {
    let wish = NewToken { scope, label: Label::parse(label)?, lifetime };
    let (record, token) = place.tokens()?.create(wish, Clock::System.wall())?;
    let until =
        record.expires.map_or_else(|| "until it is revoked".to_owned(), |at| format!("until {}", at.to_rfc3339()));
    tell(&format!("Token {} ({scope}, {}) is good {until}. It is shown this once:", record.id, record.label))?;
    print(&format!("{}\n", token.reveal()))
}

/// Prints all tokens, as a table or as JSON. No secret is among it.
///
/// # Errors
/// What the user can mend: settings, a damaged file.
pub fn list(place: Place, json: bool) -> Result<(), StartError> {
    let records = place.tokens()?.list()?;
    print(&if json { as_json(&records, Clock::System.wall())? } else { as_table(&records, Clock::System.wall()) })
}

/// Takes a token back. A running server refuses it within a second.
///
/// # Errors
/// What the user can mend: settings, an id that is not there, a damaged file.
pub fn revoke(place: Place, id: &str) -> Result<(), StartError> {
    let id = TokenId::of(id.trim()).ok_or(AccessError::BadId)?;
    let record = place.tokens()?.revoke(id)?;
    tell(&format!("Token {id} ({}, {}) is revoked.", record.scope, record.label))
}

/// Words for people, beside what is for programs.
fn tell(words: &str) -> Result<(), StartError> {
    match writeln!(io::stderr(), "{words}") {
        // Nobody reads them: what was asked for is done all the same.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// One token as programs read it.
#[derive(Serialize)]
struct Listed<'a> {
    id: TokenId,
    scope: Scope,
    label: &'a Label,
    #[serde(with = "rfc3339")]
    created: UnixMs,
    #[serde(with = "rfc3339::option")]
    expires: Option<UnixMs>,
    state: &'static str,
}

impl<'a> Listed<'a> {
    fn of(record: &'a Record, now: UnixMs) -> Self {
        let Record { id, scope, label, created, expires, .. } = record;
        Self { id: *id, scope: *scope, label, created: *created, expires: *expires, state: state(record, now) }
    }
}

fn state(record: &Record, now: UnixMs) -> &'static str {
    if record.is_expired(now) { "expired" } else { "active" }
}

fn as_json(records: &[Record], now: UnixMs) -> Result<String, StartError> {
    let listed: Vec<Listed<'_>> = records.iter().map(|record| Listed::of(record, now)).collect();
    let text = serde_json::to_string_pretty(&listed).map_err(|error| StartError::Setup(error.to_string()))?;
    Ok(text + "\n")
}

fn as_table(records: &[Record], now: UnixMs) -> String {
    let width = records.iter().map(|record| record.label.as_str().chars().count()).max().unwrap_or_default().max(5);
    let mut table = String::new();
    let mut line = |id: &dyn std::fmt::Display, scope: &str, label: &str, created: &str, expires: &str, state: &str| {
        let text = format!("{id:<8}  {scope:<7}  {label:<width$}  {created:<20}  {expires:<20}  {state}");
        // Writing to a string does not fail.
        let _written = writeln!(table, "{text}");
    };
    line(&"ID", "SCOPE", "LABEL", "CREATED", "EXPIRES", "STATE");
    for record in records {
        let expires = record.expires.map_or_else(|| "never".to_owned(), to_the_second);
        let created = to_the_second(record.created);
        line(&record.id, record.scope.as_str(), record.label.as_str(), &created, &expires, state(record, now));
    }
    table
}

/// `2026-11-20T12:00:00Z`
fn to_the_second(at: UnixMs) -> String {
    let text = at.to_rfc3339();
    text.split_once('.').map_or(text.clone(), |(seconds, _)| format!("{seconds}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_763_640_000_123);

    #[test]
    fn a_list_says_what_is_good_until_when() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = TokenFile::at(folder.path());
        for (scope, label, lifetime) in
            [(Scope::Read, "Müller", Some("1h")), (Scope::Admin, "a", None), (Scope::Publish, "b", Some("1s"))]
        {
            let lifetime = lifetime.map(|text| text.parse().expect("a lifetime"));
            let wish = NewToken { scope, label: Label::parse(label).expect("a label"), lifetime };
            file.create(wish, NOW).expect("a token");
        }
        let records = file.list().expect("a list");
        let ids: Vec<String> = records.iter().map(|record| record.id.to_string()).collect();
        let later = UnixMs(NOW.0 + 1000);
        let table = as_table(&records, later);
        let expected = [
            "ID        SCOPE    LABEL   CREATED               EXPIRES               STATE".to_owned(),
            format!("{}  read     Müller  2025-11-20T12:00:00Z  2025-11-20T13:00:00Z  active", ids[0]),
            format!("{}  admin    a       2025-11-20T12:00:00Z  never                 active", ids[1]),
            format!("{}  publish  b       2025-11-20T12:00:00Z  2025-11-20T12:00:01Z  expired", ids[2]),
        ];
        assert_eq!(table.lines().collect::<Vec<_>>(), expected);
        let json: serde_json::Value = serde_json::from_str(&as_json(&records, later).expect("JSON")).expect("JSON");
        let expected = serde_json::json!({
            "id": ids[2], "scope": "publish", "label": "b", "created": "2025-11-20T12:00:00.123Z",
            "expires": "2025-11-20T12:00:01.123Z", "state": "expired",
        });
        assert_eq!(json[2], expected);
        assert_eq!(as_table(&[], NOW).lines().count(), 1);
        assert_eq!(as_json(&[], NOW).expect("JSON"), "[]\n");
    }
}
