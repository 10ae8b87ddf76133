use std::{fs, net::Ipv4Addr, thread};

use tempfile::TempDir;

use super::*;

const NOW: UnixMs = UnixMs(1_763_640_000_000);
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn wish(scope: Scope, label: &str) -> NewToken {
    NewToken { scope, label: Label::parse(label).expect("a label"), lifetime: None }
}

fn folder() -> (TempDir, TokenFile) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = TokenFile::at(folder.path());
    (folder, file)
}

fn open(folder: &TempDir) -> Tokens {
    Tokens::open(folder.path(), Clock::following(NOW), 1000)
}

fn scope(tokens: &Tokens, token: &Token) -> Result<Scope, Denied> {
    tokens.check(ADDRESS, &token.reveal()).map(|grant| grant.scope)
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

#[test]
fn each_scope_includes_those_below() {
    use Scope::{Admin, Publish, Read};
    for (has, includes) in [(Read, [true, false, false]), (Publish, [true, true, false]), (Admin, [true; 3])] {
        assert_eq!([Read, Publish, Admin].map(|needed| has.includes(needed)), includes, "{has}");
    }
}

#[test]
fn only_the_exact_text_is_a_token() {
    let secret = "0123456789abcdef".repeat(4);
    let token = format!("mp_ab12cd34_{secret}");
    assert_eq!(split(&token), Some((TokenId::parse("ab12cd34").expect("an id"), secret.as_str())));
    for text in [
        String::new(),
        "mp_".to_owned(),
        "mp__".to_owned(),
        secret.clone(),
        token.to_uppercase(),
        format!("{token} "),
        format!(" {token}"),
        format!("{token}0"),
        token[..token.len() - 1].to_owned(),
        format!("mp_ab12cd3_{secret}"),
        format!("mp_ab12cd345_{secret}"),
        format!("mp_ab12cd3l_{secret}"),
        format!("mp_AB12CD34_{secret}"),
        format!("mp_äb12cd3_{secret}"),
        format!("mp_ab12cd34_{}g", &secret[1..]),
        format!("mp_ab12cd34_{}é", &secret[2..]),
        format!("mp-ab12cd34-{secret}"),
    ] {
        assert_eq!(split(&text), None, "{text}");
    }
}

#[test]
fn the_secret_is_neither_kept_nor_shown() {
    let (folder, file) = folder();
    let (record, token) = file.create(wish(Scope::Admin, "mine"), NOW).expect("a token");
    let text = token.reveal();
    let (id, secret) = split(&text).expect("a token");
    assert_eq!((id, secret.len()), (record.id, 64));
    let kept = fs::read_to_string(folder.path().join("tokens.json")).expect("a file");
    let hash = written(SecretHash::of(secret));
    assert!(kept.contains(&hash) && kept.contains(&id.to_string()) && !kept.contains(secret), "{kept}");
    let tokens = open(&folder);
    for shown in [format!("{token:?}"), format!("{record:?}"), format!("{tokens:?}"), format!("{file:?}")] {
        assert!(!shown.contains(secret) && !shown.contains(&hash), "{shown}");
    }
    assert_eq!(scope(&tokens, &token), Ok(Scope::Admin));
    let other = file.create(wish(Scope::Admin, "mine"), NOW).expect("a token").1;
    assert_ne!(other.reveal(), text);
}

/// As it is in the file, without the quotes.
fn written(hash: SecretHash) -> String {
    serde_json::to_value(hash).expect("JSON").as_str().expect("text").to_owned()
}

#[test]
fn hashes_are_equal_only_where_every_bit_is() {
    // FIPS 180-2, appendix B.1
    let published = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(written(SecretHash::of("abc")), published);
    let hash = SecretHash::of("a");
    assert!(hash.is(SecretHash::of("a")));
    assert!(!hash.is(SecretHash::of("b")) && !hash.is(SecretHash::NOBODYS));
    let text = serde_json::to_string(&hash).expect("text");
    for place in 1..=64 {
        let mut changed = text.clone().into_bytes();
        changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
        let changed: SecretHash = serde_json::from_slice(&changed).expect("a hash");
        assert!(!hash.is(changed), "digit {place}");
    }
    assert!(serde_json::from_str::<SecretHash>(&text).expect("a hash").is(hash));
    for text in ["\"\"", "\"00\"", &format!("\"{}\"", "0".repeat(65)), &format!("\"{}\"", "+".repeat(64))] {
        assert!(serde_json::from_str::<SecretHash>(text).is_err(), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn the_files_are_for_their_owner_only_and_nothing_is_left_beside_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, file) = folder();
    let (record, _) = file.create(wish(Scope::Read, "a"), NOW).expect("a token");
    file.create(wish(Scope::Read, "b"), NOW).expect("a token");
    file.revoke(record.id).expect("there");
    assert_eq!(names(&folder), ["tokens.json", "tokens.lock"]);
    for name in names(&folder) {
        let mode = fs::metadata(folder.path().join(&name)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_data_folder_is_made_where_it_is_not_there_but_not_to_look_into_it() {
    let (folder, _) = folder();
    let file = TokenFile::at(&folder.path().join("a/b"));
    assert_eq!(file.list(), Ok(vec![]));
    let id = TokenId::parse("00000000").expect("an id");
    assert_eq!(file.revoke(id).unwrap_err(), AccessError::Unknown(id));
    assert!(names(&folder).is_empty());
    let (record, _) = file.create(wish(Scope::Read, "a"), NOW).expect("a token");
    assert_eq!(file.list(), Ok(vec![record]));
    fs::write(folder.path().join("file"), "").expect("written");
    let error = TokenFile::at(&folder.path().join("file")).create(wish(Scope::Read, "a"), NOW).unwrap_err();
    assert!(matches!(error, AccessError::Folder { .. }), "{error}");
}

#[test]
fn many_commands_at_once_lose_nothing_and_nobody_reads_half_a_file() {
    let (folder, file) = folder();
    file.create(wish(Scope::Read, "first"), NOW).expect("a token");
    let made: Vec<Record> = thread::scope(|all| {
        let writers: Vec<_> = (0..6)
            .map(|writer| {
                let file = TokenFile::at(folder.path());
                all.spawn(move || {
                    let label = format!("writer {writer}");
                    let made: Vec<Record> =
                        (0..8).map(|_| file.create(wish(Scope::Read, &label), NOW).expect("a token").0).collect();
                    file.revoke(made[0].id).expect("its own");
                    made[1..].to_vec()
                })
            })
            .collect();
        while writers.iter().any(|writer| !writer.is_finished()) {
            assert!(!file.list().expect("whole").is_empty());
        }
        writers.into_iter().flat_map(|writer| writer.join().expect("no panic")).collect()
    });
    let kept = file.list().expect("whole");
    assert_eq!((made.len(), kept.len()), (42, 43));
    assert!(made.iter().all(|record| kept.contains(record)));
}

#[test]
fn a_command_gives_up_on_a_lock_that_is_never_free() {
    let (folder, mut file) = folder();
    file.lock_tries = 2;
    let lock = fs::File::create(folder.path().join("tokens.lock")).expect("a file");
    lock.lock().expect("free");
    let error = file.create(wish(Scope::Read, "a"), NOW).unwrap_err();
    assert!(matches!(error, AccessError::Busy { .. }), "{error}");
    drop(lock);
    file.create(wish(Scope::Read, "a"), NOW).expect("free again");
}

#[test]
fn there_are_so_many_tokens_and_no_more() {
    let mut ledger = Ledger::default();
    for _ in 0..MAX_TOKENS {
        ledger.add(wish(Scope::Read, &"ä".repeat(64)), NOW).expect("room");
    }
    assert_eq!(ledger.add(wish(Scope::Read, "a"), NOW).unwrap_err(), AccessError::Full);
    // As many as that, with the longest labels, can be written and read.
    let (folder, file) = folder();
    let text = ledger.write().expect("text");
    fs::write(folder.path().join("tokens.json"), &text).expect("written");
    let kept = file.list().expect("readable");
    assert_eq!(kept.len(), MAX_TOKENS);
    assert_eq!(file.create(wish(Scope::Read, "a"), NOW).unwrap_err(), AccessError::Full);
    file.revoke(kept[0].id).expect("there");
    file.create(wish(Scope::Read, "a"), NOW).expect("room again");
}

#[tokio::test(start_paused = true)]
async fn a_running_server_heeds_what_commands_do() {
    let (folder, file) = folder();
    let tokens = open(&folder);
    let (first, token) = file.create(wish(Scope::Publish, "old"), NOW).expect("a token");
    assert_eq!(scope(&tokens, &token), Ok(Scope::Publish), "at once");
    assert!(tokens.holds(first.id));
    // Rotation: the new one is good beside the old one until that is taken back.
    let (_, newer) = file.create(wish(Scope::Publish, "new"), NOW).expect("a token");
    assert_eq!((scope(&tokens, &newer), scope(&tokens, &token)), (Ok(Scope::Publish), Ok(Scope::Publish)));
    file.revoke(first.id).expect("there");
    tokio::time::advance(LOOK_EVERY).await;
    assert!(!tokens.holds(first.id));
    assert_eq!((scope(&tokens, &newer), scope(&tokens, &token)), (Ok(Scope::Publish), Err(Denied::Wrong)));
    // A server that is started later knows the same.
    let restarted = open(&folder);
    assert_eq!((scope(&restarted, &newer), scope(&restarted, &token)), (Ok(Scope::Publish), Err(Denied::Wrong)));
    fs::remove_file(folder.path().join("tokens.json")).expect("there");
    tokio::time::advance(LOOK_EVERY).await;
    assert_eq!((scope(&tokens, &newer), tokens.error()), (Err(Denied::Wrong), None), "no file, no tokens");
}

#[tokio::test(start_paused = true)]
async fn the_file_is_looked_at_once_a_second_while_tokens_are_good() {
    let (folder, file) = folder();
    let (record, token) = file.create(wish(Scope::Read, "a"), NOW).expect("a token");
    let tokens = open(&folder);
    file.revoke(record.id).expect("there");
    assert_eq!(scope(&tokens, &token), Ok(Scope::Read), "not looked at yet");
    tokio::time::advance(LOOK_EVERY).await;
    assert_eq!(scope(&tokens, &token), Err(Denied::Wrong));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_can_t_be_read_lets_nobody_in_and_throws_nobody_out() {
    let (folder, file) = folder();
    let path = folder.path().join("tokens.json");
    let (_, token) = file.create(wish(Scope::Read, "a"), NOW).expect("a token");
    let tokens = open(&folder);
    let whole = fs::read_to_string(&path).expect("a file");
    let record = whole.split_once('[').and_then(|(_, rest)| rest.rsplit_once(']')).expect("a list").0.trim();
    let (twice, many) = (format!("{record},{record}"), "x".repeat(1 << 21));
    let with = |tokens: &str| format!("{{\"version\":1,\"tokens\":[{tokens}]}}");
    for (damaged, newer) in [
        (String::new(), false),
        ("{}".to_owned(), false),
        (whole[..whole.len() / 2].to_owned(), false),
        (whole.replace("\"read\"", "\"root\""), false),
        (whole.replace("\"label\": \"a\"", "\"label\": \"a\\nb\""), false),
        (whole.replace("\"sha256\": \"", "\"sha256\": \"0"), false),
        (whole.replace("\"scope\"", "\"scopes\""), false),
        (whole.replace("\"label\"", "\"more\": 1, \"label\""), false),
        (whole.replace("\"expires\": null", "\"expires\": \"soon\""), false),
        (with(&twice), false),
        (many, false),
        ("{\"version\":2,\"tokens\":{\"other\":[]}}".to_owned(), true),
    ] {
        assert_ne!(damaged, whole);
        fs::write(&path, &damaged).expect("written");
        tokio::time::advance(LOOK_EVERY).await;
        let shown = &damaged[..damaged.len().min(400)];
        assert_eq!(scope(&tokens, &token), Ok(Scope::Read), "{shown}");
        let told = tokens.error().expect("it is told");
        assert!(told.contains("damaged") && !told.contains(&*folder.path().to_string_lossy()), "{told}");
        let error = file.create(wish(Scope::Read, "b"), NOW).unwrap_err();
        assert!(matches!(error, AccessError::Newer { .. }) == newer, "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("a file"), damaged, "a command does not write over it");
        let started = open(&folder);
        assert_eq!((scope(&started, &token), started.error().is_some()), (Err(Denied::Wrong), true));
    }
    // Something else that has its name, and then the right thing again.
    fs::remove_file(&path).expect("there");
    fs::create_dir(&path).expect("made");
    tokio::time::advance(LOOK_EVERY).await;
    assert_eq!(scope(&tokens, &token), Ok(Scope::Read));
    assert!(tokens.error().is_some_and(|told| told.contains("can't be read")));
    fs::remove_dir(&path).expect("there");
    fs::write(&path, &whole).expect("written");
    tokio::time::advance(LOOK_EVERY).await;
    assert_eq!((scope(&tokens, &token), tokens.error()), (Ok(Scope::Read), None));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_good_until_its_last_millisecond() {
    let tokens = Tokens::in_memory(Clock::following(NOW), 1000);
    let lifetime = Some("30d".parse().expect("a lifetime"));
    let (record, token) = tokens.issue(NewToken { lifetime, ..wish(Scope::Read, "a") }).expect("a token");
    assert_eq!((record.created, record.expires), (NOW, Some(UnixMs(NOW.0 + 2_592_000_000))));
    tokio::time::advance(Duration::from_millis(2_591_999_999)).await;
    assert!(scope(&tokens, &token).is_ok() && tokens.holds(record.id));
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!((scope(&tokens, &token), tokens.holds(record.id)), (Err(Denied::Expired), false));
    // With another secret it is wrong like any other.
    let wrong = format!("mp_{}_{}", record.id, "0".repeat(64));
    assert_eq!(tokens.check(ADDRESS, &wrong), Err(Denied::Wrong));
}

#[tokio::test(start_paused = true)]
async fn tokens_are_made_and_taken_back_by_a_running_server_too() {
    let (folder, file) = folder();
    for tokens in [open(&folder), Tokens::in_memory(Clock::following(NOW), 1000)] {
        let (record, token) = tokens.issue(wish(Scope::Admin, "a")).expect("a token");
        assert_eq!(scope(&tokens, &token), Ok(Scope::Admin));
        tokens.revoke(record.id).expect("there");
        assert_eq!(scope(&tokens, &token), Err(Denied::Wrong), "at once");
        assert_eq!(tokens.revoke(record.id).unwrap_err(), AccessError::Unknown(record.id));
    }
    assert_eq!(file.list(), Ok(vec![]));
}
