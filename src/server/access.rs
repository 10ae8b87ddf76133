//! Who may do what: tokens in the data folder, and the set of them that the server checks against.
//!
//! A token is `mp_<id>_<secret>`. The id names it in lists and logs; of the secret only a hash is kept. The command
//! line writes the file, the running server notices.

mod attempts;
mod error;
mod file;
mod label;
mod ledger;
mod lifetime;
mod scope;
#[cfg(test)]
mod tests;
mod token;

use std::{collections::HashMap, net::IpAddr, path::Path, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::time::Instant;
use tracing::{info, warn};

use self::{
    attempts::Attempts,
    file::Identity,
    ledger::Ledger,
    token::{SecretHash, split},
};
pub use self::{
    error::AccessError,
    file::TokenFile,
    label::Label,
    ledger::{MAX_TOKENS, NewToken, Record},
    lifetime::Lifetime,
    scope::Scope,
    token::{Token, TokenId},
};
use super::clock::Clock;
use crate::model::time::UnixMs;

/// The file is looked at again when a token is shown and this has passed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a good token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub id: TokenId,
    pub label: Label,
    pub scope: Scope,
    /// From this moment on the token is refused.
    pub expires: Option<UnixMs>,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// Nobody's, or revoked.
    Wrong,
    /// It was good once.
    Expired,
    /// So many wrong ones came from this address that this one was not answered for.
    TooMany { wait: Duration },
}

/// The tokens that the server knows. Follows the file of a data folder, or lives in memory.
#[derive(Debug)]
pub struct Tokens {
    clock: Clock,
    set: ArcSwap<Set>,
    attempts: Attempts,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Memory(Mutex<Ledger>),
    File { file: TokenFile, watch: Mutex<Watch> },
}

/// What is known of the file.
#[derive(Debug)]
struct Watch {
    /// What was read last, well or not. `None`: there was no file.
    seen: Option<Identity>,
    looked: Instant,
    trouble: Option<Trouble>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// It will be the same until the file is another.
    Damaged,
    /// It may work the next time.
    Unreadable,
}

/// One state of all tokens.
#[derive(Debug, Default)]
struct Set(HashMap<TokenId, Entry>);

#[derive(Debug)]
struct Entry {
    hash: SecretHash,
    grant: Arc<Grant>,
}

impl Tokens {
    /// No tokens, and no file behind them. Each address may show `wrong_per_minute` wrong ones a minute.
    pub fn in_memory(clock: Clock, wrong_per_minute: u32) -> Self {
        Self {
            clock,
            set: ArcSwap::default(),
            attempts: Attempts::new(wrong_per_minute),
            source: Source::Memory(Mutex::default()),
        }
    }

    /// The tokens of a data folder. Reads the file now, and again when it has changed. A file that can't be read is
    /// told in the log and by [`error`](Self::error); nobody is let in by it.
    pub fn open(folder: &Path, clock: Clock, wrong_per_minute: u32) -> Self {
        let watch = Watch { seen: None, looked: Instant::now(), trouble: None };
        let source = Source::File { file: TokenFile::at(folder), watch: Mutex::new(watch) };
        let attempts = Attempts::new(wrong_per_minute);
        let tokens = Self { clock, set: ArcSwap::default(), attempts, source };
        tokens.look(Look::Now);
        tokens
    }

    /// Whom a token stands for that was shown from `address`.
    ///
    /// A token that was revoked is refused within a second. One that was just made is good at once.
    ///
    /// # Errors
    /// Why it is refused. One that is unknown and one whose secret is wrong are told the same.
    pub fn check(&self, address: IpAddr, shown: &str) -> Result<Arc<Grant>, Denied> {
        self.look(Look::IfDue);
        let mut found = self.find(shown);
        // It may be younger than what was read.
        if matches!(found, Found::Wrong { .. }) && self.look(Look::Now) {
            found = self.find(shown);
        }
        let now = Instant::now();
        match found {
            Found::Good(grant) => {
                self.attempts.good(address.into(), grant.id, now).map_err(|wait| Denied::TooMany { wait })?;
                Ok(grant)
            }
            Found::Expired => Err(Denied::Expired),
            Found::Wrong { named } => match self.attempts.wrong(address.into(), named, now) {
                Ok(()) => Err(Denied::Wrong),
                Err(wait) => Err(Denied::TooMany { wait }),
            },
        }
    }

    /// Whether the token of this id is good now: for what stays open long after it was shown.
    pub fn holds(&self, id: TokenId) -> bool {
        self.look(Look::IfDue);
        let set = self.set.load();
        set.0.get(&id).is_some_and(|entry| !self.has_expired(&entry.grant))
    }

