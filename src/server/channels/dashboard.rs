//! What the server itself tells the dashboard, once a second while somebody listens: the market, and how it is itself.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::builtin::BuiltIn;
use crate::{
    model::{freshness::Freshness, symbol::QUOTE, ticker::Ticker, time::UnixMs},
    server::{
        event::{EventDraft, EventKind, Facets},
        services::Services,
    },
    wire::channels::{
        DashboardData, DashboardUpdate, FreshnessCounts, MarketFigures, Mover, ServerFigures, VenueHealth,
    },
};

const EVERY: Duration = Duration::from_secs(1);
/// Of each: those that rise most, and those that fall most.
const MOVERS: usize = 5;

/// Feeds the dashboard until the token is cancelled. While nobody listens nothing is looked at.
pub async fn run(services: Arc<Services>, token: CancellationToken) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = token.cancelled() => return,
            _ = tick.tick() => {}
        }
        let dashboard = services.channels.built_in(BuiltIn::Dashboard);
        if dashboard.log().readers() == 0 {
            continue;
        }
        let drafts = [DashboardData::Market(market(&services)), DashboardData::Metrics(server(&services))];
        let drafts: Vec<EventDraft> = drafts.iter().filter_map(draft).collect();
        let mut turn = dashboard.log().turn().await;
        let events = turn.stamp(drafts);
        turn.publish(events);
    }
}

fn draft(data: &DashboardData) -> Option<EventDraft> {
    let update = DashboardUpdate { update_type: data.update_type(), data };
    let json = serde_json::to_string(&update);
    let data = json.inspect_err(|error| tracing::error!(%error, "a dashboard update can't be encoded")).ok()?;
    Some(EventDraft { kind: EventKind::DashboardUpdate, data, facets: Facets::default() })
}

/// Totals, and who moves most.
fn market(services: &Services) -> MarketFigures {
    let tickers = services.market.tickers();
    let mut freshness = FreshnessCounts::default();
    for ticker in &tickers {
        *match ticker.freshness {
            Freshness::Live => &mut freshness.live,
            Freshness::Quiet => &mut freshness.quiet,
            Freshness::Stale => &mut freshness.stale,
            Freshness::Down => &mut freshness.down,
        } += 1;
    }
    // What is not of now moves nowhere.
    let current = || tickers.iter().filter(|ticker| ticker.sources > 0);
    let volumes: Vec<f64> = current().filter_map(|ticker| ticker.volume_quote24h).collect();
    let mut movers: Vec<Mover> = current().filter_map(|ticker| mover(ticker)).collect();
    movers.sort_by(|a, b| b.change_percent_24h.total_cmp(&a.change_percent_24h));
    let gainers = movers.iter().filter(|mover| mover.change_percent_24h > 0.0).take(MOVERS).cloned().collect();
    let losers = movers.iter().rev().filter(|mover| mover.change_percent_24h < 0.0).take(MOVERS).cloned().collect();
    MarketFigures {
        quote: QUOTE,
        symbols: services.market.symbols().len(),
        with_price: tickers.len(),
        freshness,
        volume_quote_24h: (!volumes.is_empty()).then(|| volumes.iter().sum()),
        gainers,
        losers,
    }
}

fn mover(ticker: &Ticker) -> Option<Mover> {
    Some(Mover {
        symbol: ticker.symbol,
        price: ticker.price,
        change_percent_24h: ticker.change_percent24h?,
        freshness: ticker.freshness,
    })
}

/// The venues' health, and who is connected.
fn server(services: &Services) -> ServerFigures {
    let venues = services.venues.reports().into_iter().map(|report| VenueHealth {
        venue: report.venue,
        state: report.state,
        last_message_at: report.last_message_at.map(UnixMs::to_rfc3339),
        messages_per_second: report.messages_per_second,
        reconnects: report.reconnects,
    });
    let readers = |channel: BuiltIn| (channel.as_str(), services.channels.built_in(channel).log().readers());
    ServerFigures {
        uptime_s: services.uptime_s(),
        streams: services.hub.streams(),
        channels: BuiltIn::ALL.into_iter().map(readers).collect(),
        created_channels: services.channels.count_created(),
        venues: venues.collect(),
    }
}
