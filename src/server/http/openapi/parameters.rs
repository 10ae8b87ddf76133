//! What requests can say, once for the endpoints that share it. The endpoints read it themselves; the tests ask each of
//! them with what is written here.

#![expect(dead_code, reason = "read by what is derived only")]

use utoipa::{IntoParams, ToSchema};

use crate::model::symbol::Symbol;

/// The asset of an address.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct InPathSymbol {
    /// An asset, in any case and notation: `BTC`, `BTCUSDT`, `BTC-USDT`, `BTC%2FUSDT`.
    #[param(example = "BTC")]
    symbol: Symbol,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RealtimeSymbols {
    /// Comma-separated, 1 to 100; the assets of the strip where it is missing.
    #[param(example = "BTC,ETH")]
    symbols: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct RealtimeParameters {
    /// At most so many tickers a second of each asset. Changes of freshness are not held back.
    #[param(minimum = 0.1, maximum = 50.0, example = 1.0)]
    max_hz: Option<f64>,
    /// `1`: the heads of stories, too.
    #[param(example = "1")]
    news: Option<String>,
    /// With `news=1`: where to go on, unless the header `Last-Event-ID` says it.
    #[param(example = 1_763_640_000_000_142_u64)]
    last_event_id: Option<u64>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct EventParameters {
    /// Keys as in `GET /api/sources`, comma-separated. An unknown one is refused.
    sources: Option<String>,
    /// Comma-separated.
    categories: Option<String>,
    /// Whole words of title or description, comma-separated, at most 50. `interest rate` are two in a row.
    #[param(example = "etf,interest rate")]
    keywords: Option<String>,
    /// News about these assets only, and their prices; the prices of the strip where it is missing.
    #[param(example = "BTC,ETH")]
    symbols: Option<String>,
    /// Of `news`, `breaking`, `breaking_update`, `story_update`, `price`; all of them where it is missing.
    #[param(example = "news,breaking")]
    events: Option<String>,
    /// `only` or `false`: news of breaking stories only, or of the others only.
    #[param(example = "only")]
    breaking: Option<String>,
    /// At most so many prices a second of each asset; 1 where it is missing.
    #[param(minimum = 0.1, maximum = 50.0, example = 1.0)]
    max_hz: Option<f64>,
    /// Where to go on, unless the header `Last-Event-ID` says it.
    #[param(example = 1_763_640_000_000_142_u64)]
    last_event_id: Option<u64>,
}

/// What a browser sends by itself when it comes back.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct LastEventIdHeader {
    /// The last `id` that was seen: the stream goes on after it. `EventSource` sends it by itself.
    #[param(rename = "Last-Event-ID", example = "1763640000000142")]
    last_event_id: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct LastEventIdParameter {
    /// Where to go on, unless the header `Last-Event-ID` says it.
    #[param(example = 1_763_640_000_000_142_u64)]
    last_event_id: Option<u64>,
}

/// One of the built-in channels.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct InPathChannel {
    /// `training`, `backtest`, `alerts` or `dashboard`.
    #[param(example = "training", pattern = "^(training|backtest|alerts|dashboard)$")]
    channel: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChannelParameters {
    /// A label of the reader's choice, for `GET /api/v1/sse/status`. It says nothing about who the reader is: two with one
    /// label both get everything.
    #[param(pattern = "^[A-Za-z0-9_.-]{1,64}$", example = "job-7")]
    client_id: Option<String>,
    /// Where to go on, unless the header `Last-Event-ID` says it.
    #[param(rename = "lastEventId", example = 1_763_640_000_000_142_u64)]
    last_event_id: Option<u64>,
}

/// The path of a created channel, without the slash that it starts with.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct InPathCreated {
    /// The path of the channel without its first slash. Slashes are written as they are.
    #[param(max_length = 199, example = "notifications/user123")]
    path: String,
}

/// What Engine.IO asks with. Libraries do this by themselves.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EngineParameters {
    /// The version of Engine.IO: `4`.
    #[param(rename = "EIO", example = "4")]
    eio: String,
    /// `polling` or `websocket`.
    #[param(example = "polling")]
    transport: String,
    /// The session, once there is one.
    sid: Option<String>,
}

/// A channel to create.
#[derive(ToSchema)]
pub struct NewChannel {
    /// Starts with `/`, has at most 200 characters, and no `..`, `\`, `//` or control characters, not even
    /// percent-encoded ones. Unique.
    #[schema(example = "/notifications/user123", max_length = 200, pattern = "^/")]
    path: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RemovedPath {
    /// The path of the channel.
    #[param(example = "/notifications/user123")]
    path: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NewsParameters {
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20, example = 20)]
    limit: Option<u32>,
    /// Keys as in `GET /api/sources`, comma-separated. An unknown one is refused.
    source: Option<String>,
    /// Comma-separated.
    category: Option<String>,
    /// Comma-separated.
    #[param(example = "BTC,ETH")]
    symbol: Option<String>,
    /// Words of title or description, at most 200 characters.
    #[param(max_length = 200, example = "exchange hack")]
    q: Option<String>,
    /// `nextCursor` of the answer before.
    before: Option<String>,
}
