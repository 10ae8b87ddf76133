//! One asset of the table.

use leptos::prelude::*;

use crate::{
    live::store::LiveStore,
    model::symbol::Symbol,
    ui::{
        asset_view::AssetView,
        audit::Mark,
        components::{
            asset_mark::AssetMark,
            change_badge::ChangeBadge,
            freshness_dot::FreshnessDot,
            price::{Price, Since},
            range_bar::RangeBar,
            sparkline::Sparkline,
            venue_marks::VenueMarks,
        },
        format,
    },
};

/// The row. Its link covers it whole.
#[component]
pub fn Row(symbol: Symbol) -> impl IntoView {
    let store = LiveStore::expect();
    AssetView::of(&store, symbol).map(|asset| {
        let freshness = asset.freshness;
        let volume = {
            let asset = asset.clone();
            Signal::derive(move || format::compact(asset.figure(|t| t.volume_quote24h)))
        };
        let info = asset.info.clone();
        view! {
            <tr
                data-testid="market-row"
                data-symbol=symbol.to_string()
                data-freshness=move || freshness.get().as_str().to_owned()
                class:is-dim=move || !freshness.get().usable()
            >
                <th scope="row" class="col-asset">
                    <a href=asset.href() class="row-link">
                        <AssetMark info=info.clone()/>
                        <span class="asset-name">
                            <b>{symbol.to_string()}</b>
                            <small>{info.name}</small>
                        </span>
                    </a>
                </th>
                <td class="col-price">
                    <span class="price-cell">
                        <span class="price-line">
                            <FreshnessDot mark=Signal::derive(move || Mark::from(freshness.get()))/>
                            <Price asset=asset.clone() testid="price"/>
                        </span>
                        <Since asset=asset.clone()/>
                    </span>
                </td>
                <td class="col-change"><ChangeBadge asset=asset.clone()/></td>
                <td class="col-spark"><Sparkline asset=asset.clone()/></td>
                <td class="col-range"><RangeBar asset=asset.clone()/></td>
                <td class="col-volume">{volume}</td>
                <td class="col-venues"><VenueMarks asset/></td>
            </tr>
        }
        .into_any()
    })
}
