//! What browsers may do with the answers: the headers that keep a page from running what is not its own.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    },
};

use crate::server::config::ServerConfig;

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Whatever is no page shows nothing, runs nothing and is in nobody's frame, should a browser ever take it for a page.
const NO_PAGE: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
/// Other sites learn nothing of what a visitor reads here.
const REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const PERMISSIONS: HeaderValue =
    HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()");
const OWN_GROUP: HeaderValue = HeaderValue::from_static("same-origin");
/// A year.
const TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The value that marks the scripts and styles of one answer as the server's own. Nobody can guess it, and the next
/// answer has another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageNonce(pub Arc<str>);

impl PageNonce {
    fn random() -> Self {
        // 128 bits of the thread's generator, which is a cryptographic one.
        Self(format!("{:032x}", rand::random::<u128>()).into())
    }
}

/// The policy of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserPolicy {
    /// Who may show a page in a frame: the sources of `frame-ancestors`.
    ancestors: String,
    /// What a page may connect to beside its own server.
    connections: String,
    /// Others reach this server by TLS only.
    tls: bool,
    /// Browsers take the headers for granted that they heed on trustworthy origins only, and complain elsewhere.
    trustworthy: bool,
}

impl BrowserPolicy {
    /// `reload_port` is where the build's watcher tells of changes, while there is one.
    pub fn new(config: &ServerConfig, reload_port: Option<u32>) -> Self {
        let tls = config.public_url.as_ref().is_some_and(|url| url.starts_with("https:"));
        let ancestors: Vec<&str> = config.frame_ancestors.iter().map(|site| source(site)).collect();
        Self {
            ancestors: if ancestors.is_empty() { "'none'".to_owned() } else { ancestors.join(" ") },
            connections: reload_port.map(|port| format!(" ws://*:{port} wss://*:{port}")).unwrap_or_default(),
            tls,
            trustworthy: tls || config.addr.ip().is_loopback(),
        }
    }

    /// The policy of one page. Nothing inline runs or is styled without the nonce, nothing comes from elsewhere.
    fn of_page(&self, nonce: &PageNonce) -> String {
        let Self { ancestors, connections, .. } = self;
        let PageNonce(nonce) = nonce;
        format!(
            "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
             style-src 'self' 'nonce-{nonce}'; img-src 'self'; font-src 'self'; connect-src 'self'{connections}; \
             manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}"
        )
    }

    fn apply(&self, headers: &mut HeaderMap, nonce: &PageNonce) {
        let is_page = headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
        headers.insert(REFERRER_POLICY, REFERRER);
        if self.tls {
            headers.insert(STRICT_TRANSPORT_SECURITY, TLS_ONLY);
        }
        if !is_page {
            headers.insert(CONTENT_SECURITY_POLICY, NO_PAGE);
            return;
        }
        // Settings are checked and the nonce is hexadecimal, so this is always a value; if not, the page stays blank.
        let policy = HeaderValue::try_from(self.of_page(nonce)).unwrap_or(NO_PAGE);
        headers.insert(CONTENT_SECURITY_POLICY, policy);
        headers.insert(PERMISSIONS_POLICY, PERMISSIONS);
        if self.trustworthy {
            headers.insert(OPENER_POLICY, OWN_GROUP);
        }
    }
}

/// A site as a source of the policy.
fn source(site: &str) -> &str {
    if site == "self" { "'self'" } else { site }
}

/// The outermost layer. Hands each request the nonce of its answer.
pub async fn browser_policy(State(policy): State<Arc<BrowserPolicy>>, mut request: Request, next: Next) -> Response {
    let nonce = PageNonce::random();
    request.extensions_mut().insert(nonce.clone());
    let mut response = next.run(request).await;
    policy.apply(response.headers_mut(), &nonce);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(public_url: Option<&str>, frame_ancestors: &[&str], addr: [u8; 4]) -> ServerConfig {
        ServerConfig {
            addr: (addr, 3000).into(),
            public_url: public_url.map(str::to_owned),
            data_dir: None,
            trusted_proxies: vec![],
            cors_origins: vec![],
            frame_ancestors: frame_ancestors.iter().map(|&site| site.to_owned()).collect(),
            heartbeat_s: 30,
            site_root: None,
        }
    }

    fn headers(policy: &BrowserPolicy, content_type: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        policy.apply(&mut headers, &PageNonce("abc".into()));
        headers
    }

    #[test]
    fn a_page_runs_its_own_scripts_only() {
        let policy = BrowserPolicy::new(&config(None, &[], [127, 0, 0, 1]), None);
        let headers = headers(&policy, "text/html; charset=utf-8");
        assert_eq!(
            headers[CONTENT_SECURITY_POLICY],
            "default-src 'none'; script-src 'self' 'nonce-abc' 'wasm-unsafe-eval'; style-src 'self' 'nonce-abc'; \
             img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; object-src 'none'; \
             base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        );
        assert_eq!(headers[OPENER_POLICY], "same-origin");
        assert_eq!(headers[REFERRER_POLICY], "no-referrer");
        assert!(!headers.contains_key(STRICT_TRANSPORT_SECURITY), "there is no TLS");
    }

    #[test]
    fn an_answer_is_no_page() {
        let policy = BrowserPolicy::new(&config(None, &["*"], [127, 0, 0, 1]), None);
        for content_type in ["application/json", "text/event-stream", "text/plain; charset=utf-8"] {
            let headers = headers(&policy, content_type);
            assert_eq!(headers[CONTENT_SECURITY_POLICY], "default-src 'none'; frame-ancestors 'none'");
            assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
        }
    }

    #[test]
    fn settings_open_what_they_name() {
        let page = |policy: &BrowserPolicy| headers(policy, "text/html");
        let policy = BrowserPolicy::new(
            &config(Some("https://ticker.example.org"), &["self", "https://a.example"], [0; 4]),
            Some(3001),
        );
        let headers = page(&policy);
        let csp = headers[CONTENT_SECURITY_POLICY].to_str().expect("text");
        assert!(csp.ends_with("frame-ancestors 'self' https://a.example"), "{csp}");
        assert!(csp.contains("connect-src 'self' ws://*:3001 wss://*:3001;"), "{csp}");
        assert_eq!(headers[STRICT_TRANSPORT_SECURITY], "max-age=31536000");
        assert_eq!(headers[OPENER_POLICY], "same-origin");
        // Without TLS on another address than the machine's own, browsers would complain about it.
        let policy = BrowserPolicy::new(&config(Some("http://ticker.lan"), &[], [0; 4]), None);
        assert!(!page(&policy).contains_key(OPENER_POLICY));
    }

    #[test]
    fn no_two_answers_have_one_nonce() {
        let nonces: std::collections::HashSet<Arc<str>> = (0..1000).map(|_| PageNonce::random().0).collect();
        assert_eq!(nonces.len(), 1000);
        assert!(nonces.iter().all(|nonce| nonce.len() == 32 && nonce.bytes().all(|byte| byte.is_ascii_hexdigit())));
    }
}
