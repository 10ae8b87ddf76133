//! Says that the prices are not real.

use leptos::prelude::*;

use crate::live::store::LiveStore;

/// On every page while the built-in exchanges feed it.
#[component]
pub fn SimulatedBadge() -> impl IntoView {
    LiveStore::expect().site().simulated.then(|| {
        view! {
            <span class="simulated" data-testid="simulated" title="Prices come from the built-in exchanges. None of them is real.">
                "Simulated"<span class="wide-only">" markets"</span>
            </span>
        }
        .into_any()
    })
}
