//! What can go wrong with the tokens, said to whoever runs the command.

use std::path::PathBuf;

use thiserror::Error;

use super::{MAX_TOKENS, TokenId};

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccessError {
    #[error("can't use the data folder {}: {reason}", folder.display())]
    Folder { folder: PathBuf, reason: String },
    #[error("can't read or write {}: {reason}", file.display())]
    Io { file: PathBuf, reason: String },
    #[error("{} is damaged ({reason}): mend it, or move it away to start without tokens", file.display())]
    Damaged { file: PathBuf, reason: String },
    #[error("{} was written by a newer version: update, or move it away to start without tokens", file.display())]
    Newer { file: PathBuf },
    #[error("another command is changing the tokens in {}: try again", folder.display())]
    Busy { folder: PathBuf },
    #[error("there are {MAX_TOKENS} tokens, as many as are kept: revoke some first")]
    Full,
    #[error("there is no token {0}; `market-pulse token list` shows those that are there")]
    Unknown(TokenId),
    #[error("that is no id of a token; `market-pulse token list` shows those that are there")]
    BadId,
    #[error("a label is 1 to 64 printable characters")]
    BadLabel,
    #[error("the system has no random numbers")]
    NoRandomness,
}
