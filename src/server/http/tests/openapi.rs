//! What is described is what is served.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{
    server::{access::Scope, http::openapi::document, market::fixture::ticker},
    wire::json::Json,
};

/// The methods that can be described.
const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];
/// Addresses that are answered as another one is: a created channel may have the path `/`, and some
/// clients leave the last slash out.
const ALSO: [(&str, &str); 2] = [("/streams/", "/streams/{path}"), ("/socket.io", "/socket.io/")];

/// Everything that a router serves, as it says itself: paths, each with its methods. A route that takes any method counts
/// as one of `GET`, unless all that it says is that there is nothing.
async fn served(app: &Router) -> BTreeMap<String, BTreeSet<String>> {
    let text = format!("{app:?}");
    let (routes, rest) = text.split_once("node: Node { paths: {").expect("the paths");
    let (paths, _) = rest.split_once("} }").expect("their end");
    let entry = |entry: &str| {
        let (number, rest) = entry.split_once("): ").expect("a number");
        (number.to_owned(), rest.to_owned())
    };
    let routes: BTreeMap<String, String> = routes.split("RouteId(").skip(1).map(entry).collect();
    let paths: BTreeMap<String, String> = paths.split("RouteId(").skip(1).map(entry).collect();
    assert!(routes.keys().eq(paths.keys()), "every route has its path");
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (number, path) in &paths {
        let path = path.split('"').nth(1).expect("a path").replace("{*", "{");
        let known = ALSO.iter().find(|(from, _)| *from == path).map_or(path.as_str(), |(_, to)| to);
        let own = METHODS.iter().filter(|method| !routes[number].contains(&format!("{method}: None")));
        let mut own: BTreeSet<String> = own.map(|method| (*method).to_owned()).collect();
        if own.is_empty() && get(app, &path.replace(['{', '}'], "")).await.status() != StatusCode::NOT_FOUND {
            own.insert("get".to_owned());
        }
        if !own.is_empty() {
            all.entry(known.to_owned()).or_default().extend(own);
        }
    }
    all
}

fn described() -> BTreeMap<String, BTreeSet<String>> {
    let methods = |item: &Json| item.fields().iter().map(|(method, _)| method.clone()).collect();
    document().get("paths").fields().iter().map(|(path, item)| (path.clone(), methods(item))).collect()
}

#[tokio::test]
async fn what_is_served_is_described_and_nothing_else() {
    let fixture = Fixture::new();
    let served = served(&app(&fixture)).await;
    assert!(served["/api/v1/channels"].len() == 3, "{served:?}");
    assert_eq!(served, described());
}

/// The example of a parameter as it stands in an address.
fn example(parameter: &Json) -> Option<String> {
    let example = match parameter.get("example") {
        Json::Null => return None,
        Json::Text(text) => text.clone(),
        other => other.pretty(),
    };
    Some(url::form_urlencoded::byte_serialize(example.as_bytes()).collect::<String>().replace("%2F", "/"))
}

/// The address of an endpoint with the examples of its path and of what it needs, and those of its query one at a time.
fn addresses(path: &str, operation: &Json) -> Vec<String> {
    let mut address = path.to_owned();
    let (mut needed, mut queries) = (Vec::new(), vec![None]);
    for parameter in operation.get("parameters").items() {
        let name = parameter.text_of("name");
        match (parameter.text_of("in"), example(parameter)) {
            ("path", example) => address = address.replace(&format!("{{{name}}}"), &example.expect("an example")),
            ("query", Some(example)) if *parameter.get("required") == Json::Bool(true) => {
                needed.push(format!("{name}={example}"));
            }
            ("query", Some(example)) => queries.push(Some(format!("{name}={example}"))),
            _ => {}
        }
    }
    let query = |one: Option<String>| needed.iter().cloned().chain(one).collect::<Vec<_>>().join("&");
    queries.into_iter().map(|one| format!("{address}?{}", query(one))).collect()
}

#[tokio::test]
async fn every_address_answers_with_the_examples_of_its_parameters() {
    let fixture = Fixture::new();
    fixture.post(ticker("BTC", 43_250.5));
    fixture.post(ticker("ETH", 2_310.0));
    let app = app(&fixture);
    let token = fixture.token(Scope::Publish);
    let request = |method: &str, uri: &str, body: String| {
        let request = Request::builder().method(method.to_ascii_uppercase().as_str()).uri(uri);
        request.header("authorization", format!("Bearer {token}")).body(Body::from(body)).expect("a request")
    };
    let created = r#"{"path":"/notifications/user123"}"#.to_owned();
    let mut asked = 0;
    for (path, item) in document().get("paths").fields() {
        for (method, operation) in item.fields() {
            for uri in addresses(path, operation) {
                // There is the channel of the examples, or there is not, as the endpoint needs it.
                let there = format!("{method} {path}") != "post /api/v1/channels";
                let change = if there { "post" } else { "delete" };
                send(&app, request(change, "/api/v1/channels", created.clone())).await;
                let body = match (method.as_str(), path.as_str()) {
                    ("get", _) => String::new(),
                    // There is no session of the examples.
                    (_, "/socket.io/") => continue,
                    (_, "/api/v1/channels") => created.clone(),
                    _ => r#"{"event":"training_progress","data":{"task_id":"t","progress":1,"status":"running"}}"#
                        .to_owned(),
                };
                let response = send(&app, request(method, &uri, body)).await;
                let status = response.status().as_u16();
                let described = operation.get("responses").fields().iter().any(|(told, _)| *told == status.to_string());
                // News is stored nowhere here, and no feed is followed.
                let known = described && status < 400 || uri.contains("source") && status == 400;
                assert!(known, "{method} {uri}: {status}");
                asked += 1;
            }
        }
    }
    assert!(asked > 40, "{asked}");
}

#[tokio::test]
async fn the_examples_of_publications_are_published() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let token = fixture.token(Scope::Publish);
    let place = ["paths", "/api/v1/channels/{channel}/events", "post", "requestBody", "content", "application/json"];
    let examples = document().at(&place).get("examples").fields();
    assert_eq!(examples.len(), 7);
    for (name, example) in examples {
        let about = example.text_of("summary");
        let channel = about.split('`').nth(1).expect("the channel");
        let request = Request::post(format!("/api/v1/channels/{channel}/events"))
            .header("authorization", format!("Bearer {token}"))
            .body(Body::from(example.get("value").pretty()))
            .expect("a request");
        let (status, _, answer) = json(send(&app, request).await).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{name}: {answer}");
    }
}

#[tokio::test]
async fn the_description_is_json_that_is_asked_for_again_with_a_short_answer() {
    let app = app(&Fixture::new());
    let response = get(&app, "/api/openapi.json").await;
    assert_eq!(response.headers()["cache-control"], "no-cache");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    let tag = response.headers()["etag"].clone();
    let (status, _, body) = json(response).await;
    assert_eq!((status, &body["openapi"]), (StatusCode::OK, &Value::from("3.1.0")));
    let again = Request::get("/api/openapi.json").header("if-none-match", tag).body(Body::empty()).expect("a request");
    assert_eq!(send(&app, again).await.status(), StatusCode::NOT_MODIFIED);
}
