//! What a broken feed answers.

use std::{convert::Infallible, io, time::Duration};

use axum::{
    body::Body,
    response::{Html, IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderValue, StatusCode, header};
use tokio::time::{Instant, sleep};

use super::{
    Simulator,
    faults::{ActiveFault, FeedFault},
    item::{Date, Item},
    outlets::{Format, Outlet},
    render::render,
};

/// A slow feed takes this many seconds for its text.
const SLOW_S: usize = 60;
/// Items of a huge feed, and bytes of each: 20 MB.
const HUGE_ITEMS: usize = 400;
const HUGE_ITEM: usize = 50_000;
/// Size of a compressed bomb once it is unpacked: 1 GiB, in pieces of 64 KiB.
const BOMB_PIECES: usize = 16_384;
const BOMB_PIECE: usize = 65_536;
/// Depth of nested elements: deeper than a reader should follow.
const DEPTH: usize = 100_000;
/// Items of an endless feed follow each other by this.
const ENDLESS_PAUSE: Duration = Duration::from_millis(20);
/// Seconds to wait that are asked for where the end of the fault is not known.
const RETRY_AFTER_S: u128 = 30;
/// How often a silent host looks whether it is to speak again.
const LOOK: Duration = Duration::from_millis(250);

/// An address that nobody outside may be led to: that of a cloud machine's own credentials.
pub const PRIVATE: &str = "http://169.254.169.254/latest/meta-data/";

const LOGIN: &str = "<!doctype html><html><head><title>Sign in</title></head><body><form method=post>\
    <input name=user><input name=password type=password><button>Sign in to continue</button></form>\
    <script>document.title='ran'</script></body></html>";

/// The answer of a feed with this fault.
pub async fn answer(simulator: &Simulator, place: usize, outlet: &Outlet, active: ActiveFault) -> Response {
    match active.fault {
        FeedFault::Slow => streamed(simulator, outlet, slow(text(simulator, place))),
        FeedFault::Dead => dead(simulator, place).await,
        FeedFault::Gone => StatusCode::GONE.into_response(),
        FeedFault::Malformed => typed(outlet, malformed(outlet, &text(simulator, place))),
        FeedFault::Html => Html(LOGIN).into_response(),
        FeedFault::Huge => typed(outlet, huge(outlet)),
        FeedFault::Bomb => typed(outlet, bomb(outlet)),
        FeedFault::GzipBomb => streamed(simulator, outlet, blanks(outlet)),
        FeedFault::RedirectLoop => (StatusCode::FOUND, [(header::LOCATION, outlet.final_path())]).into_response(),
        FeedFault::RedirectPrivate => (StatusCode::FOUND, [(header::LOCATION, PRIVATE)]).into_response(),
        FeedFault::WrongEncoding => typed(outlet, latin1(outlet)),
        FeedFault::RateLimit => {
            let left =
                active.until.map(|until| until.saturating_duration_since(Instant::now()).as_millis().div_ceil(1000));
            let wait = left.unwrap_or(RETRY_AFTER_S).to_string();
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, wait)]).into_response()
        }
        FeedFault::ServerError => (StatusCode::INTERNAL_SERVER_ERROR, "database unavailable").into_response(),
        FeedFault::Empty => typed(outlet, ""),
        FeedFault::Nested => typed(outlet, nested(outlet)),
        FeedFault::Endless => streamed(simulator, outlet, endless(outlet)),
        FeedFault::Truncated => streamed(simulator, outlet, truncated(text(simulator, place))),
    }
}

fn is_json(outlet: &Outlet) -> bool {
    outlet.format == Format::Json
}

/// What the feed would be.
fn text(simulator: &Simulator, place: usize) -> Bytes {
    simulator.news().rendered(simulator.market(), place).map(|rendered| rendered.body()).unwrap_or_default()
}

fn typed(outlet: &Outlet, body: impl Into<Body>) -> Response {
    let mut answer = Response::new(body.into());
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(outlet.format.content_type()));
    answer
}

