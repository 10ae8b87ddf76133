//! The file, and connections to it.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use super::{
    error::{Outcome, StorageError},
    schema,
};
use crate::model::time::UnixMs;

const DATABASE: &str = "market-pulse.db";
const LOCK: &str = "market-pulse.lock";

/// Pages that each connection keeps in memory, in KiB.
const CACHE_KIB: u32 = 2048;
/// The journal is cut back to this after it was written into the database, in bytes.
const JOURNAL_LIMIT: u32 = 4 << 20;
/// How long a connection waits for another: only while the journal of a killed process is read in.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements that each connection keeps.
const STATEMENTS: usize = 64;

/// A data folder that no other process uses.
#[derive(Debug)]
pub(super) struct Folder {
    file: PathBuf,
    /// The system takes the lock back with the last handle, however the process ends.
    _lock: File,
}

impl Folder {
    /// Creates the folder where it is not there, and claims it.
    ///
    /// # Errors
    /// [`StorageError::Folder`], [`StorageError::InUse`]
    pub(super) fn claim(folder: &Path) -> Outcome<Self> {
        let failed =
            |error: std::io::Error| StorageError::Folder { folder: folder.to_owned(), reason: error.to_string() };
        fs::create_dir_all(folder).map_err(failed)?;
        let lock = File::options().create(true).write(true).truncate(false).open(folder.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { file: folder.join(DATABASE), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StorageError::InUse { folder: folder.to_owned() }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// What the file and its journal take on the disk. `None` where the file is gone.
    pub(super) fn bytes(&self) -> Option<u64> {
        let size = |path: &Path| fs::metadata(path).map(|file| file.len());
        let mut journal = self.file.clone().into_os_string();
        journal.push("-wal");
        // There is no journal between the last checkpoint and the next write.
        Some(size(&self.file).ok()?.saturating_add(size(Path::new(&journal)).unwrap_or(0)))
    }

    /// The connection that writes, with the tables as this version needs them.
    ///
    /// # Errors
    /// Those that name the file.
    pub(super) fn writer(&self, now: UnixMs) -> Outcome<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let failed = |error: rusqlite::Error| StorageError::at_start(&self.file, &error);
        let mut connection = Connection::open_with_flags(&self.file, flags).map_err(failed)?;
        Self::tune(&connection).map_err(failed)?;
        // Counts for a new file only: pages that become free can be given back in small steps.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(failed)?;
        let mode: String =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(failed)?;
        if mode != "wal" {
            let reason = "its folder takes no write-ahead journal".to_owned();
            return Err(StorageError::Unopened { file: self.file.clone(), reason });
        }
        // The journal is on the disk before a commit is told: what was sent survives a killed process and a power cut.
        // The engine relaxes this for what may be lost.
        connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
        connection.pragma_update(None, "journal_size_limit", JOURNAL_LIMIT).map_err(failed)?;
        schema::migrate(&mut connection, &self.file, now)?;
        Ok(connection)
    }

    /// A connection that only reads.
    ///
    /// # Errors
    /// Those that name the file.
    pub(super) fn reader(&self) -> Outcome<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let failed = |error: rusqlite::Error| StorageError::at_start(&self.file, &error);
        let connection = Connection::open_with_flags(&self.file, flags).map_err(failed)?;
        Self::tune(&connection).map_err(failed)?;
        Ok(connection)
    }

    fn tune(connection: &Connection) -> rusqlite::Result<()> {
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "cache_size", -i64::from(CACHE_KIB))?;
        connection.pragma_update(None, "mmap_size", 0)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "trusted_schema", false)
    }
}
