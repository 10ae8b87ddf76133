//! What can go wrong with the database.

use std::path::{Path, PathBuf};

use rusqlite::{Error, ErrorCode};
use thiserror::Error;

/// Why the database can't be opened, or why something was not stored or not read.
///
/// The errors of [`open`](super::Storage::open) name the path: they are for whoever starts the server. All others carry
/// nothing that a reader of the health page should not see.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StorageError {
    #[error("can't use the data folder {}: {reason}", folder.display())]
    Folder { folder: PathBuf, reason: String },
    #[error("the data folder {} is in use by another process", folder.display())]
    InUse { folder: PathBuf },
    #[error("can't open {}: {reason}", file.display())]
    Unopened { file: PathBuf, reason: String },
    #[error("{} is damaged, or no database: move it away to start with an empty one", file.display())]
    NotReadable { file: PathBuf },
    #[error("{} belongs to another program", file.display())]
    Foreign { file: PathBuf },
    #[error(
        "{} was written by a newer version (schema {found}, this one knows up to {known}): update, or move it away",
        file.display()
    )]
    Newer { file: PathBuf, found: i64, known: i64 },

    #[error("the disk is full")]
    Full,
    #[error("the folder can't be written")]
    ReadOnly,
    #[error("the disk can't be read or written")]
    Io,
    #[error("the database is damaged")]
    Damaged,
    /// Too many readers wait already. Worth another try later.
    #[error("too many requests wait for the database")]
    Busy,
    /// The entry would not be the newest of the log.
    #[error("entry {id} does not come after entry {last} of the log")]
    OutOfOrder { id: u64, last: u64 },
    /// It could not be read back: a figure that is no number, or a time beyond the calendar.
    #[error("`{id}` can't be stored: {reason}")]
    Unstorable { id: String, reason: String },
    /// Another program holds it, or the server is shutting down.
    #[error("the database does not answer")]
    Unavailable,
}

impl StorageError {
    /// What an error of a running database means.
    pub(super) fn of(error: &Error) -> Self {
        let told = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => Self::ReadOnly,
            Some(ErrorCode::SystemIoFailure | ErrorCode::FileLockingProtocolFailed) => Self::Io,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            _ if matches!(error, Error::FromSqlConversionFailure(..)) => Self::Damaged,
            _ => Self::Unavailable,
        };
        tracing::warn!(target: "storage", %error, meaning = %told, "the database refused");
        told
    }

    /// What an error at the start means. Nothing of the file is touched.
    pub(super) fn at_start(file: &Path, error: &Error) -> Self {
        let file = file.to_owned();
        match Self::of(error) {
            Self::Damaged => Self::NotReadable { file },
            told @ (Self::Full | Self::ReadOnly | Self::Io) => Self::Unopened { file, reason: told.to_string() },
            _ => Self::Unopened { file, reason: error.to_string() },
        }
    }

    /// For the monitors.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "folder",
            Self::InUse { .. } => "in_use",
            Self::Unopened { .. } => "unopened",
            Self::NotReadable { .. } => "not_readable",
            Self::Foreign { .. } => "foreign",
            Self::Newer { .. } => "newer",
            Self::Full => "full",
            Self::ReadOnly => "read_only",
            Self::Io => "io",
            Self::Damaged => "damaged",
            Self::Busy => "busy",
            Self::OutOfOrder { .. } => "out_of_order",
            Self::Unstorable { .. } => "unstorable",
            Self::Unavailable => "unavailable",
        }
    }

    /// Whether it says that nothing can be stored at present, whatever it is.
    pub(in crate::server) const fn stops_writing(&self) -> bool {
        matches!(self, Self::Full | Self::ReadOnly | Self::Io | Self::Damaged | Self::Unavailable)
    }
}

/// Reads and writes of the rooms within.
pub(super) type Outcome<T> = Result<T, StorageError>;

impl From<Error> for StorageError {
    fn from(error: Error) -> Self {
        Self::of(&error)
    }
}
