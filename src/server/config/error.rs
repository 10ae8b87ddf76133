//! What can be wrong with the settings, said so that it can be mended.

use std::fmt;

use thiserror::Error;

/// Where a setting's value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    /// Line of the file, from 1.
    File {
        line: usize,
    },
    /// Name of the environment variable.
    Environment {
        name: String,
    },
    /// The flag with its dashes.
    Flag {
        name: &'static str,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { line } => write!(f, "line {line}"),
            Self::Environment { name } => f.write_str(name),
            Self::Flag { name } => f.write_str(name),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    #[error("can't read {path}: {reason}")]
    Unreadable { path: String, reason: String },
    #[error("line {line}: not TOML: {reason}")]
    Syntax { line: usize, reason: String },
    #[error("{origin}: there is no setting `{key}`{}", nearest.as_ref().map(|n| format!("; the nearest is `{n}`")).unwrap_or_default())]
    UnknownKey { key: String, origin: Origin, nearest: Option<String> },
    #[error("{origin}: `{key}` {reason}")]
    BadValue { key: String, origin: Origin, reason: String },
}

/// Everything that is wrong, one line each.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "configuration: {error}")?;
        }
        Ok(())
    }
}
