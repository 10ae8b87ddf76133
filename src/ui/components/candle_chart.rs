//! The candle chart: loaded on demand, and live from then on.

mod canvas;
mod course;

use std::time::Duration;

use leptos::{html, prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use self::canvas::StoryMark;
use crate::{
    api::get_candles::get_candles,
    live::{link::Link, news::StoryRef, store::LiveStore},
    model::candle::{Candle, Interval},
    ui::{
        asset_view::AssetView,
        components::segments::Segments,
        reactive::{effect, memo},
        story_query,
    },
};

/// How long the drawing library may take before the visitor is told that something is wrong.
const PATIENCE: Duration = Duration::from_secs(12);
/// What the address names if it names nothing.
const DEFAULT_INTERVAL: Interval = Interval::FifteenMinutes;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Loading,
    Ready,
    Empty,
    /// Neither candles nor drawing library could be had.
    Failed,
}

impl Stage {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Ready => "ready",
            Self::Empty => "empty",
            Self::Failed => "error",
        }
    }
}

/// What the chart knows. Copied into effects; gone with the component.
#[derive(Clone, Copy)]
struct Chart {
    stage: RwSignal<Stage>,
    interval: Memo<Interval>,
    host: NodeRef<html::Div>,
    /// The open candle.
    last: StoredValue<Option<Candle>>,
    /// Counts the loads, so that an answer that comes late is not shown over a newer one.
    load: StoredValue<u32>,
    retries: RwSignal<u32>,
    decimals: Memo<usize>,
}

/// Candles of an asset, in the interval that the address names.
#[component]
pub fn CandleChart(asset: AssetView) -> impl IntoView {
    let query = use_query_map();
    let interval = memo(move || {
        query.with(|q| q.get_str("interval").and_then(|text| text.parse().ok())).unwrap_or(DEFAULT_INTERVAL)
    });
    let chart = Chart {
        stage: RwSignal::new(Stage::Loading),
        interval,
        host: NodeRef::new(),
        last: StoredValue::new(None),
        load: StoredValue::new(0),
        retries: RwSignal::new(0),
        decimals: asset.decimals,
    };
    let label = {
        let name = asset.info.name.clone();
        move || format!("Candles of {name} in USDT, {} each", interval.get())
    };
    // The address remembers the choice.
    let navigate = use_navigate();
    let choose = move |option: &'static str| {
        let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
        navigate(&format!("?interval={option}"), options);
    };
    load_on_change(chart, &asset);
    load_after_reconnect(chart, &asset);
    mark_stories(chart, &asset);
    follow(chart, asset);
    let has_news = LiveStore::expect().news().is_on();
    view! {
        <section class="card chart-card" aria-labelledby="chart">
            <div class="card-head">
                <h2 id="chart">"Candles"</h2>
                <div class="needs-script chart-intervals">
                    <Segments
                        name="Interval of a candle"
                        options=Interval::ALL.map(Interval::as_str).to_vec()
                        chosen=Signal::derive(move || interval.get().as_str())
                        on_choose=choose
                    />
                </div>
            </div>
            <div class="chart" data-testid="candle-chart" data-state=move || chart.stage.get().as_str().to_owned()>
                <div
                    node_ref=chart.host
                    class="chart-host"
                    role="img"
                    aria-label=label
                    on:load=move |_| chart.stage.set(Stage::Ready)
                    on:error=move |_| chart.stage.set(Stage::Failed)
                ></div>
                <Overlay stage=chart.stage retries=chart.retries/>
            </div>
            <ul class="chart-marks needs-script" class:hidden=!has_news aria-label="Marks of the chart">
                <li><i class="chart-mark" aria-hidden="true"></i>"story"</li>
                <li><i class="chart-mark is-breaking" aria-hidden="true"></i>"breaking story"</li>
                <li>"A number counts the stories of one candle. All of them are listed on this page."</li>
            </ul>
            <p class="note">
                "Candles of all venues that answer, weighted by volume, in UTC. The last one is open and moves with the price. Chart: "
                <a href="https://www.tradingview.com/" rel="noopener">"TradingView Lightweight Charts™"</a>
            </p>
        </section>
    }
    .into_any()
}

