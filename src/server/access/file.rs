//! The file with the tokens. Written whole to a temporary file that then takes its place, so that a reader sees all of
//! one state or all of the next.

use std::{
    fs::{self, File, Metadata, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use tracing::warn;

use super::{
    AccessError, NewToken, Record, Token, TokenId,
    ledger::{Ledger, Unread},
};
use crate::model::time::UnixMs;

const TOKENS: &str = "tokens.json";
const LOCK: &str = "tokens.lock";
/// Longest file that is read, in bytes: as many tokens as are kept, with the longest labels, are half of it.
const MAX_BYTES: u64 = 1 << 20;
/// How often, and with what pause, a command asks for the lock: about five seconds.
const LOCK_TRIES: u32 = 250;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// The tokens of a data folder. Any number of processes may read and change them at once. All methods block.
#[derive(Debug, Clone)]
pub struct TokenFile {
    folder: PathBuf,
    file: PathBuf,
    pub(super) lock_tries: u32,
}

/// Tells one state of the file from the next, without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    modified: Option<std::time::SystemTime>,
    len: u64,
    /// Of the disk and on it.
    #[cfg(unix)]
    node: (u64, u64),
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        Self {
            modified: metadata.modified().ok(),
            len: metadata.len(),
            #[cfg(unix)]
            node: (metadata.dev(), metadata.ino()),
        }
    }
}

impl TokenFile {
    /// Those of this data folder. Nothing is touched.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), file: folder.join(TOKENS), lock_tries: LOCK_TRIES }
    }

    /// All of them, oldest first; none where there is no file.
    ///
    /// # Errors
    /// [`AccessError::Io`], [`AccessError::Damaged`], [`AccessError::Newer`]
    pub fn list(&self) -> Result<Vec<Record>, AccessError> {
        self.read().map(Ledger::into_records)
    }

    /// Makes a token, and the data folder where it is not there.
    ///
    /// # Errors
    /// [`AccessError::Full`], [`AccessError::Busy`], and those of the disk.
    pub fn create(&self, wish: NewToken, now: UnixMs) -> Result<(Record, Token), AccessError> {
        fs::create_dir_all(&self.folder).map_err(|error| self.folder_error(&error))?;
        self.change(|ledger| ledger.add(wish, now))
    }

    /// Takes a token back.
    ///
    /// # Errors
    /// [`AccessError::Unknown`], [`AccessError::Busy`], and those of the disk.
    pub fn revoke(&self, id: TokenId) -> Result<Record, AccessError> {
        if !self.folder.is_dir() {
            return Err(AccessError::Unknown(id));
        }
        self.change(|ledger| ledger.remove(id))
    }

    /// Which state the file is in; `None` where there is none.
    pub(super) fn identity(&self) -> Result<Option<Identity>, AccessError> {
        match fs::metadata(&self.file) {
            Ok(metadata) => Ok(Some(Identity::of(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.io_error(&error)),
        }
    }

    pub(super) fn read(&self) -> Result<Ledger, AccessError> {
        let file = match File::open(&self.file) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ledger::default()),
            Err(error) => return Err(self.io_error(&error)),
        };
        let mut text = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut text).map_err(|error| self.io_error(&error))?;
        let damaged = |reason| AccessError::Damaged { file: self.file.clone(), reason };
        if u64::try_from(text.len()).is_ok_and(|len| len > MAX_BYTES) {
            return Err(damaged("it is too long".to_owned()));
        }
        Ledger::parse(&text).map_err(|unread| match unread {
            Unread::Newer => AccessError::Newer { file: self.file.clone() },
            Unread::Damaged(reason) => damaged(reason),
        })
    }

    /// Reads, changes and writes while nobody else does.
    fn change<T>(&self, change: impl FnOnce(&mut Ledger) -> Result<T, AccessError>) -> Result<T, AccessError> {
        let _lock = self.lock()?;
        let mut ledger = self.read()?;
        let changed = change(&mut ledger)?;
        self.write(&ledger).map_err(|error| self.io_error(&error))?;
        Ok(changed)
    }

    /// The system takes the lock back with the handle, however the process ends.
    fn lock(&self) -> Result<File, AccessError> {
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let lock = options.open(self.folder.join(LOCK)).map_err(|error| self.folder_error(&error))?;
        self.give_to_owner(&lock).map_err(|error| self.folder_error(&error))?;
        for _ in 0..self.lock_tries {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
                Err(TryLockError::Error(error)) => return Err(self.folder_error(&error)),
            }
        }
        Err(AccessError::Busy { folder: self.folder.clone() })
    }

    /// The temporary file is for its owner only, as the library makes it.
    fn write(&self, ledger: &Ledger) -> io::Result<()> {
        let mut next = tempfile::Builder::new().prefix(".tokens-").tempfile_in(&self.folder)?;
        next.write_all(&ledger.write()?)?;
        if !self.give_to_owner(next.as_file())? {
            warn!("the data folder is another user's: a server that runs as that user can't read these tokens");
        }
        next.as_file().sync_all()?;
        next.persist(&self.file)?;
        // The new name is on the disk, too.
        #[cfg(unix)]
        File::open(&self.folder)?.sync_all()?;
        Ok(())
    }

    /// What root makes belongs to whom the folder belongs to: otherwise the server could not read it. Whether it does.
    #[cfg(unix)]
    fn give_to_owner(&self, file: &File) -> io::Result<bool> {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        let (ours, theirs) = (file.metadata()?, fs::metadata(&self.folder)?);
        Ok(ours.uid() == theirs.uid() || fchown(file, Some(theirs.uid()), Some(theirs.gid())).is_ok())
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "as on the other systems")]
    fn give_to_owner(&self, _: &File) -> io::Result<bool> {
        Ok(true)
    }

    fn folder_error(&self, error: &io::Error) -> AccessError {
        AccessError::Folder { folder: self.folder.clone(), reason: error.to_string() }
    }

    fn io_error(&self, error: &io::Error) -> AccessError {
        AccessError::Io { file: self.file.clone(), reason: error.to_string() }
    }
}
