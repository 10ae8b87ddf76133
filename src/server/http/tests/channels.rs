//! Channels as a client sees them.

mod created;
mod dashboard;
mod hostile;
mod named;
mod publishing;
mod resume;

use futures_util::FutureExt;

use super::*;
use crate::server::{access::Scope, clock::Clock, services::fixture::WALL, storage::Storage};

const TRAINING: &str = "/api/v1/channels/training/events";

/// A server, and a token that may publish.
pub(super) struct Server {
    pub(super) fixture: Fixture,
    pub(super) app: Router,
    token: String,
}

impl Server {
    pub(super) fn new() -> Self {
        Self::of(Fixture::new())
    }

    fn of(fixture: Fixture) -> Self {
        let token = fixture.token(Scope::Publish);
        Self { app: app(&fixture), fixture, token }
    }

    /// With a database in a folder.
    pub(super) async fn stored(folder: &tempfile::TempDir) -> Self {
        let clock = Clock::following(WALL);
        let storage = Storage::open(folder.path(), clock).expect("a database");
        Self::of(Fixture::stored(storage, clock, vec![], |_| {}).await)
    }

    async fn send(&self, method: &str, uri: &str, body: impl Into<Body>) -> (u16, Value) {
        let (status, _, body) = json(send(&self.app, self.request(method, uri, body)).await).await;
        (status.as_u16(), body)
    }

    fn request(&self, method: &str, uri: &str, body: impl Into<Body>) -> Request<Body> {
        let authorization = format!("Bearer {}", self.token);
        Request::builder().method(method).uri(uri).header("authorization", authorization).body(body.into()).expect("ok")
    }

    /// Publishes, and returns the id.
    pub(super) async fn publish(&self, uri: &str, body: impl Into<Body>) -> String {
        let (status, answer) = self.send("POST", uri, body).await;
        assert_eq!(status, 202, "{uri}: {answer}");
        answer["data"]["id"].as_str().expect("an id").to_owned()
    }

    pub(super) async fn train(&self, progress: u32) -> String {
        self.publish(TRAINING, training(progress)).await
    }

    async fn create(&self, path: &str) {
        let (status, answer) =
            self.send("POST", "/api/v1/channels", serde_json::json!({ "path": path }).to_string()).await;
        assert_eq!(status, 201, "{path}: {answer}");
    }

    async fn open(&self, uri: &str) -> Reader {
        self.open_after(uri, None).await
    }

    async fn open_after(&self, uri: &str, last_event_id: Option<&str>) -> Reader {
        let mut request = Request::get(uri);
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = send(&self.app, request.body(Body::empty()).expect("a request")).await;
        assert_eq!(response.status(), StatusCode::OK, "{uri}");
        let headers = response.headers();
        assert_eq!(headers["content-type"], "text/event-stream");
        assert_eq!(headers["cache-control"], "no-cache, no-transform");
        assert_eq!(headers["x-accel-buffering"], "no");
        Reader(response.into_body().into_data_stream())
    }
}

fn training(progress: u32) -> String {
    format!(r#"{{"event":"training_progress","data":{{"task_id":"t","progress":{progress},"status":"running"}}}}"#)
}

/// One event, as a browser would take it.
#[derive(Debug, PartialEq)]
struct Event {
    id: Option<String>,
    name: String,
    data: String,
}

impl Event {
    fn json(&self) -> Value {
        serde_json::from_str(&self.data).expect("JSON")
    }
}

struct Reader(BodyDataStream);

impl Reader {
    /// The next frame, to the byte.
    async fn text(&mut self) -> String {
        frame(&mut self.0).await
    }

    /// The next event.
    async fn event(&mut self) -> Event {
        loop {
            let text = self.text().await;
            if let Some(event) = read(&text) {
                return event;
            }
        }
    }

    /// The next event of a name; what stands before it is passed over.
    async fn named(&mut self, name: &str) -> Event {
        loop {
            let event = self.event().await;
            if event.name == name {
                return event;
            }
        }
    }

    /// What is there without waiting.
    fn ready(&mut self) -> Vec<Event> {
        let frames = std::iter::from_fn(|| self.0.next().now_or_never().flatten());
        frames.filter_map(|frame| read(std::str::from_utf8(&frame.expect("no error")).expect("UTF-8"))).collect()
    }

    async fn has_ended(&mut self) -> bool {
        self.0.next().await.is_none()
    }
}

/// Reads a frame by the rules of the living standard; `None` for one that dispatches nothing.
fn read(text: &str) -> Option<Event> {
    assert!(text.ends_with("\n\n") && text.matches("\n\n").count() == 1, "one event a frame: {text:?}");
    assert!(!text.contains('\r'), "{text:?}");
    let mut event = Event { id: None, name: "message".to_owned(), data: String::new() };
    for line in text.trim_end().lines() {
        match line.split_once(": ").unwrap_or((line, "")) {
            ("id", id) => event.id = Some(id.to_owned()),
            ("event", name) => event.name = name.to_owned(),
            ("data", data) => {
                assert!(event.data.is_empty(), "one line of data: {text:?}");
                event.data = data.to_owned();
            }
            ("retry" | "", _) => {}
            _ => panic!("no such field: {text:?}"),
        }
    }
    (!event.data.is_empty()).then_some(event)
}
