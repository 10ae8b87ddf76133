use std::collections::HashSet;

use super::*;

/// The values of an attribute.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    html.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_link_within_the_page_leads_somewhere_and_no_place_is_there_twice() {
    let ids = values(&CONTENT, "id");
    let places: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(places.len(), ids.len(), "{ids:?}");
    let links = values(&CONTENT, "href");
    assert!(links.len() > 100);
    for link in links {
        let place = link.strip_prefix('#');
        assert!(place.is_some_and(|place| places.contains(place)) || link.starts_with("/api/"), "{link}");
    }
}

#[test]
fn every_endpoint_event_shape_and_code_is_on_the_page() {
    let places: HashSet<&str> = values(&CONTENT, "id").into_iter().collect();
    let mut events = 0;
    for (path, item) in document().get("paths").fields() {
        for (method, operation) in item.fields() {
            assert!(places.contains(operation.text_of("operationId")), "{method} {path}");
            for name in operation.get("x-events").items().iter().chain(operation.get("x-commands").items()) {
                assert!(CONTENT.contains(&format!("<code>{}</code>", name.text_of("name"))), "{path}");
                events += 1;
            }
        }
    }
    assert!(events > 40, "{events}");
    for (name, _) in document().at(&["components", "schemas"]).fields() {
        assert!(places.contains(format!("shape-{name}").as_str()), "{name}");
    }
    for error in document().at(&["components", "responses", "Refused", "x-errors"]).items() {
        assert!(CONTENT.contains(&format!("<code>{}</code>", error.text_of("code"))), "{error:?}");
    }
}

#[test]
fn every_example_is_of_an_endpoint_and_every_group_but_none_has_one() {
    let of_group = |group: &Group| {
        group.operations.iter().filter(|operation| example::of(&operation.method, &operation.path).is_some()).count()
    };
    let groups: Vec<Group> = document().get("tags").items().iter().map(|tag| Group::of(tag, document())).collect();
    for group in &groups {
        assert!(of_group(group) > 0, "{} has no example", group.name);
    }
    assert_eq!(groups.iter().map(of_group).sum::<usize>(), example::EXAMPLES.len());
    for example in &example::EXAMPLES {
        for code in [example.curl, example.javascript, example.python] {
            assert!(code.contains("MARKET_PULSE_URL"), "{code}");
        }
    }
}

#[test]
fn nothing_of_the_page_runs_or_is_styled_in_place() {
    for part in ["<script", "<style", " style=", " onclick=", "javascript:", "http://", "https://"] {
        let code: String = CONTENT
            .split("<pre>")
            .enumerate()
            .map(|(n, part)| if n == 0 { part } else { part.split_once("</pre>").map_or("", |(_, rest)| rest) })
            .collect();
        assert!(!code.contains(part), "{part}");
    }
    assert_eq!(CONTENT.matches("<h1").count(), 1);
}
