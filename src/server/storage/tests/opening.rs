//! Opening: folders and files as they may be found.

use std::fs;

use rusqlite::Connection;

use super::*;
use crate::server::storage::error::StorageError;

fn refusal(folder: &Path) -> StorageError {
    Storage::open(folder, clock()).unwrap_err()
}

#[tokio::test]
async fn a_folder_is_created_with_all_above_it() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b/c");
    let storage = open(&deep);
    storage.commit(articles([article("a", NOW)])).await.unwrap();
    assert!(deep.join("market-pulse.db").is_file());
}

#[tokio::test]
async fn what_was_stored_is_there_when_it_is_opened_again() {
    let (folder, storage) = fresh();
    storage.commit(articles([article("a", NOW)])).await.unwrap();
    let before = storage.articles(all()).await.unwrap();
    drop(storage);
    assert_eq!(open(folder.path()).articles(all()).await.unwrap(), before);
}

#[tokio::test]
async fn a_folder_has_one_owner_until_the_last_handle_is_gone() {
    let (folder, storage) = fresh();
    let other = storage.clone();
    drop(storage);
    let refused = refusal(folder.path());
    assert_eq!(refused, StorageError::InUse { folder: folder.path().to_owned() });
    assert!(refused.to_string().contains(&folder.path().display().to_string()));
    other.commit(articles([article("a", NOW)])).await.unwrap();
    drop(other);
    assert_eq!(ids(&open(folder.path()), all()).await, ["a"]);
}

#[tokio::test]
async fn a_place_that_is_no_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    for place in [file.clone(), file.join("below")] {
        let refused = refusal(&place);
        assert!(matches!(refused, StorageError::Folder { .. }), "{refused:?}");
        assert!(refused.to_string().contains(&place.display().to_string()), "{refused}");
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "not a folder");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("market-pulse.db");
    let garbage = b"this was never a database ".repeat(1000);
    fs::write(&file, &garbage).unwrap();
    let refused = refusal(folder.path());
    assert_eq!(refused, StorageError::NotReadable { file: file.clone() });
    assert!(refused.to_string().contains("market-pulse.db"), "{refused}");
    assert_eq!(fs::read(file).unwrap(), garbage);
}

#[tokio::test]
async fn a_database_that_was_cut_short_is_named_and_left_as_it_is() {
    let (folder, storage) = fresh();
    storage.commit(articles((0..200).map(|i| article(&format!("{i}"), ago(i))))).await.unwrap();
    drop(storage);
    let file = folder.path().join("market-pulse.db");
    let mut bytes = fs::read(&file).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(&file, &bytes).unwrap();
    assert_eq!(refusal(folder.path()), StorageError::NotReadable { file: file.clone() });
    assert_eq!(fs::read(file).unwrap(), bytes);
}

#[tokio::test]
async fn a_newer_database_is_refused_with_both_versions() {
    let (folder, storage) = fresh();
    drop(storage);
    let file = folder.path().join("market-pulse.db");
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 7).unwrap();
    let refused = refusal(folder.path());
    assert_eq!(refused, StorageError::Newer { file, found: 7, known: 2 });
    assert!(refused.to_string().contains("newer version"), "{refused}");
}

#[tokio::test]
async fn a_database_of_another_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("market-pulse.db");
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE diary (day TEXT)").unwrap();
    assert_eq!(refusal(folder.path()), StorageError::Foreign { file });
}

#[tokio::test]
async fn an_empty_file_is_an_empty_database() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("market-pulse.db"), "").unwrap();
    assert_eq!(open(folder.path()).articles(all()).await.unwrap().total, 0);
}
