//! How long things take.

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder},
    metrics::{MetricType, TypedMetric, histogram::Histogram},
};
use tokio::time::Instant;

/// For work inside the process: 1 µs to 100 ms.
const WORK_S: [f64; 16] =
    [1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 1e-1];
/// For answers, which may wait for a disk or for a venue: 100 µs to 10 s.
const ANSWER_S: [f64; 11] = [1e-4, 2.5e-4, 1e-3, 2.5e-3, 1e-2, 2.5e-2, 1e-1, 2.5e-1, 1.0, 2.5, 10.0];

/// A histogram of durations. Clones are handles to the same one.
#[derive(Debug, Clone)]
pub struct Timing(Histogram);

impl Timing {
    pub(super) fn of_work() -> Self {
        Self(Histogram::new(WORK_S))
    }

    pub(super) fn of_answers() -> Self {
        Self(Histogram::new(ANSWER_S))
    }

    /// Notes the time that has passed since `start`.
    pub fn since(&self, start: Instant) {
        self.0.observe(start.elapsed().as_secs_f64());
    }
}

impl TypedMetric for Timing {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Timing {
    fn encode(&self, encoder: MetricEncoder<'_>) -> std::fmt::Result {
        self.0.encode(encoder)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}
