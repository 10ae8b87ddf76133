//! The text that a program shows, and what is kept of it.

use std::fmt;

use ring::{
    digest::{SHA256, digest},
    rand::SecureRandom,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use subtle::ConstantTimeEq;

use super::AccessError;

/// What every token starts with, so that scanners for leaked secrets can know it.
const PREFIX: &str = "mp_";
/// Letters and digits that nobody takes for one another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const ID_LEN: usize = 8;
const SECRET_LEN: usize = 32;
const HASH_LEN: usize = 32;

/// Names a token in lists, logs and limits. Eight letters and digits; no secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId([u8; ID_LEN]);

impl TokenId {
    /// `None` where the text is no id.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; ID_LEN] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(|byte| ALPHABET.contains(byte)).then_some(Self(bytes))
    }

    /// The id alone, or that of a whole token.
    pub fn of(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| split(text).map(|(id, _)| id))
    }

    fn random(random: &dyn SecureRandom) -> Result<Self, AccessError> {
        let mut bytes = [0; ID_LEN];
        random.fill(&mut bytes).map_err(|_| AccessError::NoRandomness)?;
        Ok(Self(bytes.map(|byte| ALPHABET.iter().copied().cycle().nth(usize::from(byte)).unwrap_or_default())))
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.0).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for TokenId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TokenId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("no id of a token"))
    }
}

/// A token as it is given out, once. Neither printed nor logged but by [`reveal`](Self::reveal).
pub struct Token {
    id: TokenId,
    /// 256 bits as hexadecimal digits.
    secret: String,
}

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// [`AccessError::NoRandomness`]
    pub(super) fn random(random: &dyn SecureRandom) -> Result<Self, AccessError> {
        let mut bytes = [0; SECRET_LEN];
        random.fill(&mut bytes).map_err(|_| AccessError::NoRandomness)?;
        Ok(Self { id: TokenId::random(random)?, secret: hex(&bytes) })
    }

    pub fn id(&self) -> TokenId {
        self.id
    }

    pub(super) fn hash(&self) -> SecretHash {
        SecretHash::of(&self.secret)
    }

    /// The whole text, for whoever asked for the token.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}_{}", self.id, self.secret)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}_…", self.id)
    }
}

/// Id and secret of a text that has the form of a token.
pub(super) fn split(text: &str) -> Option<(TokenId, &str)> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let is_hex = secret.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if secret.len() == 2 * SECRET_LEN && is_hex { Some((TokenId::parse(id)?, secret)) } else { None }
}

/// SHA-256 of a secret. The secret has 256 random bits, so a slow hash would add nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct SecretHash([u8; HASH_LEN]);

impl SecretHash {
    /// Of no secret that anybody knows: what an unknown token is compared with.
    pub(super) const NOBODYS: Self = Self([0; HASH_LEN]);

    pub(super) fn of(secret: &str) -> Self {
        let mut bytes = [0; HASH_LEN];
        for (to, from) in bytes.iter_mut().zip(digest(&SHA256, secret.as_bytes()).as_ref()) {
            *to = *from;
        }
        Self(bytes)
    }

    /// Takes as long whatever the difference.
    pub(super) fn is(self, other: Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    fn parse(text: &str) -> Option<Self> {
        if text.len() != 2 * HASH_LEN {
            return None;
        }
        let mut bytes = [0; HASH_LEN];
        let mut digits = text.chars().map(|digit| digit.to_digit(16));
        for byte in &mut bytes {
            *byte = u8::try_from(digits.next()?? * 16 + digits.next()??).ok()?;
        }
        Some(Self(bytes))
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string does not fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Serialize for SecretHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for SecretHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("no hash of a secret"))
    }
}
