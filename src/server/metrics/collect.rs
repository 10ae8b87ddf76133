//! What the rooms know anyway, read when somebody asks.

mod feeds;
mod market;
mod process;
mod storage;
mod venues;

use std::{
    fmt::{self, Debug, Formatter},
    sync::Arc,
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Unit,
};

pub use process::ProcessCollector;

use crate::server::services::Services;

/// Venues, prices, feeds and the database. Names are without the prefix.
pub struct RoomCollector(pub Arc<Services>);

impl Debug for RoomCollector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomCollector").finish_non_exhaustive()
    }
}

impl Collector for RoomCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut sheet = Sheet(encoder);
        let services = &*self.0;
        sheet.gauges(
            "build_info",
            "The version that runs; always 1.",
            None,
            [([("version", &*services.site.version)], 1)],
        )?;
        venues::write(&mut sheet, services)?;
        market::write(&mut sheet, services)?;
        feeds::write(&mut sheet, services)?;
        storage::write(&mut sheet, services)
    }
}

/// Where families are written, each at once.
struct Sheet<'a>(DescriptorEncoder<'a>);

impl Sheet<'_> {
    /// A gauge with labels. Nothing is written of one without values.
    fn gauges<'l, const N: usize, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        values: impl IntoIterator<Item = ([(&'l str, &'l str); N], V)>,
    ) -> fmt::Result {
        let values = values.into_iter().map(|(labels, value)| (labels, ConstGauge::new(value)));
        self.family(name, help, unit, MetricType::Gauge, values)
    }

    /// A counter with labels. Nothing is written of one without values.
    fn counters<'l, const N: usize, V: EncodeCounterValue>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        values: impl IntoIterator<Item = ([(&'l str, &'l str); N], V)>,
    ) -> fmt::Result {
        let values = values.into_iter().map(|(labels, value)| (labels, ConstCounter::new(value)));
        self.family(name, help, unit, MetricType::Counter, values)
    }

    /// A gauge of one value, if there is one.
    fn gauge<V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        value: Option<V>,
    ) -> fmt::Result {
        let Some(value) = value else { return Ok(()) };
        ConstGauge::new(value).encode(self.0.encode_descriptor(name, help, unit, MetricType::Gauge)?)
    }

    /// A counter of one value, if there is one.
    fn counter<V: EncodeCounterValue>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        value: Option<V>,
    ) -> fmt::Result {
        let Some(value) = value else { return Ok(()) };
        ConstCounter::new(value).encode(self.0.encode_descriptor(name, help, unit, MetricType::Counter)?)
    }

    fn family<'l, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        kind: MetricType,
        values: impl Iterator<Item = ([(&'l str, &'l str); N], impl EncodeMetric)>,
    ) -> fmt::Result {
        let mut values = values.peekable();
        if values.peek().is_none() {
            return Ok(());
        }
        let mut family = self.0.encode_descriptor(name, help, unit, kind)?;
        values.try_for_each(|(labels, value)| value.encode(family.encode_family(&labels)?))
    }
}

/// Milliseconds as seconds.
#[expect(clippy::cast_precision_loss, reason = "exact for 285,000 years")]
const fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}
