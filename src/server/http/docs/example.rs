//! Programs that use the API, as they stand in `examples/requests`: the tests run those very files.

/// One thing that is done, in three languages.
pub(super) struct Example {
    /// The endpoint that it uses.
    pub path: &'static str,
    pub curl: &'static str,
    pub javascript: &'static str,
    pub python: &'static str,
}

macro_rules! example {
    ($path:literal, $name:literal) => {
        Example {
            path: $path,
            curl: include_str!(concat!("../../../../examples/requests/", $name, ".sh")),
            javascript: include_str!(concat!("../../../../examples/requests/", $name, ".mjs")),
            python: include_str!(concat!("../../../../examples/requests/", $name, ".py")),
        }
    };
}

pub(super) const EXAMPLES: [Example; 4] = [
    example!("/price/{symbol}", "price"),
    example!("/api/realtime", "tickers"),
    example!("/api/sse", "events"),
    example!("/api/news", "news"),
];

/// The example for an endpoint.
pub(super) fn of(path: &str) -> Option<&'static Example> {
    EXAMPLES.iter().find(|example| example.path == path)
}
