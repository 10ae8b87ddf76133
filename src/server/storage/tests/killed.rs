//! Processes that end without a word.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use super::*;

/// Tells the test below in which folder it plays the process that is killed.
const FOLDER: &str = "MARKET_PULSE_TEST_KILLED_IN";

fn pair(storage_last: u64, i: u64) -> Batch {
    let id = storage_last + i;
    Batch {
        articles: vec![article(&format!("a{id}"), NOW)],
        stories: vec![story(&format!("story-a{id}"), NOW)],
        events: vec![event(id, NOW)],
        ..Batch::default()
    }
}

#[tokio::test]
#[ignore = "the part of the process that is killed"]
async fn commits_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let storage = open(Path::new(&folder));
    let start = storage.log_range().await.unwrap().last;
    for i in 1..=100_000 {
        storage.commit(pair(start, i)).await.unwrap();
        println!("\ncommitted {}", start + i);
    }
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_it_had_committed() {
    let folder = tempfile::tempdir().unwrap();
    let (_, module) = module_path!().split_once("::").unwrap();
    let this = format!("{module}::commits_until_it_is_killed");
    let mut last_told = 0;
    for round in 1..=3 {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([&this, "--exact", "--ignored", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let told = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut told = told.filter_map(|line| line.strip_prefix("committed ").and_then(|id| id.parse::<u64>().ok()));
        let told = told.by_ref().take(20 * round).last().expect("it commits");
        // SIGKILL on Unix.
        process.kill().unwrap();
        process.wait().unwrap();
        assert!(told > last_told, "it goes on where it was killed");
        last_told = told;

        let storage = open(folder.path());
        let range = storage.log_range().await.unwrap();
        assert!(range.last >= last_told, "{range:?} {last_told}");
        let mut ids = Vec::new();
        while let Some(event) = storage.events(ids.last().copied().unwrap_or(range.after), 50).await.unwrap().last() {
            let from = ids.last().copied().unwrap_or(range.after) + 1;
            ids.extend(from..=event.id);
        }
        assert_eq!(ids.len() as u64, range.last - range.after, "without a hole");
        let asked = ids.iter().map(|id| format!("a{id}")).collect();
        assert_eq!(storage.known(asked).await.unwrap().len(), ids.len(), "each entry with its article");
        let heads = storage.story_heads(ids.iter().map(|id| format!("story-a{id}")).collect()).await.unwrap();
        assert_eq!(heads.len(), ids.len(), "and with its story");
        assert_eq!(storage.articles(all()).await.unwrap().total, ids.len() as u64, "and nothing else");
    }
}

/// Copies the files as a power cut would leave them while they are open.
fn copy(from: &Path, to: &Path) {
    for name in ["market-pulse.db", "market-pulse.db-wal"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

#[tokio::test]
async fn a_transaction_that_is_torn_is_as_if_it_had_never_been() {
    let (folder, storage) = fresh();
    let start = storage.log_range().await.unwrap().last;
    storage.commit(pair(start, 1)).await.unwrap();
    let journal = folder.path().join("market-pulse.db-wal");
    let whole = fs::metadata(&journal).unwrap().len();
    storage.commit(pair(start, 2)).await.unwrap();
    let longer = fs::metadata(&journal).unwrap().len();
    assert!(whole < longer, "the second one is at the end of the journal");

    let mut kept = Vec::new();
    for end in [whole, whole + 1, u64::midpoint(whole, longer), longer - 1, longer] {
        let other = tempfile::tempdir().unwrap();
        copy(folder.path(), other.path());
        let torn = fs::File::options().write(true).open(other.path().join("market-pulse.db-wal")).unwrap();
        torn.set_len(end).unwrap();
        let copied = open(other.path());
        let total = copied.articles(all()).await.unwrap().total;
        let last = copied.log_range().await.unwrap().last - start;
        let told = copied.events(start, 10).await.unwrap().len() as u64;
        assert_eq!((last, told), (total, total), "cut at {end}");
        // What was lost can be committed again.
        copied.commit(pair(start, total + 1)).await.unwrap();
        kept.push(total);
    }
    assert_eq!(kept, [1, 1, 1, 1, 2]);
}

#[tokio::test]
async fn a_journal_with_a_flipped_bit_loses_its_end_and_nothing_before() {
    let (folder, storage) = fresh();
    let start = storage.log_range().await.unwrap().last;
    storage.commit(pair(start, 1)).await.unwrap();
    storage.commit(pair(start, 2)).await.unwrap();
    let other = tempfile::tempdir().unwrap();
    copy(folder.path(), other.path());
    let journal = other.path().join("market-pulse.db-wal");
    let mut bytes = fs::read(&journal).unwrap();
    let last = bytes.len() - 100;
    bytes[last] ^= 1;
    fs::write(&journal, bytes).unwrap();
    assert_eq!(open(other.path()).log_range().await.unwrap().last, start + 1);
}
