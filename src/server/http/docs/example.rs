//! Programs that use the API, as they stand in `examples/requests`: the tests run those very files.

/// One thing that is done, in three languages.
pub(super) struct Example {
    /// The endpoint that it uses.
    pub method: &'static str,
    pub path: &'static str,
    pub curl: &'static str,
    pub javascript: &'static str,
    pub python: &'static str,
}

macro_rules! example {
    ($method:literal, $path:literal, $name:literal) => {
        Example {
            method: $method,
            path: $path,
            curl: include_str!(concat!("../../../../examples/requests/", $name, ".sh")),
            javascript: include_str!(concat!("../../../../examples/requests/", $name, ".mjs")),
            python: include_str!(concat!("../../../../examples/requests/", $name, ".py")),
        }
    };
}

pub(super) const EXAMPLES: [Example; 10] = [
    example!("GET", "/price/{symbol}", "price"),
    example!("GET", "/api/realtime", "tickers"),
    example!("GET", "/api/sse", "events"),
    example!("GET", "/api/v1/sse/{channel}", "channel"),
    example!("POST", "/api/v1/channels/{channel}/events", "publish"),
    example!("POST", "/api/v1/channels", "created"),
    example!("GET", "/api/ws", "web-socket"),
    example!("GET", "/socket.io/", "socket-io"),
    example!("GET", "/api/news", "news"),
    example!("GET", "/health", "health"),
];

/// The example for an endpoint.
pub(super) fn of(method: &str, path: &str) -> Option<&'static Example> {
    EXAMPLES.iter().find(|example| example.method == method && example.path == path)
}