    fn has_expired(&self, grant: &Grant) -> bool {
        grant.expires.is_some_and(|expires| expires <= self.clock.wall())
    }

    /// Makes a token. Here and in the file, where there is one; blocks on the disk.
    ///
    /// # Errors
    /// [`AccessError::Full`], or those of the file.
    pub fn issue(&self, wish: NewToken) -> Result<(Record, Token), AccessError> {
        let now = self.clock.wall();
        let made = match &self.source {
            Source::Memory(ledger) => {
                let mut ledger = ledger.lock();
                let made = ledger.add(wish, now)?;
                self.take_over(&ledger);
                made
            }
            Source::File { file, .. } => file.create(wish, now)?,
        };
        self.look(Look::Now);
        Ok(made)
    }

    /// Takes a token back. Blocks on the disk.
    ///
    /// # Errors
    /// [`AccessError::Unknown`], or those of the file.
    pub fn revoke(&self, id: TokenId) -> Result<Record, AccessError> {
        let gone = match &self.source {
            Source::Memory(ledger) => {
                let mut ledger = ledger.lock();
                let gone = ledger.remove(id)?;
                self.take_over(&ledger);
                gone
            }
            Source::File { file, .. } => file.revoke(id)?,
        };
        self.look(Look::Now);
        Ok(gone)
    }

    /// What is wrong with the file, for everybody to read. `None` while all is well.
    pub fn error(&self) -> Option<&'static str> {
        let Source::File { watch, .. } = &self.source else { return None };
        let trouble = watch.lock().trouble?;
        Some(match trouble {
            Trouble::Damaged => "the access tokens are damaged: those that were read before stay in force",
            Trouble::Unreadable => "the access tokens can't be read: those that were read before stay in force",
        })
    }

    /// The same steps for every token, whether its id is known or not.
    fn find(&self, shown: &str) -> Found {
        let set = self.set.load();
        let (id, secret) = split(shown).map_or((None, ""), |(id, secret)| (Some(id), secret));
        let entry = id.and_then(|id| set.0.get(&id));
        let expected = entry.map_or(SecretHash::NOBODYS, |entry| entry.hash);
        let same = SecretHash::of(secret).is(expected);
        match entry {
            Some(Entry { grant, .. }) if same && self.has_expired(grant) => Found::Expired,
            Some(Entry { grant, .. }) if same => Found::Good(Arc::clone(grant)),
            entry => Found::Wrong { named: entry.map(|entry| entry.grant.id) },
        }
    }

    fn take_over(&self, ledger: &Ledger) {
        self.set.store(Arc::new(Set::of(ledger)));
    }

    /// Reads the file if it is another than the one that was read. Whether something new was read.
    fn look(&self, look: Look) -> bool {
        let Source::File { file, watch } = &self.source else { return false };
        let now = Instant::now();
        let mut watch = match look {
            Look::Now => watch.lock(),
            // Whoever holds it is looking.
            Look::IfDue => match watch.try_lock() {
                Some(watch) if now.saturating_duration_since(watch.looked) >= LOOK_EVERY => watch,
                _ => return false,
            },
        };
        let again = look == Look::IfDue && watch.trouble == Some(Trouble::Unreadable);
        watch.looked = now;
        let read = match file.identity() {
            Ok(identity) if identity == watch.seen && !again => return false,
            Ok(identity) => {
                watch.seen = identity;
                file.read()
            }
            Err(error) => Err(error),
        };
        match read {
            Ok(ledger) => {
                self.take_over(&ledger);
                watch.trouble = None;
                info!(tokens = ledger.records().len(), "the access tokens were read");
                true
            }
            Err(error) => {
                let trouble = match error {
                    AccessError::Damaged { .. } | AccessError::Newer { .. } => Trouble::Damaged,
                    _ => Trouble::Unreadable,
                };
                if watch.trouble.replace(trouble) != Some(trouble) {
                    warn!(%error, "the access tokens can't be read: those that were read before stay in force");
                }
                false
            }
        }
    }
}

/// What a shown token is.
enum Found {
    Good(Arc<Grant>),
    Expired,
    /// With the id that it names, where there is a token of that id.
    Wrong {
        named: Option<TokenId>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    IfDue,
    Now,
}

impl Set {
    fn of(ledger: &Ledger) -> Self {
        let entry = |record: &Record| (record.id, Entry { hash: record.secret, grant: Arc::new(record.grant()) });
        Self(ledger.records().iter().map(entry).collect())
    }
}