/// What lies over the chart while there is none. It has the chart's size, so nothing jumps.
#[component]
fn Overlay(stage: RwSignal<Stage>, retries: RwSignal<u32>) -> impl IntoView {
    view! {
        <div class="chart-overlay needs-script" class:hidden=move || stage.get() != Stage::Loading>
            <svg class="skeleton" viewBox="0 0 240 100" preserveAspectRatio="none" aria-hidden="true">
                <path d="M12 70v20M9 74h6v10H9zM36 60v24M33 64h6v14h-6zM60 50v26M57 56h6v14h-6zM84 58v20M81 60h6v14h-6zM108 44v28M105 48h6v18h-6zM132 36v24M129 40h6v14h-6zM156 42v22M153 46h6v12h-6zM180 28v26M177 32h6v16h-6zM204 20v24M201 24h6v14h-6zM228 14v24M225 18h6v12h-6z"/>
            </svg>
            <p>"Loading candles…"</p>
        </div>
        <div class="chart-overlay" class:hidden=move || stage.get() != Stage::Empty>
            <p><b>"No candles yet"</b></p>
            <p>"No venue has a history of this asset for this interval."</p>
        </div>
        <div class="chart-overlay" role="alert" class:hidden=move || stage.get() != Stage::Failed>
            <p><b>"The chart can't be shown"</b></p>
            <p>"The price above is not affected."</p>
            <button type="button" class="button" on:click=move |_| retries.update(|n| *n += 1)>"Try again"</button>
        </div>
        <div class="chart-overlay without-script">
            <p>"The chart needs JavaScript. Everything else on this page does not."</p>
        </div>
    }
    .into_any()
}

/// Loads at first, for another interval, and on demand.
fn load_on_change(chart: Chart, asset: &AssetView) {
    let symbol = asset.symbol();
    effect(move || {
        chart.interval.track();
        chart.retries.track();
        chart.stage.set(Stage::Loading);
        load(chart, symbol);
    });
}

/// Loads again, without a word, once the page is live after it was not: candles were missed.
fn load_after_reconnect(chart: Chart, asset: &AssetView) {
    let symbol = asset.symbol();
    let link = LiveStore::expect().link();
    Effect::new(move |was_cut: Option<bool>| {
        let link = link.get();
        let was_cut = was_cut.unwrap_or(false);
        if was_cut && link == Link::Live {
            load(chart, symbol);
            return false;
        }
        was_cut || !matches!(link, Link::Live | Link::Connecting)
    });
}

fn load(chart: Chart, symbol: crate::model::symbol::Symbol) {
    let ticket = chart.load.get_value() + 1;
    chart.load.set_value(ticket);
    let interval = chart.interval.get_untracked();
    spawn_local(async move {
        let answer = get_candles(symbol, interval).await;
        // The page may have been left, or another interval chosen, while the answer was on its way.
        if chart.load.try_get_value() != Some(ticket) {
            return;
        }
        let candles = match answer {
            Ok(candles) if candles.is_empty() => return chart.stage.set(Stage::Empty),
            Ok(candles) => candles,
            // A picture that stands is better than none: a failed refresh leaves it.
            Err(_) if chart.stage.get_untracked() == Stage::Ready => return,
            Err(_) => return chart.stage.set(Stage::Failed),
        };
        chart.last.set_value(candles.last().copied());
        let Some(host) = chart.host.get_untracked() else { return };
        let attempt = chart.retries.get_untracked();
        if canvas::show(&host, &candles, chart.decimals.get_untracked(), attempt).is_err() {
            chart.stage.set(Stage::Failed);
        }
        let give_up = move || {
            let waited_in_vain =
                chart.load.try_get_value() == Some(ticket) && chart.stage.try_get_untracked() == Some(Stage::Loading);
            if waited_in_vain {
                chart.stage.set(Stage::Failed);
            }
        };
        set_timeout(give_up, PATIENCE);
    });
}

/// Marks the stories about the asset at the candles of their first reports, and follows them.
fn mark_stories(chart: Chart, asset: &AssetView) {
    let query = story_query::of_asset(asset.symbol());
    let news = LiveStore::expect().news();
    effect(move || {
        let mark = |story: StoryRef| {
            story.head.with_untracked(|head| StoryMark {
                at: head.first_seen,
                breaking: head.is_breaking(),
                title: head.title.clone(),
            })
        };
        let marks: Vec<StoryMark> = news.list(&query).into_iter().map(mark).collect();
        let Some(host) = chart.host.get() else { return };
        if canvas::mark(&host, &marks).is_err() {
            leptos::logging::warn!("stories could not be marked on the chart");
        }
    });
}

/// Moves the open candle with the price.
fn follow(chart: Chart, asset: AssetView) {
    let ticker = asset.signals.ticker;
    effect(move || {
        let Some(ticker) = ticker.get() else { return };
        let Some(last) = chart.last.get_value() else { return };
        let interval = chart.interval.get_untracked();
        if !ticker.freshness.usable() {
            return;
        }
        let Some(candle) = course::advance(last, interval, ticker.price, ticker.timestamp) else { return };
        chart.last.set_value(Some(candle));
        let Some(host) = chart.host.get_untracked() else { return };
        if canvas::update(&host, &candle).is_err() {
            chart.stage.set(Stage::Failed);
        }
    });
}
