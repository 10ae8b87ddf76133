//! `/coin/{symbol}`: one price and its proof.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::{error::ErrorPage, not_found::UnknownAssetPage};
use crate::{
    live::store::LiveStore,
    model::symbol::{Symbol, SymbolError},
    ui::{
        asset_view::AssetView,
        audit::Mark,
        components::{
            arithmetic::Arithmetic,
            asset_mark::AssetMark,
            candle_chart::CandleChart,
            change_badge::ChangeBadge,
            coin_stories::CoinStories,
            freshness_dot::FreshnessDot,
            price::{Price, Since},
            range_bar::RangeBar,
            venue_breakdown::VenueBreakdown,
            venue_status::Fact,
        },
        format,
        reactive::memo,
    },
};

/// The page of the asset that the address names, in any of the forms a symbol has.
#[component]
pub fn CoinPage() -> impl IntoView {
    let params = use_params_map();
    let text = memo(move || params.with(|p| p.get("symbol").unwrap_or_default()));
    move || {
        let text = text.get();
        match Symbol::parse(&text) {
            Ok(symbol) => match AssetView::of(&LiveStore::expect(), symbol) {
                Some(asset) => view! { <Coin asset/> }.into_any(),
                None => view! { <UnknownAssetPage name=symbol.to_string()/> }.into_any(),
            },
            Err(SymbolError::OtherQuote) => view! { <UnknownAssetPage name=text/> }.into_any(),
            Err(error @ SymbolError::Malformed) => {
                view! { <ErrorPage status=400 title="That is no symbol" detail=format!("{error}.")/> }.into_any()
            }
        }
    }
}

#[component]
fn Coin(asset: AssetView) -> impl IntoView {
    let title = {
        let asset = asset.clone();
        move || {
            let symbol = asset.symbol();
            if asset.freshness.get().usable() {
                format!("{} {symbol} · Market Pulse", asset.price_text())
            } else {
                format!("{symbol} · Market Pulse")
            }
        }
    };
    view! {
        <Title text=title/>
        <div class="columns">
            <div class="stack">
                <Hero asset=asset.clone()/>
                <CandleChart asset=asset.clone()/>
            </div>
            <aside class="side" aria-label="Stories and key figures">
                <CoinStories asset=asset.clone()/>
                <Figures asset=asset.clone()/>
                <Arithmetic asset=asset.clone()/>
            </aside>
            <div class="wide"><VenueBreakdown asset/></div>
        </div>
    }
    .into_any()
}

#[component]
fn Hero(asset: AssetView) -> impl IntoView {
    let freshness = asset.freshness;
    let change = {
        let asset = asset.clone();
        Signal::derive(move || {
            format!("{} USDT in 24 h", format::signed(asset.figure(|t| t.change24h), asset.decimals.get()))
        })
    };
    let info = asset.info.clone();
    let symbol = asset.symbol().to_string();
    let words = {
        let asset = asset.clone();
        let link = LiveStore::expect().link();
        Signal::derive(move || {
            let words = match (link.get().cuts_off(), asset.figure(|t| Some(t.freshness))) {
                (_, None) => "waiting for the first price",
                (true, Some(_)) => "not live: this page is cut off",
                (false, Some(freshness)) => freshness.as_str(),
            };
            words.to_owned()
        })
    };
    view! {
        <section class="card hero" aria-labelledby="asset" data-freshness=move || freshness.get().as_str().to_owned()>
            <div class="hero-name">
                <AssetMark info=info.clone()/>
                <h1 id="asset">{info.name}<small>{format!(" {symbol}/USDT")}</small></h1>
                <p class="state">
                    <FreshnessDot mark=Signal::derive(move || Mark::from(freshness.get())) silent=true/>
                    <span>{words}</span>
                    <Since asset=asset.clone()/>
                </p>
            </div>
            <div class="hero-price">
                <Price asset=asset.clone() class="hero-figure" testid="coin-price"/>
                <ChangeBadge asset/>
                <p class="muted figure">{change}</p>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Figures(asset: AssetView) -> impl IntoView {
    let now = LiveStore::expect().now();
    let symbol = asset.symbol();
    let price = |read: fn(&crate::model::ticker::Ticker) -> Option<f64>| {
        let asset = asset.clone();
        Signal::derive(move || format::price(asset.figure(read), asset.decimals.get()))
    };
    let (low, high) = (price(|t| t.low24h), price(|t| t.high24h));
    let volume = |read: fn(&crate::model::ticker::Ticker) -> Option<f64>, unit: String| {
        let asset = asset.clone();
        Signal::derive(move || format!("{} {unit}", format::compact(asset.figure(read))))
    };
    let quote_volume = volume(|t| t.volume_quote24h, "USDT".to_owned());
    let base_volume = volume(|t| t.volume24h, symbol.to_string());
    let dispersion = {
        let asset = asset.clone();
        Signal::derive(move || format::share(asset.figure(|t| t.dispersion), 3))
    };
    let newest = {
        let asset = asset.clone();
        Signal::derive(move || {
            let at = asset.figure(|t| Some(t.received_at));
            at.map_or_else(|| format::UNKNOWN.to_owned(), |at| format!("{} ago", format::age(now.get().since(at))))
        })
    };
    view! {
        <section class="card" aria-labelledby="figures">
            <div class="card-head"><h2 id="figures">"Last 24 hours"</h2></div>
            <div class="low-high">
                <span><small>"Low"</small><b class="figure">{low}</b></span>
                <RangeBar asset/>
                <span><small>"High"</small><b class="figure">{high}</b></span>
            </div>
            <dl class="facts-list">
                <Fact name="Volume" value=quote_volume/>
                <Fact name="Volume in the asset" value=base_volume/>
                <Fact name="Venues agree within" value=dispersion/>
                <Fact name="Newest data" value=newest/>
            </dl>
        </section>
    }
    .into_any()
}
