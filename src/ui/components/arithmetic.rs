//! The price, recalculated line by line.

use leptos::prelude::*;

use crate::{
    live::store::LiveStore,
    ui::{asset_view::AssetView, audit, format, reactive::memo},
};

/// Σ weight × price of the venues used, in figures that anyone can check.
#[component]
pub fn Arithmetic(asset: AssetView) -> impl IntoView {
    let venues = LiveStore::expect().site().venues.clone();
    let title =
        move |venue| venues.iter().find(|v| v.venue == venue).map_or_else(|| venue.to_string(), |v| v.title.clone());
    let digits = asset.decimals;
    let symbol = asset.symbol();
    let ticker = asset.signals.ticker;
    let terms = memo(move || ticker.with(|t| t.as_deref().map(audit::terms).unwrap_or_default()));
    let rows = move || {
        let digits = digits.get();
        let row = |term: &audit::Term| {
            let product = term.weight * term.price;
            view! {
                <tr>
                    <th scope="row">{title(term.venue)}</th>
                    <td>{format!("{:.4} × {}", term.weight, format::grouped(term.price, digits))}</td>
                    <td>{format::grouped(product, digits)}</td>
                </tr>
            }
            .into_any()
        };
        terms.with(|terms| terms.iter().map(row).collect_view())
    };
    let sum = Signal::derive(move || format::price(terms.with(|t| audit::sum(t)), digits.get()));
    let without_venues = move || terms.with(Vec::is_empty);
    view! {
        <section class="card" aria-labelledby="arithmetic">
            <div class="card-head">
                <h2 id="arithmetic">"Check it yourself"</h2>
                <p class="muted">"weight × price"</p>
            </div>
            <table class="sum-table" class:hidden=without_venues>
                <tbody>{move || rows().into_any()}</tbody>
                <tfoot>
                    <tr>
                        <th scope="row" colspan="2">"Sum = price"</th>
                        <td data-testid="price-sum">{sum}</td>
                    </tr>
                </tfoot>
            </table>
            <p class="empty small" class:hidden=move || !without_venues()>
                "No venue is used at the moment, so there is nothing to add up."
            </p>
            <p class="note">
                "Weights are rounded to four digits here; "
                <a href=format!("/api/realtime/{symbol}") rel="external">"the stream"</a>
                " carries them in full."
            </p>
        </section>
    }
    .into_any()
}
