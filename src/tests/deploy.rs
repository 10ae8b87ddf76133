//! The files in `deploy` that users copy fit the program.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use market_pulse::{
    server::http::{body::MAX_BODY, error::HttpError},
    wire::error::{ErrorBody, Retry},
};
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn file(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust file below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

/// Without `..`, as the path is written.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

/// What a file takes into the binary, from the root of the project: the whole path, or the part of it that is written
/// out where a macro puts it together.
fn included(source: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(source).expect("text");
    let calls = ["include_str!(", "include_bytes!("].into_iter().flat_map(|call| text.split(call).skip(1));
    let written =
        calls.filter_map(|rest| rest.trim_start().trim_start_matches("concat!(").trim_start().strip_prefix('"'));
    let paths = written.filter_map(|rest| rest.split_once('"')).map(|(path, _)| source.with_file_name("").join(path));
    paths.map(|path| plain(&path).strip_prefix(root()).expect("within the project").to_owned()).collect()
}

/// Whether a file is there where the image is built: the last line of the list that holds for it says so.
fn is_in_the_image(path: &Path, list: &str) -> bool {
    let mut is_in = true;
    for line in list.lines().filter(|line| !line.is_empty()) {
        let (allowed, pattern) = line.strip_prefix('!').map_or((false, line), |pattern| (true, pattern));
        if pattern == "*" || path.starts_with(pattern) {
            is_in = allowed;
        }
    }
    is_in
}

#[test]
fn the_image_is_built_of_everything_that_the_binary_takes_in() {
    let list = file("deploy/Dockerfile.dockerignore");
    let mut outside = 0;
    for source in sources(&root().join("src")) {
        for path in included(&source) {
            outside += usize::from(!path.starts_with("src"));
            assert!(is_in_the_image(&path, &list), "{} needs {}", source.display(), path.display());
        }
    }
    assert!(outside > 0, "the examples of the API are outside");
    assert!(!is_in_the_image(Path::new("target/release/market-pulse"), &list), "and of nothing else");
}

#[test]
fn the_unit_lets_the_server_open_every_socket_that_it_needs() {
    let unit = file("deploy/market-pulse.service");
    let families = unit.lines().filter_map(|line| line.strip_prefix("RestrictAddressFamilies="));
    let families: Vec<&str> = families.flat_map(str::split_whitespace).collect();
    // The last one asks the kernel what a slow reader has not taken.
    for needed in ["AF_INET", "AF_INET6", "AF_NETLINK"] {
        assert!(families.contains(&needed), "{needed} is not in {families:?}");
    }
}

/// The JSON texts between these quotes in a file.
fn answers(path: &str, quote: char) -> Vec<Value> {
    let text = file(path);
    let texts = text.split(quote).filter(|text| text.starts_with("{\""));
    texts.map(|text| serde_json::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))).collect()
}

#[test]
fn proxies_say_in_the_form_of_the_server_what_they_say_themselves() {
    let value = |body: ErrorBody| serde_json::to_value(body).expect("JSON");
    let too_large = HttpError::BodyTooLarge { most: MAX_BODY }.to_string();
    let too_large = value(ErrorBody::new("body_too_large", too_large, None));
    let away = value(ErrorBody::new("going_down", "the server is away for a moment", Some(Retry::after_ms(2000))));
    let both = vec![too_large, away.clone()];
    assert_eq!(answers("deploy/nginx.conf", '\''), both);
    assert_eq!(answers("deploy/nginx-nodes.conf", '\''), both);
    assert_eq!(answers("deploy/Caddyfile", '`'), [away]);
}
