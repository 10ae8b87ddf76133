//! The tables, and how older ones become them.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::error::{Outcome, StorageError};
use crate::model::time::UnixMs;

/// Each brings a database of the version before it to its own, counted from 1. What was released never changes.
const MIGRATIONS: &[&str] = &[include_str!("schema/v1.sql"), include_str!("schema/v2.sql")];

/// Says of a file that it is ours: the letters `MkPu`.
const APPLICATION_ID: i64 = 0x4d6b_5075;

/// Makes the tables what this version needs. An empty database gets a log that starts at the microseconds of `now`.
///
/// # Errors
/// [`StorageError::Foreign`] and [`StorageError::Newer`] before anything is changed.
pub(super) fn migrate(connection: &mut Connection, file: &Path, now: UnixMs) -> Outcome<()> {
    apply(connection, file, now, MIGRATIONS)
}

fn apply(connection: &mut Connection, file: &Path, now: UnixMs, migrations: &[&str]) -> Outcome<()> {
    let failed = |error: rusqlite::Error| StorageError::at_start(file, &error);
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(failed);
    let found = number("PRAGMA user_version")?;
    let owner = number("PRAGMA application_id")?;
    let is_empty = number("SELECT count(*) FROM sqlite_schema")? == 0;
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    if owner != APPLICATION_ID && !is_empty {
        return Err(StorageError::Foreign { file: file.to_owned() });
    }
    if found > known {
        return Err(StorageError::Newer { file: file.to_owned(), found, known });
    }
    for (version, sql) in (1..).zip(migrations).filter(|(version, _)| *version > found) {
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        step.execute_batch(sql).map_err(failed)?;
        if version == 1 {
            let start = now.0.saturating_mul(1000).max(0);
            step.execute("INSERT INTO log (only_row, first_id, after_id, last_id) VALUES (1, ?1, ?1, ?1)", [start])
                .map_err(failed)?;
        }
        step.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        step.pragma_update(None, "user_version", version).map_err(failed)?;
        step.commit().map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "news.db";

    fn version(connection: &Connection) -> i64 {
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn each_migration_is_applied_once_and_in_order() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, Path::new(FILE), UnixMs(5), &MIGRATIONS[..1]).unwrap();
        assert_eq!(version(&connection), 1);
        let next = [MIGRATIONS[0], "ALTER TABLE log ADD COLUMN note TEXT DEFAULT 'x';"];
        for _ in 0..2 {
            apply(&mut connection, Path::new(FILE), UnixMs(9), &next).unwrap();
            assert_eq!(version(&connection), 2);
        }
        let row = connection.query_row("SELECT last_id, note FROM log", [], |row| Ok((row.get(0)?, row.get(1)?)));
        assert_eq!(row, Ok((5000_i64, "x".to_owned())), "the log goes on where it was");
    }

    #[test]
    fn a_migration_that_fails_leaves_the_version_before_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        let broken = [MIGRATIONS[0], "CREATE TABLE extra (a) STRICT; CREATE TABLE more (a TEXT) STRICT;"];
        let refused = apply(&mut connection, Path::new(FILE), UnixMs(5), &broken);
        assert!(matches!(refused, Err(StorageError::Unopened { .. })), "{refused:?}");
        assert_eq!(version(&connection), 1);
        let extra: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'", [], |row| row.get(0))
            .unwrap();
        assert_eq!(extra, 0);
    }

    #[test]
    fn what_a_newer_version_or_another_program_wrote_is_left_alone() {
        let mut newer = Connection::open_in_memory().unwrap();
        migrate(&mut newer, Path::new(FILE), UnixMs(5)).unwrap();
        newer.pragma_update(None, "user_version", 9).unwrap();
        let refused = migrate(&mut newer, Path::new(FILE), UnixMs(5)).unwrap_err();
        assert_eq!(
            refused,
            StorageError::Newer { file: FILE.into(), found: 9, known: i64::try_from(MIGRATIONS.len()).unwrap() }
        );
        assert!(refused.to_string().contains(FILE));

        let mut foreign = Connection::open_in_memory().unwrap();
        foreign.execute_batch("CREATE TABLE diary (day TEXT)").unwrap();
        let refused = migrate(&mut foreign, Path::new(FILE), UnixMs(5)).unwrap_err();
        assert_eq!(refused, StorageError::Foreign { file: FILE.into() });
        assert_eq!(version(&foreign), 0);
    }
}
