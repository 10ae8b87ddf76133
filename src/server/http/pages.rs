//! The pages: rendered from memory, with their files (scripts, styles, fonts) beside them.

use std::{
    convert::Infallible,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use leptos::{
    config::LeptosOptions,
    nonce::Nonce,
    prelude::{provide_context, use_context},
};
use leptos_axum::{LeptosRoutes, generate_route_list, render_app_to_stream_with_context};
use tower::{Layer, service_fn};
use tower_http::{
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
    services::ServeDir,
};

use crate::{
    app::{App, shell},
    server::{
        channels::path::decode,
        http::{
            browser_policy::PageNonce,
            caller::admit,
            error::{HttpError, method_not_allowed},
            page_news,
            rate_limit::limit_pages,
        },
        services::Services,
    },
};

/// Name of the script, WebAssembly and style files, as the build writes them.
const OUTPUT_NAME: &str = "market-pulse";

/// The media type of pages.
const HTML: &[u8] = b"text/html";

/// The folder with the pages' files is not there.
#[derive(Debug, thiserror::Error)]
#[error("the pages' files are not there; looked in {}", .looked_in.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", "))]
pub struct NoSite {
    looked_in: Vec<PathBuf>,
}

/// Finds the folder with the pages' files: the one that is configured, or `site` beside the binary, or beside the
/// folder that the binary is in (where the build puts it).
///
/// # Errors
/// [`NoSite`] where no folder holds them.
pub fn find_site(configured: Option<&Path>) -> Result<PathBuf, NoSite> {
    let candidates: Vec<PathBuf> = if let Some(path) = configured {
        vec![path.to_owned()]
    } else {
        let binary = std::env::current_exe().and_then(std::fs::canonicalize).unwrap_or_default();
        binary.ancestors().skip(1).take(2).map(|folder| folder.join("site")).collect()
    };
    let script = Path::new("pkg").join(format!("{OUTPUT_NAME}.js"));
    match candidates.iter().find(|folder| folder.join(&script).is_file()) {
        Some(folder) => Ok(folder.clone()),
        None => Err(NoSite { looked_in: candidates }),
    }
}

/// The options that the rendering needs. Under `cargo leptos watch` those of the watcher, for the reload on changes.
///
/// # Errors
/// Where the watcher's environment can't be read.
pub fn leptos_options(site_root: &Path, addr: std::net::SocketAddr) -> io::Result<LeptosOptions> {
    if std::env::var_os("LEPTOS_WATCH").is_some() {
        let watched = leptos::config::get_configuration(None).map_err(io::Error::other)?;
        return Ok(watched.leptos_options);
    }
    Ok(LeptosOptions::builder()
        .output_name(OUTPUT_NAME)
        .site_root(site_root.to_string_lossy().into_owned())
        .site_addr(addr)
        .env(leptos::config::Env::PROD)
        .build())
}

/// Where the build's watcher tells pages of changes, while there is one.
pub fn reload_port(options: &LeptosOptions) -> Option<u32> {
    std::env::var_os("LEPTOS_WATCH").map(|_| options.reload_external_port.unwrap_or(options.reload_port))
}

/// The pages, the server functions, the files, and a 404 for everything else: the designed one for people, and for programs
/// the one that they get everywhere.
pub fn router(services: &Arc<Services>, options: LeptosOptions) -> Router {
    let context = {
        let services = Arc::clone(services);
        move || {
            provide_context(Arc::clone(&services));
            provide_nonce();
        }
    };
    let not_found = {
        let (options, context) = (options.clone(), context.clone());
        let render = render_app_to_stream_with_context(context, move || shell(options.clone()));
        service_fn(move |request: Request| {
            let answer = is_for_people(&request).then(|| render(request));
            async move {
                Ok::<_, Infallible>(match answer {
                    Some(page) => page.await,
                    None => HttpError::NotFound.into_response(),
                })
            }
        })
    };
    let limited = middleware::from_fn_with_state(Arc::clone(services), limit_pages);
    let files = ServeDir::new(options.site_root.as_ref())
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip()
        .call_fallback_on_method_not_allowed(true)
        .fallback(limited.layer(not_found));
    let routes = generate_route_list(App);
    let rendering = options.clone();
    Router::new()
        .leptos_routes_with_context(&options, routes, context, move || shell(rendering.clone()))
        .with_state(options)
        .layer(middleware::from_fn_with_state(Arc::clone(services), page_news::read))
        .layer(limited)
        .method_not_allowed_fallback(method_not_allowed)
        .fallback_service(files)
        .layer(middleware::from_fn(cache_control))
        .layer(
            CompressionLayer::new()
                .quality(tower_http::CompressionLevel::Fastest)
                .compress_when(SizeAbove::new(1024).and(NotForContentType::SSE).and(NotForContentType::IMAGES)),
        )
        .layer(middleware::from_fn_with_state(Arc::clone(services), admit))
        .layer(middleware::from_fn(refuse_detours))
}

/// Refuses addresses with `.` or `..` in them, encoded or not: what renders the pages would follow them to another page than
/// the one that was routed to.
async fn refuse_detours(request: Request, next: Next) -> Response {
    let is_detour = |segment: &str| matches!(decode(segment.as_bytes()).as_slice(), b"." | b"..");
    if request.uri().path().split('/').any(is_detour) {
        return HttpError::BadPath.into_response();
    }
    next.run(request).await
}

/// Whether somebody would look at a page: browsers ask for HTML by name.
fn is_for_people(request: &Request) -> bool {
    let accepts_pages = request
        .headers()
        .get_all(header::ACCEPT)
        .iter()
        .any(|accepted| accepted.as_bytes().to_ascii_lowercase().windows(HTML.len()).any(|part| part == HTML));
    accepts_pages && matches!(*request.method(), Method::GET | Method::HEAD)
}

/// Hands the nonce of the answer to everything that writes a script into it.
fn provide_nonce() {
    let nonce = use_context::<http::request::Parts>().and_then(|parts| parts.extensions.get::<PageNonce>().cloned());
    if let Some(PageNonce(nonce)) = nonce {
        provide_context(Nonce::from_value(nonce));
    }
}

/// Pages and answers are of now. Files are asked for again, with a short answer when they are unchanged, so that a new
/// version of the server never meets an old script.
async fn cache_control(request: Request, next: Next) -> Response {
    let is_answer = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let is_page = content_type.is_some_and(|value| value.as_bytes().starts_with(HTML));
    let policy = if is_page || is_answer || response.status().is_client_error() { "no-store" } else { "no-cache" };
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(policy));
    response
}
