//! What a token allows.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Read what is public, where reading is not open to all.
    Read,
    /// Publish on channels and streams, too.
    Publish,
    /// See who is connected, and everything else.
    Admin,
}

impl Scope {
    /// Whether a token of this scope is enough where `needed` is asked for.
    pub fn includes(self, needed: Self) -> bool {
        self >= needed
    }

    /// `read`, `publish` or `admin`
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Publish => "publish",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
