//! Who works with the database: one writer, a few readers, none of them on the threads of the runtime.

use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::{
    sync::{Mutex as Turn, Semaphore},
    task::spawn_blocking,
};

use super::{
    connection::Folder,
    counts::{Operation, StorageCounts},
    error::{Outcome, StorageError},
};
use crate::model::time::UnixMs;

/// Reads that run at once.
const READERS: usize = 2;
/// Reads that may wait for their turn. Further ones are refused.
const MAX_WAITING: usize = 256;

/// The connections of one database.
#[derive(Debug)]
pub(super) struct Engine {
    /// Closed before the writer, which as the last one writes the journal into the file.
    idle: Arc<Mutex<Vec<Connection>>>,
    /// Whoever writes holds it. It is fair: writes happen in the order in which they were asked for.
    writer: Arc<Turn<Connection>>,
    /// As many permits as there are readers.
    reading: Arc<Semaphore>,
    /// Reads that run or wait.
    admitted: Arc<Semaphore>,
    trouble: Arc<Mutex<Option<StorageError>>>,
    counts: Mutex<StorageCounts>,
    /// Whoever works holds it too: the folder is free when the last connection is closed, and not before.
    folder: Arc<Folder>,
}

impl Engine {
    pub(super) fn open(folder: Folder, now: UnixMs) -> Outcome<Self> {
        let writer = folder.writer(now)?;
        let readers = (0..READERS).map(|_| folder.reader()).collect::<Outcome<Vec<_>>>()?;
        Ok(Self {
            idle: Arc::new(Mutex::new(readers)),
            writer: Arc::new(Turn::new(writer)),
            reading: Arc::new(Semaphore::new(READERS)),
            admitted: Arc::new(Semaphore::new(READERS + MAX_WAITING)),
            trouble: Arc::default(),
            counts: Mutex::default(),
            folder: Arc::new(folder),
        })
    }

    /// Runs `work` in one transaction that is committed where it succeeds and leaves nothing where it fails. Once it
    /// has begun it ends, whether or not anybody still waits for it. When it returns, what was written is on the disk.
    pub(super) async fn write<T, F>(&self, work: F) -> Outcome<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Outcome<T> + Send + 'static,
    {
        self.with_writer(|connection| transact(connection, "FULL", work)).await
    }

    /// The same without waiting for the disk: a power cut soon after may undo it, as a whole.
    pub(super) async fn write_at_leisure<T, F>(&self, work: F) -> Outcome<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Outcome<T> + Send + 'static,
    {
        self.with_writer(|connection| transact(connection, "NORMAL", work)).await
    }

    /// Runs `work` on the connection that writes, outside of any transaction.
    pub(super) async fn with_writer<T, F>(&self, work: F) -> Outcome<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Outcome<T> + Send + 'static,
    {
        let mut connection = Arc::clone(&self.writer).lock_owned().await;
        let trouble = Arc::clone(&self.trouble);
        let folder = Arc::clone(&self.folder);
        let done = spawn_blocking(move || {
            let changes = connection.total_changes();
            let done = work(&mut connection);
            let wrote = connection.total_changes() > changes;
            drop((connection, folder));
            match &done {
                Ok(_) if wrote => *trouble.lock() = None,
                Err(error) if error.stops_writing() => *trouble.lock() = Some(error.clone()),
                // A write that had nothing to write proves nothing, and neither does one that should not be written.
                _ => {}
            }
            done
        });
        let done = done.await.unwrap_or(Err(StorageError::Unavailable));
        self.counts.lock().ended(Operation::Write, &done);
        done
    }

    /// Runs `work` on one state of the database, whatever is written meanwhile.
    pub(super) async fn read<T, F>(&self, work: F) -> Outcome<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    {
        let done = self.read_in_turn(work).await;
        self.counts.lock().ended(Operation::Read, &done);
        done
    }

    async fn read_in_turn<T, F>(&self, work: F) -> Outcome<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| StorageError::Busy)?;
        let reading = Arc::clone(&self.reading).acquire_owned().await.map_err(|_| StorageError::Unavailable)?;
        let idle = Arc::clone(&self.idle);
        let folder = Arc::clone(&self.folder);
        let done = spawn_blocking(move || {
            let _held = (folder, admitted, reading);
            let mut reader = Borrowed::take(idle)?;
            let state = reader.connection()?.transaction()?;
            let done = work(&state)?;
            state.commit()?;
            Ok(done)
        });
        done.await.unwrap_or(Err(StorageError::Unavailable))
    }

    /// What is counted of the work.
    pub(super) const fn counts(&self) -> &Mutex<StorageCounts> {
        &self.counts
    }

    /// What the database takes on the disk, in bytes. Asks the file system.
    pub(super) fn bytes(&self) -> Option<u64> {
        self.folder.bytes()
    }

    /// Why nothing can be stored, while that is so.
    pub(super) fn trouble(&self) -> Option<StorageError> {
        self.trouble.lock().clone()
    }
}

fn transact<T>(
    connection: &mut Connection,
    synchronous: &str,
    work: impl FnOnce(&Transaction<'_>) -> Outcome<T>,
) -> Outcome<T> {
    connection.pragma_update(None, "synchronous", synchronous)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = work(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

/// A reader that goes back to the others, whatever happens.
struct Borrowed {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Borrowed {
    fn take(idle: Arc<Mutex<Vec<Connection>>>) -> Outcome<Self> {
        let connection = Some(idle.lock().pop().ok_or(StorageError::Unavailable)?);
        Ok(Self { connection, idle })
    }

    fn connection(&mut self) -> Outcome<&mut Connection> {
        self.connection.as_mut().ok_or(StorageError::Unavailable)
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        self.idle.lock().extend(self.connection.take());
    }
}
