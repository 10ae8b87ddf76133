use super::*;

/// The description as it was when somebody last looked at it.
const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
const RENEW: &str = "RENEW_OPENAPI";

#[test]
fn the_description_is_the_one_in_the_repository() {
    let now = String::from_utf8(ENCODED.0.to_vec()).expect("UTF-8");
    if std::env::var_os(RENEW).is_some() {
        std::fs::write(SNAPSHOT, &now).expect("written");
        return;
    }
    let kept = std::fs::read_to_string(SNAPSHOT).unwrap_or_default();
    let difference = kept.lines().zip(now.lines()).enumerate().find(|(_, (kept, now))| kept != now);
    let place = difference.map(|(n, (kept, now))| format!("line {}: {kept:?} is now {now:?}", n + 1));
    assert!(
        kept == now,
        "the API is described otherwise than docs/openapi.json says ({}). If that is meant, renew the file and look at its \
         difference: {RENEW}=1 cargo test --features ssr --lib the_description_is_the_one_in_the_repository",
        place.unwrap_or_else(|| "one is longer".to_owned())
    );
}

#[test]
fn everything_could_be_described_and_no_two_shapes_have_one_name() {
    let mut document = Json::of(&Description::openapi());
    assert_eq!(complete(&mut document), Some(vec![]));
}

/// Calls with every object of a document, and where it is.
fn visit(json: &Json, place: &str, look: &mut impl FnMut(&str, &Json)) {
    look(place, json);
    for (name, value) in json.fields() {
        visit(value, &format!("{place}/{name}"), look);
    }
    for (n, item) in json.items().iter().enumerate() {
        visit(item, &format!("{place}/{n}"), look);
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_shape_is_referred_to() {
    let mut referred = std::collections::BTreeSet::new();
    visit(document(), "", &mut |place, json| {
        if let Some(path) = json.get("$ref").text() {
            let names: Vec<&str> = path.strip_prefix("#/").expect("a local one").split('/').collect();
            assert_ne!(document().at(&names), &Json::Null, "{place}: {path}");
            referred.insert(names.last().expect("a name").to_string());
        }
    });
    for (name, _) in document().at(&["components", "schemas"]).fields() {
        assert!(referred.contains(name), "nothing refers to {name}");
    }
}

#[test]
fn every_endpoint_and_parameter_is_told_in_words() {
    for (path, item) in document().get("paths").fields() {
        for (method, operation) in item.fields() {
            assert!(!operation.text_of("summary").is_empty(), "{method} {path}");
            assert_ne!(operation.get("security"), &Json::Null, "{method} {path}");
            for parameter in operation.get("parameters").items() {
                assert!(!parameter.text_of("description").is_empty(), "{method} {path}: {}", parameter.text_of("name"));
            }
        }
    }
    visit(document(), "", &mut |place, json| {
        assert!(!json.text().is_some_and(|text| text.contains("[`")), "{place}: a link of rustdoc");
    });
}

/// The events of an endpoint.
fn events(path: &str) -> Vec<&'static str> {
    let events = document().at(&["paths", path, "get", "x-events"]).items();
    events.iter().map(|event| event.text_of("name")).collect()
}

#[test]
fn every_event_of_the_log_is_described_where_it_comes() {
    use crate::server::event::EventKind;
    let (page, events, channels, socket) =
        (events("/api/realtime"), events("/api/sse"), events("/api/v1/sse/{channel}"), events("/api/ws"));
    for kind in EventKind::ALL {
        let name = kind.as_str();
        match kind {
            EventKind::Story => assert!(page.contains(&name)),
            // Of created channels: without a name.
            EventKind::Message => {}
            kind if kind.channel().is_some() => assert!(channels.contains(&name) && socket.contains(&name), "{name}"),
            _ => assert!(events.contains(&name) && socket.contains(&name), "{name}"),
        }
    }
}

#[test]
fn the_messages_of_a_page_are_read_by_it() {
    use crate::live::message::{Reading, read};
    for event in document().at(&["paths", "/api/realtime", "get", "x-events"]).items() {
        let text = event.get("example").pretty();
        assert!(matches!(read(&text), Reading::Known(_)), "{text}");
    }
}

#[test]
fn the_ends_of_streams_are_told_by_their_codes() {
    for told in crate::server::hub::endings() {
        let everywhere = ["/api/realtime", "/api/sse", "/api/v1/sse/{channel}"].iter().all(|path| {
            let events = document().at(&["paths", path, "get", "x-events"]).items();
            let end = events.iter().find(|event| event.text_of("name") == "stream_error").expect("an end");
            end.text_of("description").contains(&format!("`{}`", told.code))
        });
        // Only created channels are removed.
        let removal = document().at(&["paths", "/api/v1/channels", "delete"]).text_of("summary");
        assert!(everywhere || removal.contains(&format!("`{}`", told.code)), "{}", told.code);
    }
}
