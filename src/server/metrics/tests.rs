//! What a monitor reads.

mod monitoring;
mod promql;

use std::sync::Arc;

use prometheus_client::{encoding::text, registry::Registry};

use super::{
    Metrics,
    exposition::{Exposition, Format},
    reading::{Form, Reading},
};
use crate::server::services::Services;

/// What is counted as it happens.
pub(in crate::server) fn counted(metrics: &Metrics) -> Reading {
    let mut registry = Registry::with_prefix("market_pulse");
    metrics.register(&mut registry);
    let mut text = String::new();
    text::encode(&mut text, &registry).expect("text");
    Reading::of(&text, Form::OpenMetrics)
}

/// Everything that a server tells, in both forms.
pub(in crate::server) async fn told(services: &Arc<Services>) -> Reading {
    let exposition = Arc::new(Exposition::of(services));
    let text = async |format| String::from_utf8(exposition.text(format).await.expect("text").to_vec()).expect("UTF-8");
    let reading = Reading::of(&text(Format::OpenMetrics).await, Form::OpenMetrics);
    let older = Reading::of(&text(Format::Prometheus).await, Form::Prometheus);
    assert!(reading.samples().eq(older.samples()), "both forms say the same");
    reading
}
