//! `GET /health`: how the server is, for monitors.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};

use crate::{
    model::{time::UnixMs, venue::Venue},
    server::{services::Services, storage::Storage},
    wire::{
        news::{SourceState, SourceStatus},
        rest::{Dependencies, DependencyHealth, Health, HealthMetrics, HealthStatus, VenueHealth},
        status::{ConnectionState, VenueStatus},
    },
};

pub(super) const SERVICE: &str = "market-pulse";
/// Seconds after which an unhealthy server is worth another look.
const RETRY_AFTER_S: &str = "5";

/// 503 only while there is no price at all; a body of the same shape in any case.
#[utoipa::path(
    get, path = "/health", tag = "operations", summary = "How the server is, for monitors.",
    responses(
        (status = 200, description = "It serves prices; `degraded` where something is missing.", body = Health),
        (status = 503, description = "It has no price at all.", body = Health),
    ),
)]
pub(super) async fn health(State(services): State<Arc<Services>>) -> Response {
    let health = examine(&services);
    if health.status == HealthStatus::Unhealthy {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_AFTER_S)], Json(health)).into_response();
    }
    Json(health).into_response()
}

fn examine(services: &Services) -> Health {
    let reports = services.venues.reports();
    let feeds = services.feeds.statuses();
    let subscriptions = services.hub.subscriptions();
    Health {
        service: SERVICE.to_owned(),
        port: services.config.server.addr.port(),
        status: status(services, &reports, &feeds),
        version: services.site.version.clone(),
        timestamp: services.clock.wall().to_rfc3339(),
        uptime: uptime(services.uptime_s()),
        dependencies: Dependencies {
            cache: absent("no Redis is configured"),
            storage: storage(services),
            venues: reports.iter().map(venue).collect(),
            feeds: feeds.iter().map(feed).collect(),
        },
        metrics: HealthMetrics {
            active_streams: services.hub.streams(),
            total_subscriptions: subscriptions.iter().map(|(_, readers)| readers).sum(),
            active_symbols: subscriptions.into_iter().map(|(symbol, _)| symbol).collect(),
        },
    }
}

/// Degraded while a venue is not connected, a default symbol has no usable price, nothing can be stored, or no feed
/// answers. One feed of many that is gone is named and degrades nothing: of so many strangers one always is, and a state
/// that never ends says nothing.
fn status(services: &Services, reports: &[VenueStatus], feeds: &[SourceStatus]) -> HealthStatus {
    let usable = |symbol| services.market.ticker(symbol).is_some_and(|ticker| ticker.freshness.usable());
    let connected = reports.iter().all(|report| report.state == ConnectionState::Connected);
    let stored = services.storage.as_ref().and_then(Storage::error).is_none() && services.tokens.error().is_none();
    let silent = |feed: &SourceStatus| matches!(feed.state, SourceState::Failing | SourceState::Dead);
    let fed = feeds.is_empty() || !feeds.iter().all(silent);
    if services.market.tickers().is_empty() {
        HealthStatus::Unhealthy
    } else if connected && stored && fed && services.site.strip.iter().copied().all(usable) {
        HealthStatus::Healthy
    } else {
        HealthStatus::Degraded
    }
}

fn storage(services: &Services) -> DependencyHealth {
    let Some(storage) = &services.storage else { return absent("nothing is stored") };
    let reason = storage.error().or_else(|| services.tokens.error().map(str::to_owned));
    let (status, message) = reason.map_or(("ok", "ok".to_owned()), |reason| ("degraded", reason));
    DependencyHealth { status: status.to_owned(), message }
}

/// By its key: the state, and what is to be known of it.
fn feed(feed: &SourceStatus) -> (String, DependencyHealth) {
    let moved = feed.moved_to.as_ref().map(|url| format!("moved to {url}"));
    let words: Vec<String> = moved.into_iter().chain(feed.last_error.clone()).collect();
    let message = if words.is_empty() { feed.state.as_str().to_owned() } else { words.join("; ") };
    (feed.key.clone(), DependencyHealth { status: feed.state.as_str().to_owned(), message })
}

fn venue(report: &VenueStatus) -> (Venue, VenueHealth) {
    let health = VenueHealth {
        status: report.state.as_str().to_owned(),
        last_message_at: report.last_message_at.map(UnixMs::to_rfc3339),
        reconnects: report.reconnects,
        clock_skew_ms: report.clock_skew_ms,
    };
    (report.venue, health)
}

fn absent(message: &str) -> DependencyHealth {
    DependencyHealth { status: "disabled".to_owned(), message: message.to_owned() }
}

/// `2h 15m 30s`
pub(super) fn uptime(seconds: u64) -> String {
    format!("{}h {}m {}s", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptime_is_hours_minutes_seconds() {
        for (seconds, text) in [(0, "0h 0m 0s"), (8130, "2h 15m 30s"), (360_000, "100h 0m 0s")] {
            assert_eq!(uptime(seconds), text);
        }
    }
}