/// A body that comes piece by piece and ends with the simulator.
fn streamed(
    simulator: &Simulator,
    outlet: &Outlet,
    pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Response {
    typed(outlet, Body::from_stream(pieces.take_until(simulator.closing().cancelled_owned())))
}

/// Never answers while the fault lasts.
async fn dead(simulator: &Simulator, place: usize) -> Response {
    let closing = simulator.closing();
    let lasts = || simulator.news().faults.of(place).is_some_and(|active| active.fault == FeedFault::Dead);
    while lasts() && !closing.is_cancelled() {
        sleep(LOOK).await;
    }
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

fn slow(text: Bytes) -> impl Stream<Item = io::Result<Bytes>> {
    let piece = text.len().div_ceil(SLOW_S).max(1);
    let pieces: Vec<Bytes> = text.chunks(piece).map(Bytes::copy_from_slice).collect();
    stream::iter(pieces).then(|piece| async {
        sleep(Duration::from_secs(1)).await;
        Ok(piece)
    })
}

fn truncated(text: Bytes) -> impl Stream<Item = io::Result<Bytes>> {
    let half = text.slice(..text.len() / 2);
    stream::iter([Ok(half), Err(io::Error::from(io::ErrorKind::ConnectionReset))])
}

/// Tags that do not close, or names without quotes.
fn malformed(outlet: &Outlet, text: &Bytes) -> String {
    let text = String::from_utf8_lossy(text);
    if is_json(outlet) { text.replace("\"title\":", "title:") } else { text.replace("</title>", "</titel & >") }
}

fn filler(title: &str, number: usize, description: String) -> Item {
    Item {
        guid: format!("https://filler.example/{number}"),
        link: format!("https://filler.example/{number}"),
        title: format!("{title} {number}"),
        description,
        author: None,
        image: None,
        date: Date::None,
        raw: None,
    }
}

fn huge(outlet: &Outlet) -> String {
    let items: Vec<Item> = (0..HUGE_ITEMS).map(|i| filler("Filler", i, "x".repeat(HUGE_ITEM))).collect();
    render(outlet, items.iter())
}

/// Entities that unfold to three billion words; a number and a string that unfold to more than anybody has.
fn bomb(outlet: &Outlet) -> String {
    if is_json(outlet) {
        let mut text = "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":1e999999999,\"items\":".to_owned();
        text.push_str(&"[{\"id\":".repeat(DEPTH));
        return text;
    }
    let mut text = "<?xml version=\"1.0\"?>\n<!DOCTYPE rss [\n<!ENTITY l0 \"lol\">\n".to_owned();
    for level in 1..=9 {
        text.extend(["<!ENTITY l", &level.to_string(), " \"", &format!("&l{};", level - 1).repeat(10), "\">\n"]);
    }
    text.push_str(
        "<!ENTITY file SYSTEM \"file:///etc/passwd\">\n]>\n<rss version=\"2.0\"><channel><title>&l9;</title>",
    );
    text.push_str("<item><title>&l9;</title><description>&file;</description></item></channel></rss>\n");
    text
}

fn blanks(outlet: &Outlet) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let start = if is_json(outlet) { "{\"version\":" } else { "<?xml version=\"1.0\"?>\n<rss version=\"2.0\">" };
    let piece = Bytes::from(vec![b' '; BOMB_PIECE]);
    stream::iter([Ok(Bytes::from_static(start.as_bytes()))])
        .chain(stream::repeat_with(move || Ok(piece.clone())).take(BOMB_PIECES))
}

/// Says UTF-8 and is not.
fn latin1(outlet: &Outlet) -> Vec<u8> {
    let item = filler("Zürich café: naïve £ bets", 1, "Señor Müller's élan".to_owned());
    let text = render(outlet, [&item].into_iter());
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

fn nested(outlet: &Outlet) -> String {
    if is_json(outlet) {
        "[".repeat(DEPTH)
    } else {
        format!("<rss version=\"2.0\"><channel>{}", "<item>".repeat(DEPTH))
    }
}

fn endless(outlet: &Outlet) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let is_json = is_json(outlet);
    let start = if is_json {
        "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"Endless\",\"items\":["
    } else {
        "<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel><title>Endless</title>"
    };
    let items = stream::unfold(0_u64, move |number| async move {
        sleep(ENDLESS_PAUSE).await;
        let item = if is_json {
            format!("{{\"id\":\"{number}\",\"title\":\"Endless {number}\"}},")
        } else {
            format!("<item><title>Endless {number}</title><guid isPermaLink=\"false\">{number}</guid></item>\n")
        };
        Some((Ok::<_, Infallible>(Bytes::from(item)), number + 1))
    });
    let items = items.map(|item| item.map_err(io::Error::other));
    stream::iter([Ok(Bytes::from_static(start.as_bytes()))]).chain(items)
}
