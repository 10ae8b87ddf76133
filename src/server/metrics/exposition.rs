//! What Prometheus is told: everything that is counted and everything that is read, as text.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use prometheus_client::{encoding::text, registry::Registry};
use thiserror::Error;
use tokio::{sync::Mutex, task::spawn_blocking, time::Instant};

use super::collect::{ProcessCollector, RoomCollector};
use crate::server::services::Services;

/// Before the names of what is of this program alone.
const PREFIX: &str = "market_pulse";
/// What was written so lately is given again: however often somebody asks, this is all the work that it makes.
const KEPT: Duration = Duration::from_millis(200);

/// How the figures are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// <https://prometheus.io/docs/specs/om/open_metrics_spec/>
    OpenMetrics,
    /// The older form, which every tool reads:
    /// <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>
    Prometheus,
}

impl Format {
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// All figures of one server.
#[derive(Debug)]
pub struct Exposition {
    registry: Registry,
    /// Held by whoever writes, so that one does at a time.
    kept: Arc<Mutex<Option<Kept>>>,
}

/// The figures can't be written: a fault of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the figures can't be written")]
pub struct Unwritten;

#[derive(Debug)]
struct Kept {
    at: Instant,
    open_metrics: Bytes,
    prometheus: Bytes,
}

impl Exposition {
    /// The figures of a server with these services.
    pub fn of(services: &Arc<Services>) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(ProcessCollector::new(services.started.wall)));
        let ours = registry.sub_registry_with_prefix(PREFIX);
        services.metrics.register(ours);
        ours.register_collector(Box::new(RoomCollector(Arc::clone(services))));
        Self { registry, kept: Arc::default() }
    }

    /// The figures, a fifth of a second old at most.
    ///
    /// # Errors
    /// [`Unwritten`]
    pub async fn text(self: &Arc<Self>, format: Format) -> Result<Bytes, Unwritten> {
        let mut kept = Arc::clone(&self.kept).lock_owned().await;
        if kept.as_ref().is_none_or(|kept| kept.at.elapsed() >= KEPT) {
            let exposition = Arc::clone(self);
            // Files are read. Who asked may go away: the work is done, and kept for the next one, in any case.
            let writing = spawn_blocking(move || {
                *kept = exposition.write().ok();
                kept
            });
            kept = writing.await.map_err(|_| Unwritten)?;
        }
        let kept = kept.as_ref().ok_or(Unwritten)?;
        Ok(match format {
            Format::OpenMetrics => kept.open_metrics.clone(),
            Format::Prometheus => kept.prometheus.clone(),
        })
    }

    fn write(&self) -> Result<Kept, fmt::Error> {
        let at = Instant::now();
        let mut open_metrics = String::new();
        text::encode(&mut open_metrics, &self.registry)?;
        let prometheus = prometheus_text(&open_metrics);
        Ok(Kept { at, open_metrics: open_metrics.into(), prometheus: prometheus.into() })
    }
}

/// The older form. It differs in three points only: it calls a counter by the name of its sample, `…_total`, it knows no
/// units, and no end.
fn prometheus_text(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    let mut help = None;
    for line in open_metrics.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            // The type, which decides on the name, comes next.
            help = rest.split_once(' ');
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            let suffix = if kind == "counter" { "_total" } else { "" };
            if let Some((_, words)) = help.take() {
                text.extend(["# HELP ", name, suffix, " ", words, "\n"]);
            }
            text.extend(["# TYPE ", name, suffix, " ", kind, "\n"]);
        } else if !line.starts_with('#') {
            text.extend([line, "\n"]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_form_names_counters_by_their_samples() {
        let open_metrics = "# HELP a_seconds The first.\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\n\
                            a_seconds_total{b=\"# HELP c\"} 1.5\n# HELP d The second.\n# TYPE d gauge\nd 1\n# EOF\n";
        assert_eq!(
            prometheus_text(open_metrics),
            "# HELP a_seconds_total The first.\n# TYPE a_seconds_total counter\na_seconds_total{b=\"# HELP c\"} 1.5\n\
             # HELP d The second.\n# TYPE d gauge\nd 1\n"
        );
    }
}
