//! The address of a Redis, which may hold a password.

use std::fmt;

use url::Url;

/// An address that is shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl(Url);

impl RedisUrl {
    /// `redis://` or `rediss://` (TLS), with `user:password@` and the number of a database where they are needed.
    ///
    /// # Errors
    /// In words that repeat nothing of the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "must be an address such as redis://127.0.0.1:6379/0, or rediss:// for TLS".to_owned();
        let url = Url::parse(text).map_err(|_| wrong())?;
        let database = url.path().trim_start_matches('/');
        let numbered = database.is_empty() || database.parse::<u32>().is_ok();
        let known = matches!(url.scheme(), "redis" | "rediss") && url.host_str().is_some_and(|host| !host.is_empty());
        if known && numbered { Ok(Self(url)) } else { Err(wrong()) }
    }

    /// The whole address, for a client.
    pub fn reveal(&self) -> &Url {
        &self.0
    }
}

/// Without user and password.
impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.0.scheme())?;
        if !self.0.username().is_empty() || self.0.password().is_some() {
            f.write_str("…@")?;
        }
        f.write_str(self.0.host_str().unwrap_or_default())?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(self.0.path())
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_never_shown() {
        let url = RedisUrl::parse("rediss://bob:s%40cret@cache.example:6380/2?protocol=resp3").unwrap();
        assert_eq!(url.to_string(), "rediss://…@cache.example:6380/2");
        assert_eq!(format!("{url:?}"), "RedisUrl(rediss://…@cache.example:6380/2)");
        assert_eq!(RedisUrl::parse("redis://:x@h").unwrap().to_string(), "redis://…@h");
        assert_eq!(RedisUrl::parse("redis://127.0.0.1").unwrap().to_string(), "redis://127.0.0.1");
        for text in ["", "secret", "http://:secret@host", "redis://", "redis:secret", "redis://h/secret", "redis:///1"]
        {
            let reason = RedisUrl::parse(text).unwrap_err();
            assert!(!reason.contains("secret"), "{reason}");
        }
    }
}
