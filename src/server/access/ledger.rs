//! All tokens, as they are kept.

use std::collections::HashSet;

use ring::rand::SystemRandom;
use serde::{Deserialize, Serialize};

use super::{AccessError, Grant, Label, Lifetime, Scope, Token, TokenId, token::SecretHash};
use crate::model::time::{UnixMs, rfc3339};

/// Most tokens that are kept.
pub const MAX_TOKENS: usize = 1000;
/// How the file is written by this version.
const VERSION: u32 = 1;

/// What a token is asked for with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    pub scope: Scope,
    pub label: Label,
    /// `None`: until it is revoked.
    pub lifetime: Option<Lifetime>,
}

/// What is kept of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub id: TokenId,
    pub scope: Scope,
    pub label: Label,
    #[serde(with = "rfc3339")]
    pub created: UnixMs,
    #[serde(with = "rfc3339::option")]
    pub expires: Option<UnixMs>,
    #[serde(rename = "sha256")]
    pub(super) secret: SecretHash,
}

impl Record {
    /// Whether it is refused at `now` for its age.
    pub fn is_expired(&self, now: UnixMs) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    pub(super) fn grant(&self) -> Grant {
        Grant { id: self.id, label: self.label.clone(), scope: self.scope, expires: self.expires }
    }
}

/// In the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Ledger(Vec<Record>);

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    tokens: Vec<Record>,
}

/// What every version of the file has.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// Why a file is no ledger.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    Newer,
    Damaged(String),
}

impl Ledger {
    pub(super) fn parse(text: &[u8]) -> Result<Self, Unread> {
        // The reasons name lines and fields, and never a value.
        let damaged = |error: serde_json::Error| Unread::Damaged(format!("line {}", error.line()));
        let Versioned { version } = serde_json::from_slice(text).map_err(damaged)?;
        if version > VERSION {
            return Err(Unread::Newer);
        }
        let Written { tokens, .. } = serde_json::from_slice(text).map_err(damaged)?;
        if tokens.len() > MAX_TOKENS {
            return Err(Unread::Damaged(format!("over {MAX_TOKENS} tokens")));
        }
        let mut ids = HashSet::new();
        if let Some(twice) = tokens.iter().find(|record| !ids.insert(record.id)) {
            return Err(Unread::Damaged(format!("two tokens {}", twice.id)));
        }
        Ok(Self(tokens))
    }

    /// The text of the file.
    pub(super) fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = serde_json::to_vec_pretty(&Written { version: VERSION, tokens: self.0.clone() })?;
        text.push(b'\n');
        Ok(text)
    }

    pub(super) fn records(&self) -> &[Record] {
        &self.0
    }

    pub(super) fn into_records(self) -> Vec<Record> {
        self.0
    }

    pub(super) fn add(&mut self, wish: NewToken, now: UnixMs) -> Result<(Record, Token), AccessError> {
        if self.0.len() >= MAX_TOKENS {
            return Err(AccessError::Full);
        }
        let random = SystemRandom::new();
        let mut token = Token::random(&random)?;
        while self.0.iter().any(|record| record.id == token.id()) {
            token = Token::random(&random)?;
        }
        let NewToken { scope, label, lifetime } = wish;
        let expires = lifetime.map(|lifetime| lifetime.end(now));
        let record = Record { id: token.id(), scope, label, created: now, expires, secret: token.hash() };
        self.0.push(record.clone());
        Ok((record, token))
    }

    pub(super) fn remove(&mut self, id: TokenId) -> Result<Record, AccessError> {
        let place = self.0.iter().position(|record| record.id == id).ok_or(AccessError::Unknown(id))?;
        Ok(self.0.remove(place))
    }
}
